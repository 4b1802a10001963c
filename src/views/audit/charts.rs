//! The charts: what each shows, as data; [`scene`] lays one out, and [`svg`] and [`png`] draw the same layout.

use std::collections::BTreeMap;

use super::groups::{column, groups};
use super::growth::growth;
use crate::views::chart::{Chart, Plot, Series, Share};

use crate::record::{AXES, Axis, AxisLevel, CaseRecord, EngineKind, Outcome, Record};
use crate::views::text;

/// Series beyond these are left to the table, so that colours and markers stay distinct.
pub(super) const SERIES: usize = 6;

/// The charts of a record; those with nothing to show are left out.
pub(super) fn charts(record: &Record) -> Vec<Chart> {
    let mut all =
        vec![axes(record), distances(record), specification(record), distinct(record), super::spread::chart(record)];
    all.extend(growth(record).into_iter().map(Some));
    all.into_iter().flatten().collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of comparisons")]
fn axes(record: &Record) -> Option<Chart> {
    let mut counts: BTreeMap<AxisLevel, (usize, usize)> = BTreeMap::new();
    for comparison in record.cases.iter().flat_map(|c| &c.comparisons) {
        let slot = counts.entry(comparison.axis).or_default();
        slot.0 += 1;
        slot.1 += usize::from(!comparison.drift.is_none());
    }
    if counts.is_empty() {
        return None;
    }
    let (mut shares, mut rows) = (Vec::new(), Vec::new());
    for Axis { axis, about: meaning, .. } in AXES {
        let Some((total, differing)) = counts.get(&axis).copied() else { continue };
        let part = differing as f64 / total as f64;
        shares.push(Share {
            label: axis.name().to_owned(),
            parts: vec![1.0 - part, part],
            note: format!("{} of {} differ", text::count(differing as u64), text::count(total as u64)),
            first_is_good: true,
        });
        rows.push(vec![
            axis.name().to_owned(),
            meaning.to_owned(),
            text::count(total as u64),
            text::count(differing as u64),
            text::percent(part),
        ]);
    }
    Some(Chart {
        name: "axes".to_owned(),
        title: "Differences by axis".to_owned(),
        about: "The share of comparisons on each axis in which at least one element differs. The left part agrees \
                in every bit; the right part does not."
            .to_owned(),
        plot: Plot::Shares { x: "share of comparisons".to_owned(), rows: shares },
        head: ["axis", "what differs", "comparisons", "differing", "share"].map(str::to_owned).to_vec(),
        rows,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of elements")]
fn distances(record: &Record) -> Option<Chart> {
    // One series a kernel: its comparison with the largest distance against the CPU reference, or failing that any.
    let mut worst: BTreeMap<&str, (bool, u64, &CaseRecord, &crate::record::Comparison)> = BTreeMap::new();
    for case in &record.cases {
        for comparison in case.comparisons.iter().filter(|c| !c.drift.histogram.is_empty()) {
            let key = (comparison.axis == AxisLevel::Engine, comparison.drift.max_ulp);
            let slot = worst.entry(&case.kernel).or_insert((key.0, key.1, case, comparison));
            if key > (slot.0, slot.1) {
                *slot = (key.0, key.1, case, comparison);
            }
        }
    }
    let mut found: Vec<_> = worst.into_values().collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.2.id.cmp(&b.2.id)));
    if found.is_empty() {
        return None;
    }
    let rows = found
        .iter()
        .flat_map(|(_, _, case, comparison)| {
            comparison.drift.histogram.iter().map(|b| {
                vec![
                    case.id.clone(),
                    format!("{} → {}", comparison.left, comparison.right),
                    text::ulp(b.up_to),
                    text::count(b.count),
                    text::percent(b.count as f64 / comparison.drift.elements.max(1) as f64),
                ]
            })
        })
        .collect();
    let series = found
        .iter()
        .take(SERIES)
        .map(|(_, _, case, comparison)| Series {
            name: format!("{}/{} on {}", case.kernel, case.variant, comparison.right),
            points: comparison
                .drift
                .histogram
                .iter()
                .map(|b| (b.up_to as f64, b.count as f64 / comparison.drift.elements.max(1) as f64))
                .collect(),
        })
        .collect();
    Some(Chart {
        name: "ulp-distances".to_owned(),
        title: "How far apart the differing elements are".to_owned(),
        about: format!(
            "For each kernel, its comparison with the largest distance: the share of all elements in each bucket of \
             distance (up to 1, 2, 4, 8 … ulp). Elements that agree are not drawn.{}",
            more(found.len())
        ),
        plot: Plot::Lines { x: "distance, ulp".to_owned(), y: "share of elements".to_owned(), series, joined: 2.0 },
        head: ["case", "from → to", "up to ulp", "elements", "share"].map(str::to_owned).to_vec(),
        rows,
    })
}

pub(super) fn more(found: usize) -> String {
    if found > SERIES {
        format!(" The {SERIES} largest of {found} are drawn; all are in the table.")
    } else {
        String::new()
    }
}

fn specification(record: &Record) -> Option<Chart> {
    let mut kernels: Vec<&str> = Vec::new();
    let mut ratios: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    let groups = groups(record);
    for case in &record.cases {
        for execution in &case.executions {
            let Some(accuracy) = &execution.accuracy else { continue };
            let adapter = record.engine(&execution.engine).is_some_and(|e| e.kind == EngineKind::Adapter);
            if adapter && !kernels.contains(&case.kernel.as_str()) {
                kernels.push(&case.kernel);
            }
            let slot = ratios.entry((&case.kernel, column(&groups, &execution.engine))).or_insert(0.0);
            // A NaN must not be swallowed: an unknown ratio is as bad as an infinite one.
            let ratio =
                if accuracy.specification_ratio.is_nan() { f64::INFINITY } else { accuracy.specification_ratio };
            *slot = slot.max(ratio);
        }
    }
    let adapter = |id: &str| record.engine(id).is_some_and(|e| e.kind == EngineKind::Adapter);
    let engines: Vec<&str> = groups
        .iter()
        .filter(|g| g.members.iter().any(|(id, _)| adapter(id)) && ratios.keys().any(|k| k.1 == g.id))
        .map(|g| g.id.as_str())
        .collect();
    if engines.is_empty() {
        return None;
    }
    let value = |kernel: &str, engine: &str| ratios.get(&(kernel, engine)).copied();
    let rows = kernels
        .iter()
        .map(|k| {
            let mut row = vec![(*k).to_owned()];
            row.extend(engines.iter().map(|e| value(k, e).map(text::number).unwrap_or_default()));
            row
        })
        .collect();
    let mut head = vec!["kernel".to_owned()];
    head.extend(engines.iter().map(|e| (*e).to_owned()));
    Some(Chart {
        name: "specification".to_owned(),
        title: "How much of the specification's allowance is used".to_owned(),
        about:
            "The largest error as a fraction of what the WGSL specification allows, over all cases of a kernel. 1 is \
                the limit; to its right a result is forbidden. Hollow marks are at the edges: no error at all on the \
                left, an error where none is allowed on the right."
                .to_owned(),
        plot: Plot::Dots {
            x: "largest error ÷ allowed error".to_owned(),
            rows: kernels.iter().map(|k| (*k).to_owned()).collect(),
            series: engines
                .iter()
                .take(SERIES)
                .map(|e| ((*e).to_owned(), kernels.iter().map(|k| value(k, e)).collect()))
                .collect(),
            limit: 1.0,
            limit_label: "limit".to_owned(),
        },
        head,
        rows,
    })
}

/// The parameters of a case id.
fn parameters(id: &str) -> Vec<&str> {
    id.split_once('?').map_or(Vec::new(), |(_, query)| query.split('&').collect())
}

fn distinct(record: &Record) -> Option<Chart> {
    let mut found = Vec::new();
    for case in &record.cases {
        for execution in &case.executions {
            if let Outcome::Ran { runs, distinct, dispersion } = &execution.outcome
                && distinct.len() > 1
            {
                found.push((case, execution, *runs, distinct, dispersion));
            }
        }
    }
    // Where each run is another there is nothing to divide.
    let divided = |runs: u32, distinct: usize| distinct < runs as usize;
    if !found.iter().any(|f| divided(f.2, f.3.len())) {
        return None;
    }
    found.sort_by(|a, b| b.3.len().cmp(&a.3.len()).then_with(|| a.0.id.cmp(&b.0.id)));
    // The parameters that tell a case from the variant's others here: a label has no room for all.
    let own = |case: &CaseRecord| -> String {
        let same: Vec<Vec<&str>> = found
            .iter()
            .filter(|f| (&f.0.kernel, &f.0.variant) == (&case.kernel, &case.variant))
            .map(|f| parameters(&f.0.id))
            .collect();
        let own: Vec<&str> = parameters(&case.id).into_iter().filter(|p| !same.iter().all(|s| s.contains(p))).collect();
        // As few as tell it from the others: the engine comes after them and is not to be cut off.
        let told = |n: &usize| {
            same.iter().filter(|s| own[..*n].iter().all(|p| s.contains(p))).all(|s| own.iter().all(|p| s.contains(p)))
        };
        let needed = (0..=own.len()).find(told).unwrap_or(own.len());
        if needed == 0 { String::new() } else { format!(" {}", own[..needed].join(" ")) }
    };
    let shares = found
        .iter()
        .filter(|f| divided(f.2, f.3.len()))
        .take(16)
        .map(|(case, execution, runs, distinct, _)| {
            let mut parts: Vec<u32> = distinct.iter().map(|d| d.runs).collect();
            parts.sort_unstable_by(|a, b| b.cmp(a));
            Share {
                label: format!("{}/{}{} on {}", case.kernel, case.variant, own(case), execution.engine),
                parts: parts.iter().map(|p| f64::from(*p) / f64::from((*runs).max(1))).collect(),
                note: format!("{} in {}", distinct.len(), text::runs(record.engine(&execution.engine), *runs)),
                first_is_good: false,
            }
        })
        .collect();
    let rows = found
        .iter()
        .map(|(case, execution, runs, distinct, dispersion)| {
            vec![
                case.id.clone(),
                execution.engine.clone(),
                runs.to_string(),
                distinct.len().to_string(),
                text::percent(dispersion.mode_share),
                text::number(dispersion.entropy),
                text::number(dispersion.variability),
            ]
        })
        .collect();
    Some(Chart {
        name: "distinct-results".to_owned(),
        title: "Distinct results of repeated runs".to_owned(),
        about: "Each bar is all runs of one case on one engine, divided by result: one part for each distinct output, \
                the commonest first. A repeatable case would be one undivided bar, and is not drawn; nor is one that gave another \
                result in every run, which the table has. Entropy is in bits, \
                of the distribution over results."
            .to_owned(),
        plot: Plot::Shares { x: "share of runs".to_owned(), rows: shares },
        head: ["case", "engine", "runs", "distinct", "commonest", "entropy", "V_s"].map(str::to_owned).to_vec(),
        rows,
    })
}
