//! What explains two results, as far as the twins tell: the arithmetic of each side whose bits equal a twin's.

use crate::numerics::arith::Arithmetic;

/// What an engine does whose bits equal these twins'; `None` where they equal none. Twins that are equal among
/// themselves are told apart by nothing, so the one that departs least is named.
pub(super) fn does(equals: &[Arithmetic]) -> Option<String> {
    if equals.contains(&Arithmetic::STRICT) {
        return Some("computes as written (equals the strict twin)".to_owned());
    }
    let liberty = |a: &Arithmetic| match (a.fused, a.split) {
        (true, false) => Some(("fuses multiply and add", "fused")),
        (false, true) => Some(("expands the built-in fma into two roundings", "split-fma")),
        (true, true) => Some(("fuses multiply and add and expands the built-in fma", "fused and split-fma")),
        (false, false) => None,
    };
    let mut named: Vec<(String, String)> = Vec::new();
    let mut twins: Vec<&Arithmetic> = equals.iter().collect();
    twins.sort_by_key(|a| (u8::from(a.fused) + u8::from(a.split) + u8::from(a.flush), a.flush));
    let least = twins.first().map(|a| u8::from(a.fused) + u8::from(a.split) + u8::from(a.flush))?;
    for twin in twins.iter().filter(|a| u8::from(a.fused) + u8::from(a.split) + u8::from(a.flush) == least) {
        named.push(match (liberty(twin), twin.flush) {
            (Some((what, name)), false) => (what.to_owned(), name.to_owned()),
            (Some((what, name)), true) => (format!("{what} and flushes subnormals"), format!("{name} and flushing")),
            (None, true) => ("flushes subnormals".to_owned(), "flushing".to_owned()),
            (None, false) => return None,
        });
    }
    let what: Vec<&str> = named.iter().map(|n| n.0.as_str()).collect();
    let name: Vec<&str> = named.iter().map(|n| n.1.as_str()).collect();
    Some(format!("{} (equals the {} twin)", what.join(" or "), name.join(" or ")))
}

/// What splits two sides, in one sentence without its full stop; `None` where no twin tells.
pub(super) fn splits(left: &str, of_left: &[Arithmetic], right: &str, of_right: &[Arithmetic]) -> Option<String> {
    match (does(of_left), does(of_right)) {
        (Some(l), Some(r)) if l == r => None,
        (Some(l), Some(r)) => Some(format!("{left} {l}; {right} {r}")),
        (Some(l), None) => Some(format!("{left} {l}; {right} equals no twin")),
        (None, Some(r)) => Some(format!("{right} {r}; {left} equals no twin")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_liberty_is_named_and_no_more() {
        let both = Arithmetic { flush: true, ..Arithmetic::FUSED };
        let of = |equals: &[Arithmetic]| does(equals).unwrap_or_default();
        assert!(of(&[both, Arithmetic::STRICT]).contains("as written"), "strict before all");
        assert_eq!(of(&[Arithmetic::FUSED, both]), "fuses multiply and add (equals the fused twin)", "one liberty");
        assert!(of(&[both]).contains("and flushes subnormals"), "two");
        assert!(of(&[Arithmetic::FUSED, Arithmetic::FLUSH]).contains(" or "), "equal twins are told apart by nothing");
        assert_eq!(does(&[]), None, "none");
        let split = splits("a", &[Arithmetic::STRICT], "b", &[Arithmetic::FUSED]).expect("explained");
        assert!(split.starts_with("a computes as written") && split.contains("b fuses"), "{split}");
        assert_eq!(
            splits("a", &[Arithmetic::FUSED], "b", &[Arithmetic::FUSED, both]),
            None,
            "the same explains nothing"
        );
        assert_eq!(splits("a", &[], "b", &[]), None, "nothing known");
    }
}
