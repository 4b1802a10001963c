//! From generated modules to programs: buffers of the right size, and which of their words may be written.

use naga::{ArraySize, Handle, Module, Type, TypeInner};
use repro_audit::kernels::{Buffer, Feature, OutputView, Pass, Program};
use repro_audit::model::bits::Dtype;

use super::grammar::{Generated, INPUT, PARAMS};

/// What writable memory holds before.
const BEFORE: u32 = 0x5eed_0000;

/// A program whose answer is all of its writable buffer, with words behind the last variable.
pub(crate) struct Prepared {
    pub(crate) program: Program,
    /// The words that hold no part of any variable: padding, and what lies behind.
    pub(crate) guards: Vec<usize>,
    pub(crate) before: Vec<u32>,
}

/// Words that differ from each other, with values at the ends of ranges among them.
fn words(count: usize, salt: u32) -> Vec<u32> {
    let edges = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x3f80_0000, 0x7f80_0000, 0x7fc0_0000, 5, 0x0000_0001];
    (0u32..)
        .take(count)
        .map(|i| {
            let mixed = (i ^ salt).wrapping_mul(0x9e37_79b9);
            if i % 3 == 0 { edges[(i / 3) as usize % edges.len()] } else { mixed ^ (mixed >> 15) }
        })
        .collect()
}

/// Marks the words of a type's scalars.
fn cover(module: &Module, ty: Handle<Type>, at: u32, elements: u32, covered: &mut Vec<bool>) {
    let mut mark = |at: u32| {
        let word = (at / 4) as usize;
        covered.resize(covered.len().max(word + 1), false);
        covered[word] = true;
    };
    match &module.types[ty].inner {
        TypeInner::Scalar(_) | TypeInner::Atomic(_) => mark(at),
        TypeInner::Vector { size, .. } => (0..*size as u32).for_each(|k| mark(at + 4 * k)),
        TypeInner::Matrix { columns, rows, .. } => {
            let stride = if *rows as u32 == 2 { 8 } else { 16 };
            (0..*columns as u32).for_each(|c| (0..*rows as u32).for_each(|r| mark(at + c * stride + 4 * r)));
        }
        TypeInner::Array { base, size, stride } => {
            let count = if let ArraySize::Constant(n) = size { n.get() } else { elements };
            (0..count).for_each(|k| cover(module, *base, at + k * stride, elements, covered));
        }
        TypeInner::Struct { members, .. } => {
            members.iter().for_each(|m| cover(module, m.ty, at + m.offset, elements, covered));
        }
        other => panic!("{other:?} in a buffer"),
    }
}

/// The bytes of the writable buffer, and one more than may be added without another element.
fn size(module: &Module, ty: Handle<Type>, elements: u32) -> (u32, u32) {
    let TypeInner::Struct { members, span } = &module.types[ty].inner else { panic!("io is a structure") };
    let last = members.last().expect("io has members");
    match &module.types[last.ty].inner {
        TypeInner::Array { size: ArraySize::Dynamic, stride, .. } => (last.offset + elements * stride, *stride),
        _ => (*span, 64),
    }
}

/// The program of a module.
///
/// # Errors
/// naga's message, where it refuses the module.
pub(crate) fn prepare(generated: &Generated) -> Result<Prepared, String> {
    let source = &generated.source;
    let module = naga::front::wgsl::parse_str(source).map_err(|e| e.emit_to_string(source))?;
    let io = module.global_variables.iter().find(|(_, v)| v.name.as_deref() == Some("io"));
    let ty = io.ok_or("there is no io")?.1.ty;
    let elements = u32::try_from(generated.elements).map_err(|e| e.to_string())?;
    let (bytes, room) = size(&module, ty, elements);
    let mut covered = Vec::new();
    cover(&module, ty, 0, elements, &mut covered);
    let count = (bytes / 4 + room / 4 - 1).max(bytes.div_ceil(4)) as usize;
    covered.resize(count.max(covered.len()), false);
    let before: Vec<u32> = words(count, 99).iter().map(|w| w ^ BEFORE).collect();
    let buffers =
        vec![Buffer::Input(words(INPUT, 7)), Buffer::Uniform(words(4 * PARAMS, 3)), Buffer::InOut(before.clone())];
    let pass = Pass::new("main", generated.groups);
    let program = Program::new(source.clone(), buffers, vec![pass], OutputView::whole(2, Dtype::U32, count));
    let features = if generated.rules.subgroups { vec![Feature::Subgroup] } else { Vec::new() };
    let guards = (0..count).filter(|w| !covered[*w]).collect();
    Ok(Prepared { program: program.needing(features), guards, before })
}
