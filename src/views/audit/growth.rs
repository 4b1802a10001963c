//! Error against problem size, where a kernel was run at three sizes or more.

use std::collections::BTreeMap;

use super::charts::{SERIES, more};
use super::groups::{column, groups};
use crate::record::Record;
use crate::views::chart::{Chart, Plot, Series};
use crate::views::text;

/// Parameters that are a length of accumulation, the likeliest first.
const SIZES: [&str; 6] = ["k", "n", "len", "length", "dim", "steps"];
/// What the files begin with.
pub(super) const PREFIX: &str = "growth-";
/// Kernels that get a chart.
const CHARTS: usize = 3;

/// A parameter of a case id, as a number.
fn parameter(problem: &str, name: &str) -> Option<u32> {
    let (_, query) = problem.split_once('?')?;
    query.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// The charts of growth, those with the largest error first.
pub(super) fn growth(record: &Record) -> Vec<Chart> {
    let mut kernels: Vec<&str> = record.cases.iter().map(|c| c.kernel.as_str()).collect();
    kernels.dedup();
    let mut charts: Vec<(f64, Chart)> = kernels.into_iter().filter_map(|k| of(record, k)).collect();
    charts.sort_by(|a, b| b.0.total_cmp(&a.0));
    charts.into_iter().take(CHARTS).map(|c| c.1).collect()
}

fn of(record: &Record, kernel: &str) -> Option<(f64, Chart)> {
    let (size, mut series) = SIZES.iter().find_map(|size| {
        let series = collect(record, kernel, size);
        (!series.is_empty()).then_some((*size, series))
    })?;
    let last = |s: &Series| s.points.iter().map(|p| p.1).filter(|y| y.is_finite()).fold(0.0, f64::max);
    series.sort_by(|a, b| last(b).total_cmp(&last(a)).then_with(|| a.name.cmp(&b.name)));
    let largest = series.first().map_or(0.0, last);
    if largest <= 0.0 {
        return None;
    }
    let mut sizes: Vec<f64> = series.iter().flat_map(|s| s.points.iter().map(|p| p.0)).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let rows = series
        .iter()
        .map(|s| {
            let mut row = vec![s.name.clone()];
            row.extend(
                sizes
                    .iter()
                    .map(|x| s.points.iter().find(|p| p.0 == *x).map(|p| text::number(p.1)).unwrap_or_default()),
            );
            row
        })
        .collect();
    let mut head = vec!["variant and engine".to_owned()];
    head.extend(sizes.iter().map(|x| format!("{size} = {x}")));
    let found = series.len();
    series.truncate(SERIES);
    let chart = Chart {
        name: format!("{PREFIX}{}", file_name(kernel)),
        title: format!("{kernel}: error against {size}"),
        about: format!(
            "The largest error against the exact answer over all configurations at each {size}, the other parameters \
             unchanged along a line. Engines with the same errors share a line; where all have the same there is none.{}",
            more(found)
        ),
        plot: Plot::Lines { x: size.to_owned(), y: "largest error, ulp".to_owned(), series, joined: f64::INFINITY },
        head,
        rows,
    };
    Some((largest, chart))
}

/// A variant with its other parameters, the engines that share its line, and the line.
struct Line<'a> {
    variant: &'a str,
    others: Vec<&'a str>,
    engines: Vec<String>,
    points: Vec<(f64, f64)>,
}

/// The parameters of a problem but the size. Only cases that share them are on one line: an error that grew because
/// the distribution changed too would be no growth.
fn others<'a>(problem: &'a str, size: &str) -> Vec<&'a str> {
    let Some((_, query)) = problem.split_once('?') else { return Vec::new() };
    query.split('&').filter(|p| p.split_once('=').is_none_or(|(name, _)| name != size)).collect()
}

fn collect(record: &Record, kernel: &str, size: &str) -> Vec<Series> {
    let groups = groups(record);
    type Key<'a> = (&'a str, Vec<&'a str>, String);
    let mut points: BTreeMap<Key<'_>, BTreeMap<u32, f64>> = BTreeMap::new();
    for case in record.cases.iter().filter(|c| c.kernel == kernel) {
        let Some(x) = parameter(&case.problem, size) else { continue };
        let twin = case.twin_accuracy.as_ref().map(|a| ("the strict reference", a));
        let engines = case.executions.iter().filter_map(|e| Some((column(&groups, &e.engine), e.accuracy.as_ref()?)));
        for (engine, accuracy) in twin.into_iter().chain(engines) {
            let slot = points
                .entry((&case.variant, others(&case.problem, size), engine.to_owned()))
                .or_default()
                .entry(x)
                .or_insert(f64::NEG_INFINITY);
            if accuracy.max_ulp.is_nan() || accuracy.max_ulp > *slot {
                *slot = accuracy.max_ulp;
            }
        }
    }
    let mut lines: Vec<Line<'_>> = Vec::new();
    for ((variant, others, engine), line) in points {
        if line.len() < 3 {
            continue;
        }
        let line: Vec<_> = line.into_iter().map(|(x, y)| (f64::from(x), y)).collect();
        match lines.iter_mut().find(|l| l.variant == variant && l.others == others && l.points == line) {
            Some(shared) => shared.engines.push(engine),
            None => lines.push(Line { variant, others, engines: vec![engine], points: line }),
        }
    }
    // What is the same on every engine is the algorithm's, and no news of an adapter.
    let parts = |l: &Line<'_>| lines.iter().filter(|o| o.variant == l.variant && o.others == l.others).count() > 1;
    let parting: Vec<bool> = lines.iter().map(parts).collect();
    let mut parting = parting.into_iter();
    lines.retain(|_| parting.next().unwrap_or_default());
    // Parameters that all lines share say nothing.
    let shared: Vec<&str> = lines.first().map_or(Vec::new(), |first| {
        first.others.iter().copied().filter(|p| lines.iter().all(|l| l.others.contains(p))).collect()
    });
    lines
        .iter()
        .map(|l| {
            let own: Vec<&str> = l.others.iter().copied().filter(|p| !shared.contains(p)).collect();
            let own = if own.is_empty() { String::new() } else { format!(" ({})", own.join(" ")) };
            Series { name: format!("{}{own}: {}", l.variant, text::list(&l.engines, 3)), points: l.points.clone() }
        })
        .collect()
}

/// A kernel's name as part of a file's: records come from elsewhere, and a file must stay in its folder.
pub(super) fn file_name(kernel: &str) -> String {
    kernel.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).take(40).collect()
}
