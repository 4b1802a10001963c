//! The output folder: checked and opened before any work, written atomically, and never at the cost of an earlier
//! record.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Failure;
use crate::record::{Record, write_atomically};
use crate::report;

/// How often an unfinished record is written.
const EVERY: Duration = Duration::from_secs(2);

/// An output folder.
#[derive(Debug)]
pub(super) struct Outputs {
    folder: PathBuf,
    written: Instant,
}

impl Outputs {
    /// Makes the folder, checks that files can be written there, and puts an earlier record aside.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let name = folder.display();
        let cant = |e: std::io::Error| {
            Failure::usage(format!("can't write to the output folder {name}: {e}; choose another with --out DIR"))
        };
        std::fs::create_dir_all(folder).map_err(cant)?;
        tempfile::Builder::new().prefix(".repro-audit-").tempfile_in(folder).map_err(cant)?;
        let record = folder.join("record.json");
        if record.exists() {
            let earlier = folder.join("earlier");
            std::fs::create_dir_all(&earlier).map_err(cant)?;
            let kept = free_name(&earlier, &record);
            std::fs::rename(&record, &kept).map_err(cant)?;
            anstream::eprintln!("The earlier record is kept: {}", kept.display());
        }
        Ok(Self { folder: folder.to_owned(), written: Instant::now() })
    }

    /// Writes an unfinished record, if the last one is a while ago.
    pub(super) fn checkpoint(&mut self, record: &mut dyn FnMut() -> Record) -> std::io::Result<()> {
        if self.written.elapsed() < EVERY {
            return Ok(());
        }
        self.record(&record())?;
        self.written = Instant::now();
        Ok(())
    }

    fn record(&self, record: &Record) -> std::io::Result<()> {
        let json = crate::record::to_json(record)?;
        write_atomically(&self.folder.join("record.json"), &json)
    }

    /// Writes the record and every report of it.
    pub(super) fn finish(&self, record: &Record) -> Result<(), Failure> {
        let cant = |e: &dyn std::fmt::Display| {
            Failure::usage(format!("can't write to the output folder {}: {e}", self.folder.display()))
        };
        self.record(record).map_err(|e| cant(&e))?;
        report::write_all(record, &self.folder).map_err(|e| cant(&e))?;
        Ok(())
    }

    /// Renders a record that was read from elsewhere: everything but the record itself.
    pub(super) fn render(folder: &Path, record: &Record) -> Result<(), Failure> {
        let cant = |e: &dyn std::fmt::Display| {
            Failure::usage(format!("can't write to {}: {e}; choose another folder with --out DIR", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(|e| cant(&e))?;
        report::write_all(record, folder).map_err(|e| cant(&e))?;
        Ok(())
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// `record-<start of its id>.json`, numbered where that exists.
fn free_name(earlier: &Path, record: &Path) -> PathBuf {
    let id = crate::record::read(record).map(|r| r.id).unwrap_or_default();
    let id = if id.len() >= 12 { id[..12].to_owned() } else { "unfinished".to_owned() };
    let mut name = earlier.join(format!("record-{id}.json"));
    let mut number = 2;
    while name.exists() {
        name = earlier.join(format!("record-{id}-{number}.json"));
        number += 1;
    }
    name
}
