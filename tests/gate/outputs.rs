//! The answer in each format: nothing in it breaks out, and what is left out is counted.

use repro_audit::formats::{self, Options};
use repro_audit::gate::{Checked, Conclusion, Outcome};
use repro_audit::record::{self, Record};
use repro_audit::views::check::Check;

use crate::subject::{ask, changed, lock, sound};

fn write(checked: &Checked, format: &str) -> String {
    let format = formats::find(format).expect("a format");
    formats::write(format, &Check { checked, exit: 1 }, &Options { width: 100, full: true, color: false })
        .expect(format.name)
}

fn junit(checked: &Checked) -> String {
    write(checked, "junit")
}

fn annotations(checked: &Checked) -> String {
    write(checked, "github")
}

fn markdown(checked: &Checked) -> String {
    write(checked, "markdown")
}

fn table(checked: &Checked) -> String {
    write(checked, "table")
}

/// Every digest differs, the hostile driver's included.
fn all_changed() -> Checked {
    let policy = "[[rule]]\nkernel = \"exp\"\nadapter = \"gl/\"\n\
                  known-deviation = { reason = \"a <b> & \\\"c\\\" | d\", link = \"https://l\", max_ulp = 4 }\n\
                  [[rule]]\nkernel = \"none%,:\"\nrequire = \"bit-exact\"";
    changed(policy, |r| {
        r.provenance.version = "9.9.9".to_owned();
        for x in r.cases.iter_mut().filter(|c| c.kernel != "exp").flat_map(|c| &mut c.executions) {
            if let record::Outcome::Ran { distinct, .. } = &mut x.outcome {
                distinct.iter_mut().for_each(|d| d.digest = format!("0e{}", &d.digest[..30]));
            }
        }
    })
}

/// A reader of XML that knows as much as the writer needs: every tag is closed, in order, and nothing raw is in a text
/// or an attribute. Returns how many elements of each name.
fn elements(xml: &str) -> std::collections::BTreeMap<String, usize> {
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    let mut open: Vec<String> = Vec::new();
    let mut count = std::collections::BTreeMap::new();
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        assert!(!text.contains('>'), "raw text: {text}");
        entities(text);
        let end = rest[at..].find('>').expect("the tag ends") + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in order");
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |t| (t, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert_eq!(attributes.matches('"').count() % 2, 0, "quotes in pairs: {tag}");
        entities(attributes);
        *count.entry(name.to_owned()).or_default() += 1;
        if !closed {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "all is closed: {open:?}");
    count
}

fn entities(text: &str) {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "control characters: {text:?}");
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
        assert!(known.iter().any(|k| text[at..].starts_with(k)), "a raw ampersand: {}", &text[at..]);
    }
}

#[test]
fn junit_is_xml_and_counts_what_it_has() {
    let checked = all_changed();
    let xml = junit(&checked);
    let found = elements(&xml);
    assert_eq!(found["testcase"], checked.items.len(), "a test case an item");
    assert_eq!(found["failure"], checked.counts.fail, "a failure each");
    let failures = format!("failures=\"{}\"", checked.counts.fail);
    assert!(xml.lines().nth(1).expect("the root").contains(&failures), "and in the root");
    assert!(!xml.contains("<script>") && xml.contains("&lt;script&gt;"), "hostile names are text");
    assert!(!xml.contains(" time="), "no times");
    let incomplete = changed("", |r| r.controls[0].caught = false);
    assert_eq!(elements(&junit(&incomplete))["error"], 1, "what proves nothing is an error");
    let fine = elements(&junit(&ask(&lock(&[sound()]), "", &[sound()])));
    assert!(!fine.contains_key("failure") && !fine.contains_key("error"), "and nothing where all is well");
}

#[test]
fn annotations_are_commands_and_nothing_else() {
    let checked = all_changed();
    let text = annotations(&checked);
    for kind in ["error", "warning", "notice"] {
        let lines = text.lines().filter(|l| l.starts_with(&format!("::{kind} "))).count();
        assert!(lines <= 10, "GitHub shows ten: {lines}");
    }
    assert!(text.lines().count() >= 3, "errors, a warning and a notice: {text}");
    for line in text.lines() {
        let (properties, message) = line[2..].split_once("::").expect("a command");
        let properties = properties.split_once(' ').expect("properties").1;
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').expect("name=value");
            assert!(["file", "line", "title"].contains(&name) && !value.contains(':'), "{property}");
        }
        assert!(!message.contains('\u{1b}') && !line.contains('\r'), "{line}");
    }
    assert!(text.contains("file=repro.lock,line="), "at the lock's line");
    assert!(text.contains("file=repro-audit.toml,line=5,"), "and the policy's");
    assert!(text.contains("%0A"), "several cases in one");
    // Many kinds of engines: the tenth says how many more there are.
    let mut record = sound();
    for n in 0..14 {
        let mut engine = record.engines.iter().find(|e| e.id == "vulkan:1").expect("an engine").clone();
        engine.id = format!("vulkan:{}", n + 10);
        engine.adapter.as_mut().expect("an adapter").name = format!("card {n}");
        record.controls.push(record::Control { engine: engine.id.clone(), ..record.controls[0].clone() });
        let mut x = record.cases[0].executions[0].clone();
        x.engine.clone_from(&engine.id);
        record.cases[0].executions.push(x);
        record.engines.push(engine);
    }
    let absent = annotations(&ask(&lock(&[record]), "", &[sound()]));
    assert_eq!(absent.lines().count(), 10, "{absent}");
    assert!(absent.lines().last().expect("a line").contains("5 more"), "{absent}");
}

#[test]
fn a_summary_is_below_its_size_and_counts_what_it_leaves_out() {
    let small = markdown(&changed("", |r| r.provenance.version = "9.9.9".to_owned()));
    assert!(!small.contains(" more; "), "nothing is left out: {small}");
    let checked = many();
    let notable = checked.items.iter().filter(|i| i.conclusion > Conclusion::Pass).count();
    let text = markdown(&checked);
    assert!(text.len() < 60_000, "{} bytes", text.len());
    let rows = text.lines().filter(|l| l.starts_with("| <code>")).count();
    let more =
        |l: &str| l.strip_prefix("… and ")?.split_once(" more; all are in")?.0.replace(',', "").parse::<usize>().ok();
    let left: usize = text.lines().filter_map(more).sum::<usize>();
    assert!(left > 0, "some are left out");
    assert_eq!(rows + left, notable, "all are accounted for: {text}");
    assert!(!text.contains("<script>") && !text.contains('\u{1b}'), "hostile names are text");
}

/// Some hundreds of failures.
fn many() -> Checked {
    let mut before = sound();
    for n in 0..3 {
        let more: Vec<_> = before.cases.iter().filter(|c| c.config == "wg=64").cloned().collect();
        before.cases.extend(more.into_iter().map(|mut c| {
            c.id = format!("{}{n}", c.id);
            c.config = format!("wg=64{n}");
            c
        }));
    }
    let mut after: Record = before.clone();
    for x in after.cases.iter_mut().flat_map(|c| &mut c.executions) {
        if let record::Outcome::Ran { distinct, .. } = &mut x.outcome {
            distinct.iter_mut().for_each(|d| d.digest = "0e".repeat(16));
        }
    }
    ask(&lock(&[before]), "", &[after])
}

#[test]
fn data_is_whole() {
    let checked = all_changed();
    let value: serde_json::Value = serde_json::from_str(&write(&checked, "json")).expect("JSON");
    assert_eq!(value["exit"], 1, "the exit status");
    assert_eq!(value["items"].as_array().map(Vec::len), Some(checked.items.len()), "every item");
    assert_eq!(value["counts"]["fail"], checked.counts.fail, "counts");
    let rows = write(&checked, "csv");
    let mut reader = ::csv::Reader::from_reader(rows.as_bytes());
    let outcomes: Vec<String> = reader.records().map(|r| r.expect("a row")[1].to_owned()).collect();
    assert_eq!(outcomes.len(), checked.items.len(), "a row an item");
    assert!(outcomes.iter().all(|o| Outcome::find(o).is_some()), "outcomes by name");
}

#[test]
fn the_table_has_the_gravest_first_and_nothing_of_what_passes() {
    let checked = changed("", |r| {
        r.provenance.version = "9.9.9".to_owned();
        crate::subject::results(crate::subject::on(r, crate::subject::SUM, "vulkan:1"))[0].digest = "0e".repeat(16);
    });
    let text = table(&checked);
    assert!(text.starts_with("✗ beyond policy"), "the verdict: {text}");
    let (fail, note) = (text.find("✗ FAIL digest-changed"), text.find("· note other-tool"));
    assert!(fail.is_some() && fail < note, "failures before notes: {text}");
    assert!(text.contains(crate::subject::SUM) && text.contains("repro.lock:"), "case and place: {text}");
    assert!(!text.contains("skipped-as-locked") && !text.contains('\u{1b}'), "no noise: {text}");
    assert!(text.contains("repro-audit case 'sum/tree"), "the next command: {text}");
    let fine = table(&ask(&lock(&[sound()]), "", &[sound()]));
    assert!(fine.starts_with("✓ within policy") && fine.lines().count() < 7, "{fine}");
    // A line of a workflow's log that begins with two colons is a command.
    let commands = |text: &str| text.lines().any(|l| l.trim_start().starts_with("::") || l.contains("##["));
    let hostile = changed("", |r| {
        let engine = r.engines.iter_mut().find(|e| e.id == "vulkan:1").expect("an engine");
        engine.adapter.as_mut().expect("an adapter").name = "x\n::error::y ##[group]".to_owned();
        r.provenance.version = "1\n::stop-commands::z".to_owned();
    });
    assert!(!commands(&table(&hostile)), "{}", table(&hostile));
}
