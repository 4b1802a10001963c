//! If the same training runs again, do its numbers stay? The operations that a training is made of, by what changes, with
//! the strict interpreter as the witness of what any machine would do.

use std::collections::BTreeSet;

use serde::Serialize;

use super::disorder::Unordered;
use super::severity::{Difference, Severity, of_output};
use super::size::brief;
use super::verdict::unsettled;
use crate::model::Drift;
use crate::model::Role;
use crate::model::bits::Dtype;
use crate::model::record::{AXES, AxisLevel, CaseRecord, Comparison, Engine, Evidence, Execution, Outcome, Record};

/// An operation of a training.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// As those who train models name it.
    pub name: &'static str,
    /// The kernels that are it.
    pub kernels: &'static [&'static str],
}

/// The operations, in the order in which they are shown. Kernels that look into arithmetic are none of them.
pub const OPERATIONS: [Operation; 10] = [
    Operation { name: "matmul/dot", kernels: &["matmul", "dot"] },
    Operation { name: "sums", kernels: &["sum", "logsumexp"] },
    Operation { name: "softmax", kernels: &["softmax"] },
    Operation { name: "norms", kernels: &["layer_norm", "mean_variance"] },
    Operation { name: "activations", kernels: &["activation"] },
    Operation { name: "max", kernels: &["max"] },
    Operation { name: "scatter-add", kernels: &["scatter_add"] },
    Operation { name: "weights/RNG", kernels: &["init", "normal", "uniform", "philox", "threefry"] },
    Operation { name: "dropout", kernels: &["dropout"] },
    Operation { name: "shuffles", kernels: &["permutation", "split"] },
];

/// The operation that a kernel is.
#[must_use]
pub fn operation_of(kernel: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|o| o.kernels.contains(&kernel))
}

/// The operation that a case is of, as a training has it: none where its inputs probe the edges of the type.
#[must_use]
pub fn operation_at(kernel: &str, id: &str) -> Option<&'static Operation> {
    operation_of(kernel).filter(|_| !probes_edges(id))
}

/// Whether a case is of an operation as a training has it.
#[must_use]
pub fn is_ordinary(kernel: &str, id: &str) -> bool {
    operation_at(kernel, id).is_some()
}

/// Whether a case's inputs are NaN, subnormals or numbers over the whole range of the type, which probe its edges.
#[must_use]
pub fn probes_edges(id: &str) -> bool {
    let mut parameters = id.split('?').nth(1).unwrap_or_default().split('&').filter_map(|p| p.split_once('='));
    parameters.any(|(name, value)| match name {
        "special" => value != "none",
        "dist" => matches!(value, "mixed" | "edges" | "special" | "bits"),
        _ => false,
    })
}

/// Whether the strict interpreter shows a difference too. It executes the shader as it is written, so that what differs
/// there differs by what the shader leaves open, on any machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Elsewhere {
    /// It differs there too; or, where the interpreter can't run the kernel, the kernel leaves its order open, or splits its
    /// work by the number of threads.
    AnyMachine,
    /// It was tried there, and does not: what differs is of this machine's drivers or hardware.
    OnlyHere,
    /// It was not tried there.
    Unknown,
}

/// One difference.
#[derive(Debug, Clone, Serialize)]
pub struct Found<'r> {
    /// The case.
    #[serde(skip)]
    pub case: &'r CaseRecord,
    /// The engine that gives other bits.
    pub engine: &'r str,
    /// How far, where the outputs were compared.
    pub drift: Option<&'r Drift>,
    /// How bad it is for the output as a whole.
    pub severity: Severity,
    /// Whether it differs on any machine.
    pub elsewhere: Elsewhere,
}

impl Found<'_> {
    /// Whether its size is one of binary16, of which a last place is 8192 times as large as one of binary32.
    #[must_use]
    pub fn is_half(&self) -> bool {
        half(self.case.dtype, &self.severity)
    }

    /// How large it is, in a few letters.
    #[must_use]
    pub fn brief(&self) -> String {
        brief_of(self.case.dtype, &self.severity)
    }
}

fn half(dtype: Dtype, severity: &Severity) -> bool {
    dtype == Dtype::F16 && severity.kind == Difference::Finite
}

/// [`brief`], and the type where it is binary16: a size that is one step there is thousands of binary32.
pub(super) fn brief_of(dtype: Dtype, severity: &Severity) -> String {
    if half(dtype, severity) { format!("{} f16", brief(severity)) } else { brief(severity) }
}

/// An operation on one axis.
#[derive(Debug, Clone, Serialize)]
pub struct Cell<'r> {
    /// What changes.
    pub axis: AxisLevel,
    /// Results that were compared: a case on an engine each.
    pub compared: usize,
    /// Those that differ, the worst first.
    pub differing: Vec<Found<'r>>,
}

impl Cell<'_> {
    /// Whether it was tested and nothing differs.
    #[must_use]
    pub fn held(&self) -> bool {
        self.compared > 0 && self.differing.is_empty()
    }

    /// Whether all that differs does so on any machine. `false` where nothing differs.
    #[must_use]
    pub fn any_machine(&self) -> bool {
        !self.differing.is_empty() && self.differing.iter().all(|f| f.elsewhere == Elsewhere::AnyMachine)
    }

    /// The worst kind of difference.
    #[must_use]
    pub fn kind(&self) -> Difference {
        self.differing.iter().map(|f| f.severity.kind).max().unwrap_or_default()
    }

    /// Whether a result is NaN or infinite on one side, or otherwise on both.
    #[must_use]
    pub fn not_finite(&self) -> bool {
        self.kind() >= Difference::NotFinite
    }

    /// The largest share of integers, flags or members that differ; `None` where none does.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let discrete = |f: &&Found<'_>| f.severity.kind == Difference::Discrete;
        self.differing.iter().filter(discrete).map(|f| f.severity.share).max_by(f64::total_cmp)
    }

    /// The largest relative change of an output, as [`of_output`] measures it; `None` where no finite floats differ.
    #[must_use]
    pub fn relative(&self) -> Option<f64> {
        self.furthest().map(|f| f.severity.relative)
    }

    /// The difference with the largest relative change of an output.
    #[must_use]
    pub fn furthest(&self) -> Option<&Found<'_>> {
        let finite = |f: &&Found<'_>| f.severity.relative > 0.0 && f.severity.kind != Difference::Discrete;
        self.differing.iter().filter(finite).max_by(|a, b| a.severity.relative.total_cmp(&b.severity.relative))
    }
}

/// An operation on every axis, in the order of [`AXES`].
#[derive(Debug, Clone, Serialize)]
pub struct Row<'r> {
    /// The operation.
    pub operation: &'static Operation,
    /// Its cells.
    pub cells: Vec<Cell<'r>>,
}

impl<'r> Row<'r> {
    /// Its cell of this axis.
    #[must_use]
    pub fn on(&self, axis: AxisLevel) -> &Cell<'r> {
        &self.cells[axis as usize]
    }
}

/// The operations that a record has results of. Nothing of a kernel of the user's own: it is no operation of a list.
#[must_use]
pub fn operations(record: &Record) -> Vec<Row<'_>> {
    if record.provenance.own.is_some() {
        return Vec::new();
    }
    rows(record, false)
}

/// How many cases with inputs at the edges of the type gave a result on what is tested, and the operations that differ in
/// them on an axis: [`operations`] leaves them out, as they are no inputs of a training.
#[must_use]
pub fn edges(record: &Record) -> (usize, Vec<&'static Operation>) {
    let gave = |x: &Execution| x.runs() > 0 && tested(record, &x.engine).is_some();
    let at_edges = |c: &&CaseRecord| operation_of(&c.kernel).is_some() && probes_edges(&c.id);
    let ran = record.cases.iter().filter(at_edges).filter(|c| c.executions.iter().any(gave)).count();
    let differs = |row: &Row<'_>| row.cells.iter().any(|c| !c.differing.is_empty());
    (ran, rows(record, true).into_iter().filter(differs).map(|r| r.operation).collect())
}

/// The operations with ordinary inputs, or those at the edges of the type.
fn rows(record: &Record, edges: bool) -> Vec<Row<'_>> {
    let unordered = Unordered::of([record]);
    let ran = |c: &&CaseRecord| c.executions.iter().any(|x| matches!(x.outcome, Outcome::Ran { .. }));
    OPERATIONS
        .iter()
        .filter_map(|operation| {
            let mine = |c: &&CaseRecord| operation_of(&c.kernel) == Some(operation) && probes_edges(&c.id) == edges;
            let cases: Vec<&CaseRecord> = record.cases.iter().filter(mine).filter(ran).collect();
            let cells = || AXES.iter().map(|a| cell(record, &cases, &unordered, a.axis)).collect();
            (!cases.is_empty()).then(|| Row { operation, cells: cells() })
        })
        .collect()
}

fn cell<'r>(record: &'r Record, cases: &[&'r CaseRecord], unordered: &Unordered<'_>, axis: AxisLevel) -> Cell<'r> {
    let mut out = Cell { axis, compared: 0, differing: Vec::new() };
    for case in cases {
        if axis == AxisLevel::Repeat {
            runs(record, case, unordered, &mut out);
        } else {
            pairs(record, case, unordered, &mut out);
        }
    }
    out.differing.sort_by_key(|f| std::cmp::Reverse(f.severity));
    out
}

/// What an engine under test is: the interpreters are this program's, and what they do is no news of a machine.
fn tested<'r>(record: &'r Record, engine: &str) -> Option<&'r Engine> {
    record.engine(engine).filter(|e| !e.is_embedded())
}

/// The strict interpreter's execution of a case.
fn strict<'r>(record: &Record, case: &'r CaseRecord) -> Option<&'r Execution> {
    case.executions.iter().find(|x| record.engine(&x.engine).is_some_and(Engine::is_reference))
}

fn runs<'r>(record: &'r Record, case: &'r CaseRecord, unordered: &Unordered<'_>, out: &mut Cell<'r>) {
    let changes = |x: &Execution| Evidence::of(case, x).distinct > 1;
    for execution in case.executions.iter().filter(|x| x.runs() > 1) {
        let Some(engine) = tested(record, &execution.engine) else { continue };
        // Runs that agree where no order is fixed and another engine's differ agree by chance.
        if !changes(execution) && unordered.is_chance(case, execution) {
            continue;
        }
        out.compared += 1;
        if !changes(execution) {
            continue;
        }
        let of = |c: &&Comparison| c.axis == AxisLevel::Repeat && c.right.is_of(&engine.id);
        let drift = case.comparisons.iter().find(of).map(|c| &c.drift);
        let elsewhere = match strict(record, case) {
            Some(x) if changes(x) => Elsewhere::AnyMachine,
            Some(x) if x.runs() > 1 => Elsewhere::OnlyHere,
            // Without a reference there is no order that a machine could keep.
            _ if case.twins.is_empty() => Elsewhere::AnyMachine,
            _ => Elsewhere::Unknown,
        };
        let severity = drift.map(|d| of_output(case.dtype, d)).unwrap_or_default();
        out.differing.push(Found { case, engine: &engine.id, drift, severity, elsewhere });
    }
}

fn pairs<'r>(record: &'r Record, case: &'r CaseRecord, unordered: &Unordered<'_>, out: &mut Cell<'r>) {
    let under_test = |c: &&Comparison| {
        let left = c.left.engine().is_none_or(|e| tested(record, e).is_some());
        c.axis == out.axis && left && c.right.engine().is_some_and(|e| tested(record, e).is_some())
    };
    // What does not repeat says nothing of another axis; nor does what repeats by chance.
    let chance = |id: &str| case.executions.iter().any(|x| x.engine == id && unordered.is_chance(case, x));
    let open = |c: &Comparison| [&c.left, &c.right].into_iter().any(|s| s.engine().is_some_and(chance));
    let settled = |c: &&Comparison| unsettled(record, case, c).is_none() && !open(c);
    let found: Vec<&Comparison> = case.comparisons.iter().filter(under_test).filter(settled).collect();
    for comparison in found {
        out.compared += 1;
        if comparison.drift.is_none() {
            continue;
        }
        let elsewhere = match out.axis {
            AxisLevel::Config => configured(record, case, comparison),
            // A driver, an adapter or a processor is what differs: no other machine has both sides.
            AxisLevel::Repeat | AxisLevel::Driver | AxisLevel::Adapter | AxisLevel::Engine => Elsewhere::OnlyHere,
            // What the CPU's threads compute is this program's own code, which splits the work by their number.
            AxisLevel::Threads if is_cpu(record, comparison) => Elsewhere::AnyMachine,
            AxisLevel::Threads => Elsewhere::Unknown,
        };
        out.differing.push(Found {
            case,
            engine: comparison.right.engine().unwrap_or_default(),
            drift: Some(&comparison.drift),
            severity: of_output(case.dtype, &comparison.drift),
            elsewhere,
        });
    }
}

fn is_cpu(record: &Record, comparison: &Comparison) -> bool {
    comparison.right.engine().and_then(|e| record.engine(e)).is_some_and(|e| e.role() == Role::Cpu)
}

/// Whether the strict interpreter's bits change between the same two configurations. Where its own runs of one differ, the
/// kernel leaves its order open, and any machine may take another one in another launch.
fn configured(record: &Record, case: &CaseRecord, comparison: &Comparison) -> Elsewhere {
    let same = |c: &&Comparison| {
        let by = c.right.engine().and_then(|e| record.engine(e)).is_some_and(Engine::is_reference);
        by && c.axis == comparison.axis && c.left.configuration() == comparison.left.configuration()
    };
    match case.comparisons.iter().find(same) {
        Some(c) if unsettled(record, case, c).is_some() => Elsewhere::AnyMachine,
        Some(c) if c.drift.is_none() => Elsewhere::OnlyHere,
        Some(_) => Elsewhere::AnyMachine,
        None => Elsewhere::Unknown,
    }
}

/// How often cases of an operation that gave a result were run, each number once, the least first; on what is tested, which
/// the interpreters are not.
#[must_use]
pub fn repeats(record: &Record) -> BTreeSet<u32> {
    let cases = record.cases.iter().filter(|c| is_ordinary(&c.kernel, &c.id));
    let all = cases.flat_map(|c| &c.executions).filter(|x| tested(record, &x.engine).is_some());
    all.map(Execution::runs).filter(|n| *n > 0).collect()
}

/// The cases of an operation that gave a result on what is tested.
#[must_use]
pub fn ran(record: &Record) -> Vec<&CaseRecord> {
    let gave = |x: &Execution| x.runs() > 0 && tested(record, &x.engine).is_some();
    record.cases.iter().filter(|c| is_ordinary(&c.kernel, &c.id) && c.executions.iter().any(gave)).collect()
}

/// Whether the CPU's thread count was changed in an operation, and whether an environment variable of an engine was.
#[must_use]
pub fn threads_or_variables(record: &Record) -> (bool, bool) {
    let (mut threads, mut variables) = (false, false);
    for comparison in record.cases.iter().filter(|c| is_ordinary(&c.kernel, &c.id)).flat_map(|c| &c.comparisons) {
        if comparison.axis == AxisLevel::Threads {
            let cpu = is_cpu(record, comparison);
            threads |= cpu;
            variables |= !cpu;
        }
    }
    (threads, variables)
}

/// Kernel and variant of what differs on this axis in a way, each once, the worst first.
#[must_use]
pub fn variants(rows: &[Row<'_>], axis: AxisLevel, elsewhere: Elsewhere) -> Vec<(String, String)> {
    let mut found: Vec<&Found<'_>> =
        rows.iter().flat_map(|r| &r.on(axis).differing).filter(|f| f.elsewhere == elsewhere).collect();
    found.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let mut seen = BTreeSet::new();
    let names = found.iter().map(|f| (f.case.kernel.clone(), f.case.variant.clone()));
    names.filter(|name| seen.insert(name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::made::{adapter, case, compared, equal, ran, record};
    use super::*;
    use crate::model::Arithmetic;
    use crate::model::record::TwinDigest;

    fn interpreter() -> Engine {
        adapter("embedded:0", "interpreter", 0, 0, "0.1, strict")
    }

    fn engines() -> [Engine; 3] {
        [adapter("vulkan:0", "one", 1, 1, "1"), adapter("vulkan:1", "two", 2, 2, "2"), interpreter()]
    }

    #[test]
    fn what_the_strict_interpreter_does_too_is_of_any_machine() {
        let atomic = case("wg=32", vec![ran("vulkan:0", 2), ran("vulkan:1", 1), ran("embedded:0", 3)], Vec::new());
        let fixed = case("wg=64", vec![ran("vulkan:0", 2), ran("embedded:0", 1)], Vec::new());
        let open = case("wg=96", vec![ran("vulkan:0", 2)], Vec::new());
        let mut alone = open.clone();
        alone.twins = vec![TwinDigest { arithmetic: Arithmetic::STRICT, digest: "0".repeat(32) }];
        for (case, compared, expected) in [
            // The second adapter's runs agree by chance, which counts for nothing.
            (&atomic, 1, Elsewhere::AnyMachine),
            (&fixed, 1, Elsewhere::OnlyHere),
            (&open, 1, Elsewhere::AnyMachine),
            (&alone, 1, Elsewhere::Unknown),
        ] {
            let record = record(&engines(), &[case]);
            let rows = operations(&record);
            let cell = rows[0].on(AxisLevel::Repeat);
            assert_eq!((cell.compared, cell.differing.len()), (compared, 1), "the interpreter is not counted");
            assert_eq!(cell.differing[0].elsewhere, expected, "{}", case.id);
            assert_eq!(cell.any_machine(), expected == Elsewhere::AnyMachine, "{}", case.id);
        }
    }

    #[test]
    fn a_launch_changes_bits_on_any_machine_or_only_here() {
        let first = case("wg=32", vec![ran("vulkan:0", 1), ran("embedded:0", 1)], Vec::new());
        let here = compared(AxisLevel::Config, "vulkan:0 [wg=32]", "vulkan:0", [1.0, 1.5]);
        let too = compared(AxisLevel::Config, "embedded:0 [wg=32]", "embedded:0", [1.0, 1.5]);
        let not = equal(AxisLevel::Config, "embedded:0 [wg=32]", "embedded:0");
        for (other, expected) in
            [(Some(too), Elsewhere::AnyMachine), (Some(not), Elsewhere::OnlyHere), (None, Elsewhere::Unknown)]
        {
            let comparisons = std::iter::once(here.clone()).chain(other).collect();
            let second = case("wg=64", vec![ran("vulkan:0", 1), ran("embedded:0", 1)], comparisons);
            let record = record(&engines(), &[&first, &second]);
            let rows = operations(&record);
            let cell = rows[0].on(AxisLevel::Config);
            assert_eq!((cell.compared, cell.differing[0].elsewhere), (1, expected), "of the adapter alone");
            assert_eq!(cell.relative(), Some(0.5), "how far");
            assert_eq!(rows[0].on(AxisLevel::Adapter).compared, 0, "untested is not held");
            assert!(!rows[0].on(AxisLevel::Adapter).held(), "untested is not held");
        }
    }

    #[test]
    fn an_order_that_is_left_open_says_nothing_of_a_launch() {
        // The driver repeats each launch; where the interpreter's runs of one differ, that is luck.
        let first = case("wg=32", vec![ran("vulkan:0", 1), ran("embedded:0", 1)], Vec::new());
        let here = compared(AxisLevel::Config, "vulkan:0 [wg=32]", "vulkan:0", [1.0, 1.5]);
        let too = equal(AxisLevel::Config, "embedded:0 [wg=32]", "embedded:0");
        for (runs, expected) in [(1, vec![Elsewhere::OnlyHere]), (2, Vec::new())] {
            let ran = vec![ran("vulkan:0", 1), ran("embedded:0", runs)];
            let second = case("wg=64", ran, vec![here.clone(), too.clone()]);
            let record = record(&engines(), &[&first, &second]);
            let rows = operations(&record);
            let cell = rows[0].on(AxisLevel::Config);
            let found: Vec<Elsewhere> = cell.differing.iter().map(|d| d.elsewhere).collect();
            assert_eq!((found, cell.compared), (expected.clone(), expected.len()), "{runs} results of one launch");
        }
    }

    #[test]
    fn what_does_not_repeat_says_nothing_of_another_axis() {
        let differs = compared(AxisLevel::Adapter, "vulkan:0", "vulkan:1", [1.0, 1.5]);
        let one = case("wg=32", vec![ran("vulkan:0", 2), ran("vulkan:1", 1)], vec![differs]);
        let record = record(&engines(), &[&one]);
        assert_eq!(operations(&record)[0].on(AxisLevel::Adapter).compared, 0, "the runs differ among themselves");
    }

    #[test]
    fn the_edges_of_a_type_are_no_operation() {
        let mut one = case("wg=32", vec![ran("vulkan:0", 1)], Vec::new());
        let id = one.id.clone();
        for (parameters, ordinary) in [
            ("", true),
            ("&dist=normal", true),
            ("&dist=mixed", false),
            ("&special=none", true),
            ("&special=nan", false),
        ] {
            one.id = format!("{id}{parameters}");
            assert_eq!(is_ordinary(&one.kernel, &one.id), ordinary, "{parameters}");
            assert_eq!(operations(&record(&engines(), &[&one])).len(), usize::from(ordinary), "{parameters}");
        }
    }

    #[test]
    fn what_was_run_once_and_leaves_its_order_open_says_nothing_of_a_launch() {
        let differs = compared(AxisLevel::Config, "vulkan:0 [wg=32]", "vulkan:0", [1.0, 1.5]);
        let first = case("wg=32", vec![ran("vulkan:0", 1)], Vec::new());
        let mut second = case("wg=64", vec![ran("vulkan:0", 1)], vec![differs]);
        let of =
            |second: &CaseRecord| operations(&record(&engines(), &[&first, second]))[0].on(AxisLevel::Config).compared;
        assert_eq!(of(&second), 1, "two runs that agree");
        if let Outcome::Ran { runs, .. } = &mut second.executions[0].outcome {
            *runs = 1;
        }
        assert_eq!(of(&second), 0, "one run, of no fixed order");
        second.twins = vec![TwinDigest { arithmetic: Arithmetic::STRICT, digest: "0".repeat(32) }];
        assert_eq!(of(&second), 1, "a fixed order needs no second run");
    }

    #[test]
    fn the_cpus_threads_split_the_work_on_any_machine() {
        let cpu = |n: u32| Engine {
            kind: crate::model::record::EngineKind::Cpu,
            ..super::super::made::engine(&format!("cpu threads={n}"))
        };
        let differs = compared(AxisLevel::Threads, "cpu threads=1", "cpu threads=2", [1.0, 1.5]);
        let one = case("wg=32", vec![ran("cpu threads=1", 1), ran("cpu threads=2", 1)], vec![differs]);
        let record = record(&[cpu(1), cpu(2)], &[&one]);
        assert!(operations(&record)[0].on(AxisLevel::Threads).any_machine(), "it is this program's own code");
        assert_eq!(threads_or_variables(&record), (true, false), "no variable was set");
    }

    #[test]
    fn every_kernel_is_an_operation_or_a_probe() {
        for operation in &OPERATIONS {
            assert!(!operation.kernels.iter().any(|k| super::super::is_probe(k)), "{}", operation.name);
        }
        let mut seen = BTreeSet::new();
        assert!(OPERATIONS.iter().flat_map(|o| o.kernels).all(|k| seen.insert(k)), "of one operation each");
    }

    /// That two adapters gave other bits of what has no fixed order says nothing of the adapters.
    #[test]
    fn what_repeats_by_chance_is_not_compared() {
        let apart = || vec![compared(AxisLevel::Adapter, "vulkan:0", "vulkan:1", [1.0, 1.5])];
        let both = || vec![ran("vulkan:0", 1), ran("vulkan:1", 1)];
        for (interpreted, compared) in [(1, 1), (3, 0)] {
            let mut executions = both();
            executions.push(ran("embedded:0", interpreted));
            let case = case("wg=32", executions, apart());
            let record = record(&engines(), &[&case]);
            let rows = operations(&record);
            assert_eq!(rows[0].on(AxisLevel::Adapter).compared, compared, "{interpreted} results of the interpreter");
        }
    }

    /// One step of binary16 is thousands of binary32.
    #[test]
    fn a_size_of_binary16_says_so() {
        let apart = || vec![compared(AxisLevel::Adapter, "vulkan:0", "vulkan:1", [1.0, 1.5])];
        let mut case = case("wg=32", vec![ran("vulkan:0", 1), ran("vulkan:1", 1)], apart());
        let of =
            |case: &CaseRecord| operations(&record(&engines(), &[case]))[0].on(AxisLevel::Adapter).differing[0].brief();
        assert_eq!(of(&case), "0.50", "binary32");
        case.dtype = Dtype::F16;
        assert_eq!(of(&case), "0.50 f16", "binary16");
    }
}
