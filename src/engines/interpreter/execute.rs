//! A program on the interpreter: its passes compiled once, executed as often as wanted.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::asked::Asking;
use super::code::{Binding, Code};
use super::compile::compile;
use super::dispatch::{How, dispatch};
use super::machine::{Buffer, Indeterminate, Notice, Seen, Stopped, Watch, Way};
use super::mode::{Mode, Schedule};
use crate::engines::RunError;
use crate::model::finding::TWO_WORKGROUPS;
use crate::model::task::{Buffer as Spec, Program, Slot};
use crate::model::{Finding, FindingKind};
use crate::wgsl::specialise;

/// A workgroup may take this many steps unless another limit is asked for. At tens of nanoseconds a step that is about ten seconds.
pub(super) const MOST_STEPS: u64 = 1 << 28;

/// The words that one workgroup's variables and values may take.
const MOST_WORDS: usize = 1 << 28;

/// Blocks within blocks: each takes some of this program's stack.
const MOST_DEPTH: usize = 200;

/// A program, ready to be executed.
pub(super) struct Ready {
    passes: Vec<(Code, [u32; 3])>,
    /// For each pass and each of its bindings, the program's buffer.
    bound: Vec<Vec<usize>>,
}

/// What one execution gave.
pub(super) struct Executed {
    /// The words of the output view.
    pub(super) words: Vec<u32>,
    /// What was noticed; nothing where it was not watched.
    pub(super) watched: Watched,
    /// What atomics read, where it was kept.
    pub(super) seen: Seen,
    /// Steps that all invocations made together.
    pub(super) steps: u64,
}

/// What was noticed of an execution.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// Defects.
    pub(super) findings: Vec<Finding>,
    /// Whether workgroups touched each other's words.
    pub(super) conflict: bool,
    /// Where numbers that are not finite arose, the first first.
    pub(super) not_finite: Vec<Notice>,
    /// Powers without a value, and reads of invocations that are not active. They are defects where a result rests on them.
    pub(super) indeterminate: Vec<Finding>,
    /// The most passes of an invocation through loops in one dispatch, and the line of the loop that has most of them.
    pub(super) iterations: (u64, u32),
    /// Lines of loops that no invocation went through once.
    pub(super) idle: Vec<u32>,
}

impl Watched {
    fn add(&mut self, watch: &Watch) {
        self.conflict |= watch.workgroups_conflict();
        for notice in watch.found() {
            let Some(found) = finding(notice) else { continue };
            match notice {
                Notice::Inactive { .. } | Notice::Undefined { .. } => self.indeterminate.push(found),
                _ => self.findings.push(found),
            }
        }
        self.not_finite.extend(watch.not_finite());
        let loops = watch.loops();
        self.iterations = self.iterations.max((loops.most, loops.line));
        self.idle.extend(loops.idle());
    }
}

/// How a program is executed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Execution {
    pub(super) schedule: Schedule,
    /// What outputs hold before.
    pub(super) poison: u32,
    /// Watch for races.
    pub(super) watch: bool,
    /// Threads; only where a watched execution found no conflict.
    pub(super) threads: usize,
    /// Steps that a workgroup may take.
    pub(super) most_steps: u64,
    /// Where the schedule is not the first and atomics can show it, let some invocations go on to the next barrier before
    /// others start. What waits for other invocations by itself may then never end.
    pub(super) apart: bool,
    pub(super) indeterminate: Indeterminate,
    /// Keep what atomics read, to tell orders apart.
    pub(super) keep: bool,
    /// Leave loops after this many iterations of an invocation.
    pub(super) loop_limit: Option<u64>,
}

impl Ready {
    /// Compiles a program.
    ///
    /// # Errors
    /// A shader that is refused, and what the interpreter does not execute, by name.
    pub(super) fn new(program: &Program, mode: &Mode) -> Result<Self, RunError> {
        Self::asking(program, mode, None)
    }

    /// [`Self::new`], with the values of some operations taken from elsewhere.
    pub(super) fn asking(program: &Program, mode: &Mode, asking: Option<&Asking>) -> Result<Self, RunError> {
        let mut passes = Vec::new();
        let mut bound = Vec::new();
        for (pass, special) in program.passes.iter().zip(specialise(program)?) {
            let code = compile(&special.module, &special.info, &pass.entry, &program.source, *mode, asking)
                .map_err(|e| RunError::Stopped(e.to_string()))?;
            fits(&code)?;
            bound.push(code.bindings.iter().map(|b| find(program, b)).collect::<Result<_, _>>()?);
            passes.push((code, pass.groups));
        }
        Ok(Self { passes, bound })
    }

    /// Whether the order of workgroups can be told from the results, as far as the code says: there are atomics.
    pub(super) fn has_storage_atomics(&self) -> bool {
        self.passes.iter().any(|(code, _)| code.storage_atomics)
    }

    /// Whether there are atomics, so that an order within a workgroup can show.
    pub(super) fn has_atomics(&self) -> bool {
        self.passes.iter().any(|(code, _)| code.atomics)
    }

    /// The lines of atomic operations, ascending.
    pub(super) fn atomic_lines(&self) -> Vec<u32> {
        let all: std::collections::BTreeSet<u32> =
            self.passes.iter().flat_map(|(code, _)| &code.atomic_lines).copied().filter(|line| *line > 0).collect();
        all.into_iter().collect()
    }

    /// The lines where a subgroup's size or order can show, ascending.
    pub(super) fn subgroup_lines(&self) -> Vec<u32> {
        let all: std::collections::BTreeSet<u32> =
            self.passes.iter().flat_map(|(code, _)| &code.subgroup_lines).copied().filter(|line| *line > 0).collect();
        all.into_iter().collect()
    }

    /// The same, which says in `at` on which line the loop is that it is in.
    pub(super) fn telling(mut self, at: &Arc<AtomicU32>) -> Self {
        self.passes.iter_mut().for_each(|(code, _)| code.at = Arc::clone(at));
        self
    }

    /// Whether the loop on a line may wait for another workgroup.
    pub(super) fn asks_others(&self, line: u32) -> bool {
        self.passes.iter().any(|(code, _)| code.asks_others(line))
    }

    /// Executes all passes.
    ///
    /// # Errors
    /// A workgroup that does not end.
    pub(super) fn execute(&self, program: &Program, how: Execution) -> Result<Executed, RunError> {
        self.attempt(program, how).map_err(|e| RunError::Stopped(e.to_string()))
    }

    /// [`Self::execute`], whose error says where a workgroup did not end.
    pub(super) fn attempt(&self, program: &Program, how: Execution) -> Result<Executed, Stopped> {
        let buffers: Vec<Buffer> = program
            .buffers
            .iter()
            .map(|spec| match spec {
                Spec::Input(words) | Spec::Uniform(words) => Buffer::Read(words.clone()),
                Spec::Output(words) => Buffer::writable(&vec![how.poison; *words]),
                Spec::InOut(words) => Buffer::writable(words),
            })
            .collect();
        let mut watched = Watched::default();
        let mut seen = Seen::default();
        let mut steps = 0;
        for ((code, groups), bound) in (0..program.rounds).flat_map(|_| self.passes.iter().zip(&self.bound)) {
            let own: Vec<&Buffer> = bound.iter().map(|index| &buffers[*index]).collect();
            let words: Vec<usize> = own.iter().map(|b| b.words()).collect();
            let how = How {
                schedule: how.schedule,
                way: Way {
                    most_steps: how.most_steps,
                    apart: how.apart && code.atomics,
                    indeterminate: how.indeterminate,
                    keep: how.keep,
                    loop_limit: how.loop_limit,
                },
                threads: how.threads,
                watch: how.watch.then(|| Watch::new(code, &words)),
            };
            let done = dispatch(code, &own, *groups, how)?;
            done.watch.iter().for_each(|watch| watched.add(watch));
            done.seen.iter().for_each(|kept| seen.add(kept));
            steps += done.steps;
        }
        let view = &program.output;
        let end = view.first_word + view.span();
        Ok(Executed { words: buffers[view.buffer].read(view.first_word..end), watched, seen, steps })
    }
}

/// Whether this program's memory and stack are enough for a shader.
fn fits(code: &Code) -> Result<(), RunError> {
    let words = code.rows as usize * code.invocations();
    if words > MOST_WORDS {
        let mib = words >> 18;
        return Err(RunError::Stopped(format!(
            "the shader's variables and values need {mib} MiB for one workgroup, and the interpreter gives it {} MiB",
            MOST_WORDS >> 18
        )));
    }
    let depth = code.depth();
    if depth > MOST_DEPTH {
        return Err(RunError::Stopped(format!(
            "the shader's blocks and calls lie {depth} deep within each other, and the interpreter goes {MOST_DEPTH} deep"
        )));
    }
    Ok(())
}

/// The program's buffer for a binding of the shader.
fn find(program: &Program, binding: &Binding) -> Result<usize, RunError> {
    let place = format!("@group({}) @binding({}) ('{}')", binding.group, binding.binding, binding.name);
    let index = program
        .buffer_at(Slot { group: binding.group, binding: binding.binding })
        .ok_or_else(|| RunError::Shader(format!("the shader's {place} has no buffer")))?;
    let spec = &program.buffers[index];
    if binding.writable && !spec.is_writable() {
        return Err(RunError::Shader(format!("the shader may write {place}, and its buffer is an input")));
    }
    let bytes = 4 * spec.words() as u64;
    if bytes < u64::from(binding.least) {
        return Err(RunError::Shader(format!("{place} needs {} bytes, and its buffer has {bytes}", binding.least)));
    }
    Ok(index)
}

/// What is told of a defect; `None` of what is no defect by itself.
fn finding(notice: &Notice) -> Option<Finding> {
    Some(match notice {
        Notice::NotFinite { .. } => return None,
        Notice::Inactive { line } => Finding {
            kind: FindingKind::InactiveLane,
            line: Some(*line),
            message: format!(
                "the subgroup operation on line {line} reads an invocation that is not active, and WGSL says nothing of what it \
                 gives"
            ),
        },
        Notice::Undefined { line, base, exponent } => Finding {
            kind: FindingKind::Undefined,
            line: Some(*line),
            message: format!(
                "pow({}, {}) on line {line} has no value in WGSL, which defines pow(x, y) by exp2(y * log2(x))",
                f32::from_bits(*base),
                f32::from_bits(*exponent)
            ),
        },
        Notice::Data { first_line, line, across, both_write, same_value, vector, memory } => {
            let who = if *across { TWO_WORKGROUPS } else { "two invocations of a workgroup" };
            let what = match (both_write, same_value, vector) {
                (_, _, true) => "use one vector (a write of a component may write all of it)",
                (true, true, _) => "write the same value to one word",
                (true, false, _) => "write one word",
                (false, ..) => "read and write one word",
            };
            let barrier = if *across { "nothing can order them" } else { "no barrier orders them" };
            let lines =
                if first_line == line { format!("line {line}") } else { format!("lines {first_line} and {line}") };
            Finding {
                kind: FindingKind::DataRace,
                line: Some(*line),
                message: format!("{who} {what} of {memory} on {lines}, and {barrier}"),
            }
        }
        Notice::Barrier { line } => Finding {
            kind: FindingKind::NonUniformBarrier,
            line: Some(*line),
            message: format!("only some invocations of a workgroup reach the barrier on line {line}"),
        },
        Notice::Uniform { line } => Finding {
            kind: FindingKind::NonUniformBarrier,
            line: Some(*line),
            message: format!("invocations of a workgroup give workgroupUniformLoad different pointers on line {line}"),
        },
        Notice::OutOfBounds { line, index, last } => Finding {
            kind: FindingKind::OutOfBounds,
            line: Some(*line),
            message: format!("index {index} on line {line} is beyond the last one, {last}, and was clamped to it"),
        },
    })
}
