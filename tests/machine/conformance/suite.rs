//! The suite. An engine executes WGSL, or has operations of its own; each task of the suite has both.

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use repro_audit::engines::cpu::{Compute, Cpu};
use repro_audit::engines::mock::Mock;
use repro_audit::engines::remote::Remote;
use repro_audit::engines::{self, Answer, Engine, RunError, Runs};
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::model::task::{Buffer, Operation, OutputView, Pass, Program, Tensor};
use repro_audit::model::{Role, Skip, Task};

use super::numpy;
use crate::common::adapters;

/// A number of elements that fills no workgroup.
const N: usize = 100;

/// How an engine is opened, and what kind it is.
struct Subject {
    name: String,
    role: Role,
    /// Whether it executes WGSL.
    programs: bool,
    open: Box<dyn Fn() -> Result<Box<dyn Engine>, RunError> + Send + Sync>,
}

type Check = fn(&Subject) -> Result<(), String>;

const CHECKS: [(&str, Check); 8] = [
    ("its_identity_is_stable_and_complete", identity),
    ("outputs_have_the_type_and_shape_that_were_asked_for", shapes),
    ("repeats_are_returned_as_asked", repeats),
    ("an_output_that_is_not_written_is_seen", unwritten),
    ("what_it_can_not_do_is_skipped_with_a_reason", skips),
    ("a_task_that_contradicts_itself_is_refused", contradictions),
    ("what_goes_wrong_is_an_answer", failures),
    ("a_task_is_answered_alike_after_another", alike),
];

pub(crate) fn trials() -> Vec<Trial> {
    let (subjects, absent) = subjects();
    let mut trials = Vec::new();
    for subject in subjects.into_iter().map(Arc::new) {
        for (name, check) in CHECKS {
            let subject = Arc::clone(&subject);
            let name = format!("suite::{}::{name}", subject.name);
            trials.push(crate::trial("conformance", name, move || check(&subject).map_err(Failed::from)));
        }
    }
    if absent {
        trials.push(numpy::absent("suite::remote"));
    }
    trials
}

/// Every engine here, and whether the remote one is missing.
fn subjects() -> (Vec<Subject>, bool) {
    let subject = |name: String, role, programs, open| Subject { name, role, programs, open };
    let mut all = vec![
        subject("cpu".to_owned(), Role::Cpu, false, Box::new(|| Ok(Box::new(Cpu::new("cpu", compute()))))),
        subject("mock".to_owned(), Role::Cpu, false, Box::new(|| Ok(Box::new(Mock::new([], compute()))))),
        subject(
            "planted".to_owned(),
            Role::Planted,
            true,
            Box::new(|| {
                let mode = "contract+schedule=reversed".parse().map_err(|_| RunError::Gone("no mode".to_owned()))?;
                Ok(engines::interpreting(mode, 1))
            }),
        ),
    ];
    for adapter in adapters() {
        let (name, role) = (adapter.id(), adapter.role());
        all.push(if role == Role::Driver {
            let open = move || engines::adapter(&adapter.backend, adapter.index);
            subject(name, role, true, Box::new(open))
        } else {
            subject(name, role, true, Box::new(|| Ok(engines::interpreting("strict".parse().unwrap_or_default(), 0))))
        });
    }
    let python = numpy::command();
    let absent = python.is_none();
    if let Some(command) = python {
        let open = move || {
            let remote = Remote::open(&command, 0, Duration::from_secs(60))?;
            Ok(Box::new(remote) as Box<dyn Engine>)
        };
        all.push(subject("remote".to_owned(), Role::Remote, false, Box::new(open)));
    }
    (all, absent)
}

/// What the CPU and the mock compute: the sum, and a copy.
fn compute() -> Compute<'static> {
    Box::new(|task: &Task| {
        let operation = task.operation.as_ref()?;
        let input = |name: &str| operation.inputs.get(name).map(|tensor| &tensor.bits);
        match operation.name.as_str() {
            "copy" => input("x").cloned(),
            "add" => {
                let (a, b) = (input("a")?, input("b")?);
                let add = |(a, b): (&u32, &u32)| match a_float(task.dtype) {
                    true => (f32::from_bits(*a) + f32::from_bits(*b)).to_bits(),
                    false => a.wrapping_add(*b),
                };
                Some(Bits::words(task.dtype, a.words.iter().zip(&b.words).map(add).collect()))
            }
            _ => None,
        }
    })
}

fn a_float(dtype: Dtype) -> bool {
    dtype == Dtype::F32
}

/// `count` elements that a shader writes with this statement for element `i`, of `a` and `b`.
fn program(dtype: Dtype, a: &Bits, b: &Bits, count: usize, statement: &str) -> Program {
    let scalar = if a_float(dtype) { "f32" } else { "u32" };
    let source = format!(
        "@group(0) @binding(0) var<storage, read> a: array<{scalar}>;\n\
         @group(0) @binding(1) var<storage, read> b: array<{scalar}>;\n\
         @group(0) @binding(2) var<storage, read_write> out: array<{scalar}>;\n\
         @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {{\n\
             let i = id.x;\n\
             if (i < {count}u) {{ {statement} }}\n\
         }}\n"
    );
    Program::new(
        source,
        vec![Buffer::Input(a.words.clone()), Buffer::Input(b.words.clone()), Buffer::Output(count)],
        vec![Pass::new("main", [2, 1, 1])],
        OutputView::whole(2, dtype, count),
    )
}

/// The sum of two vectors, and its answer: exact in every arithmetic.
fn sum(dtype: Dtype, from: u32) -> (Task, Bits) {
    let bits = |value: u32| if a_float(dtype) { small(value).to_bits() } else { value };
    let vector =
        |f: &dyn Fn(u32) -> u32| Bits::words(dtype, (0..u32::try_from(N).expect("a small number")).map(f).collect());
    let (a, b) = (vector(&|i| bits(i + from)), vector(&|i| bits(3 * i)));
    let answer = vector(&|i| bits(4 * i + from));
    let tensor = |bits: &Bits| Tensor { shape: vec![4, 25], bits: bits.clone() };
    let operation = Operation::new("add", [("a", tensor(&a)), ("b", tensor(&b))]);
    let program = program(dtype, &a, &b, N, "out[i] = a[i] + b[i];");
    (Task { operation: Some(operation), program: Some(program), dtype, shape: vec![4, 25] }, answer)
}

fn small(value: u32) -> f32 {
    f32::from(u16::try_from(value).unwrap_or_default())
}

/// What ran.
fn ran(answer: Answer) -> Result<Runs, String> {
    match answer {
        Answer::Ran(runs) => Ok(runs),
        other => Err(format!("it answered {other:?}")),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T, what: &str) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}, and not {wanted:?}")) }
}

fn hold(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl Subject {
    fn opened(&self) -> Result<Box<dyn Engine>, String> {
        (self.open)().map_err(|e| format!("it does not open: {e}"))
    }
}

/// One output, in all runs.
fn single(runs: &Runs) -> Result<&Bits, String> {
    match runs.distinct.as_slice() {
        [one] => one.bits.as_ref().ok_or_else(|| "the only output was not kept".to_owned()),
        many => Err(format!("{} distinct outputs of one sum", many.len())),
    }
}

fn identity(subject: &Subject) -> Result<(), String> {
    let mut engine = subject.opened()?;
    let before = engine.identity().clone();
    same(&before.role(), &subject.role, "its role").or_else(|wrong| {
        // The CPU and the mock are no adapters: only the backend tells them.
        if subject.role == Role::Cpu && before.backend == "cpu" { Ok(()) } else { Err(wrong) }
    })?;
    hold(!before.name.is_empty() && !before.backend.is_empty(), || format!("without a name: {before:?}"))?;
    let versions = [Some(&before.driver_info), before.driver_version.as_ref()];
    hold(versions.into_iter().flatten().any(|v| !v.is_empty()), || format!("without a version: {before:?}"))?;
    let [least, most] = before.subgroup_sizes;
    hold(!subject.programs || 0 < least && least <= most, || format!("subgroups of {least} to {most}"))?;
    let text = serde_json::to_string(&before).map_err(|e| e.to_string())?;
    same(&serde_json::from_str(&text).map_err(|e| e.to_string())?, &before, "read back")?;
    ran(engine.run(&sum(Dtype::F32, 0).0, 1))?;
    same(engine.identity(), &before, "after a task")?;
    same(subject.opened()?.identity(), &before, "opened again")
}

fn shapes(subject: &Subject) -> Result<(), String> {
    let mut engine = subject.opened()?;
    for dtype in [Dtype::F32, Dtype::U32] {
        let (task, answer) = sum(dtype, 5);
        let runs = ran(engine.run(&task, 2))?;
        let bits = single(&runs)?;
        same(bits, &answer, "the sum")?;
        same(&runs.distinct[0].digest, &bits.digest(), "its digest")?;
    }
    Ok(())
}

fn repeats(subject: &Subject) -> Result<(), String> {
    let mut engine = subject.opened()?;
    for (asked, wanted) in [(0, 1), (1, 1), (2, 2), (5, 5)] {
        let runs = ran(engine.run(&sum(Dtype::F32, 0).0, asked))?;
        // The interpreter shows in its first run that no order matters here.
        let wanted = if engine.identity().is_embedded() { wanted.min(2) } else { wanted };
        same(&runs.runs, &wanted, "runs")?;
        same(&runs.distinct.iter().map(|d| d.runs).sum::<u32>(), &wanted, "runs of the distinct outputs together")?;
    }
    Ok(())
}

/// An element that a shader leaves out, whatever it would have been; and a result with fewer elements than were asked for.
fn unwritten(subject: &Subject) -> Result<(), String> {
    let mut engine = subject.opened()?;
    let (task, _) = sum(Dtype::F32, 0);
    if subject.programs {
        for repeats in [1, 3] {
            let mut task = task.clone();
            if let Some(program) = &mut task.program {
                program.source = program.source.replace("out[i] =", "if (i == 37u) { return; } out[i] =");
            }
            let wanted = Answer::Failed(RunError::Unwritten { count: 1, len: N, first: 37 });
            same(&engine.run(&task, repeats), &wanted, "an element that is never written")?;
        }
        return Ok(());
    }
    let tensor = Tensor::floats(&[N - 1], &[1.0; N - 1]);
    let short = Task { operation: Some(Operation::new("copy", [("x", tensor)])), program: None, ..task };
    match engine.run(&short, 1) {
        Answer::Failed(_) => Ok(()),
        other => Err(format!("{} elements for {N}: {other:?}", N - 1)),
    }
}

fn skips(subject: &Subject) -> Result<(), String> {
    let mut engine = subject.opened()?;
    let (task, answer) = sum(Dtype::F32, 0);
    if subject.programs {
        let alone = Task { program: None, ..task.clone() };
        same(&engine.run(&alone, 1), &Answer::Skipped(Skip::CpuOnly), "without a program")?;
        let mut huge = task.clone();
        if let Some(program) = &mut huge.program {
            program.source = program.source.replace("@workgroup_size(64)", "@workgroup_size(64, 64, 1)");
        }
        match engine.run(&huge, 1) {
            Answer::Skipped(Skip::Limit { needs: 4096, has, .. }) if has < 4096 => {}
            other => return Err(format!("a workgroup of 4,096: {other:?}")),
        }
    } else {
        let mut unheard = task.clone();
        if let Some(operation) = &mut unheard.operation {
            operation.name = "no_such_operation".to_owned();
        }
        match engine.run(&unheard, 1) {
            Answer::Skipped(Skip::Operation { operation, .. }) if operation == "no_such_operation" => {}
            other => return Err(format!("an operation that nobody has: {other:?}")),
        }
        match engine.run(&Task { operation: None, ..task.clone() }, 1) {
            Answer::Skipped(Skip::Operation { .. }) => {}
            other => return Err(format!("no operation at all: {other:?}")),
        }
    }
    // Whatever was skipped leaves it as it was.
    same(single(&ran(engine.run(&task, 1))?)?, &answer, "a sum after that")
}

fn contradictions(subject: &Subject) -> Result<(), String> {
    let mut engine = subject.opened()?;
    let (task, answer) = sum(Dtype::F32, 0);
    let mut wrong = vec![("an output beyond its buffer", task.clone()), ("a shape of another tensor", task.clone())];
    if let Some(program) = &mut wrong[0].1.program {
        program.output.first_word = 1;
    }
    if let Some(tensor) = wrong[1].1.operation.as_mut().and_then(|o| o.inputs.get_mut("a")) {
        tensor.shape = vec![N + 1];
    }
    for (what, task) in wrong {
        match engine.run(&task, 1) {
            Answer::Failed(RunError::Task(_)) => {}
            other => return Err(format!("{what}: {other:?}")),
        }
    }
    same(single(&ran(engine.run(&task, 1))?)?, &answer, "a sum after that")
}

fn failures(subject: &Subject) -> Result<(), String> {
    let mut engine = subject.opened()?;
    let (task, answer) = sum(Dtype::F32, 0);
    let mut wrong = task.clone();
    if let Some(program) = &mut wrong.program {
        program.source = program.source.replace("out[i] =", "out[i] = nothing +");
    }
    if let Some(operation) = &mut wrong.operation {
        // An operand short.
        operation.inputs.remove("b");
    }
    match engine.run(&wrong, 1) {
        Answer::Failed(RunError::Shader(_)) if subject.programs => {}
        Answer::Failed(_) | Answer::Skipped(_) if !subject.programs => {}
        other => return Err(format!("what can't be computed: {other:?}")),
    }
    same(single(&ran(engine.run(&task, 1))?)?, &answer, "a sum after that")
}

fn alike(subject: &Subject) -> Result<(), String> {
    let mut engine = subject.opened()?;
    let (first, answer) = sum(Dtype::F32, 0);
    let before = ran(engine.run(&first, 2))?.distinct;
    for from in [1, 2] {
        let (other, answer) = sum(Dtype::U32, from);
        same(single(&ran(engine.run(&other, 1))?)?, &answer, "another sum")?;
    }
    same(&ran(engine.run(&first, 2))?.distinct, &before, "the first sum again")?;
    same(single(&ran(subject.opened()?.run(&first, 1))?)?, &answer, "the first sum, by an engine that did no other")
}
