//! What is said first of two records: how much is the same, what changed, and what differs around them.

use std::collections::BTreeSet;

use crate::facts;
use crate::facts::pair::{Compared, Kind, Sameness};
use crate::views::document::{Mark, Text};
use crate::views::text::{count, list, plural};

/// How much is the same, in a sentence without its full stop: what is said first of any two records. `full`: all that both
/// sides ran was compared. What has no fixed order is neither the same nor another result.
pub(super) fn share(found: &Sameness, full: bool) -> String {
    let that = if full { "that both sides ran" } else { "that can be compared" };
    let open = match found.open {
        0 => String::new(),
        1 => ", and 1 has no fixed order".to_owned(),
        n => format!(", and {} have no fixed order", count(n as u64)),
    };
    match (found.same, found.compared) {
        (_, 0) => "No result can be compared: nothing is known to be the same".to_owned(),
        (1, 1) => format!("The one result {that} is bit for bit the same"),
        (same, n) if same == n => format!("All {} results {that} are bit for bit the same", count(n as u64)),
        (same, n) => {
            format!("{} of {} results {that} are bit for bit the same{open}", count(same as u64), count(n as u64))
        }
    }
}

/// How the two sides are called.
pub(super) struct Sides {
    /// Before what keeps each from being relied on.
    of: [&'static str; 2],
    /// Where what failed did.
    right: &'static str,
    /// After adapters that one side alone has.
    alone: [&'static str; 2],
}

/// Of any two records.
pub(super) const SIDES: Sides =
    Sides { of: ["Left side", "Right side"], right: "on the right", alone: ["only on the left", "only on the right"] };

/// Of a record and an earlier one.
const TIMES: Sides = Sides { of: ["Then", "Now"], right: "now", alone: ["is gone", "is new"] };

/// What keeps the sides from being relied on.
pub(super) fn soundness(pair: &Compared, sides: &Sides) -> String {
    let of = |side: &str, s: &facts::pair::Side| s.soundness.title().map(|t| format!("{side}: {t}"));
    let both = [of(sides.of[0], &pair.left), of(sides.of[1], &pair.right)];
    both.into_iter().flatten().collect::<Vec<_>>().join(". ")
}

/// What differs between the sides, in a few words each.
pub(super) fn between(pair: &Compared, sides: &Sides) -> Vec<String> {
    let mut out = pair.between.other.clone();
    for (names, side) in [&pair.between.left, &pair.between.right].into_iter().zip(sides.alone) {
        if !names.is_empty() {
            out.push(format!("{} {side}", names.join(", ")));
        }
    }
    out
}

/// The first sentence is how much is the same, and the second what changed.
pub(super) fn headline(pair: &Compared, sides: &Sides) -> String {
    let mut parts = vec![share(&pair.sameness, pair.is_full())];
    if pair.sameness.compared > 0 && !pair.driver_compared() {
        parts[0] = format!("No driver was compared: of the interpreter and the CPU, {}", lower(&parts[0]));
    }
    let of = |kind: Kind| {
        let cases: BTreeSet<&str> = pair.results.iter().filter(|r| r.kind == kind).map(|r| r.case.as_str()).collect();
        cases.len()
    };
    let mut tell = |n: usize, one: &str, many: &str| {
        if n > 0 {
            parts.push(format!("{} {}", plural(n, "case"), if n == 1 { one } else { many }));
        }
    };
    let failed = format!("failed {}", sides.right);
    tell(of(Kind::Failed), &failed, &failed);
    tell(of(Kind::Reference), "has another strict reference", "have another strict reference");
    tell(of(Kind::Differs), "changed", "changed");
    tell(of(Kind::Unrepeatable), "does not repeat on at least one side", "do not repeat on at least one side");
    if pair.results.is_empty() && pair.sameness.same < pair.sameness.compared {
        parts.push("no repeatable result changed".to_owned());
    }
    match pair.absent.incomparable.len() {
        0 => {}
        1 => parts.push("1 case has another shader or output".to_owned()),
        n => parts.push(format!("{} have another shader or output", plural(n, "case"))),
    }
    let said = parts.join("; ");
    if pair.is_sound() { said } else { format!("{}. {said}", soundness(pair, sides)) }
}

/// What changed since an earlier record, in a sentence or two, with the command that shows it where there is more.
pub(in crate::views) fn since(pair: &Compared, command: &str) -> (Mark, Text) {
    let day = format!("{} UTC", pair.left.started.get(..16).unwrap_or(&pair.left.started).replace('T', " "));
    if pair.is_sound() && pair.results.is_empty() && pair.between.is_empty() && pair.sameness.compared > 0 {
        let same = share(&pair.sameness, pair.is_full());
        return (
            Mark::Holds,
            Text::plain(format!("the record of {day}: no result that repeats changed; {}", lower(&same))),
        );
    }
    let differs = if pair.between.is_empty() {
        String::new()
    } else {
        format!(" What differs: {}.", list(&between(pair, &TIMES), 3))
    };
    let mark = if pair.results.is_empty() { Mark::Note } else { Mark::Differs };
    let said = headline(pair, &TIMES);
    (mark, Text::then_code(format!("the record of {day}: {said}.{differs} See"), command))
}

/// A sentence that goes on.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_a_share_of_what_both_ran() {
        let share = |same, compared, full| share(&Sameness { same, compared, ..Sameness::default() }, full);
        assert!(share(0, 0, true).starts_with("No result can be compared"), "nothing is no agreement");
        assert_eq!(share(7, 7, true), "All 7 results that both sides ran are bit for bit the same", "all");
        assert_eq!(share(0, 7, true), "0 of 7 results that both sides ran are bit for bit the same", "none");
        assert_eq!(share(7, 7, false), "All 7 results that can be compared are bit for bit the same", "not all ran");
    }

    /// A record beside itself has no other results.
    #[test]
    fn what_has_no_fixed_order_is_no_other_result() {
        let found = Sameness { same: 5, compared: 7, open: 2, ..Sameness::default() };
        let said = share(&found, true);
        assert_eq!(said, "5 of 7 results that both sides ran are bit for bit the same, and 2 have no fixed order");
    }
}
