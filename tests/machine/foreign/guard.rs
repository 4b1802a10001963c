//! Shaders in which a compiler cannot reorder sums and products: every floating-point result of an operator or built-in
//! function goes through an exclusive or with a zero that is known at run time only.

use std::ops::Range;

use naga::{BinaryOperator, Expression, ScalarKind, TypeInner};

/// The functions that guard values of 1 to 4 components.
fn functions(zero: &str) -> String {
    let one = |n: usize| {
        let of = |t: &str| if n == 1 { t.to_owned() } else { format!("vec{n}<{t}>") };
        let (float, word) = (of("f32"), of("u32"));
        format!(
            "fn keep{n}(x: {float}) -> {float} {{ return bitcast<{float}>(bitcast<{word}>(x) ^ {word}({zero})); }}\n"
        )
    };
    (1..=4).map(one).collect()
}

/// A call with its arguments; naga has the place of the function's name.
fn call(source: &str, name: Range<usize>) -> Range<usize> {
    let mut depth = 0;
    for (at, byte) in source.bytes().enumerate().skip(name.end) {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return name.start..at + 1,
            b')' => depth -= 1,
            _ => {}
        }
    }
    panic!("a call without an end: {}", &source[name])
}

/// Where a function's operations are in the source, and how many components their results have.
fn operations(
    source: &str,
    function: &naga::Function,
    info: &naga::valid::FunctionInfo,
    module: &naga::Module,
) -> Vec<(Range<usize>, usize)> {
    let mut found = Vec::new();
    for (handle, expression) in function.expressions.iter() {
        use BinaryOperator as B;
        let guards = match expression {
            Expression::Binary { op, .. } => matches!(op, B::Add | B::Subtract | B::Multiply | B::Divide),
            Expression::Math { .. } => true,
            _ => false,
        };
        if !guards {
            continue;
        }
        let size = match info[handle].ty.inner_with(&module.types) {
            TypeInner::Scalar(s) if s.kind == ScalarKind::Float => 1,
            TypeInner::Vector { size, scalar } if scalar.kind == ScalarKind::Float => *size as usize,
            _ => continue,
        };
        let range = function.expressions.get_span(handle).to_range().expect("an operation has a place");
        found.push((if matches!(expression, Expression::Math { .. }) { call(source, range) } else { range }, size));
    }
    found
}

/// The shader with guards. `zero` is an expression of type u32.
pub(crate) fn guarded(source: &str, zero: &str) -> String {
    let module = naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
    let info = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::all())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
    let mut found = Vec::new();
    for (handle, function) in module.functions.iter() {
        found.extend(operations(source, function, &info[handle], &module));
    }
    for (index, point) in module.entry_points.iter().enumerate() {
        found.extend(operations(source, &point.function, info.get_entry_point(index), &module));
    }
    assert!(!found.is_empty(), "there is nothing to guard");
    // At one place, the longer operation opens first and closes last.
    let mut inserts: Vec<(usize, usize, String)> = Vec::new();
    for (range, size) in found {
        let length = range.len();
        let text = &source[range.clone()];
        if let Some(at) = ["+= ", "-= ", "*= ", "/= "].iter().find_map(|op| text.find(op)) {
            // A statement: its variable is guarded after it.
            let variable = text[..at].trim();
            inserts.push((range.end, length, format!("; {variable} = keep{size}({variable})")));
            continue;
        }
        inserts.push((range.start, usize::MAX - length, format!("keep{size}(")));
        inserts.push((range.end, length, ")".to_owned()));
    }
    inserts.sort();
    let mut out = String::new();
    let mut at = 0;
    for (place, _, text) in inserts {
        out.push_str(&source[at..place]);
        out.push_str(&text);
        at = place;
    }
    out + &source[at..] + &functions(zero)
}
