//! The page over merged records: one file that opens offline, with the look and the rules of a record's page.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::headline::headline;
use super::outline::{change, distance};
use super::{COLUMNS, chart};
use crate::relate::{KernelCell, Related};
use crate::report::{ReportError, charts, text};

const PAGE: &str = include_str!("../page/merged.html");
const STYLE: &str = include_str!("../page/style.css");
const MERGED_STYLE: &str = include_str!("../page/merged.css");
const SCRIPT: &str = include_str!("../page/script.js");

/// Rows of a long list; the JSON has all.
const ROWS: usize = 400;
/// Names in a cell.
const NAMES: usize = 6;

/// The page.
///
/// # Errors
/// When the template fails.
pub fn html(view: &Related) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("merged.html", PAGE)?;
    let verdict = headline(view);
    let page = environment.get_template("merged.html")?.render(context! {
        id => view.id.as_str(),
        short_id => text::short(&view.id),
        headline => Value::from(Serde(&verdict)),
        splits => view.splits.iter().take(COLUMNS).map(|s| s.text.clone()).collect::<Vec<_>>(),
        classes => classes(view),
        more_classes => view.classes.len().saturating_sub(COLUMNS),
        loose => loose(view),
        kernels => kernels(view),
        svg => chart(view).map(|c| charts::svg(&c)),
        is_smallest => view.cover.is_smallest,
        untold => view.cover.untold,
        many => view.classes.len() > crate::relate::LARGEST,
        largest => crate::relate::LARGEST,
        telling => Value::from(Serde(&view.telling)),
        timelines => timelines(view),
        conflicts => conflicts(view),
        more_conflicts => view.conflicts.len().saturating_sub(ROWS),
        records => view.records.iter().take(ROWS).map(|r| Value::from(Serde(r))).collect::<Vec<_>>(),
        more_records => view.records.len().saturating_sub(ROWS),
        missing => view.missing.clone(),
        markdown => super::merged_markdown(view),
        nonce => nonce(view),
        style => format!("{STYLE}{MERGED_STYLE}"),
        script => SCRIPT,
    })?;
    Ok(page)
}

/// Allows this page's own script and no other.
fn nonce(view: &Related) -> String {
    let content = serde_json::to_vec(view).unwrap_or_default();
    blake3::hash(&content).to_hex()[..32].to_owned()
}

fn names(all: &[String]) -> String {
    text::list(all, NAMES)
}

fn classes(view: &Related) -> Vec<Value> {
    let of = |i: &usize| {
        let a = &view.adapters[*i];
        context! {
            label => a.label.as_str(),
            settled => a.settled,
            unsettled => a.unsettled,
            count => a.records.len(),
            records => names(&a.records),
        }
    };
    view.classes
        .iter()
        .enumerate()
        .take(COLUMNS)
        .map(|(i, c)| {
            context! {
                letter => c.letter.as_str(),
                colour => colour(i),
                name => c.name.as_str(),
                strict => c.strict,
                machines => text::plural(c.machines, "machine"),
                adapters => c.adapters.iter().take(40).map(of).collect::<Vec<_>>(),
                more => c.adapters.len().saturating_sub(40),
            }
        })
        .collect()
}

/// Adapters that are in no class.
fn loose(view: &Related) -> Vec<Value> {
    let outside = view.adapters.iter().filter(|a| a.class.is_empty() || a.class.ends_with('?'));
    outside
        .take(ROWS)
        .map(|a| {
            let why = if a.class.is_empty() {
                "nothing that it ran repeats, or it ran nothing".to_owned()
            } else {
                match a.class.trim_end_matches('?').rsplit_once('/') {
                    Some((others, last)) => format!(
                        "nothing tells it apart from {} or {last}, which differ: it or they ran too little",
                        others.replace('/', ", ")
                    ),
                    None => format!(
                        "nothing tells it apart from {}, and too little was run on both to show that they agree",
                        a.class.trim_end_matches('?')
                    ),
                }
            };
            context! { label => a.label.as_str(), why => why, records => names(&a.records) }
        })
        .collect()
}

/// The class of a colour: the first is calm, the others are a chart's series.
fn colour(number: usize) -> String {
    match number {
        0 => "k0".to_owned(),
        usize::MAX => "kn".to_owned(),
        n => format!("k{}", (n - 1) % 6 + 1),
    }
}

fn kernels(view: &Related) -> Vec<Value> {
    let cell = |c: &KernelCell| {
        let far = if c.differing > 0 { distance(c.max_ulp, c.whole) } else { String::new() };
        let mut note = format!("{} settled", text::plural(c.settled, "case"));
        if c.unsettled > 0 {
            note.push_str(&format!(", {} that do not repeat", c.unsettled));
        }
        if c.differing > 0 {
            note.push_str(&format!(", {} differ from A", c.differing));
        }
        context! {
            letter => c.letter.as_str(),
            colour => colour(c.number),
            strict => c.strict,
            far => far,
            unsettled => c.unsettled,
            note => note,
        }
    };
    view.kernels
        .iter()
        .map(|k| {
            let mut because: Vec<&str> = k.cells.iter().map(|c| c.because.as_str()).filter(|b| !b.is_empty()).collect();
            because.dedup();
            context! {
                kernel => k.kernel.as_str(),
                cases => k.cases,
                split => k.classes > 1,
                cells => k.cells.iter().take(COLUMNS).map(cell).collect::<Vec<_>>(),
                because => because.into_iter().take(4).map(|b| format!("{b}.")).collect::<Vec<_>>(),
            }
        })
        .collect()
}

fn timelines(view: &Related) -> Vec<Value> {
    view.timelines
        .iter()
        .take(60)
        .map(|t| {
            let drivers: Vec<Value> = t
                .drivers
                .iter()
                .map(|d| {
                    let changes: Vec<Value> = d
                        .changes
                        .iter()
                        .flatten()
                        .map(|c| {
                            let more = c.cases.len().saturating_sub(3);
                            context! {
                                text => change(c),
                                cases => c.cases.iter().take(3).cloned().collect::<Vec<_>>(),
                                more => more,
                            }
                        })
                        .collect();
                    context! {
                        label => d.label.as_str(),
                        first_seen => d.first_seen.as_str(),
                        day => d.started.get(..10).unwrap_or_default(),
                        records => text::plural(d.records, "record"),
                        first => d.changes.is_none(),
                        compared => d.compared,
                        changes => changes,
                    }
                })
                .collect();
            context! { device => t.device.as_str(), drivers => drivers }
        })
        .collect()
}

fn conflicts(view: &Related) -> Vec<Value> {
    view.conflicts
        .iter()
        .take(ROWS)
        .map(|c| {
            let results: Vec<Value> = c
                .results
                .iter()
                .take(8)
                .map(|(digest, records)| context! { digest => text::short(digest), records => names(records) })
                .collect();
            context! {
                adapter => c.adapter.as_str(),
                case => c.case.as_str(),
                same_machine => c.same_machine,
                results => results,
                more => c.results.len().saturating_sub(8),
                command => text::command_by_id(&c.case),
            }
        })
        .collect()
}
