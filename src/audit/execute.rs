//! Runs one case on every engine, and keeps the children going.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::pilot::Child;
use super::plan::CONTROL;
use super::worker::Answer;
use crate::engines::interpreter::Mode;
use crate::kernels::case::Case;
use crate::model::{AdapterIdentity, Finding, Skip};
use crate::record::{Distinct, Engine, EngineKind, EngineStatus};

/// How often a child that died is started again. A driver that dies on many cases is given up, so that the audit ends.
const RESTARTS: u32 = 3;

/// What one engine said of one case.
#[derive(Debug, Clone)]
pub(super) enum Said {
    Ran { runs: u32, distinct: Vec<Distinct>, kept: usize, seconds: f64, findings: Vec<Finding> },
    Skipped(Skip),
    Unwritten { count: u64, first: u64, reason: String },
    Failed(String),
}

/// An adapter and the child that serves it.
pub(super) struct Seat {
    pub(super) engine: Engine,
    adapter: AdapterIdentity,
    child: Option<Child>,
    restarts: u32,
    scratch: PathBuf,
    planted: Vec<Mode>,
}

impl Seat {
    /// Opens an adapter in a child. One that does not open has a failed status and is not asked again.
    pub(super) fn open(
        backend_index: &str,
        adapter: AdapterIdentity,
        variables: BTreeMap<String, String>,
        scratch: PathBuf,
        planted: &[Mode],
    ) -> Self {
        let vary: Vec<_> = variables.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let suffix = if vary.is_empty() { String::new() } else { format!(" {}", vary.join(" ")) };
        let engine = Engine {
            id: format!("{backend_index}{suffix}"),
            label: adapter.label(),
            kind: EngineKind::Adapter,
            adapter: Some(adapter.clone()),
            variables,
            status: EngineStatus::Complete,
            limits: Vec::new(),
        };
        let planted = planted.to_vec();
        let mut seat = Self { engine, adapter, child: None, restarts: RESTARTS, scratch, planted };
        if let Err(reason) = seat.start() {
            seat.restarts = 0;
            seat.fail(reason, None);
        }
        seat
    }

    /// A backend whose adapters could not even be listed.
    pub(super) fn unlisted(backend: &str, reason: String) -> Self {
        let adapter = AdapterIdentity::unlisted(backend);
        let engine = Engine {
            id: format!("{backend}:?"),
            label: format!("{backend}: adapters could not be listed"),
            kind: EngineKind::Adapter,
            adapter: None,
            variables: BTreeMap::new(),
            status: EngineStatus::Failed { reason, case: None },
            limits: Vec::new(),
        };
        Self { engine, adapter, child: None, restarts: 0, scratch: PathBuf::new(), planted: Vec::new() }
    }

    fn start(&mut self) -> Result<(), String> {
        let (child, opened) = Child::serve(&self.adapter, &self.engine.variables, &self.scratch, &self.planted)?;
        // A variable may change what the driver says of itself (subgroup sizes, features) and even which driver it is.
        let vary: Vec<_> = self.engine.variables.iter().map(|(n, v)| format!(" {n}={v}")).collect();
        self.engine.label = format!("{}{}", opened.label(), vary.concat());
        self.engine.adapter = Some(opened);
        self.child = Some(child);
        Ok(())
    }

    /// The first failure is the one that is told.
    fn fail(&mut self, reason: String, case: Option<&Case>) {
        if self.engine.status == EngineStatus::Complete {
            self.engine.status = EngineStatus::Failed { reason, case: case.map(ToString::to_string) };
        }
    }

    /// Runs a case. A child that dies is started again for the next one. `None` where the adapter has been given up;
    /// its status says why.
    pub(super) fn run(&mut self, case: &Case, repeats: u32, limit: Duration) -> Option<Said> {
        if self.child.is_none() {
            if self.restarts == 0 {
                return None;
            }
            self.restarts -= 1;
            if let Err(reason) = self.start() {
                self.restarts = 0;
                let reason = format!("it can't be opened again: {reason}");
                self.fail(reason.clone(), Some(case));
                return Some(Said::Failed(reason));
            }
        }
        // The controls need two runs, whatever was asked for.
        let repeats = if case.kernel() == CONTROL { repeats.max(2) } else { repeats };
        let answer = match self.child.as_mut() {
            Some(child) => child.ask(&case.to_string(), repeats, limit),
            None => Err("it is not running".to_owned()),
        };
        Some(match answer {
            Ok(Answer::Ran { runs, distinct, kept, seconds, findings }) => {
                Said::Ran { runs, distinct, kept, seconds, findings }
            }
            Ok(Answer::Skipped { why }) => Said::Skipped(why),
            Ok(Answer::Unwritten { count, first, reason }) => Said::Unwritten { count, first, reason },
            Ok(Answer::Failed { reason, fatal }) => {
                if fatal {
                    self.child = None;
                }
                self.fail(reason.clone(), Some(case));
                Said::Failed(reason)
            }
            Ok(Answer::Adapters { .. } | Answer::Opened { .. }) => {
                self.child = None;
                self.fail("it answered a case with something else".to_owned(), Some(case));
                Said::Failed("it answered a case with something else".to_owned())
            }
            Err(reason) => {
                self.child = None;
                self.fail(reason.clone(), Some(case));
                Said::Failed(reason)
            }
        })
    }
}
