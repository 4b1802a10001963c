//! An engine's slot in an audit: asks the engine for one case after another, and starts it again where it died.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::blobs::Blobs;
use super::child::{Child, ChildError, RESTARTS};
use super::listing::Unlisted;
use super::plan::{CONTROL, Plan};
use super::worker::{Response, respond_to};
use crate::engines::Engine as _;
use crate::engines::interpreter::Mode;
use crate::engines::remote::Remote;
use crate::kernels::Problem;
use crate::kernels::case::{Case, CaseError};
use crate::model::AdapterIdentity;
use crate::model::adapter::REMOTE;
use crate::process::{Limits, interrupt};
use crate::record::{Engine, EngineKind, EngineStatus, ShaderCache};

/// What executes.
enum Executor {
    /// An adapter in a child process of this program.
    Adapter {
        identity: Box<AdapterIdentity>,
        child: Option<Box<Child>>,
        restarts: u32,
        scratch: PathBuf,
        planted: Vec<Mode>,
        environment: BTreeMap<String, String>,
        limits: Limits,
    },
    /// A process that speaks the remote protocol, and where its outputs go.
    Remote(Box<Remote>, PathBuf),
    /// Nothing, any more or ever.
    Nothing,
}

/// An engine, as it is in the record, and what executes for it.
pub(super) struct EngineSlot {
    pub(super) engine: Engine,
    /// Whether its driver had shaders from an earlier audit.
    pub(super) shader_cache: Option<ShaderCache>,
    executor: Executor,
}

impl EngineSlot {
    /// Opens an adapter in a child. One that does not open has a failed status and is not asked again.
    pub(super) fn open(
        adapter: AdapterIdentity,
        variables: BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
        scratch: &Path,
        plan: &Plan,
    ) -> Self {
        let vary: String = variables.iter().map(|(n, v)| format!(" {n}={v}")).collect();
        let engine = Engine {
            id: format!("{}{vary}", adapter.id()),
            label: adapter.label(),
            kind: EngineKind::Adapter,
            adapter: Some(adapter.clone()),
            variables,
            status: EngineStatus::Complete,
            limits: Vec::new(),
        };
        // A variable that is varied has the last word.
        let mut environment: BTreeMap<_, _> = environment.clone().into_iter().chain(engine.variables.clone()).collect();
        let cache = plan.caches.tell(&adapter, &environment);
        environment.extend(cache.variables);
        let executor = Executor::Adapter {
            identity: Box::new(adapter),
            child: None,
            restarts: RESTARTS,
            scratch: scratch.to_owned(),
            planted: plan.planted.clone(),
            environment,
            limits: plan.limits(),
        };
        let mut slot = Self { engine, shader_cache: cache.state, executor };
        if let Err(e) = slot.start() {
            slot.give_up(e.to_string(), None);
        }
        slot
    }

    /// Starts a remote engine.
    pub(super) fn remote(command: &str, index: usize, limit: Duration, scratch: &Path) -> Self {
        let (identity, executor, status) = match Remote::open(command, index, limit) {
            Ok(remote) => {
                let identity = remote.identity().clone();
                (identity, Executor::Remote(Box::new(remote), scratch.to_owned()), EngineStatus::Complete)
            }
            Err(e) => {
                let identity = AdapterIdentity { name: command.to_owned(), index, ..AdapterIdentity::unlisted(REMOTE) };
                (identity, Executor::Nothing, EngineStatus::Failed { reason: e.to_string(), case: None })
            }
        };
        let engine = Engine {
            id: identity.id(),
            label: identity.label(),
            kind: EngineKind::Adapter,
            adapter: Some(identity),
            variables: BTreeMap::new(),
            status,
            limits: Vec::new(),
        };
        Self { engine, shader_cache: None, executor }
    }

    /// A backend, or a driver, whose adapters could not even be listed.
    pub(super) fn unlisted(place: usize, unlisted: Unlisted) -> Self {
        let place = if place == 0 { String::new() } else { (place + 1).to_string() };
        let engine = Engine {
            id: format!("{}:?{place}", unlisted.backend),
            label: format!("{unlisted}: adapters could not be listed"),
            kind: EngineKind::Adapter,
            adapter: None,
            variables: BTreeMap::new(),
            status: EngineStatus::Failed { reason: unlisted.reason, case: None },
            limits: Vec::new(),
        };
        Self { engine, shader_cache: None, executor: Executor::Nothing }
    }

    /// The last thing that its driver said where nobody asked, if it still runs. One that ended is told with its failure.
    pub(super) fn said(&self) -> Option<String> {
        match &self.executor {
            Executor::Adapter { child, .. } => child.as_ref()?.said(),
            Executor::Remote(..) | Executor::Nothing => None,
        }
    }

    fn start(&mut self) -> Result<(), ChildError> {
        let Executor::Adapter { identity, child, scratch, planted, environment, limits, .. } = &mut self.executor
        else {
            return Ok(());
        };
        let (started, opened) = Child::serve(identity, environment, scratch, planted, *limits)?;
        // A variable may change what the driver says of itself (subgroup sizes, features) and even which driver it is.
        let vary: String = self.engine.variables.iter().map(|(n, v)| format!(" {n}={v}")).collect();
        self.engine.label = format!("{}{vary}", opened.label());
        self.engine.adapter = Some(opened);
        *child = Some(Box::new(started));
        Ok(())
    }

    /// The first failure is the one that is told.
    fn fail(&mut self, reason: String, case: Option<&Case>) {
        if self.engine.status == EngineStatus::Complete {
            self.engine.status = EngineStatus::Failed { reason, case: case.map(ToString::to_string) };
        }
    }

    /// The engine is not asked again.
    fn give_up(&mut self, reason: String, case: Option<&Case>) {
        self.executor = Executor::Nothing;
        self.fail(reason, case);
    }

    /// Runs a case. A child that dies is started again for the next one. `None` where the engine was given up, as its
    /// status says, or has no part in this case.
    ///
    /// `problem` makes the case's problem, which only a remote engine needs here.
    pub(super) fn run(
        &mut self,
        case: &Case,
        problem: impl FnOnce() -> Result<Box<dyn Problem>, CaseError>,
        repeats: u32,
    ) -> Option<Response> {
        // The controls need two runs, whatever was asked for.
        let repeats = if case.kernel() == CONTROL { repeats.max(2) } else { repeats };
        let response = match &mut self.executor {
            Executor::Nothing => return None,
            Executor::Remote(remote, scratch) => match problem() {
                Ok(problem) => {
                    problem.operation()?;
                    let mut task = problem.task();
                    task.program = None;
                    let blobs = Blobs::new(scratch, &case.to_string(), &case.problem());
                    respond_to(remote.run(&task, repeats), &blobs)
                }
                Err(e) => Response::Failed { reason: e.to_string(), fatal: false },
            },
            Executor::Adapter { child, restarts, .. } => {
                if child.is_none() {
                    if *restarts == 0 || interrupt::stopped().is_some() {
                        return None;
                    }
                    *restarts -= 1;
                    if let Err(e) = self.start() {
                        let reason = format!("it can't be opened again: {e}");
                        self.give_up(reason.clone(), Some(case));
                        return Some(Response::Failed { reason, fatal: true });
                    }
                }
                let Executor::Adapter { child, .. } = &mut self.executor else { return None };
                let asked = child.as_mut().map_or(Err(ChildError::Ended("it is not running".to_owned())), |child| {
                    child.ask(&case.to_string(), repeats)
                });
                let response = match asked {
                    Ok(
                        Response::Adapters { .. }
                        | Response::Opened { .. }
                        | Response::Sweeping { .. }
                        | Response::Swept { .. },
                    ) => Response::Failed { reason: ChildError::Other("a case").to_string(), fatal: true },
                    Ok(response) => response,
                    Err(e) => Response::Failed { reason: e.to_string(), fatal: true },
                };
                if matches!(response, Response::Failed { fatal: true, .. }) {
                    *child = None;
                }
                response
            }
        };
        if let Response::Failed { reason, .. } = &response {
            self.fail(reason.clone(), Some(case));
        }
        Some(response)
    }
}
