//! JUnit XML, for the test reports of continuous integration: a suite an engine, a test a finding. No times: nothing is
//! judged by them.

use std::collections::BTreeMap;

use super::{Format, clean};
use crate::views::document::{Document, Finding, Weight};

/// See the module.
pub const FORMAT: Format =
    Format { name: "junit", about: "JUnit XML, one test per finding", write: |view, _| Ok(write(&view.document())) };

/// The suite of what is about no engine.
const WHOLE: &str = "the whole";

/// Writes a document's findings.
#[must_use]
pub fn write(document: &Document) -> String {
    let mut suites: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &document.findings {
        let name = if finding.engine.is_empty() { WHOLE } else { &finding.engine };
        suites.entry(name).or_default().push(finding);
    }
    let all: Vec<&Finding> = document.findings.iter().collect();
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    out.push_str(&format!("<testsuites name=\"repro-audit\" {}>\n", totals(&all)));
    for (name, findings) in &suites {
        out.push_str(&format!("  <testsuite name=\"{}\" {}>\n", escape(name), totals(findings)));
        let mut names: BTreeMap<(String, String), usize> = BTreeMap::new();
        for finding in findings {
            let (class, mut name) = named(finding);
            // A reader that keeps results by name must not take one for the other.
            let before = names.entry((class.clone(), name.clone())).or_default();
            *before += 1;
            if *before > 1 {
                name.push_str(&format!(" #{before}"));
            }
            test(&mut out, finding, &class, &name);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn totals(findings: &[&Finding]) -> String {
    let count = |weight: Weight| findings.iter().filter(|f| f.weight == weight).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        findings.len(),
        count(Weight::Failure),
        count(Weight::Error),
        count(Weight::Skipped)
    )
}

/// The class and the name of a test.
fn named(finding: &Finding) -> (String, String) {
    let class = crate::model::case_id::path(&finding.case).replace('/', ".");
    let (class, mut name) = match finding.case.as_str() {
        "" => ("repro-audit".to_owned(), finding.kind.clone()),
        case => (class, case.to_owned()),
    };
    // Several equal adapters, or records, give one case several times.
    if !finding.on.is_empty() {
        name.push_str(&format!(" [{}]", finding.on));
    }
    (class, name)
}

fn test(out: &mut String, finding: &Finding, class: &str, name: &str) {
    out.push_str(&format!("    <testcase classname=\"{}\" name=\"{}\"", escape(class), escape(name)));
    let message = escape(&finding.text);
    let values = finding.values.iter().map(|(name, value)| format!("{name}: {value}"));
    let place = finding.place.iter().map(|(file, line)| format!("{file}:{line}"));
    let lines: Vec<String> = std::iter::once(finding.meaning.clone())
        .chain(values)
        .chain(place)
        .filter(|l| !l.is_empty())
        .map(|l| escape(&l))
        .collect();
    let kind = escape(&finding.kind);
    match finding.weight {
        Weight::Pass => out.push_str("/>\n"),
        Weight::Skipped => out.push_str(&format!("><skipped message=\"{message}\"/></testcase>\n")),
        Weight::Note | Weight::Warning => {
            out.push_str(&format!("><system-out>{kind}: {message}</system-out></testcase>\n"));
        }
        Weight::Failure | Weight::Error => {
            let tag = if finding.weight == Weight::Error { "error" } else { "failure" };
            let text = lines.join("\n");
            out.push_str(&format!("><{tag} type=\"{kind}\" message=\"{message}\">{text}</{tag}></testcase>\n"));
        }
    }
}

/// Text for XML 1.0, which has no place for most control characters, escaped or not.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean::line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}'..='\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
