//! What the rules of a policy did.

use super::reports::Report;
use crate::gate::outcome::Outcome;
use crate::gate::policy::{Demand, Rule, Subject};

/// What one rule did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Results that it matches.
    pub(super) matched: usize,
    /// Of those, the ones that no earlier rule took.
    pub(super) taken: usize,
    /// Of those, the ones that nobody asked about.
    pub(super) aside: usize,
    /// Of those, the ones that ran.
    pub(super) ran: usize,
    /// Results that show the known deviation.
    pub(super) shown: usize,
    /// Results that were reported because they do not.
    pub(super) reported: usize,
}

/// The rule that decides on a result, and its place; counts all that match.
pub(super) fn decide<'r>(rules: &'r [Rule], tallies: &mut [Tally], subject: &Subject<'_>) -> Option<(usize, &'r Rule)> {
    let mut first = None;
    for (i, rule) in rules.iter().enumerate().filter(|(_, r)| r.matches(subject)) {
        tallies[i].matched += 1;
        if first.is_none() {
            tallies[i].taken += 1;
            first = Some((i, rule));
        }
    }
    first
}

/// Reports rules that do nothing, and known deviations that nothing shows.
pub(super) fn report(report: &mut Report<'_>, tallies: &[Tally]) {
    let rules = &report.question.policy.rules;
    for (rule, tally) in rules.iter().zip(tallies) {
        let found = if tally.matched == 0 {
            Some((Outcome::UnmatchedRule, "the rule matches no result; fix its patterns or drop it".to_owned()))
        } else if tally.taken == 0 {
            let what = format!("earlier rules take all {} results that the rule matches; move it up", tally.matched);
            Some((Outcome::ShadowedRule, what))
        } else if tally.aside > 0 {
            None
        } else if tally.ran == 0 {
            Some((Outcome::UnmatchedRule, "the rule matches nothing but results that were skipped".to_owned()))
        } else {
            match &rule.demand {
                Demand::Known(known) if tally.shown == 0 && tally.reported == 0 => {
                    let what = format!(
                        "none of {} results shows the deviation any more ({}); drop the rule",
                        tally.ran, known.reason
                    );
                    Some((Outcome::DeviationVanished, what))
                }
                _ => None,
            }
        };
        if let Some((outcome, what)) = found {
            let mut item = report.item(outcome, what);
            item.place = report.in_policy(rule.line);
            if let Demand::Known(known) = &rule.demand {
                item.reason = Some((known.reason.clone(), known.link.clone()));
            }
            report.items.push(item);
        }
    }
}
