//! An engine's slot in an audit: asks the engine for one case after another, and starts it again where it died.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::blobs::Blobs;
use super::listing::Unlisted;
use super::plan::Plan;
use super::server::{Seat, Server};
use super::sweep;
use super::swept::{self, Right, Sweep};
use super::worker::{self, Response, respond_to};
use crate::engines::Engine;
use crate::engines::remote::Remote;
use crate::kernels::Problem;
use crate::kernels::case::{Case, CaseError};
use crate::model::adapter::REMOTE;
use crate::model::{AdapterIdentity, Skip};
use crate::process::Limits;
use crate::record::{self, EngineKind, EngineStatus, ShaderCache};

/// What executes.
enum Executor {
    /// An adapter in a child process of this program, and what that may take.
    Adapter(Box<Server>, Limits),
    /// An engine of this process, and where its outputs go.
    Here(Box<dyn Engine>, PathBuf),
    /// A process that speaks the remote protocol, and where its outputs go.
    Remote(Box<Remote>, PathBuf),
    /// Nothing, any more or ever.
    Nothing,
}

/// An engine, as it is in the record, and what executes for it.
pub(super) struct EngineSlot {
    pub(super) engine: record::Engine,
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
        let engine = record::Engine {
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
        let limits = plan.limits();
        let mut server = Server::new(Seat {
            adapter,
            environment,
            scratch: scratch.to_owned(),
            planted: plan.planted.clone(),
            limits,
        });
        let started = server.start();
        let mut slot =
            Self { engine, shader_cache: cache.state, executor: Executor::Adapter(Box::new(server), limits) };
        match started {
            Ok(opened) => identify(&mut slot.engine, opened),
            Err(e) => slot.give_up(e.to_string(), None),
        }
        slot
    }

    /// An engine of this process.
    pub(super) fn here(executes: Box<dyn Engine>, scratch: &Path) -> Self {
        let adapter = executes.identity().clone();
        let engine = record::Engine {
            id: adapter.id(),
            label: adapter.label(),
            kind: EngineKind::Adapter,
            adapter: Some(adapter),
            variables: BTreeMap::new(),
            status: EngineStatus::Complete,
            limits: Vec::new(),
        };
        Self { engine, shader_cache: None, executor: Executor::Here(executes, scratch.to_owned()) }
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
        let engine = record::Engine {
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
        let engine = record::Engine {
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
            Executor::Adapter(server, _) => server.said(),
            Executor::Here(..) | Executor::Remote(..) | Executor::Nothing => None,
        }
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
        asked: Asked,
    ) -> Option<Response> {
        let response = match &mut self.executor {
            Executor::Nothing => return None,
            Executor::Here(engine, scratch) => match problem() {
                Ok(problem) => respond_to(
                    engine.run(&problem.task(), asked.repeats),
                    &Blobs::new(scratch, &case.to_string(), &case.problem()),
                ),
                Err(e) => Response::Failed { reason: e.to_string(), fatal: false },
            },
            Executor::Remote(remote, scratch) => match problem() {
                Ok(problem) => {
                    problem.operation()?;
                    let mut task = problem.task();
                    task.program = None;
                    let blobs = Blobs::new(scratch, &case.to_string(), &case.problem());
                    respond_to(remote.run(&task, asked.repeats), &blobs)
                }
                Err(e) => Response::Failed { reason: e.to_string(), fatal: false },
            },
            Executor::Adapter(server, limits) => {
                if let Some(has) = limits.memory
                    && asked.memory > has
                {
                    return Some(Response::Skipped { why: Skip::Memory { needs: asked.memory, has } });
                }
                let engine = &mut self.engine;
                server.ask(
                    "a case",
                    |answer| {
                        matches!(answer, Response::Ran { .. } | Response::Skipped { .. } | Response::Unwritten { .. })
                    },
                    |opened| identify(engine, opened),
                    |child| child.ask(&case.to_string(), asked.repeats, asked.limit),
                )?
            }
        };
        if let Response::Failed { reason, .. } = &response {
            self.fail(reason.clone(), Some(case));
        }
        Some(response)
    }

    /// Sweeps a function, against the results that `right` gives. `None` where the engine was given up, or sweeps nothing.
    pub(super) fn sweep<'r>(&mut self, sweep: &Sweep, right: impl FnOnce() -> Option<&'r Right>) -> Option<Response> {
        if !swept::is_swept(&self.engine) || matches!(self.executor, Executor::Nothing) {
            return None;
        }
        let asked = sweep::Asked {
            function: sweep.name().to_owned(),
            dtype: sweep.function.function.dtype(),
            inputs: sweep.inputs,
            right: right().cloned(),
        };
        let mut response = match &mut self.executor {
            Executor::Nothing | Executor::Remote(..) => return None,
            Executor::Here(engine, _) => {
                sweep::answer(engine.as_mut(), &asked, &mut |_| Ok(())).unwrap_or_else(|e| worker::failed(&e))
            }
            Executor::Adapter(server, _) => {
                let engine = &mut self.engine;
                let opened = |opened| identify(engine, opened);
                server.ask("a sweep", sweep::is_answer, opened, |child| child.sweep(asked, &mut |_| ()))?
            }
        };
        match &mut response {
            Response::Swept { swept } => {
                swept.blocks.clear();
                swept.sample.clear();
            }
            Response::Failed { reason, .. } => self.fail(format!("a sweep of {}: {reason}", sweep.name()), None),
            _ => {}
        }
        Some(response)
    }
}

/// How a case is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Executions.
    pub(super) repeats: u32,
    /// How long it may take.
    pub(super) limit: Duration,
    /// Bytes of memory that it is estimated to need where it is executed.
    pub(super) memory: u64,
}

/// A variable may change what a driver says of itself (subgroup sizes, features) and even which driver it is.
fn identify(engine: &mut record::Engine, opened: AdapterIdentity) {
    let vary: String = engine.variables.iter().map(|(n, v)| format!(" {n}={v}")).collect();
    engine.label = format!("{}{vary}", opened.label());
    engine.adapter = Some(opened);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::interpreter::identity;
    use crate::kernels;
    use crate::kernels::work::work;

    /// A case of a size that no machine has is told and not tried: there is no child that could be.
    #[test]
    fn what_does_not_fit_the_memory_is_skipped() {
        let limits = Limits { time: Duration::ZERO, memory: Some(1 << 30) };
        let adapter = identity(&crate::engines::interpreter::Mode::default(), 0);
        let mut slot =
            EngineSlot::unlisted(0, Unlisted { backend: String::new(), driver: None, reason: String::new() });
        let seat = Seat { adapter, environment: BTreeMap::new(), scratch: PathBuf::new(), planted: Vec::new(), limits };
        slot.executor = Executor::Adapter(Box::new(Server::new(seat)), limits);
        let case = Case::parse("matmul/naive?m=8192&k=8192&n=8192").unwrap();
        let memory = work(&case).unwrap().child_memory(true);
        let asked = Asked { repeats: 1, limit: Duration::ZERO, memory };
        let response = slot.run(&case, || kernels::problem(&case), asked);
        let Some(Response::Skipped { why }) = response else { panic!("{response:?}") };
        assert_eq!(why, Skip::Memory { needs: memory, has: 1 << 30 }, "with the reason");
        assert!(why.to_string().contains("1024 MiB are the most"), "{why}");
    }
}
