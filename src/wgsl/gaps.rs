//! Where naga 30 translates WGSL to something that does not mean the same, and which shaders meet it.
//!
//! A result outside the specification on a backend whose translation has such a gap is the translation's, or may be, and
//! not the driver's. Lines are those of naga 30.0.1.

use std::collections::BTreeSet;

use naga::{BinaryOperator, Expression, Function, Handle, Literal, Module, ScalarKind, Span};

use super::slice::{Expressions, slice};
use super::{Checked, specialise};
use crate::model::TranslationGap;
use crate::model::task::{Pass, Program};

/// What a gap is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Construct {
    /// `%` of integers, where an operand may be negative or the divisor zero.
    Remainder,
    /// `/` of integers, where the divisor may be zero, or -1.
    Division,
    /// A shift by an amount that may be the width or more.
    Shift,
    /// A float to an integer that may not hold it.
    FloatToInteger,
    /// `!=` of floats, which differs from IEEE-754's for NaN only.
    NotEqual,
}

/// A known gap.
struct Gap {
    construct: Construct,
    name: &'static str,
    backend: &'static str,
    about: &'static str,
    source: &'static str,
    fix: Option<&'static str>,
}

/// Every gap that is known.
const GAPS: &[Gap] = &[
    Gap {
        construct: Construct::Remainder,
        name: "integer-remainder",
        backend: "gl",
        about: "naga writes `%` of integers as GLSL's, which is undefined for a negative operand and for a divisor of zero; \
                WGSL defines both",
        source: "naga/src/back/glsl/writer.rs:2953",
        fix: Some("gfx-rs/wgpu#9687"),
    },
    Gap {
        construct: Construct::Division,
        name: "integer-division",
        backend: "gl",
        about: "naga writes `/` of integers as GLSL's, which is undefined for a divisor of zero and for the least integer \
                divided by -1; WGSL defines both",
        source: "naga/src/back/glsl/writer.rs:2987",
        fix: None,
    },
    Gap {
        construct: Construct::Shift,
        name: "shift-amount",
        backend: "gl",
        about: "naga writes a shift as GLSL's, which is undefined where the amount is the width or more; WGSL takes the \
                amount modulo the width",
        source: "naga/src/back/glsl/writer.rs:2987",
        fix: None,
    },
    Gap {
        construct: Construct::Shift,
        name: "shift-amount",
        backend: "vulkan",
        about: "naga writes a shift as SPIR-V's, which is undefined where the amount is the width or more; WGSL takes the \
                amount modulo the width",
        source: "naga/src/back/spv/block.rs:1248",
        fix: None,
    },
    Gap {
        construct: Construct::FloatToInteger,
        name: "float-to-integer",
        backend: "gl",
        about: "naga converts a float to an integer as GLSL does, which is undefined out of the integer's range; WGSL clamps",
        source: "naga/src/back/glsl/writer.rs:3731",
        // What clamps for the other backends: gfx-rs/wgpu#7422.
        fix: None,
    },
    Gap {
        construct: Construct::NotEqual,
        name: "float-not-equal",
        backend: "vulkan",
        about: "naga writes `!=` of floats as OpFOrdNotEqual, which is false where an operand is NaN, so that `x != x` finds \
                no NaN; WGSL lets an implementation suppose that there is none",
        source: "naga/src/back/spv/block.rs:1209",
        fix: None,
    },
];

/// The gaps that a program's output rests on, as far as its text tells, with the lines.
pub(crate) fn met(program: &Program) -> Vec<TranslationGap> {
    // A shader that is refused is told elsewhere.
    let Ok(passes) = super::with_deep_stack(|| specialise(program)) else { return Vec::new() };
    let slices = slice(program, &passes);
    let all = passes.iter().zip(&program.passes).zip(&slices);
    let of = |((checked, pass), slice): ((_, &Pass), _)| constructs(checked, &pass.entry, slice, &program.source);
    let used: Vec<(Construct, u32)> = all.flat_map(of).collect();
    GAPS.iter()
        .filter_map(|gap| {
            let all = used.iter().filter(|(construct, _)| *construct == gap.construct);
            let lines: BTreeSet<u32> = all.map(|(_, line)| *line).collect();
            (!lines.is_empty()).then(|| TranslationGap {
                backend: gap.backend.to_owned(),
                construct: gap.name.to_owned(),
                about: gap.about.to_owned(),
                source: gap.source.to_owned(),
                fix: gap.fix.map(str::to_owned),
                lines: lines.into_iter().collect(),
            })
        })
        .collect()
}

/// What a slice of a module has that some gap is about, with the line.
fn constructs(checked: &Checked, entry: &str, slice: &Expressions, source: &str) -> Vec<(Construct, u32)> {
    let module = &checked.module;
    let functions = module.functions.iter().map(|(handle, f)| (Some(handle.index()), f, &checked.info[handle]));
    let points = module.entry_points.iter().enumerate().filter(|(_, e)| e.name == entry);
    let points = points.map(|(i, e)| (None, &e.function, checked.info.get_entry_point(i)));
    let mut found = Vec::new();
    for (owner, function, info) in functions.chain(points) {
        let kind = |handle: Handle<Expression>| info[handle].ty.inner_with(&module.types).scalar_kind();
        let rests = |handle: Handle<Expression>| slice.contains(&(owner, handle.index()));
        for (handle, expression) in function.expressions.iter().filter(|(handle, _)| rests(*handle)) {
            let span = function.expressions.get_span(handle);
            found.extend(
                construct(module, function, expression, &kind).map(|construct| (construct, line(span, source))),
            );
        }
    }
    found
}

fn construct(
    module: &Module,
    function: &Function,
    expression: &Expression,
    kind: &dyn Fn(Handle<Expression>) -> Option<ScalarKind>,
) -> Option<Construct> {
    use BinaryOperator as B;
    let is_integer = |kind: Option<ScalarKind>| matches!(kind, Some(ScalarKind::Sint | ScalarKind::Uint));
    match *expression {
        Expression::Binary { op, left, right } => {
            let known = value(module, function, right);
            let (scalar, signed) = (kind(left), kind(left) == Some(ScalarKind::Sint));
            match op {
                B::Modulo if is_integer(scalar) && (signed || known.is_none_or(|v| v == 0)) => {
                    Some(Construct::Remainder)
                }
                B::Divide if is_integer(scalar) && known.is_none_or(|v| v == 0 || v == -1) => Some(Construct::Division),
                B::ShiftLeft | B::ShiftRight if known.is_none_or(|v| v >= 32) => Some(Construct::Shift),
                B::NotEqual if scalar == Some(ScalarKind::Float) => Some(Construct::NotEqual),
                _ => None,
            }
        }
        Expression::As { expr, kind: to, convert: Some(_) }
            if kind(expr) == Some(ScalarKind::Float) && is_integer(Some(to)) =>
        {
            Some(Construct::FloatToInteger)
        }
        _ => None,
    }
}

/// The integer that an expression is, where it is written out; the one of all components of a vector.
fn value(module: &Module, function: &Function, handle: Handle<Expression>) -> Option<i64> {
    let literal = |literal: Literal| match literal {
        Literal::U32(v) => Some(i64::from(v)),
        Literal::I32(v) => Some(i64::from(v)),
        Literal::AbstractInt(v) | Literal::I64(v) => Some(v),
        _ => None,
    };
    match function.expressions[handle] {
        Expression::Literal(l) => literal(l),
        Expression::Splat { value: v, .. } => value(module, function, v),
        Expression::Constant(c) => match module.global_expressions[module.constants[c].init] {
            Expression::Literal(l) => literal(l),
            _ => None,
        },
        _ => None,
    }
}

fn line(span: Span, source: &str) -> u32 {
    if span.is_defined() { span.location(source).line_number } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bits::Dtype;
    use crate::model::task::{Buffer, OutputView};

    fn of(statement: &str) -> Vec<(String, String, Vec<u32>)> {
        let source = format!(
            "@group(0) @binding(0) var<storage, read_write> i: array<i32, 4>;
@group(0) @binding(1) var<storage, read_write> u: array<u32, 4>;
@group(0) @binding(2) var<storage, read_write> f: array<f32, 4>;
@compute @workgroup_size(1) fn main() {{
    {statement}
}}"
        );
        let buffers = vec![Buffer::Output(4); 3];
        let output = ["i", "u", "f"].iter().position(|buffer| statement.starts_with(buffer)).expect("an output");
        let view = OutputView::whole(output, Dtype::I32, 4);
        let program = Program::new(source, buffers, vec![Pass::new("main", [1, 1, 1])], view);
        met(&program).into_iter().map(|gap| (gap.backend, gap.construct, gap.lines)).collect()
    }

    fn names(statement: &str) -> Vec<String> {
        of(statement).into_iter().map(|(backend, construct, _)| format!("{backend} {construct}")).collect()
    }

    #[test]
    fn gaps_are_met_where_operands_may_reach_them() {
        assert_eq!(of("i[0] = i[1] % 7;"), [("gl".to_owned(), "integer-remainder".to_owned(), vec![5])], "a sign");
        assert!(names("u[0] = u[1] % 7u;").is_empty(), "neither negative nor zero");
        assert_eq!(names("u[0] = u[1] % u[2];"), ["gl integer-remainder"], "perhaps zero");
        assert!(names("i[0] = i[1] / 7;").is_empty(), "a divisor that is no such");
        assert_eq!(names("i[0] = i[1] / i[2];"), ["gl integer-division"], "perhaps zero");
        assert!(names("u[0] = u[1] << 3u;").is_empty(), "an amount below the width");
        assert_eq!(names("u[0] = u[1] >> u[2];"), ["gl shift-amount", "vulkan shift-amount"], "any amount");
        assert_eq!(names("u[0] = u32(f[0]);"), ["gl float-to-integer"], "perhaps out of range");
        assert_eq!(names("u[0] = u32(f[0] != f[1]);"), ["vulkan float-not-equal"], "NaN");
        assert!(names("f[0] = f[1] % f[2] + f[1] / f[2];").is_empty(), "floats");
    }

    #[test]
    fn only_what_the_output_rests_on_is_met() {
        assert!(names("i[0] = i[1]; u[0] = u[1] % u[2];").is_empty(), "another buffer's");
        let lines = |statement: &str| of(statement).into_iter().flat_map(|(_, _, lines)| lines).collect::<Vec<_>>();
        assert_eq!(lines("i[0] = i[1] % 7;\n    u[0] = u32(i[2] % 5);"), [5], "the other line is not");
        for through in [
            "i[0] = 1; var a = i[1]; a = a % 7; i[0] = a;",
            "i[0] = 1; if (i[1] % 7 == 1) { i[0] = 2; }",
            "i[0] = 1; i[i[1] % 7] = 2;",
            "i[0] = 1; if (i[1] % 7 == 1) { return; } i[0] = 2;",
            "i[0] = 1; loop { if (i[1] % 7 == 1) { break; } i[0] += 1; }",
            "i[0] = 1; switch (i[1] % 7) { case 1: { i[0] = 2; } default: {} }",
            "i[0] = i[1]; u[0] = u32(i[1] % 7); i[1] = i32(u[0]);",
        ] {
            assert_eq!(names(through), ["gl integer-remainder"], "{through}");
        }
    }

    #[test]
    fn an_output_rests_on_what_calls_and_passes_hand_on() {
        let source = "@group(0) @binding(0) var<storage, read_write> i: array<i32, 4>;
@group(0) @binding(1) var<storage, read_write> u: array<i32, 4>;
fn given(x: i32) -> i32 { return x % 7; }
fn put(at: ptr<function, i32>) { *at = i[2] % 7; }
@compute @workgroup_size(1) fn first() { u[0] = given(i[1]); }
@compute @workgroup_size(1) fn second() { i[0] = u[0]; }
@compute @workgroup_size(1) fn third() { var a = 0; put(&a); i[0] = a; }
@compute @workgroup_size(1) fn fourth() { var a = 0; put(&a); i[0] = 1; u[0] = given(a); }
";
        let lines = |entries: &[&'static str]| {
            let passes = entries.iter().map(|entry| Pass::new(*entry, [1, 1, 1])).collect();
            let view = OutputView::whole(0, Dtype::I32, 4);
            let program = Program::new(source.to_owned(), vec![Buffer::Output(4); 2], passes, view);
            met(&program).into_iter().flat_map(|gap| gap.lines).collect::<Vec<_>>()
        };
        assert_eq!(lines(&["first", "second"]), [3], "through a buffer and a call");
        assert_eq!(lines(&["second"]), [0; 0], "nothing else");
        assert_eq!(lines(&["third"]), [4], "through a pointer");
        assert_eq!(lines(&["fourth"]), [0; 0], "into another buffer");
    }
}
