//! Annotations of GitHub's workflows: lines that its runner takes for commands.

use super::groups;
use crate::gate::judge::{Checked, Item};
use crate::gate::outcome::Gravity;

/// GitHub shows ten annotations of each kind and step, and drops the others in silence.
const MOST: usize = 10;
/// Cases that one annotation names.
const CASES: usize = 5;

/// One line an annotation: one for each outcome on each engine, at the line of the lock or the policy that it is about.
/// What does not fit is counted in the last one of its kind.
#[must_use]
pub fn annotations(checked: &Checked) -> String {
    let mut out = String::new();
    let groups = groups(checked);
    for kind in ["error", "warning", "notice"] {
        let of: Vec<_> = groups.iter().filter(|g| command(g.gravity) == kind).collect();
        let shown = if of.len() > MOST { MOST - 1 } else { of.len() };
        for group in &of[..shown] {
            let engine = group.engine.map(|e| format!(" on {e}")).unwrap_or_default();
            let count = if group.items.len() > 1 { format!(" × {}", group.items.len()) } else { String::new() };
            let title = format!("repro-audit: {}{count}{engine}", group.outcome.name());
            let mut lines: Vec<String> = group.items.iter().take(CASES).map(|i| line(i)).collect();
            if group.items.len() > CASES {
                lines.push(format!("and {} more", group.items.len() - CASES));
            }
            let place = group.items.iter().find_map(|i| i.place.as_ref());
            let place = place.map(|p| format!("file={},line={},", property(&p.file), p.line)).unwrap_or_default();
            out.push_str(&format!("::{kind} {place}title={}::{}\n", property(&title), message(&lines.join("\n"))));
        }
        if of.len() > shown {
            let left: usize = of[shown..].iter().map(|g| g.items.len()).sum();
            let text = format!("{left} more in {} groups; the step summary lists them", of.len() - shown);
            out.push_str(&format!("::{kind} title={}::{}\n", property("repro-audit: more"), message(&text)));
        }
    }
    out
}

fn command(gravity: Gravity) -> &'static str {
    match gravity {
        Gravity::Pass => "",
        Gravity::Note => "notice",
        Gravity::Warn => "warning",
        Gravity::Fail | Gravity::Absent | Gravity::Incomplete => "error",
    }
}

fn line(item: &Item) -> String {
    item.case.as_ref().map_or_else(|| item.what.clone(), |case| format!("{case}: {}", item.what))
}

/// The text of a command.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, which ends at a comma or a colon.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
