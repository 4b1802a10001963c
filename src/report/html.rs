//! One page that opens offline: no request, no script but its own, and readable without that.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::charts::{self, Chart};
use super::view::View;
use super::{ReportError, text};
use crate::record::{AXES, Level, Record};

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// Drifting cases that are unfolded in full; the rest are in `summary.csv`.
const DETAILED: usize = 300;
/// Variants whose drift is listed at once; the rest is folded.
const WORST: usize = 25;
/// Rows of a chart's table.
const CHART_ROWS: usize = 120;

/// The page of a record.
///
/// # Errors
/// When the template fails.
pub fn html(record: &Record) -> Result<String, ReportError> {
    let view = View::new(record);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("index.html", PAGE)?;
    let charts: Vec<_> = charts::charts(record).iter().map(chart).collect();
    let statuses: Vec<_> = text::STATUSES
        .iter()
        .map(|(s, meaning)| {
            context! { glyph => text::glyph(*s), word => text::word(*s), class => text::class(*s), meaning => *meaning }
        })
        .collect();
    let axes: Vec<_> = AXES.iter().map(|a| context! { name => a.name, meaning => a.about }).collect();
    let axes_used: Vec<&str> = AXES
        .iter()
        .filter(|a| record.cases.iter().flat_map(|c| &c.comparisons).any(|c| c.axis == a.axis))
        .map(|a| a.name)
        .collect();
    let levels: Vec<_> = Level::ALL
        .iter()
        .map(|l| context! { name => text::level(*l), id => l.name(), meaning => text::level_meaning(*l) })
        .collect();
    let page = environment.get_template("index.html")?.render(context! {
        view => Value::from(Serde(&view)),
        sparks => sparks(record, &view),
        repeat => text::repeat(record),
        charts => charts,
        statuses => statuses,
        axes => axes,
        axes_used => axes_used,
        levels => levels,
        drifting => view.cases.iter().filter(|c| c.drifts).count(),
        detailed => DETAILED,
        worst => WORST,
        environment => Value::from(Serde(&record.environment)),
        facts => facts(record),
        controls => Value::from(Serde(&record.controls)),
        verdicts => verdicts(record),
        notes => record.notes.clone(),
        markdown => super::markdown(record),
        nonce => nonce(record),
        style => STYLE,
        script => SCRIPT,
    })?;
    Ok(page)
}

/// Allows this page's own script and no other: were text from a driver ever to slip through unescaped, it could not
/// name the digest of the record that it is part of.
fn nonce(record: &Record) -> String {
    let content = serde_json::to_vec(record).unwrap_or_default();
    blake3::hash(&content).to_hex()[..32].to_owned()
}

fn chart(chart: &Chart) -> Value {
    context! {
        name => chart.name.as_str(),
        title => chart.title.as_str(),
        about => chart.about.as_str(),
        svg => charts::svg(chart),
        head => chart.head.clone(),
        rows => chart.rows.iter().take(CHART_ROWS).cloned().collect::<Vec<_>>(),
        more => chart.rows.len().saturating_sub(CHART_ROWS),
    }
}

/// For each case in the view's order, the histogram of its worst comparison; empty where there is none.
fn sparks(record: &Record, view: &View) -> Vec<String> {
    view.cases
        .iter()
        .map(|row| {
            let Some(worst) = row.different.first() else { return String::new() };
            record
                .cases
                .iter()
                .find(|c| c.id == row.id)
                .and_then(|c| {
                    c.comparisons
                        .iter()
                        .find(|x| x.axis.name() == worst.axis && x.left == worst.left && x.right == worst.right)
                })
                .map(|c| {
                    let label =
                        format!("Distances from {} to {}, up to {} ulp", worst.left, worst.right, worst.max_ulp);
                    charts::spark(&c.drift.histogram, &label)
                })
                .unwrap_or_default()
        })
        .collect()
}

/// The record's own facts, `(name, value)`.
fn facts(record: &Record) -> Vec<(String, String)> {
    let settings = &record.provenance.settings;
    let all = |list: &[String]| if list.is_empty() { "all".to_owned() } else { list.join(", ") };
    let e = &record.environment;
    let mut facts = vec![
        ("record".to_owned(), record.id.clone()),
        ("format".to_owned(), format!("{}.{}", record.format.major, record.format.minor)),
        ("started".to_owned(), record.run.started.clone()),
        ("took".to_owned(), format!("{} s", text::number(record.run.seconds))),
        ("program".to_owned(), format!("repro-audit {}", record.provenance.version)),
        ("commit".to_owned(), record.provenance.commit.clone().unwrap_or_else(|| "unknown".to_owned())),
    ];
    facts.extend(record.provenance.libraries.iter().map(|(k, v)| (k.clone(), v.clone())));
    facts.extend([
        ("profile".to_owned(), settings.profile.name().to_owned()),
        ("kernels".to_owned(), all(&settings.kernels)),
        ("adapters asked for".to_owned(), all(&settings.adapters)),
        ("runs of each case".to_owned(), settings.repeats.to_string()),
        ("seed".to_owned(), settings.seed.to_string()),
        (
            "CPU threads tried".to_owned(),
            settings.threads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ),
        ("machine".to_owned(), e.machine_id.clone()),
        ("host".to_owned(), e.host.clone()),
        ("system".to_owned(), format!("{}, kernel {}, {}", e.os, e.kernel, e.architecture)),
        (
            "processor".to_owned(),
            format!(
                "{}, {} ({})",
                e.cpu,
                text::plural(usize::try_from(e.cpu_threads).unwrap_or(0), "thread"),
                e.cpu_features.join(", ")
            ),
        ),
        ("memory".to_owned(), format!("{} MiB", text::count(e.memory_mib))),
    ]);
    facts.push(("defects planted".to_owned(), settings.planted.join(", ")));
    facts.extend(settings.vary.iter().map(|(k, v)| (format!("varied {k}"), v.join(", "))));
    facts.extend(e.variables.iter().map(|(k, v)| (k.clone(), v.clone())));
    facts.retain(|(_, v)| !v.is_empty());
    facts
}

/// The verdicts that did not reach the top, weakest first.
fn verdicts(record: &Record) -> Vec<Value> {
    let mut found: Vec<_> = record.verdicts.iter().filter(|v| !v.because.is_empty()).collect();
    found.sort_by_key(|v| (v.level, std::cmp::Reverse(v.status)));
    found
        .iter()
        .map(|v| {
            context! {
                problem => v.problem.as_str(),
                engine => v.engine.as_str(),
                level => text::level(v.level),
                class => text::class(v.status),
                glyph => text::glyph(v.status),
                because => v.because.as_str(),
                command => text::command(record, v.evidence.as_deref().unwrap_or(&v.problem)),
            }
        })
        .collect()
}
