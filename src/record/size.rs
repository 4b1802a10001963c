//! How much a file may hold. Lists of short things take many times the memory of their text, once they are read and shown; an
//! audit writes few of them, and its cases are long.

use std::io::Write;

use super::sound::Unfit;
use crate::model::record::{CaseRecord, Record};

/// The largest file of one record, in bytes; a deep audit of ten adapters writes about 100 MB.
pub(super) const RECORD: u64 = 192 << 20;

/// The largest file of merged records, in bytes; 1,000 quick audits of machines with a dozen drivers have less than half of it.
pub(super) const MERGED: u64 = 384 << 20;

/// The most bytes that are made of what a merged file tells as differences: those of 4,000 quick audits of one machine.
pub(super) const EXPANDED: u64 = 1 << 30;

/// Bytes of a file for each value in it, at least; an audit writes 17 or more.
const VALUE: u64 = 8;

/// How many values any file may have.
const VALUES: u64 = 1 << 22;

/// The most engines, and of other lists that grow with what was asked for: notes, options.
pub(super) const LIST: usize = 4096;

/// The most planted differences: some for each engine.
const CONTROLS: usize = 1 << 17;

/// The most cases of a record.
pub(super) const CASES: usize = 1 << 16;

/// The most of anything that a case has: samples, findings.
const PARTS: usize = 1 << 16;

/// The most pairs of a case that are compared: all those of 180 engines.
const COMPARISONS: usize = 1 << 14;

/// The most distinct results in a file: runs of a race may all differ.
const RESULTS: usize = 1 << 20;

/// The most verdicts of a record: one for each problem on each engine.
pub(super) const VERDICTS: usize = 1 << 19;

/// The most values, names of members aside, in a file of so many bytes.
pub(super) fn values(bytes: usize) -> u64 {
    VALUES + bytes as u64 / VALUE
}

/// Writes no more than is read again.
pub(super) struct Limited<'a> {
    out: &'a mut dyn Write,
    left: u64,
    /// Bytes that may still be made of differences.
    expanded: u64,
}

impl<'a> Limited<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, left: MERGED, expanded: EXPANDED }
    }

    /// So many bytes are made of a difference that is written.
    pub(super) fn expanded(&mut self, bytes: usize) -> std::io::Result<()> {
        self.expanded = take(self.expanded, bytes)?;
        Ok(())
    }
}

/// What is left of it.
fn take(left: u64, bytes: usize) -> std::io::Result<u64> {
    left.checked_sub(bytes as u64).ok_or_else(|| {
        let why = format!("these records have more than {} MiB together; merge fewer of them", MERGED >> 20);
        std::io::Error::new(std::io::ErrorKind::FileTooLarge, why)
    })
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.left = take(self.left, bytes.len())?;
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Checks a list's length.
pub(super) fn fits(list: &'static str, found: usize, most: usize) -> Result<(), Unfit> {
    if found > most { Err(Unfit::Many { list, found, most }) } else { Ok(()) }
}

/// Checks how many distinct results a file has.
pub(super) fn results(found: u64) -> Result<(), Unfit> {
    fits("results", usize::try_from(found).unwrap_or(usize::MAX), RESULTS)
}

/// Checks the lists of a case.
pub(super) fn parts(case: &CaseRecord) -> Result<(), Unfit> {
    fits("references of a case", case.twins.len(), PARTS)?;
    fits("executions of a case", case.executions.len(), LIST)?;
    fits("comparisons of a case", case.comparisons.len(), COMPARISONS)?;
    for execution in &case.executions {
        fits("samples of an execution", execution.samples.len(), PARTS)?;
        fits("findings of an execution", execution.findings.len(), PARTS)?;
    }
    Ok(())
}

/// Checks the lists of a record other than cases and verdicts.
pub(super) fn lists(record: &Record) -> Result<(), Unfit> {
    let settings = &record.provenance.settings;
    let asked = [
        settings.kernels.len(),
        settings.adapters.len(),
        settings.threads.len(),
        settings.planted.len(),
        settings.engines.len(),
        settings.models.len(),
        settings.vary.values().map(Vec::len).sum::<usize>(),
        settings.vary.len(),
        record.provenance.libraries.len(),
    ];
    for (list, found, most) in [
        ("engines", record.engines.len(), LIST),
        ("notes", record.notes.len(), LIST),
        ("controls", record.controls.len(), CONTROLS),
        ("explained engines", record.explained.len(), LIST),
        ("trainings", record.trainings.len(), LIST),
        ("settings", asked.iter().sum(), LIST),
    ] {
        fits(list, found, most)?;
    }
    for engine in &record.engines {
        fits("variables of an engine", engine.variables.len(), LIST)?;
        fits("limits of an engine", engine.limits.len(), LIST)?;
    }
    for one in &record.explained {
        fits("operations of an engine", one.operations.len(), LIST)?;
        fits("explained cases of an engine", one.pairs.len(), CASES)?;
        let by = one.pairs.iter().flat_map(|p| &p.by);
        fits("causes of a case", one.pairs.iter().map(|p| p.by.len()).max().unwrap_or(0), LIST)?;
        fits("operations of a cause", by.map(|by| by.operations.len()).max().unwrap_or(0), LIST)?;
        fits("rules of an operation", one.operations.iter().map(|o| o.rules.len()).max().unwrap_or(0), LIST)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let mut written = Vec::new();
        let mut out = Limited { out: &mut written, left: 5, expanded: 7 };
        out.write_all(b"abc").unwrap();
        out.write_all(b"de").unwrap();
        let error = out.write_all(b"f").unwrap_err();
        assert!(error.to_string().contains("merge fewer"), "{error}");
        out.expanded(7).unwrap();
        assert!(out.expanded(1).is_err(), "nor what is more once it is put together");
        assert_eq!(written, b"abcde", "as much as may be");
    }
}
