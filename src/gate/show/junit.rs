//! JUnit XML: a suite an engine, a test case a result. No times: nothing here is judged by them.

use std::collections::BTreeMap;

use super::place;
use crate::gate::judge::{Checked, Item};
use crate::gate::outcome::{Gravity, Outcome};

/// The suite of what is about no engine.
const WHOLE: &str = "the whole";

/// The answer for the test reports of continuous integration.
#[must_use]
pub fn junit(checked: &Checked) -> String {
    let mut suites: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in &checked.items {
        suites.entry(item.engine.as_deref().unwrap_or(WHOLE)).or_default().push(item);
    }
    let all: Vec<&Item> = checked.items.iter().collect();
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    out.push_str(&format!("<testsuites name=\"repro-audit\" {}>\n", totals(&all)));
    for (name, items) in &suites {
        out.push_str(&format!("  <testsuite name=\"{}\" {}>\n", escape(name), totals(items)));
        items.iter().for_each(|item| test(&mut out, item));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn totals(items: &[&Item]) -> String {
    let count = |of: &dyn Fn(&Item) -> bool| items.iter().filter(|i| of(i)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        items.len(),
        count(&|i| i.gravity.fails() && !error(i)),
        count(&error),
        count(&skipped)
    )
}

/// What could not be judged is an error, and not a failure.
fn error(item: &Item) -> bool {
    item.gravity >= Gravity::Absent
}

fn skipped(item: &Item) -> bool {
    item.outcome == Outcome::SkippedAsLocked
}

fn test(out: &mut String, item: &Item) {
    let case = item.case.as_deref().unwrap_or_default();
    let class = case.split('?').next().unwrap_or_default().replace('/', ".");
    let (class, mut name) = match case {
        "" => ("repro-audit".to_owned(), item.outcome.name().to_owned()),
        case => (class, case.to_owned()),
    };
    // Several equal adapters, or records, give one case several times.
    if let Some(on) = item.on.as_ref() {
        name.push_str(&format!(" [{on}]"));
    }
    out.push_str(&format!("    <testcase classname=\"{}\" name=\"{}\"", escape(&class), escape(&name)));
    let message = escape(&item.what);
    let text = escape(&format!(
        "{}\nexpected: {}\nfound: {}\n{}",
        item.outcome.meaning(),
        item.expected,
        item.found,
        place(item)
    ));
    let kind = item.outcome.name();
    if skipped(item) {
        out.push_str(&format!("><skipped message=\"{message}\"/></testcase>\n"));
    } else if item.gravity.fails() {
        let tag = if error(item) { "error" } else { "failure" };
        out.push_str(&format!("><{tag} type=\"{kind}\" message=\"{message}\">{text}</{tag}></testcase>\n"));
    } else if item.gravity > Gravity::Pass || item.outcome == Outcome::KnownDeviation {
        out.push_str(&format!("><system-out>{kind}: {message}</system-out></testcase>\n"));
    } else {
        out.push_str("/>\n");
    }
}

/// Text for XML 1.0, which has no place for most control characters, escaped or not.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
