//! The part of a buffer that is compared: its scalars of one type, without padding and without the others.

use super::layout::{Kind, Layout, Leaf};
use crate::kernels::{OutputView, Pattern};

/// The scalars of type `kind` in buffer number `buffer`, whose open array has `len` elements.
pub(super) fn view(layout: &Layout, len: u64, kind: Kind, buffer: usize) -> OutputView {
    let unit = if kind == Kind::F16 { 2 } else { 4 };
    let places = |leaves: &[Leaf]| -> Vec<(usize, u32)> {
        let mine = leaves.iter().filter(|l| l.kind == kind);
        mine.flat_map(|l| {
            let at = (l.offset / unit) as usize;
            (at..at + if kind.is_wide() { 2 } else { 1 }).map(|place| (place, u32::MAX))
        })
        .collect()
    };
    let head = places(&layout.fixed);
    let (start, period, kept) = match &layout.tail {
        Some(t) => ((t.offset / unit) as usize, (t.stride / unit) as usize, places(&t.leaves)),
        None => (head.len(), 1, Vec::new()),
    };
    let elements = usize::try_from(layout.elements(len)).unwrap_or(usize::MAX);
    let repeated = if layout.tail.is_some() { kept.len() * elements } else { 0 };
    let whole = |places: &[(usize, u32)]| places.iter().enumerate().all(|(i, (at, _))| i == *at);
    let dense = whole(&head) && (kept.is_empty() || whole(&kept) && start == head.len() && period == kept.len());
    let len = head.len() + repeated;
    let pattern = (!dense).then_some(Pattern { head, start, period, kept });
    OutputView { pattern, ..OutputView::whole(buffer, kind.dtype(), len) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(ty: &str, kind: Kind, len: u64) -> (bool, Vec<usize>) {
        let source = format!(
            "enable f16; struct P {{ at: vec3<f32>, id: u32 }} struct H {{ a: f32, b: f16, c: f16 }} \
                              @group(0) @binding(0) var<storage> x: {ty};"
        );
        let module = naga::front::wgsl::parse_str(&source).expect("it parses");
        let (_, variable) = module.global_variables.iter().next().expect("a variable");
        let view = view(&Layout::new(&module, variable.ty).expect("it can be filled"), len, kind, 0);
        (view.pattern.is_none(), (0..view.len).map(|i| view.place(i).0).collect())
    }

    #[test]
    fn one_type_is_picked_from_a_structure() {
        assert_eq!(places("array<P>", Kind::F32, 2), (false, vec![0, 1, 2, 4, 5, 6]), "floats");
        assert_eq!(places("array<P>", Kind::U32, 2), (false, vec![3, 7]), "integers");
        assert_eq!(places("array<H>", Kind::F16, 2), (false, vec![2, 3, 6, 7]), "halves, in halves of a word");
        assert_eq!(places("array<H>", Kind::F32, 2), (false, vec![0, 2]), "words between them");
    }

    #[test]
    fn what_has_no_padding_needs_no_pattern() {
        assert_eq!(places("array<f32>", Kind::F32, 3), (true, vec![0, 1, 2]), "plain");
        assert_eq!(places("array<vec4<f32>>", Kind::F32, 1), (true, vec![0, 1, 2, 3]), "fours");
        assert_eq!(places("array<vec3<f32>>", Kind::F32, 1), (false, vec![0, 1, 2]), "threes");
        assert_eq!(places("vec3<f32>", Kind::F32, 0), (true, vec![0, 1, 2]), "one of them");
        assert_eq!(places("array<f16>", Kind::F16, 4), (true, vec![0, 1, 2, 3]), "halves");
    }
}
