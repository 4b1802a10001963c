//! For people: what matters first.

use anstyle::{AnsiColor, Style};

use super::{Group, groups, headline, known, next, place};
use crate::gate::judge::Checked;
use crate::gate::outcome::Gravity;

/// Items of one outcome on one engine that are listed.
const LISTED: usize = 5;

/// The answer for a terminal. `color` writes ANSI escapes.
#[must_use]
pub fn table(checked: &Checked, color: bool) -> String {
    let paint = |gravity: Gravity, text: &str| {
        let style = match gravity {
            Gravity::Pass => Style::new().fg_color(Some(AnsiColor::Green.into())),
            Gravity::Note => Style::new().dimmed(),
            Gravity::Warn => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
            Gravity::Fail | Gravity::Absent | Gravity::Incomplete => {
                Style::new().bold().fg_color(Some(AnsiColor::Red.into()))
            }
        };
        if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    let verdict = if checked.gravity.fails() { checked.gravity } else { Gravity::Pass };
    let mut out = paint(verdict, &format!("{} {}", verdict.glyph(), headline(checked))) + "\n";
    out.push_str(&format!("  lock    {}\n", checked.lock));
    if !checked.policy.is_empty() {
        out.push_str(&format!("  policy  {}\n", checked.policy));
    }
    for record in &checked.records {
        out.push_str(&format!("  record  {record}\n"));
    }
    for group in groups(checked) {
        group_lines(&mut out, &group, &paint);
    }
    let known = known(checked);
    if !known.is_empty() {
        out.push_str("\nKnown deviations, as expected\n");
        for (reason, link, n) in known {
            out.push_str(&format!("  {n} × {reason} ({link})\n"));
        }
    }
    let next = next(checked);
    if !next.is_empty() {
        out.push_str("\nNext\n");
        for (what, command) in next {
            out.push_str(&format!("  {what} {command}\n"));
        }
    }
    out
}

fn group_lines(out: &mut String, group: &Group<'_>, paint: &dyn Fn(Gravity, &str) -> String) {
    let engine = group.engine.map(|e| format!(" on {e}")).unwrap_or_default();
    let count = if group.items.len() > 1 { format!(" × {}", group.items.len()) } else { String::new() };
    let head = format!("{} {} {}{count}{engine}", group.gravity.glyph(), group.gravity.word(), group.outcome.name());
    out.push_str(&format!("\n{}\n  {}\n", paint(group.gravity, &head), group.outcome.meaning()));
    for item in group.items.iter().take(LISTED) {
        if let Some(case) = &item.case {
            out.push_str(&format!("    {case}\n  "));
        }
        let on = item.on.as_ref().filter(|_| item.case.is_some()).map(|on| format!("{on}: ")).unwrap_or_default();
        let place = place(item);
        let place = if place.is_empty() { place } else { format!("  [{place}]") };
        out.push_str(&format!("    {on}{}{place}\n", item.what));
    }
    if group.items.len() > LISTED {
        out.push_str(&format!("    and {} more; --format csv lists all\n", group.items.len() - LISTED));
    }
}
