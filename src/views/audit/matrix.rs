//! Tables of counts: kernel × engine, kernel × axis, level × engine, and reasons.

use std::collections::BTreeMap;

use super::groups::{Group, column};
use crate::record::{
    AXES, AxisLevel, CaseRecord, EngineStatus, Execution, Level, LevelState, Outcome, Record, Role, Status, Verdict,
};
use crate::views::document::Mark;
use crate::views::text;

/// The rows of one kernel.
#[derive(Debug)]
pub(super) struct KernelRows {
    pub(super) kernel: String,
    pub(super) rows: Vec<VariantRow>,
    /// The same, variants that look the same on every engine in one row.
    pub(super) alike: Vec<AlikeRow>,
    /// Whether anything in it is other than bit-exact or skipped.
    pub(super) drifts: bool,
}

/// One variant on every engine.
#[derive(Debug)]
pub(super) struct VariantRow {
    pub(super) variant: String,
    pub(super) cells: Vec<Cell>,
    pub(super) drifts: bool,
}

/// Variants that look the same on every engine.
#[derive(Debug)]
pub(super) struct AlikeRow {
    pub(super) variants: Vec<String>,
    /// Those of the first.
    pub(super) cells: Vec<Cell>,
    pub(super) drifts: bool,
}

/// One variant on one engine.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) engine: String,
    pub(super) status: Status,
    pub(super) mark: Mark,
    /// Cases that have this status, and all that were not skipped: all, where every one was.
    pub(super) with_status: usize,
    pub(super) cases: usize,
    /// Cases that were skipped beside others that were not.
    pub(super) skipped: usize,
    /// Where several engines share the column and not all have this status: those that do.
    pub(super) which: String,
    /// The counts of every status, in words.
    pub(super) note: String,
}

/// The worst of what ran, and a skip only where nothing ran.
fn worst(statuses: &[Status]) -> Option<Status> {
    statuses.iter().copied().filter(|s| *s != Status::Skipped).max().or_else(|| statuses.first().copied())
}

/// A group's cell over these cases: the worst status; `None` where none of its engines was to run any.
pub(super) fn cell(group: &Group, cases: &[&CaseRecord]) -> Option<Cell> {
    let of = |case: &CaseRecord| -> Vec<(String, Status)> {
        case.executions
            .iter()
            .filter(|x| group.has(&x.engine) && !not_for_this_engine(x))
            .map(|x| (x.engine.clone(), x.status))
            .collect()
    };
    let all: Vec<Vec<(String, Status)>> = cases.iter().map(|c| of(c)).collect();
    let statuses: Vec<Status> =
        all.iter().filter_map(|found| worst(&found.iter().map(|f| f.1).collect::<Vec<_>>())).collect();
    let status = worst(&statuses)?;
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for s in &statuses {
        *counts.entry(*s).or_default() += 1;
    }
    let parts: Vec<_> = counts.iter().rev().map(|(s, n)| format!("{n} {}", text::mark(*s).word())).collect();
    let with_it = |id: &str| all.iter().flatten().any(|(engine, s)| engine == id && *s == status);
    let every = group.members.iter().all(|(id, _)| with_it(id));
    let which = if every { String::new() } else { group.which(with_it) };
    let mut note = format!("{}: {}", text::plural(statuses.len(), "case"), parts.join(", "));
    if !which.is_empty() {
        note.push_str(&format!("; {} with {which}", text::mark(status).word()));
    }
    let skipped = if status == Status::Skipped { 0 } else { counts.get(&Status::Skipped).copied().unwrap_or(0) };
    Some(Cell {
        engine: group.id.clone(),
        status,
        mark: text::mark(status),
        with_status: counts.get(&status).copied().unwrap_or(0),
        cases: statuses.len() - skipped,
        skipped,
        which,
        note,
    })
}

/// Kernel × engine. Cases of the CPU's threads have no cell on adapters, and the other way round.
pub(super) fn kernels(record: &Record, groups: &[Group]) -> Vec<KernelRows> {
    let mut rows: Vec<KernelRows> = Vec::new();
    for case in &record.cases {
        let kernel = match rows.iter().position(|k| k.kernel == case.kernel) {
            Some(i) => &mut rows[i],
            None => {
                rows.push(KernelRows {
                    kernel: case.kernel.clone(),
                    rows: Vec::new(),
                    alike: Vec::new(),
                    drifts: false,
                });
                let last = rows.len() - 1;
                &mut rows[last]
            }
        };
        if !kernel.rows.iter().any(|r| r.variant == case.variant) {
            let cases: Vec<&CaseRecord> =
                record.cases.iter().filter(|c| c.kernel == case.kernel && c.variant == case.variant).collect();
            let cells: Vec<Cell> = groups.iter().filter_map(|g| cell(g, &cases)).collect();
            let drifts = cells.iter().any(|c| !matches!(c.status, Status::BitExact | Status::Skipped));
            kernel.drifts |= drifts;
            kernel.rows.push(VariantRow { variant: case.variant.clone(), cells, drifts });
        }
    }
    for kernel in &mut rows {
        kernel.alike = alike(&kernel.rows);
    }
    rows
}

/// Variants that look the same on every engine, as one row, in the order of the first of each.
fn alike(rows: &[VariantRow]) -> Vec<AlikeRow> {
    let mut out: Vec<AlikeRow> = Vec::new();
    // A share of the cases tells apart; how many cases there are of a variant that is all one does not.
    let look = |c: &Cell| (c.engine.clone(), c.status, c.with_status < c.cases, c.skipped, c.which.clone());
    for row in rows {
        let same = out.iter_mut().find(|a| {
            a.cells.iter().map(look).eq(row.cells.iter().map(look))
                && a.cells.iter().zip(&row.cells).all(|(a, b)| {
                    a.with_status == a.cases && b.with_status == b.cases
                        || (a.with_status, a.cases) == (b.with_status, b.cases)
                })
        });
        match same {
            Some(found) => found.variants.push(row.variant.clone()),
            None => {
                out.push(AlikeRow {
                    variants: vec![row.variant.clone()],
                    cells: row.cells.clone(),
                    drifts: row.drifts,
                });
            }
        }
    }
    out
}

/// A case that only the CPU's threads can run is no gap on an adapter.
fn not_for_this_engine(execution: &Execution) -> bool {
    matches!(execution.outcome, Outcome::Skipped { why: crate::model::Skip::CpuOnly })
}

/// One kernel's comparisons, by axis.
#[derive(Debug)]
pub(super) struct AxisRow {
    pub(super) kernel: String,
    pub(super) cells: Vec<AxisCell>,
}

/// Comparisons of one kernel on one axis.
#[derive(Debug)]
pub(super) struct AxisCell {
    pub(super) axis: &'static str,
    pub(super) compared: usize,
    pub(super) differing: usize,
}

/// Comparisons made, and those that differ, by axis.
type Tally = BTreeMap<AxisLevel, (usize, usize)>;

/// Kernel × axis: how many comparisons there were and how many found a difference.
pub(super) fn axes(record: &Record) -> Vec<AxisRow> {
    let mut tallies: Vec<(String, Tally)> = Vec::new();
    for case in &record.cases {
        let index = tallies.iter().position(|(k, _)| *k == case.kernel).unwrap_or_else(|| {
            tallies.push((case.kernel.clone(), Tally::new()));
            tallies.len() - 1
        });
        for comparison in &case.comparisons {
            let slot = tallies[index].1.entry(comparison.axis).or_default();
            slot.0 += 1;
            slot.1 += usize::from(!comparison.drift.is_none());
        }
    }
    tallies
        .into_iter()
        .map(|(kernel, counts)| AxisRow {
            kernel,
            cells: AXES
                .iter()
                .map(|row| {
                    let (compared, differing) = counts.get(&row.axis).copied().unwrap_or_default();
                    AxisCell { axis: row.name, compared, differing }
                })
                .collect(),
        })
        .collect()
}

/// One level on every engine.
#[derive(Debug)]
pub(super) struct LevelRow {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) cells: Vec<LevelCell>,
}

/// How many problems passed a level on an engine.
#[derive(Debug)]
pub(super) struct LevelCell {
    pub(super) engine: String,
    pub(super) held: usize,
    pub(super) failed: usize,
    pub(super) untested: usize,
}

/// How a problem fared on a level over a group's engines: failed where one failed, held where one held and none failed.
pub(super) fn fared(verdicts: &[&Verdict], level: Level) -> LevelState {
    let found: Vec<LevelState> =
        verdicts.iter().flat_map(|v| &v.levels).filter(|(l, _)| *l == level).map(|(_, s)| *s).collect();
    if found.contains(&LevelState::Failed) {
        LevelState::Failed
    } else if found.contains(&LevelState::Held) {
        LevelState::Held
    } else {
        LevelState::Untested
    }
}

/// A group's verdicts, by problem.
pub(super) fn problems<'a>(record: &'a Record, group: &Group) -> BTreeMap<&'a str, Vec<&'a Verdict>> {
    let mut out: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    for verdict in record.verdicts.iter().filter(|v| group.has(&v.engine)) {
        out.entry(&verdict.problem).or_default().push(verdict);
    }
    out
}

/// Level × engine.
pub(super) fn levels(record: &Record, groups: &[Group]) -> Vec<LevelRow> {
    let tested: Vec<_> =
        groups.iter().map(|g| (g, problems(record, g))).filter(|(_, problems)| !problems.is_empty()).collect();
    Level::ALL
        .iter()
        .map(|level| LevelRow {
            name: text::level(*level),
            meaning: text::level_meaning(*level),
            cells: tested
                .iter()
                .map(|(group, problems)| {
                    let of = |state: LevelState| problems.values().filter(|v| fared(v, *level) == state).count();
                    LevelCell {
                        engine: group.id.clone(),
                        held: of(LevelState::Held),
                        failed: of(LevelState::Failed),
                        untested: of(LevelState::Untested),
                    }
                })
                .collect(),
        })
        .collect()
}

/// A reason, and how often it was given.
#[derive(Debug)]
pub(super) struct Reason {
    pub(super) reason: String,
    pub(super) engine: String,
    pub(super) cases: usize,
    /// The kernels and variants it met.
    pub(super) variants: String,
}

/// A reason, the engines that gave it, and the variant and case of each time.
type Shared = (String, Vec<String>, Vec<(String, String)>);

/// `(engine, reason, variant, case)` as reasons: engines that gave one reason for the same cases share its row.
fn tally(found: Vec<(String, String, String, String)>) -> Vec<Reason> {
    let mut groups: BTreeMap<(String, String), Vec<(String, String)>> = BTreeMap::new();
    for (engine, reason, variant, case) in found {
        groups.entry((reason, engine)).or_default().push((variant, case));
    }
    let mut shared: Vec<Shared> = Vec::new();
    for ((reason, engine), mut cases) in groups {
        // An engine that stands for several meets a case several times.
        cases.dedup();
        match shared.iter_mut().find(|(r, _, c)| *r == reason && *c == cases) {
            Some((_, engines, _)) => engines.push(engine),
            None => shared.push((reason, vec![engine], cases)),
        }
    }
    let mut reasons: Vec<Reason> = shared
        .into_iter()
        .map(|(reason, engines, cases)| {
            let mut variants: Vec<String> = cases.iter().map(|c| c.0.clone()).collect();
            variants.dedup();
            Reason { reason, engine: text::list(&engines, 6), cases: cases.len(), variants: text::list(&variants, 4) }
        })
        .collect();
    reasons.sort_by(|a, b| b.cases.cmp(&a.cases).then_with(|| (&a.engine, &a.reason).cmp(&(&b.engine, &b.reason))));
    reasons
}

/// Skips by engine and reason. That an adapter does not run a case of the CPU's threads is no skip worth counting.
pub(super) fn skips(record: &Record, groups: &[Group]) -> Vec<Reason> {
    tally(executions(record, groups, |outcome| match outcome {
        Outcome::Skipped { why: crate::model::Skip::CpuOnly } => None,
        Outcome::Skipped { why } => Some(why.to_string()),
        _ => None,
    }))
}

/// Failures by engine and reason, engines that did not finish first.
pub(super) fn failures(record: &Record, groups: &[Group]) -> Vec<Reason> {
    let mut all: Vec<Reason> = record
        .engines
        .iter()
        .filter_map(|e| match &e.status {
            EngineStatus::Failed { reason, .. } => Some(Reason {
                reason: reason.clone(),
                engine: e.id.clone(),
                cases: 0,
                variants: match e.role() {
                    Role::Cpu => "the CPU",
                    Role::Remote => "the whole engine",
                    Role::Unlisted => "every adapter of the backend",
                    Role::Driver | Role::Reference | Role::Planted => "the whole adapter",
                }
                .to_owned(),
            }),
            EngineStatus::Complete => None,
        })
        .collect();
    all.extend(tally(executions(record, groups, |outcome| match outcome {
        Outcome::Failed { reason } => Some(reason.clone()),
        _ => None,
    })));
    all
}

fn executions(
    record: &Record,
    groups: &[Group],
    pick: impl Fn(&Outcome) -> Option<String>,
) -> Vec<(String, String, String, String)> {
    record
        .cases
        .iter()
        .flat_map(|c| c.executions.iter().map(move |x| (c, x)))
        .filter_map(|(c, x)| {
            pick(&x.outcome).map(|why| {
                let column = column(groups, &x.engine).to_owned();
                (column, why, c.path(), c.id.clone())
            })
        })
        .collect()
}
