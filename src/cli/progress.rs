//! Progress on standard error: a bar with an estimate on a terminal, nothing elsewhere.

use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::outputs::Outputs;
use crate::audit::Progress;
use crate::record::{CaseRecord, Engine, EngineKind, EngineStatus, Record, Status};

/// Shows progress, and writes unfinished records.
pub(super) struct Shown<'a> {
    bar: ProgressBar,
    outputs: Option<&'a mut Outputs>,
    /// The first failure to write; the audit goes on, and the end reports it.
    pub(super) trouble: Option<std::io::Error>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(outputs: Option<&'a mut Outputs>) -> Self {
        let quiet = super::QUIET.load(std::sync::atomic::Ordering::Relaxed);
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        Self { bar, outputs, trouble: None }
    }
}

impl Progress for Shown<'_> {
    fn begin(&mut self, engines: &[Engine], cases: usize) {
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} cases, {prefix} left · {msg}");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_length(cases as u64);
        for engine in engines.iter().filter(|e| e.kind == EngineKind::Adapter) {
            let (id, label) = (&engine.id, &engine.label);
            self.bar.suspend(|| match &engine.status {
                EngineStatus::Complete => super::note(format_args!("{id}: {label}")),
                EngineStatus::Failed { reason, .. } => super::say(format_args!("{id}: {label} FAILED: {reason}")),
            });
        }
    }

    fn case(&mut self, case: &CaseRecord, record: &mut dyn FnMut() -> Record) {
        self.bar.set_message(case.path());
        for execution in case.executions.iter().filter(|e| e.status == Status::Failed) {
            if let crate::record::Outcome::Failed { reason } = &execution.outcome {
                self.bar.suspend(|| super::say(format_args!("{}: {} FAILED: {reason}", execution.engine, case.id)));
            }
        }
        if let Some(outputs) = self.outputs.as_mut()
            && let Err(e) = outputs.checkpoint(record)
        {
            self.trouble.get_or_insert(e);
        }
    }

    fn left(&mut self, cases: usize, left: &dyn Fn() -> Duration) {
        self.bar.set_position(cases as u64);
        if !self.bar.is_hidden() {
            self.bar.set_prefix(HumanDuration(left()).to_string());
        }
    }

    fn stopped(&mut self, record: &mut dyn FnMut() -> Record) {
        self.bar.finish_and_clear();
        let Some(outputs) = self.outputs.as_mut() else { return };
        match outputs.keep(record) {
            Ok(Some((path, cases))) => {
                super::say(format_args!("Kept: {}, an unfinished record of {cases} cases.", path.display()));
            }
            Ok(None) => super::say(format_args!("Nothing was finished, and nothing is kept.")),
            Err(e) => super::say(format_args!("warning: the unfinished record could not be written: {e}")),
        }
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
