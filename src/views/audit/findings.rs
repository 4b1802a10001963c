//! What the interpreter found in shaders, defects first.

use super::groups::{Group, column};
use crate::facts::{Emptiness, emptiness};
use crate::model::{Finding, FindingKind};
use crate::record::Record;
use crate::views::document::Mark;
use crate::views::text;

/// One finding: cases of a variant, and engines, that share its kind and line are one.
#[derive(Debug)]
pub(super) struct FindingRow {
    /// The kind.
    pub(super) of: FindingKind,
    /// The kind as in the record.
    pub(super) kind: &'static str,
    /// The kind with a capital.
    pub(super) title: &'static str,
    /// Whether it makes the shader's results undefined.
    pub(super) defect: bool,
    pub(super) mark: Mark,
    /// Kernel and variant.
    pub(super) variant: String,
    pub(super) engine: String,
    /// The line of the WGSL text; empty where none is named.
    pub(super) line: String,
    /// What happened, in the first of its cases.
    pub(super) message: String,
    /// The first case.
    pub(super) case: String,
    pub(super) cases: usize,
    pub(super) command: String,
}

impl FindingRow {
    /// Kernel, variant and line, in words.
    pub(super) fn place(&self) -> String {
        if self.line.is_empty() { self.variant.clone() } else { format!("{} (line {})", self.variant, self.line) }
    }

    /// Where, and what happened: the line is told once.
    pub(super) fn sentence(&self) -> String {
        let lines =
            self.message.split("line ").skip(1).filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
        let told = !self.line.is_empty() && lines.into_iter().any(|line| line == self.line);
        let place = if told { self.variant.clone() } else { self.place() };
        format!("{place}: {}", self.said())
    }

    /// The message, and how many cases more there are.
    pub(super) fn said(&self) -> String {
        match self.cases {
            0 | 1 => self.message.clone(),
            n => format!("{} (and in {})", self.message, text::plural(n - 1, "more case")),
        }
    }
}

fn title(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::DataRace => "Data race",
        FindingKind::NonUniformBarrier => "Barrier in non-uniform control flow",
        FindingKind::Undefined => "Function without a value",
        FindingKind::InactiveLane => "Read of an inactive invocation",
        FindingKind::OutOfBounds => "Access out of bounds",
        FindingKind::ForwardProgress => "Relies on progress between workgroups",
        FindingKind::OrderDependent => "Depends on the order of execution",
        FindingKind::SubgroupSize => "Depends on the size of a subgroup",
        FindingKind::Overflow => "Overflow to infinity",
        FindingKind::NanArises => "NaN arises",
        FindingKind::LongLoop => "Long loop",
        FindingKind::OneValue => "One value everywhere",
    }
}

/// All findings, the worst kind first.
pub(super) fn findings(record: &Record, groups: &[Group]) -> Vec<FindingRow> {
    // Kind, variant, line; then the engines, the cases, and the first message.
    type Found<'a> = (FindingKind, String, Option<u32>, Vec<String>, Vec<&'a str>, &'a Finding);
    let mut all: Vec<Found<'_>> = Vec::new();
    for case in &record.cases {
        let variant = case.path();
        // Where every engine has the one value, it is told as what its agreement shows.
        let told = emptiness(case).iter().any(|e| matches!(e, Emptiness::OneValue { .. }));
        for execution in &case.executions {
            let engine = column(groups, &execution.engine).to_owned();
            for finding in execution.findings.iter().filter(|f| !(told && f.kind == FindingKind::OneValue)) {
                let same = all.iter_mut().find(|f| f.0 == finding.kind && f.1 == variant && f.2 == finding.line);
                match same {
                    Some((.., engines, cases, _)) => {
                        if !engines.contains(&engine) {
                            engines.push(engine.clone());
                        }
                        if !cases.contains(&case.id.as_str()) {
                            cases.push(&case.id);
                        }
                    }
                    None => {
                        let of = (finding.kind, variant.clone(), finding.line);
                        all.push((of.0, of.1, of.2, vec![engine.clone()], vec![&case.id], finding));
                    }
                }
            }
        }
    }
    all.sort_by_key(|f| f.0);
    all.into_iter()
        .map(|(kind, variant, line, engines, cases, first)| {
            let case = cases.first().copied().unwrap_or_default().to_owned();
            let defect = kind.is_defect();
            let order = kind == FindingKind::OrderDependent;
            FindingRow {
                of: kind,
                kind: kind.name(),
                title: title(kind),
                defect,
                mark: if defect {
                    Mark::Outside
                } else if order {
                    Mark::NotRepeatable
                } else {
                    Mark::Differs
                },
                variant,
                engine: text::list(&engines, 4),
                line: line.map(|l| l.to_string()).unwrap_or_default(),
                message: first.message.clone(),
                command: text::command(record, &case),
                case,
                cases: cases.len(),
            }
        })
        .collect()
}
