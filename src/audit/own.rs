//! A kernel of the user's own on its way to the children: a file in the scratch folder that all of them read.

use std::path::Path;

use super::AuditError;
use super::blobs::Blobs;
use crate::kernels::case::Case;
use crate::kernels::user::{Compared, Folded, Kernel};
use crate::model::bits::Bits;
use crate::model::{EXPECTED, OutputComparison};
use crate::numerics::drift::measure;
use crate::record::{CaseRecord, Execution, OwnKernel, Record, write_atomically};

/// The file's name.
const FILE: &str = "kernel.json";

/// Leaves a kernel for the children.
pub(super) fn put(scratch: &Path, kernel: &Kernel) -> Result<(), AuditError> {
    let text = serde_json::to_vec(&kernel.own())?;
    write_atomically(&scratch.join(FILE), &text).map_err(|e| AuditError::Own(e.to_string()))
}

/// The kernel that was left there; `None` where none was.
pub(super) fn take(scratch: &Path) -> Result<Option<Kernel>, AuditError> {
    let path = scratch.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path).map_err(|e| AuditError::Own(e.to_string()))?;
    let own: OwnKernel = serde_json::from_slice(&text).map_err(|e| AuditError::Own(e.to_string()))?;
    Ok(Some(Kernel::again(&own)?))
}

/// The outputs of one run that the settings want compared: this case's against an earlier one's, on each engine that ran
/// both. The earlier one is what the record holds of it: outputs too long to be stored whole are not compared, and neither
/// are those of different lengths.
pub(super) fn beside(
    kernel: &Kernel,
    case: &Case,
    record: &CaseRecord,
    draft: &Record,
    blobs: &Blobs,
) -> Result<Vec<OutputComparison>, AuditError> {
    let mut out = Vec::new();
    if let Some((wanted, file)) = kernel.expected(case) {
        for execution in &record.executions {
            let Some(digest) = execution.first() else { continue };
            let found = blobs.get(digest, record.dtype, wanted.len)?;
            if let Some(drift) = measure(wanted, &found) {
                let other = format!("{EXPECTED}{file}");
                out.push(OutputComparison { engine: execution.engine.clone(), other, drift, because: None });
            }
        }
    }
    let Some(compared) = kernel.compared_with(case) else { return Ok(out) };
    let id = compared.other.to_string();
    let Some(other) = draft.cases.iter().find(|c| c.id == id && c.elements == record.elements) else {
        return Ok(out);
    };
    let len = usize::try_from(record.elements).map_err(|_| AuditError::Shape)?;
    let first = |execution: &Execution| execution.first().map(str::to_owned);
    for execution in &record.executions {
        let there = other.executions.iter().find(|e| e.engine == execution.engine).and_then(first);
        let (Some(left), Some(right)) = (there, first(execution)) else { continue };
        let whole = draft.outputs.get(&left).and_then(|stored| stored.known(&left).ok());
        let words: Option<Vec<u32>> = whole.and_then(|known| (0..known.words).map(|place| known.word(place)).collect());
        let Some(words) = words else { continue };
        let left = Bits::new(other.dtype, words, len);
        let right = blobs.get(&right, record.dtype, len)?;
        if let Some(drift) = measure(&left, &right) {
            let because = folding(&compared, &left, &right);
            out.push(OutputComparison { engine: execution.engine.clone(), other: id.clone(), drift, because });
        }
    }
    Ok(out)
}

/// That naga's constant folding makes two outputs differ: where they do, one holds the very number that naga put in the place
/// of an expression, and the other what the engine computed. `None` where no element shows it.
fn folding(compared: &Compared<'_>, left: &Bits, right: &Bits) -> Option<String> {
    let sides = [left, right];
    let nan = |i: usize| sides.iter().all(|bits| bits.dtype.is_float() && bits.value(i).is_nan());
    let differs = |i: usize| left.get(i) != right.get(i) && !nan(i);
    let all = (0..left.len.min(right.len)).filter(|i| differs(*i)).count();
    (0..2).find_map(|side| {
        let [own, other] = [side, 1 - side].map(|side| &compared.folded[side]);
        let computed = |at: usize| !other.iter().any(|f| f.element == at);
        let held = |f: &&Folded| f.element < left.len.min(right.len) && sides[side].get(f.element) == f.bits;
        let shown = own.iter().filter(held).filter(|f| differs(f.element) && computed(f.element));
        let (mut elements, mut lines): (Vec<usize>, Vec<u32>) = shown.map(|f| (f.element, f.line)).unzip();
        elements.sort_unstable();
        elements.dedup();
        lines.sort_unstable();
        lines.dedup();
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        (!elements.is_empty()).then(|| {
            format!(
                "in {} of the {all} '{}' holds the bits that naga's front end worked out when it read the shader (line {}): its \
                 constant folding gives another number than the engine does",
                elements.len(),
                compared.titles[side],
                lines.join(", ")
            )
        })
    })
}

/// What comparing outputs with each other gave, in sentences.
pub(super) fn said_beside(cases: &[CaseRecord]) -> Vec<String> {
    let output = |id: &str| {
        let query = id.split_once('?').map_or("", |(_, query)| query);
        query.split('&').find_map(|part| part.strip_prefix("output=")).unwrap_or(id).to_owned()
    };
    let mut out = Vec::new();
    for case in cases {
        for compared in &case.examination.outputs {
            let (left, right) = (output(&compared.other), output(&case.id));
            let engine = &compared.engine;
            if let Some(file) = compared.other.strip_prefix(EXPECTED) {
                out.push(if compared.drift.is_none() {
                    format!("On {engine} '{right}' is what {file} expects, bit for bit.")
                } else {
                    let size = crate::facts::size(&compared.drift, case.quantity());
                    format!("On {engine} '{right}' is not what {file} expects: {size}.")
                });
                continue;
            }
            let because = compared.because.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
            out.push(if compared.drift.is_none() {
                format!("On {engine} '{left}' and '{right}' hold the same bits.")
            } else {
                format!(
                    "On {engine} '{right}' differs from '{left}': {}{because}.",
                    crate::facts::size(&compared.drift, case.quantity())
                )
            });
        }
    }
    out
}
