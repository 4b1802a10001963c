//! The embedded adapter as an engine: who it is, and running a program under several legal orders of execution.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};

use super::asked::{Asking, Covered};
use super::execute::{Executed, Execution, MOST_STEPS, Ready, Watched};
use super::machine::{Indeterminate, Stopped};
use super::recorded::{Apart, Recording};
use super::{Mode, Schedule};
use crate::engines::collect::{Collected, POISON};
use crate::engines::{RunError, Runs, unsupported};
use crate::model::AdapterIdentity;
use crate::model::bits::Bits;
use crate::model::task::{Feature, Pass, Program};
use crate::model::{Finding, FindingKind, Skip};
use crate::numerics::threads::available_threads;
use crate::wgsl::{Checked, specialise};

/// Who an embedded adapter is. Its driver is this program, and the mode is part of the driver's version: two modes are
/// two drivers of one hardware.
#[must_use]
pub fn identity(mode: &Mode, index: usize) -> AdapterIdentity {
    AdapterIdentity {
        name: "Embedded interpreter".to_owned(),
        index,
        device_type: "cpu".to_owned(),
        driver: "repro-audit".to_owned(),
        driver_info: format!("{}, {mode}", env!("CARGO_PKG_VERSION")),
        subgroup_sizes: [mode.subgroup; 2],
        features: Feature::ALL.to_vec(),
        ..AdapterIdentity::unlisted(super::BACKEND)
    }
}

/// The mode of the embedded adapter at this place: strict at 0, then the planted ones. `None` beyond them.
#[must_use]
pub fn mode(index: usize, planted: &[Mode]) -> Option<Mode> {
    match index.checked_sub(1) {
        None => Some(Mode::default()),
        Some(at) => planted.get(at).copied(),
    }
}

/// The embedded adapters: the strict one, then the planted ones.
#[must_use]
pub fn identities(planted: &[Mode]) -> Vec<AdapterIdentity> {
    std::iter::once(&Mode::default()).chain(planted).enumerate().map(|(i, mode)| identity(mode, i)).collect()
}

/// What a program may ask of the interpreter. Buffers are limited by the memory that they take several times over.
fn limits() -> wgpu::Limits {
    wgpu::Limits {
        max_buffer_size: 1 << 31,
        max_storage_buffer_binding_size: 1 << 31,
        max_storage_buffers_per_shader_stage: 64,
        max_compute_workgroup_storage_size: 1 << 20,
        max_compute_invocations_per_workgroup: 1024,
        max_compute_workgroup_size_x: 1024,
        max_compute_workgroup_size_y: 1024,
        max_compute_workgroup_size_z: 1024,
        ..wgpu::Limits::default()
    }
}

/// So many passes through loops are executed, of all invocations together. While it watches, the interpreter takes about 50 ns
/// for one with a multiplication and an addition: half a minute.
const MOST_PASSES: u64 = 1 << 29;

/// What workgroup memory holds besides zero where nothing has written it: NaN, which the largest of numbers may hide, and
/// the largest numbers, which hide nothing.
const UNWRITTEN: [u32; 3] = [POISON[0], f32::MAX.to_bits(), f32::MIN.to_bits()];

/// Steps that a workgroup may take at least in another order than the first, before it is said to wait for another one.
const BRIEF: u64 = 1 << 22;

/// Runs programs in one mode.
#[derive(Debug)]
pub struct Runner {
    pub(super) mode: Mode,
    threads: usize,
    most_steps: u64,
    at: Arc<AtomicU32>,
}

impl Runner {
    /// An interpreter in this mode.
    #[must_use]
    pub fn open(mode: Mode) -> Self {
        Self { mode, threads: available_threads(), most_steps: MOST_STEPS, at: Arc::default() }
    }

    /// The same on at most this many threads. The results do not depend on it.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// The same where a workgroup (or the few that run together) may take at most this many steps.
    #[must_use]
    pub fn with_most_steps(mut self, steps: u64) -> Self {
        self.most_steps = steps;
        self
    }

    /// The same, which says in `at` on which line the loop is that it is in; 0 before the first.
    #[must_use]
    pub fn telling(mut self, at: &Arc<AtomicU32>) -> Self {
        self.at = Arc::clone(at);
        self
    }

    /// Runs `program` once, in the mode's first order, unwatched, on one thread: the words of the output view.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn compute(&mut self, program: &Program) -> Result<Vec<u32>, RunError> {
        Ok(Ready::new(program, &self.mode)?.execute(program, self.how(self.mode.order(0)))?.words)
    }

    /// [`Self::compute`] with the values of some operations taken from elsewhere. While some are missing there, `find` is asked
    /// for them, and the program is executed again; until then they are computed in this mode. `None` where `find` says that it
    /// does not go on.
    ///
    /// # Errors
    /// As [`Runner::run`], and those of `find`.
    pub fn compute_asking(
        &mut self,
        program: &Program,
        asking: &Asking,
        find: &mut dyn FnMut() -> Result<bool, RunError>,
    ) -> Result<Option<Vec<u32>>, RunError> {
        let ready = Ready::asking(program, &self.mode, Some(asking))?;
        loop {
            asking.begin();
            let words = ready.execute(program, self.how(self.mode.order(0)))?.words;
            if asking.answers().count_missing() == 0 {
                return Ok(Some(words));
            }
            if !find()? {
                return Ok(None);
            }
        }
    }

    /// The first value of floating point that an execution of `program` in this mode, which asks as `asking` does, has and a
    /// strict one has not; `None` where there is none, or what is asked has no answer.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn first_apart(&self, program: &Program, asking: Asking) -> Result<Option<Apart>, RunError> {
        let recording = Arc::<Mutex<Recording>>::default();
        let lock = || recording.lock().unwrap_or_else(PoisonError::into_inner);
        let none = Asking::new(Covered::Only(Vec::new()), Arc::default()).recording(Arc::clone(&recording));
        let strict = Ready::asking(program, &Mode::default(), Some(&none))?;
        let other = Ready::asking(program, &self.mode, Some(&asking.recording(Arc::clone(&recording))))?;
        let how = || self.how(self.mode.order(0));
        strict.execute(program, how())?;
        lock().compare();
        other.execute(program, how())?;
        if !lock().take() {
            return Ok(None);
        }
        strict.execute(program, how())?;
        let apart = lock().apart();
        Ok(apart)
    }

    /// Why a program is not executed here; `None` where it is.
    ///
    /// # Errors
    /// A shader that is refused.
    pub fn skips(&self, program: &Program) -> Result<Option<Skip>, RunError> {
        let passes = specialise(program)?;
        Ok(unsupported(program, &passes, &Feature::ALL, &limits()).or_else(|| too_large(program, &passes)))
    }

    /// Runs `program` once, as [`Runner::compute`]: how many steps all its invocations make together. An arithmetic operation, an
    /// index, a load or a store is a step.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn count(&mut self, program: &Program) -> Result<u64, RunError> {
        Ok(Ready::new(program, &self.mode)?.execute(program, self.how(self.mode.order(0)))?.steps)
    }

    /// Whether the results change with what workgroup memory holds before anything is written there: a few patterns besides
    /// zero are tried. A shader of which this is false with every input that it meets may go to a driver without
    /// [`Program::zeroed`].
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn reads_unwritten(&self, program: &Program) -> Result<bool, RunError> {
        let ready = Ready::new(program, &self.mode)?;
        let holding = |indeterminate| {
            let how = Execution { indeterminate, ..self.how(self.mode.order(0)) };
            ready.execute(program, how).map(|done| done.words)
        };
        let zero = holding(Indeterminate::Usual)?;
        for word in UNWRITTEN {
            if holding(Indeterminate::Workgroup(word))? != zero {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn how(&self, schedule: Schedule) -> Execution {
        Execution {
            schedule,
            poison: poison(0),
            watch: false,
            threads: 1,
            most_steps: self.most_steps,
            apart: false,
            indeterminate: Indeterminate::Usual,
            keep: false,
            loop_limit: None,
        }
    }

    /// Runs `program` `repeats` times, each in another legal order of execution unless the mode names one. Where the first run
    /// shows that no order can matter, a second one ends it.
    ///
    /// Returns the reason where the interpreter cannot run it.
    ///
    /// # Errors
    /// When the shader is refused, a construct is not supported, or output elements are left unwritten.
    pub fn run(&mut self, program: &Program, repeats: u32) -> Result<Result<Runs, Skip>, RunError> {
        Ok(self.run_watched(program, repeats)?.map(|ran| ran.runs))
    }

    /// [`Runner::run`], with what was noticed besides defects.
    pub(super) fn run_watched(&mut self, program: &Program, repeats: u32) -> Result<Result<Ran, Skip>, RunError> {
        if let Some(skip) = self.skips(program)? {
            return Ok(Err(skip));
        }
        let repeats = repeats.max(1);
        let started = std::time::Instant::now();
        let ready = Ready::new(program, &self.mode)?.telling(&self.at);
        let compile_seconds = started.elapsed().as_secs_f64();
        let started = std::time::Instant::now();
        let mut threads = 1;
        let mut collected = Collected::new(program);
        let mut watched = Watched::default();
        let mut apart = self.mode.schedule.is_none();
        let mut run = 0;
        // Where no order can matter, one more order shows that as well as many.
        let mut enough = repeats;
        // Steps of the first order, and the loop that waits for another workgroup in vain in another one.
        let (mut first_steps, mut waits): (u64, Option<u32>) = (0, None);
        while run < enough || (run == 1 && collected.suspicious()) {
            // The first run is watched. Where no two workgroups touched the same word, and nothing is atomic, their order
            // cannot matter, and the others may use all processors.
            let how = Execution {
                poison: poison(run),
                watch: run == 0,
                threads,
                // An order that was asked for is the same in every run, the watched one included.
                apart,
                ..self.how(self.mode.order(run))
            };
            let done = match ready.attempt(program, how) {
                // Invocations may wait for one another by themselves, which the first order let them do.
                Err(_) if run > 0 && ready.has_atomics() => {
                    apart = false;
                    let brief = first_steps.saturating_mul(4).max(BRIEF).min(how.most_steps);
                    match ready.attempt(program, Execution { apart, most_steps: brief, ..how }) {
                        // And so may workgroups. With no more orders to be tried, the first one shows what there is to show.
                        Err(Stopped::Steps { line, .. })
                            if self.mode.schedule.is_none()
                                && ready.has_storage_atomics()
                                && ready.asks_others(line) =>
                        {
                            waits = Some(line);
                            enough = run + 1;
                            let order = self.mode.order(0);
                            ready.attempt(program, Execution { apart, schedule: order, ..how })
                        }
                        Err(_) if brief < how.most_steps => ready.attempt(program, Execution { apart, ..how }),
                        done => done,
                    }
                }
                done => done,
            };
            let Executed { words, watched: noticed, steps, .. } = done.map_err(|e| RunError::Stopped(e.to_string()))?;
            if run == 0 {
                first_steps = steps;
            }
            if run == 0 {
                if !noticed.conflict && !ready.has_storage_atomics() {
                    threads = self.threads;
                    if !ready.has_atomics() && !is_undefined(&noticed.findings) {
                        enough = repeats.min(2);
                    }
                }
                watched = noticed;
            }
            collected.add(words, run, run < enough);
            run += 1;
        }
        let distinct = collected.finish()?;
        let mut findings = std::mem::take(&mut watched.findings);
        findings.extend(waits.map(|line| Finding {
            kind: FindingKind::ForwardProgress,
            line: Some(line),
            message: format!(
                "it relies on progress between workgroups, which WGSL does not promise: the loop on line {line} asks an atomic of a \
                 buffer, ends where workgroups run one after another in their order, and does not where they run in another"
            ),
        }));
        let mut kept = distinct.iter().filter_map(|d| d.bits.as_ref());
        if let Some(first) = kept.next()
            && distinct.len() > 1
            && self.mode.schedule.is_none()
            && let Some(other) = {
                // Runs differ in two things: the order, and what the output held before. What the first order gives with
                // the other content shows nothing of orders.
                let how = Execution { poison: poison(1), ..self.how(self.mode.order(0)) };
                let poisoned = program.output.gather(ready.execute(program, how)?.words);
                kept.find(|bits| **bits != poisoned)
            }
        {
            // A race is a cause of its own, and is told with its lines.
            let races = findings.iter().any(|f| f.kind == FindingKind::DataRace);
            let clamped = findings.iter().any(|f| f.kind == FindingKind::OutOfBounds);
            let blamed = match (races, clamped) {
                (true, _) => Blamed::default(),
                (false, true) if ready.atomic_lines().is_empty() => {
                    Blamed { line: None, text: "; indices beyond the end were clamped to one element".to_owned() }
                }
                _ => self.blame(&ready, program, repeats, first)?,
            };
            findings.push(order_dependent(distinct.len(), enough, first, other, blamed));
        }
        let seconds = started.elapsed().as_secs_f64();
        let runs = Runs { distinct, runs: enough, seconds, compile_seconds, findings };
        Ok(Ok(Ran { runs, watched, ready }))
    }

    /// Which atomics read other values where another order gives another result. Of the orders that were tried, the one in
    /// which the fewest do tells most: what only goes to other invocations, such as a ticket, may be a name and no more.
    fn blame(&self, ready: &Ready, program: &Program, repeats: u32, first: &Bits) -> Result<Blamed, RunError> {
        let kept = Execution { keep: true, ..self.how(self.mode.order(0)) };
        let in_order = ready.execute(program, kept)?.seen;
        let mut best: Option<(Vec<u32>, Vec<u32>)> = None;
        for run in 1..repeats.clamp(2, 6) {
            let schedule = self.mode.order(run);
            // What waits for other invocations by itself may not end where these go later.
            let Ok(done) = ready.execute(program, Execution { schedule, apart: true, ..kept }) else { continue };
            if program.output.gather(done.words) == *first {
                continue;
            }
            let apart = in_order.apart(&done.seen);
            let weight = |(values, given): &(Vec<u32>, Vec<u32>)| (values.is_empty(), values.len(), given.len());
            if best.as_ref().is_none_or(|best| weight(&apart) < weight(best)) {
                best = Some(apart);
            }
        }
        let (values, given) = best.unwrap_or_default();
        let atomics = |lines: &[u32]| match lines {
            [line] => format!("the atomic on line {line}"),
            lines => format!("the atomics on lines {}", joined(lines)),
        };
        let verb =
            |lines: &[u32], one: &str, many: &str| if lines.len() == 1 { one.to_owned() } else { many.to_owned() };
        Ok(match (values.as_slice(), given.as_slice(), ready.atomic_lines().as_slice()) {
            ([], [], []) => Blamed::default(),
            ([], [], lines) => Blamed {
                line: lines.first().copied().filter(|_| lines.len() == 1),
                text: format!("; {} {} effect in the order of execution", atomics(lines), verb(lines, "takes", "take")),
            },
            ([], lines, _) => Blamed {
                line: lines.first().copied(),
                text: format!(
                    "; {} {} values in the order of execution",
                    atomics(lines),
                    verb(lines, "returns its", "return their")
                ),
            },
            (lines, _, _) => Blamed {
                line: lines.first().copied(),
                text: format!("; {} {} different values in that order", atomics(lines), verb(lines, "reads", "read")),
            },
        })
    }
}

/// What an execution of a program under several orders gave.
pub(super) struct Ran {
    pub(super) runs: Runs,
    /// What was noticed in the first order, without the defects, which are among the runs' findings.
    pub(super) watched: Watched,
    pub(super) ready: Ready,
}

/// What depends on the order.
#[derive(Debug, Default)]
struct Blamed {
    line: Option<u32>,
    text: String,
}

/// Whether results are undefined already: a race, or a barrier that only some reach.
pub(super) fn is_undefined(findings: &[Finding]) -> bool {
    findings.iter().any(|f| matches!(f.kind, FindingKind::DataRace | FindingKind::NonUniformBarrier))
}

/// Whether a program is too much for an interpreter, where its loops are known beforehand.
fn too_large(program: &Program, passes: &[Checked]) -> Option<Skip> {
    let invocations = |(pass, checked): (&Pass, &Checked)| -> u64 {
        let entry = checked.module.entry_points.iter().find(|e| e.name == pass.entry);
        let size = entry.map_or([1; 3], |e| e.workgroup_size);
        pass.groups.iter().chain(&size).fold(1, |all, n| all.saturating_mul((*n).into()))
    };
    let all = program.passes.iter().zip(passes).map(invocations).fold(0, u64::saturating_add);
    let passes = all.saturating_mul(program.iterations).saturating_mul(program.rounds.into());
    (passes > MOST_PASSES).then_some(Skip::TooLarge { passes, most: MOST_PASSES })
}

fn joined(lines: &[u32]) -> String {
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn poison(run: u32) -> u32 {
    POISON[(run % 2) as usize]
}

fn order_dependent(distinct: usize, orders: u32, a: &Bits, b: &Bits, blamed: Blamed) -> Finding {
    let place = (0..a.len).find(|i| a.get(*i) != b.get(*i)).unwrap_or(0);
    let Blamed { line, text: cause } = blamed;
    Finding {
        kind: FindingKind::OrderDependent,
        line,
        message: format!(
            "{distinct} distinct results in {orders} legal orders of execution, first at element {place}: {} when executed in \
             order, {} in another order{cause}",
            a.dtype.hex(a.get(place)),
            a.dtype.hex(b.get(place))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_drivers_of_one_hardware() {
        let strict = identity(&Mode::default(), 0);
        let planted = identity(&"contract+subgroup=8".parse().unwrap(), 2);
        assert_eq!((strict.id().as_str(), planted.id().as_str()), ("embedded:0", "embedded:2"), "places");
        assert_eq!(strict.hardware(), planted.hardware(), "one hardware");
        assert!(planted.label().contains("contract+subgroup=8"), "the mode is told: {}", planted.label());
        assert_eq!(planted.subgroup_sizes, [8, 8], "the size is the mode's");
        assert!(strict.matches("embedded") && !strict.matches("llvmpipe"), "it is chosen by its backend's name");
    }
}
