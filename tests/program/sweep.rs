//! Sweeps: a wrong function is caught, a changed result changes the digest of its block alone, and what goes wrong is one line.

use crate::common::{adapters, program, run, status, stderr, without_adapters, words};
use repro_audit::audit::sweep;
use repro_audit::engines::{Answer, Chunk, Engine, RunError, Stream};
use repro_audit::facts::sweep::compare;
use repro_audit::kernels::sweep::{Sweepable, functions};
use repro_audit::model::sweep::{AdapterSweep, BLOCK, Inputs, SweepFile, Swept};
use repro_audit::model::{AdapterIdentity, Skip, Task};
use repro_audit::numerics::arith::format::Format;
use repro_audit::numerics::sweep::order::{self, Order, sampled};

/// Which results an engine gives.
type Results = Box<dyn Fn(u32, u32) -> u32 + Send>;

/// An engine that gives a function's correctly rounded results, but for what `results` makes of them.
struct Planted {
    identity: AdapterIdentity,
    function: Sweepable,
    sample: bool,
    results: Results,
    poison: Option<u32>,
}

impl Engine for Planted {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn run(&mut self, _: &Task, _: u32) -> Answer {
        Answer::Skipped(Skip::CpuOnly)
    }

    fn stream(&mut self, stream: &mut Stream<'_>) -> Result<Result<(), Skip>, RunError> {
        let n = u32::try_from(stream.program.output.len).expect("a chunk");
        for (index, content) in (&mut *stream.contents).enumerate() {
            let length = 1u32 << content[1];
            let chunk = order::Chunk { first: content[0], length, runs: n / length, sample: self.sample };
            let patterns: Vec<u32> = (0..n).map(|i| chunk.pattern(i)).collect();
            let mut right = vec![0; patterns.len()];
            self.function.function.fill(&patterns, &mut right);
            let words: Vec<u32> = patterns.iter().zip(right).map(|(p, r)| (self.results)(*p, r)).collect();
            (stream.take)(Chunk { index, words: &words, poison: self.poison })?;
        }
        Ok(Ok(()))
    }
}

fn function(name: &str) -> Sweepable {
    functions(Format::F32).into_iter().find(|s| s.function.name == name).expect("a function")
}

/// Two chunks of all inputs, or the sample, of results that `results` makes of the input and the right result.
fn swept(name: &str, inputs: Inputs, threads: usize, results: Results) -> Result<Swept, RunError> {
    swept_as(function(name), function(name), inputs, threads, results)
}

fn swept_as(
    computed: Sweepable,
    expected: Sweepable,
    inputs: Inputs,
    threads: usize,
    results: Results,
) -> Result<Swept, RunError> {
    let order = Order { inputs, bits: 32, blocks: 4, most: Some(2), from: 0 };
    let mut engine = Planted {
        identity: AdapterIdentity::unlisted("planted"),
        function: computed,
        sample: inputs == Inputs::Stratified,
        results,
        poison: Some(0x7fad_7e5d),
    };
    let mut told = Vec::new();
    let done = sweep::run(&mut engine, &expected, order, threads, &mut |done| {
        told.push(done);
        Ok(())
    });
    let found = done?.map_err(|why| RunError::Driver(format!("skipped: {why}")))?;
    let whole = told.is_sorted() && told.last() == Some(&order.count());
    whole.then_some(found).ok_or_else(|| RunError::Driver(format!("progress: {told:?}")))
}

#[test]
fn right_results_are_right_in_both_signs() {
    for name in ["sin", "cos", "exp", "atanh", "sqrt", "inverseSqrt", "sign", "floor"] {
        let found = swept(name, Inputs::All, 2, Box::new(|_, r| r)).expect("it runs");
        assert_eq!(found.count, 1 << 23, "{name}: two chunks");
        assert_eq!((found.right, found.outside, found.allowed, found.unlimited), (found.count, 0, 0, 0), "{name}");
        assert_eq!((found.worst_ulp, found.worst_absolute, found.blocks.len()), (None, None, 8), "{name}");
        assert!(found.sample.is_empty(), "{name}: the sample was not seen whole");
    }
}

#[test]
fn a_wrong_function_is_caught() {
    let found = swept_as(function("cos"), function("sin"), Inputs::Stratified, 1, Box::new(|_, r| r)).expect("it runs");
    assert!(found.outside > 100_000, "cos for sin: {}", found.outside);
    assert_eq!(found.right + found.allowed + found.unlimited + found.outside, found.count, "each is one of these");
    let worst = found.worst_absolute.expect("an error");
    assert!(
        (1.0..=2.0).contains(&worst.error),
        "cos - sin is at most the root of two, and more by cancellation: {worst:?}"
    );
    let exp = swept_as(function("exp2"), function("exp"), Inputs::Stratified, 1, Box::new(|_, r| r)).expect("it runs");
    assert!(exp.outside > 10_000, "exp2 for exp: {}", exp.outside);
    // One unit where the specification allows three is no fault, and four are one. 1.5 is in the sample or not: it is
    // made so by trying all of them.
    for (steps, outside) in [(1u32, false), (8, true)] {
        let found = swept(
            "inverseSqrt",
            Inputs::Stratified,
            1,
            Box::new(move |p, r| if p >> 23 == 127 { r + steps } else { r }),
        );
        let found = found.expect("it runs");
        assert_eq!(found.outside > 0, outside, "{steps} steps: {found:?}");
        assert_eq!(found.histogram.iter().map(|b| (b.up_to, b.count)).collect::<Vec<_>>(), [(u64::from(steps), 2048)]);
        let worst = found.worst_ulp.expect("an error").error;
        assert!(
            (worst - f64::from(steps)).abs() <= 0.5 + f64::EPSILON || worst <= 2.0 * f64::from(steps) + 0.5,
            "{worst}"
        );
    }
}

#[test]
fn a_changed_result_changes_the_digest_of_its_block_alone() {
    let plain = swept("exp", Inputs::All, 2, Box::new(|_, r| r)).expect("it runs");
    // In the second of the negative blocks of the second chunk: patterns from 0x80300000 on.
    let place = 0x8030_1234u32;
    let change = move |p: u32, r: u32| if p == place { r ^ 1 } else { r };
    let changed = swept("exp", Inputs::All, 2, Box::new(change)).expect("it runs");
    let differing: Vec<usize> = (0..plain.blocks.len()).filter(|i| plain.blocks[*i] != changed.blocks[*i]).collect();
    // Blocks 0 to 3 are positive, then come those of 0x80000000 to 0x803fffff.
    assert_eq!(differing, [7], "one block of {}", BLOCK);
    assert_eq!((changed.count - changed.right, changed.histogram.len()), (1, 1), "one result");
    assert_eq!(changed.worst_ulp.expect("an error").at.input, place, "and it is told where");
    // The same of the sample.
    let plain = swept("exp", Inputs::Stratified, 1, Box::new(|_, r| r)).expect("it runs");
    let part = 77usize;
    let place = sampled(u32::try_from(part).expect("small") * 4096 + 5);
    let change = move |p: u32, r: u32| if p == place { r ^ 1 } else { r };
    let changed = swept("exp", Inputs::Stratified, 1, Box::new(change)).expect("it runs");
    let differing: Vec<usize> = (0..plain.sample.len()).filter(|i| plain.sample[*i] != changed.sample[*i]).collect();
    assert_eq!((plain.sample.len(), differing), (256, vec![part]), "one part of the sample");
    // Another NaN is no other result.
    let nan = |_: u32, r: u32| if f32::from_bits(r).is_nan() { 0xffc0_0001 } else { r };
    let other = swept("exp", Inputs::Stratified, 1, Box::new(nan)).expect("it runs");
    assert_eq!((other.right, &other.sample), (plain.right, &plain.sample), "any NaN is any other");
}

#[test]
fn counts_do_not_depend_on_the_threads() {
    let results = |p: u32, r: u32| if p.is_multiple_of(7) { r.wrapping_add(p % 5) } else { r };
    let one = swept("sin", Inputs::All, 1, Box::new(results)).expect("it runs");
    let three = swept("sin", Inputs::All, 3, Box::new(results)).expect("it runs");
    assert!(one.right < one.count, "some differ");
    assert_eq!(Swept { seconds: 0.0, ..one }, Swept { seconds: 0.0, ..three }, "on one and three");
}

#[test]
fn a_result_that_was_never_written_is_told() {
    let place = 0x0012_3456u32;
    let found = swept("exp", Inputs::All, 2, Box::new(move |p, r| if p == place { 0x7fad_7e5d } else { r }));
    match found {
        Err(RunError::Unwritten { count: 1, first, .. }) => assert_eq!(first, 0x0012_3456, "and where"),
        other => panic!("{other:?}"),
    }
}

fn file(path: &std::path::Path) -> SweepFile {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("a sweep")
}

#[test]
fn the_interpreter_is_right_and_a_planted_defect_is_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (strict, both) = (folder.path().join("strict.json"), folder.path().join("both.json"));
    let names = [strict.to_str().expect("a name"), both.to_str().expect("a name")];
    let sweep = |more: &[&str]| {
        run(&mut without_adapters(
            &[&["sweep", "exp2", "SQRT", "--inputs", "stratified", "--adapter", "embedded"], more].concat(),
        ))
    };
    let output = sweep(&["--out", names[0]]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert!(
        words(&output).starts_with("No result of 2 sweeps is one that the specification forbids"),
        "{}",
        words(&output)
    );
    for found in &file(&strict).sweeps[0].functions {
        assert_eq!((found.right, found.count, found.sample.len()), (1 << 20, 1 << 20, 256), "{}", found.function);
    }
    let output = sweep(&["--planted", "flush", "--out", names[1], "--format", "json"]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let printed: SweepFile = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(printed, file(&both), "what is printed is what is written");
    let flushed = &printed.sweeps[1].functions[0];
    assert!(flushed.classes.flushed > 0 && flushed.outside == 0, "flushing is allowed: {flushed:?}");
    // One file's adapters, and two files.
    let output = run(&mut program(&["sweep", "--compare", names[1]]));
    assert!(words(&output).starts_with("2 of 2 functions differ"), "{}", words(&output));
    let output = run(&mut program(&["sweep", "--compare", names[0], names[0], "--fail-on", "drift"]));
    assert_eq!(status(&output), 0, "{}", words(&output));
    assert!(words(&output).starts_with("2 functions: the same results at the same inputs"), "{}", words(&output));
    assert!(words(&output).contains("Of a sample nothing is known of the other inputs"), "{}", words(&output));
    let output = run(&mut program(&["sweep", "--compare", names[0]]));
    assert!(stderr(&output).contains("nothing to compare it with"), "{}", stderr(&output));
    // Nothing else is written over.
    std::fs::write(&strict, "precious").expect("written");
    let output = sweep(&["--out", names[0]]);
    assert_eq!((status(&output), std::fs::read_to_string(&strict).expect("there")), (2, "precious".to_owned()));
    let output = run(&mut program(&["sweep", "--compare", names[0], names[1]]));
    assert_eq!(status(&output), 5, "{}", stderr(&output));
}

/// All 2^16 inputs of binary16 where an adapter has it; the interpreter always does.
#[test]
fn every_binary16_number_is_tried() {
    let has = |a: &AdapterIdentity| a.features.contains(&repro_audit::model::task::Feature::ShaderF16);
    let with: Vec<_> = adapters().into_iter().filter(has).map(|a| a.id()).collect();
    assert!(with.iter().any(|id| id.starts_with("embedded")), "{with:?}");
    for id in with {
        let output = run(&mut program(&[
            "sweep",
            "--dtype",
            "f16",
            "--adapter",
            &id,
            "--format",
            "json",
            "exp",
            "sqrt",
            "cos",
            "floor",
        ]));
        assert_eq!(status(&output), 0, "{id}: {}", stderr(&output));
        let found: SweepFile = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(found.sweeps[0].functions.len(), 4, "{id}: {:?}", found.sweeps[0].missing);
        for swept in &found.sweeps[0].functions {
            assert_eq!((swept.count, swept.blocks.len()), (65_536, 1), "{id}: {}", swept.function);
            assert_eq!(swept.outside, 0, "{id}: {swept:?}");
            assert!(!id.starts_with("embedded") || swept.right == swept.count, "the interpreter is right: {swept:?}");
        }
    }
}

#[test]
fn pairs_of_binary16_numbers_are_tried() {
    let output = run(&mut without_adapters(&[
        "sweep",
        "pow",
        "div",
        "atan2",
        "--dtype",
        "f16",
        "--inputs",
        "stratified",
        "--adapter",
        "embedded",
        "--format",
        "json",
    ]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let found: SweepFile = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found.sweeps[0].functions.len(), 3, "{:?}", found.sweeps[0].missing);
    for swept in &found.sweeps[0].functions {
        assert_eq!((swept.count, swept.operands, swept.right), (1 << 20, 2, 1 << 20), "{swept:?}");
    }
}

#[test]
fn a_driver_that_dies_or_hangs_is_one_line_and_the_rest_is_swept() {
    let arguments = ["sweep", "exp", "exp2", "--inputs", "stratified", "--adapter", "embedded", "--timeout", "5"];
    for (kind, told) in [("abort", "died of signal"), ("hang", "no answer within 5 s"), ("garbage", "it wrote")] {
        let mut command = without_adapters(&arguments);
        command.env("REPRO_AUDIT_FAULT", format!("|{kind}|sweep/exp2"));
        let output = run(&mut command);
        let text = stderr(&output);
        assert_eq!(status(&output), 4, "{kind}: {text}");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.len() == 1 && lines[0].contains(told) && lines[0].contains("exp2"), "{kind}: {text}");
        assert!(words(&output).contains("1 function could not be swept"), "{kind}: {}", words(&output));
    }
}

#[test]
fn bad_names_are_told_with_what_could_be_meant() {
    let refused = |arguments: &[&str]| {
        let output = run(&mut without_adapters(&[&["sweep"], arguments].concat()));
        assert_eq!(status(&output), 2, "{arguments:?}: {}", stderr(&output));
        stderr(&output)
    };
    assert!(refused(&["sinn"]).contains("did you mean sign or sin?"), "spelled alike");
    assert!(refused(&["pow"]).contains("two operands"), "no function of one number");
    assert!(refused(&["matmul"]).contains("the functions are abs"), "no function");
    assert!(refused(&["sin", "--adapter", "nothing"]).contains("matches nothing"), "no adapter");
    assert!(refused(&["--fail-on", "drift"]).contains("--compare"), "nothing to compare");
    let output = run(&mut without_adapters(&["sweep", "sin"]));
    assert_eq!(status(&output), 4, "{}", stderr(&output));
    assert!(stderr(&output).contains("no adapter has a driver here"), "{}", stderr(&output));
}

#[test]
fn sweeps_are_compared_by_what_both_have() {
    let one = swept("exp", Inputs::Stratified, 1, Box::new(|_, r| r)).expect("it runs");
    let file = |engine: &str, functions: Vec<Swept>| SweepFile {
        sweep_version: 1,
        program: "0".to_owned(),
        sweeps: vec![AdapterSweep {
            engine: engine.to_owned(),
            adapter: AdapterIdentity::unlisted("planted"),
            functions,
            missing: Vec::new(),
        }],
    };
    let other = |change: &dyn Fn(&mut Swept)| {
        let mut other = one.clone();
        change(&mut other);
        file("b:0", vec![other])
    };
    let plain = file("a:0", vec![one.clone()]);
    let compared = |right: &SweepFile| compare(&plain, Some(right)).expect("a pair").remove(0);
    let digest = "0".repeat(32);
    let changed = other(&|s| [3, 4, 255].iter().for_each(|i| s.sample[*i].clone_from(&digest)));
    let found = &compared(&changed).functions[0];
    assert_eq!((found.whole, found.compared, found.differing), (false, 256, 3), "of the sample");
    assert_eq!(found.ranges, [[0x0300_0000, 0x04ff_ffff], [0xff00_0000, 0xffff_ffff]], "neighbours are one range");
    // All inputs on one side only: the sample is in both. Neither: nothing is said.
    let blocks = |s: &mut Swept| s.blocks = vec![digest.clone(); 4096];
    assert_eq!(compared(&other(&blocks)).functions[0].differing, 0, "by the sample");
    let nothing = compared(&other(&|s| s.sample.clear()));
    assert_eq!((nothing.functions.len(), nothing.apart), (0, vec!["exp".to_owned()]), "other inputs");
    let forged = compared(&other(&|s| s.sample[0] = "not a digest".to_owned()));
    assert_eq!((forged.functions.len(), forged.apart.len()), (0, 1), "no digests");
    let renamed = compared(&other(&|s| s.function = "exp2".to_owned()));
    assert_eq!(renamed.only, [vec!["exp".to_owned()], vec!["exp2".to_owned()]], "of one side each");
    let mut two = changed.clone();
    two.sweeps.push(plain.sweeps[0].clone());
    assert_eq!(compare(&two, None).expect("a pair").len(), 1, "those of one file");
    assert_eq!(compare(&plain, Some(&two)).expect("a pair").len(), 1, "the one with the same id");
    two.sweeps.truncate(1);
    two.sweeps.push(changed.sweeps[0].clone());
    assert!(compare(&plain, Some(&two)).is_err(), "no adapter of both");
    assert!(compare(&plain, None).is_err(), "nothing to compare with");
}
