//! The page of a prediction of random numbers on several cards: the same style, charts and rules as a record's.

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::charts::{self, Chart, MapRow, Plot};
use super::{ReportError, text};
use crate::record::write_atomically;
use crate::rng::{Op, Prediction};

/// Pairs that are drawn; the others are in the matrix.
const ROWS: usize = 28;

/// The columns of `agreement.csv`, a row a pair of cards.
pub const AGREEMENT_COLUMNS: [&str; 10] = [
    "left",
    "right",
    "left_launched",
    "right_launched",
    "left_offset",
    "right_offset",
    "first_place",
    "first_value",
    "differing",
    "elements",
];

/// Values of either end on the page, however many were asked for.
const ON_PAGE: usize = 1000;

/// The rows of `agreement.csv`. A first element is empty where none differs.
#[must_use]
pub fn agreement_rows(found: &Prediction) -> Vec<Vec<String>> {
    let optional = |x: Option<u64>| x.map_or(String::new(), |x| x.to_string());
    pairs(found)
        .map(|(a, b)| {
            let (left, right) = (&found.cards[a], &found.cards[b]);
            let mut row = vec![
                left.subject.name.clone(),
                right.subject.name.clone(),
                left.threads.to_string(),
                right.threads.to_string(),
                left.offset[0].to_string(),
                right.offset[0].to_string(),
            ];
            if let Some(pair) = found.pair(a, b) {
                row.extend([optional(pair.first_place), optional(pair.first_value)]);
                row.extend([pair.differing.to_string(), pair.n.to_string()]);
            }
            row
        })
        .collect()
}

fn pairs(found: &Prediction) -> impl Iterator<Item = (usize, usize)> {
    let cards = found.cards.len();
    (0..cards).flat_map(move |a| (a + 1..cards).map(move |b| (a, b)))
}

/// The map of where two cards differ; none where there is no pair.
fn map(found: &Prediction) -> Option<Chart> {
    let mut all: Vec<_> = pairs(found).filter_map(|(a, b)| Some((a, b, found.pair(a, b)?))).collect();
    // The worst first; within them the order of the cards.
    all.sort_by_key(|(_, _, pair)| std::cmp::Reverse(pair.differing));
    let name = |card: usize| found.cards[card].subject.name.clone();
    let rows: Vec<MapRow> = all
        .iter()
        .take(ROWS)
        .map(|(a, b, pair)| MapRow {
            label: format!("{} / {}", name(*a), name(*b)),
            cells: pair.map.clone(),
            note: pair.first_value.map_or("the same".to_owned(), |i| format!("from {}", text::count(i))),
        })
        .collect();
    let table = all.iter().map(|(a, b, pair)| {
        let first = pair.first_value.map_or("none".to_owned(), text::count);
        vec![name(*a), name(*b), first, text::count(pair.differing), text::percent(1.0 - pair.fraction())]
    });
    let what = if found.draw.op == Op::Dropout { "masks" } else { "tensors" };
    (!rows.is_empty()).then(|| Chart {
        name: "differences".to_owned(),
        title: format!("Where two {what} differ"),
        about: "From the first element to the last. The ground is where both cards agree; what stands on it is the \
                fraction of elements that differ, from none to all of the height."
            .to_owned(),
        plot: Plot::Map { x: "element".to_owned(), n: found.draw.n, rows },
        head: ["card", "card", "first that differs", "differing", "share"].map(str::to_owned).to_vec(),
        rows: table.collect(),
    })
}

/// The page: one file that opens offline, runs no script and asks for nothing.
///
/// # Errors
/// When the template fails.
pub fn prediction_page(found: &Prediction, title: &str, headline: &str) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("prediction.html", include_str!("page/prediction.html"))?;
    let matrix: Vec<Vec<Value>> =
        (0..found.cards.len()).map(|a| (0..found.cards.len()).map(|b| cell(found, a, b)).collect()).collect();
    let chart = map(found).map(|chart| {
        context! {
            name => chart.name.as_str(), title => chart.title.as_str(), about => chart.about.as_str(),
            svg => charts::svg(&chart), head => chart.head.clone(), rows => chart.rows.clone(),
        }
    });
    let same = found.pairs.iter().all(|p| p.differing == 0);
    Ok(environment.get_template("prediction.html")?.render(context! {
        title => title,
        headline => headline,
        tone => if same { "held" } else { "broke" },
        found => Value::from(Serde(found)),
        cards => found.cards.iter().map(|c| card(found, c)).collect::<Vec<_>>(),
        common => found.common.elements.map(text::count),
        any => found.common.any.map(text::count),
        width => found.draw.vector,
        next => found.common.next.map(text::count),
        verified => found.common.verified,
        normal => found.draw.op == Op::Randn,
        matrix => matrix,
        chart => chart,
        style => include_str!("page/style.css"),
    })?)
}

fn card(found: &Prediction, card: &crate::rng::Summary) -> Value {
    let value = |x: &f64| match found.draw.op {
        Op::Dropout => format!("{x}"),
        Op::Rand => format!("{x:.6}"),
        Op::Randn => format!("{x:.4}"),
    };
    context! {
        name => card.subject.name.as_str(),
        geometry => format!("{} × {}", card.subject.geometry.sms, card.subject.geometry.threads_per_sm),
        threads => text::count(card.threads),
        offset => format!("{} → {}", card.offset[0], card.offset[1]),
        sum => card.output_sum.map_or_else(|| format!("{:.2}", card.sum), |sum| format!("{sum}")),
        first => card.first.iter().take(ON_PAGE).map(value).collect::<Vec<_>>().join(" "),
        last => card.last.iter().skip(card.last.len().saturating_sub(ON_PAGE)).map(value).collect::<Vec<_>>().join(" "),
    }
}

fn cell(found: &Prediction, a: usize, b: usize) -> Value {
    match found.pair(a, b) {
        None => context! { class => "none", glyph => "·", word => "itself", note => "" },
        Some(pair) if pair.differing == 0 => {
            context! { class => "bit-exact", glyph => "✓", word => "the same", note => "" }
        }
        Some(pair) => context! {
            class => "not-repeatable",
            glyph => "≠",
            word => text::percent(pair.fraction()),
            note => pair.first_value.map_or(String::new(), |i| format!("from {}", text::count(i))),
        },
    }
}

/// Writes `index.html`, `agreement.csv` and the chart as PNG into a folder, which is made if it is missing.
///
/// # Errors
/// When a part can not be made, or a file can not be written.
pub fn write_prediction(found: &Prediction, title: &str, headline: &str, folder: &Path) -> Result<(), ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(AGREEMENT_COLUMNS)?;
    agreement_rows(found).iter().try_for_each(|row| writer.write_record(row))?;
    let table = writer.into_inner().map_err(|e| ReportError::Csv(e.into_error().into()))?;
    let page = prediction_page(found, title, headline)?.into_bytes();
    let mut files = vec![(folder.join("index.html"), page), (folder.join("agreement.csv"), table)];
    if let Some(chart) = map(found) {
        let png = charts::png_with_foot(&chart, "", &format!("{title} · repro-audit rng"))?;
        files.push((folder.join("charts").join("differences.png"), png));
    }
    for (path, content) in files {
        let io = |source| ReportError::Io { path: path.display().to_string(), source };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io)?;
        }
        write_atomically(&path, &content).map_err(io)?;
    }
    Ok(())
}
