//! A child with its restarts: one that died is started again when something is asked the next time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::child::{Child, ChildError};
use super::worker::Response;
use crate::engines::interpreter::Mode;
use crate::model::AdapterIdentity;
use crate::process::{Limits, interrupt};

/// How often a child that died is started again. A driver that dies on many cases is given up, so that the work ends.
const RESTARTS: u32 = 3;

/// What is needed to start a child for one adapter.
#[derive(Debug)]
pub(super) struct Seat {
    /// The adapter, as it was listed.
    pub(super) adapter: AdapterIdentity,
    /// The variables that the child has besides this process's.
    pub(super) environment: BTreeMap<String, String>,
    /// Where outputs go.
    pub(super) scratch: PathBuf,
    /// The modes of interpreters from number 1 on.
    pub(super) planted: Vec<Mode>,
    /// What it may take.
    pub(super) limits: Limits,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Server {
    seat: Seat,
    child: Option<Child>,
    /// How often a child was started.
    starts: u32,
    /// Opening it again failed.
    closed: bool,
}

impl Server {
    /// A server that has no child yet.
    pub(super) fn new(seat: Seat) -> Self {
        Self { seat, child: None, starts: 0, closed: false }
    }

    /// How often a child was started.
    pub(super) fn starts(&self) -> u32 {
        self.starts
    }

    /// The last thing that its driver said where nobody asked, if the child still runs. One that ended is told with its failure.
    pub(super) fn said(&self) -> Option<String> {
        self.child.as_ref()?.said()
    }

    /// Starts a child. Who it serves may have another identity than was listed: variables change what a driver says of itself.
    pub(super) fn start(&mut self) -> Result<AdapterIdentity, ChildError> {
        let Seat { adapter, environment, scratch, planted, limits } = &self.seat;
        self.starts += 1;
        let started = Child::serve(adapter, environment, scratch, planted, *limits);
        self.closed = started.is_err();
        let (child, opened) = started?;
        self.child = Some(child);
        Ok(opened)
    }

    /// Asks the child something that has one of the `answers`, starting it where it does not run; `opened` is told who it then
    /// serves. `None` where it is not started any more. Whatever it could not answer it failed.
    pub(super) fn ask(
        &mut self,
        what: &'static str,
        answers: impl Fn(&Response) -> bool,
        opened: impl FnOnce(AdapterIdentity),
        question: impl FnOnce(&mut Child) -> Result<Response, ChildError>,
    ) -> Option<Response> {
        let failed = |reason: String| Response::Failed { reason, fatal: true };
        if self.child.is_none() {
            if self.closed || self.starts > RESTARTS || interrupt::stopped().is_some() {
                return None;
            }
            let again = if self.starts > 0 { "it can't be opened again: " } else { "" };
            match self.start() {
                Ok(identity) => opened(identity),
                Err(e) => return Some(failed(format!("{again}{e}"))),
            }
        }
        let response = match question(self.child.as_mut()?) {
            Ok(response) if answers(&response) || matches!(response, Response::Failed { .. }) => response,
            Ok(_) => failed(ChildError::Other(what).to_string()),
            Err(e) => failed(e.to_string()),
        };
        if matches!(response, Response::Failed { fatal: true, .. }) {
            self.child = None;
        }
        Some(response)
    }
}
