//! Trainings: integers give one digest on every engine whatever the launch, each planted liberty that concerns binary32 moves it,
//! a broken adapter is a line, and what goes wrong is one line.

use repro_audit::audit::train::{EPOCH, GOLDEN};
use repro_audit::model::training::{CPU, Factor, Trained, TrainingFile};

use crate::common::{adapters, program, run, status, stderr, words};

/// The result of `train` with these arguments, and its exit status.
fn trained(arguments: &[&str], fault: &str) -> (TrainingFile, i32) {
    let mut command = program(&[&["train", "--format", "json"], arguments].concat());
    if !fault.is_empty() {
        command.env("REPRO_AUDIT_FAULT", fault);
    }
    let output = run(&mut command);
    let file = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    (file, status(&output))
}

fn on<'f>(file: &'f TrainingFile, engine: &str) -> &'f Trained {
    let all = file.trainings.iter().filter(|t| t.factor == Factor::Adapter);
    all.clone().find(|t| t.engine == engine).unwrap_or_else(|| panic!("{engine} is not among {}", all.count()))
}

/// On a machine without adapters the interpreter alone is compared.
#[test]
fn integers_are_the_same_on_every_engine_and_in_every_launch() {
    let engines = adapters().len();
    let mut digests = std::collections::BTreeSet::new();
    for (workgroup, parts, reversed) in [("32", "1", false), ("64", "4", true), ("128", "32", false)] {
        let mut arguments =
            vec!["--arithmetic", "integer", "--epochs", "1", "--workgroup", workgroup, "--parts", parts];
        arguments.extend(reversed.then_some("--reversed"));
        arguments.extend(["--planted", "contract+flush+reassociate+reciprocal+builtins=4", "--planted", "schedule=7"]);
        let (file, status) = trained(&[&arguments[..], &["--fail-on", "drift"]].concat(), "");
        assert_eq!(status, 0, "within: {file:?}");
        assert!(file.engines().count() >= engines + 2, "every engine, and two planted: {engines}");
        for engine in file.engines() {
            assert_eq!((engine.equal, engine.steps), (Some(true), EPOCH), "{} {workgroup} {parts}", engine.label);
            assert_eq!(engine.failure, None, "{}", engine.label);
            digests.extend(engine.final_digest.clone());
        }
        digests.insert(file.reference);
    }
    assert_eq!(digests.len(), 1, "one digest: {digests:?}");
}

/// The interpreter alone would take long for all of it; `integers_are_the_same_on_every_engine_and_in_every_launch` has it.
#[test]
fn the_published_digest_is_that_of_every_adapter() {
    let named: Vec<String> = adapters().iter().filter(|a| !a.is_embedded()).map(|a| a.id()).collect();
    let mut arguments = vec!["--arithmetic", "integer", "--fail-on", "drift"];
    for id in &named {
        arguments.extend(["--adapter", id]);
    }
    if named.is_empty() {
        arguments.extend(["--adapter", "embedded"]);
    }
    let (file, status) = trained(&arguments, "");
    assert_eq!((status, file.golden.as_deref(), file.reference.as_str()), (0, Some(GOLDEN), GOLDEN), "published");
    for id in &named {
        assert_eq!(on(&file, id).final_digest.as_deref(), Some(GOLDEN), "{id}");
    }
}

#[test]
fn planted_liberties_move_binary32_and_are_told_with_their_tensor() {
    let planted = ["contract", "builtins=1", "reciprocal"];
    let mut arguments = vec!["--factor", "adapter", "--epochs", "1", "--adapter", "embedded:0"];
    for mode in planted {
        arguments.extend(["--planted", mode]);
    }
    let (file, status) = trained(&[&arguments[..], &["--fail-on", "drift"]].concat(), "");
    assert_eq!(status, 1, "they differ");
    assert_eq!(on(&file, "embedded:0").equal, Some(true), "strict");
    let tensors = ["hidden layer 2", "exponentials of the logits", "gradient of the logits"];
    for (index, tensor) in (1..).zip(tensors) {
        let engine = on(&file, &format!("embedded:{index}"));
        let parting = engine.parting.as_ref().unwrap_or_else(|| panic!("{} parts", engine.label));
        assert_eq!((engine.equal, parting.step, parting.tensor.as_str()), (Some(false), 0, tensor), "{}", engine.label);
        assert!(parting.differing > 0, "{parting:?}");
    }
    assert!(file.is_sound(), "its controls were caught");
    let mut command = program(&["train", "--arithmetic", "portable"]);
    command.args(&arguments);
    let output = run(&mut command);
    assert!(words(&output).contains("The same training gives the CPU's weights on 4 engines"), "{}", words(&output));
}

#[test]
fn a_broken_engine_is_a_line_and_the_others_finish() {
    let arguments = ["--arithmetic", "integer", "--adapter", "embedded", "--planted", "flush", "--epochs", "2"];
    let arguments = [&arguments[..], &["--interpreter-epochs", "2"]].concat();
    for (kind, said) in [("abort", "signal"), ("exit", "status 7"), ("garbage", "")] {
        let (file, status) = trained(&arguments, &format!("flush|{kind}|step=44"));
        assert_eq!(status, 4, "{kind}: incomplete");
        let (whole, broken) = (on(&file, "embedded:0"), on(&file, "embedded:1"));
        assert_eq!(
            (whole.steps, whole.equal, &whole.failure),
            (88, Some(true), &None),
            "{kind}: the other one finished"
        );
        let reason = broken.failure.as_deref().unwrap_or_default();
        assert_eq!(broken.steps, 44, "{kind}: {reason}");
        assert!(!reason.is_empty() && reason.contains(said), "{kind}: {reason}");
    }
}

#[test]
fn factors_are_measured_and_the_control_is_always_made() {
    let arguments = ["--factor", "ulp", "--factor", "init", "--factor", "fma", "--replicas", "3", "--epochs", "3"];
    let (file, status) = trained(&arguments, "");
    assert_eq!(status, 0, "nothing failed");
    let control = file.spread(Factor::Control).expect("the control");
    assert_eq!((control.digests, control.churn.value, control.l2), (1, 0.0, 0.0), "{control:?}");
    let init = file.spread(Factor::Init).expect("init");
    assert_eq!((init.replicas, init.digests), (3, 3), "{init:?}");
    assert!(init.l2 > 1.2 && init.cosine < 0.3 && init.differing > 0.99, "other weights altogether: {init:?}");
    let ulp = file.spread(Factor::Ulp).expect("ulp");
    assert!(ulp.digests > 1 && ulp.l2 < 1e-3 && ulp.differing > 0.01, "a little, in many weights: {ulp:?}");
    assert_eq!(file.spread(Factor::Fma).map(|s| (s.replicas, s.digests)), Some((2, 2)), "taken or not");
    let (again, _) = trained(&arguments, "");
    let digests = |f: &TrainingFile| f.trainings.iter().map(|t| t.final_digest.clone()).collect::<Vec<_>>();
    assert_eq!(digests(&file), digests(&again), "the threads do not matter");
    assert!(file.trainings.iter().all(|t| t.engine == CPU), "nothing but the CPU");
    // Threads, functions and pairs.
    let factors = ["--factor", "threads", "--factor", "functions", "--pair", "init+order", "--pair", "flush+ulp"];
    let (file, status) = trained(&[&factors[..], &["--replicas", "3", "--epochs", "3"]].concat(), "");
    assert_eq!(status, 0, "nothing failed");
    for factor in [Factor::Threads, Factor::Functions] {
        let spread = file.spread(factor).unwrap_or_else(|| panic!("{factor:?}"));
        assert_eq!((spread.replicas, spread.digests), (3, 3), "each is another training: {spread:?}");
        assert!(spread.l2 < 1e-3, "by a little: {spread:?}");
    }
    let first = file.spread(Factor::Functions).and_then(|s| s.parting.as_ref());
    assert_eq!(first.map(|p| (p.step, p.tensor.as_str())), Some((0, "exponentials of the logits")), "exp");
    let first = file.spread(Factor::Threads).and_then(|s| s.parting.as_ref());
    assert_eq!(first.map(|p| (p.step, p.tensor.as_str())), Some((0, "gradient of the weights")), "the batch's sums");
    let pair = |name: &str| file.spreads.iter().find(|s| s.name() == name).unwrap_or_else(|| panic!("{name}"));
    assert!(pair("init+order").l2 > 1.2, "other weights altogether");
    assert!((1e-9..1e-3).contains(&pair("flush+ulp").l2), "a little: {:?}", pair("flush+ulp"));
    // None of what is rounding alone moves integers.
    let arguments = ["--arithmetic", "integer", "--replicas", "3", "--epochs", "1"];
    let rounding =
        ["order", "atomics", "threads", "fma", "functions", "flush", "shuffle"].map(|f| ["--factor", f]).concat();
    let (file, _) = trained(&[&arguments[..], &rounding].concat(), "");
    for spread in &file.spreads {
        let same = spread.factor != Factor::Shuffle;
        assert_eq!(spread.digests == 1, same, "{spread:?}");
    }
}

#[test]
fn what_can_not_be_trained_is_one_line() {
    for (arguments, said) in [
        (vec!["--replicas", "0"], "--replicas"),
        (vec!["--epochs", "0"], "--epochs"),
        (vec!["--factor", "weather"], "weather"),
        (vec!["--arithmetic", "decimal"], "decimal"),
        (vec!["--adapter", "no such"], "matches nothing"),
        (vec!["--factor", "vary"], "needs --vary"),
        (vec!["--vary", "LP_NUM_THREADS"], "NAME=a,b"),
        (vec!["--factor", "contention", "--adapter", "embedded"], "cannot be changed here"),
        (vec!["--vary", "X=1,2", "--adapter", "embedded"], "cannot be changed here"),
        (vec!["--factor", "ulp", "--weights", "/dev/null/x"], "--weights"),
        (vec!["--pair", "init"], "FACTOR+FACTOR"),
        (vec!["--pair", "init+weather"], "'weather' is no factor"),
        (vec!["--pair", "order+atomics"], "change the same"),
        (vec!["--pair", "adapter+ulp"], "not changed together"),
        (vec!["--parts", "2"], "--arithmetic integer"),
        (vec!["--arithmetic", "integer", "--parts", "3"], "is not 1, 2, 4"),
        (vec!["--factor", "ulp", "--adapter", "embedded"], "--factor adapter"),
    ] {
        let output = run(&mut program(&[&["train"], &arguments[..]].concat()));
        let told = stderr(&output);
        assert_eq!(status(&output), 2, "{arguments:?}: {told}");
        assert!(told.contains(said) && told.trim_end().lines().count() == 1, "{arguments:?}: {told}");
    }
}

/// One adapter is trained on again and again, and says what changes it.
#[test]
fn an_adapter_is_trained_on_with_variables_and_under_load() {
    let named = adapters();
    let Some(adapter) = named.iter().find(|a| a.label().contains("llvmpipe") && !a.is_embedded()) else {
        let output = run(&mut program(&["train", "--factor", "contention", "--adapter", "embedded"]));
        assert_eq!(status(&output), 2, "the interpreter is no adapter: {}", stderr(&output));
        return;
    };
    let id = adapter.id();
    let arguments = ["--arithmetic", "integer", "--adapter", &id, "--epochs", "1", "--replicas", "3"];
    let factors = ["--factor", "contention", "--vary", "LP_NUM_THREADS=1,2"];
    let (file, within) = trained(&[&arguments[..], &factors].concat(), "");
    assert_eq!(within, 0, "{file:?}");
    for (factor, trainings) in [(Factor::Vary, 4), (Factor::Contention, 3)] {
        let spread = file.spreads.iter().find(|s| s.factor == factor).unwrap_or_else(|| panic!("{factor:?}"));
        assert_eq!((spread.replicas, spread.digests), (trainings, 1), "integers do not move: {spread:?}");
        assert_eq!((spread.engine.as_deref(), file.repeats(spread)), (Some(id.as_str()), Some(true)), "{spread:?}");
    }
    let changed: Vec<&str> =
        file.trainings.iter().filter(|t| t.factor == Factor::Vary).map(|t| t.changed.as_str()).collect();
    assert_eq!(changed, ["nothing", "nothing", "LP_NUM_THREADS=1", "LP_NUM_THREADS=2"]);
    assert!(file.trainings.iter().all(|t| t.failure.is_none()), "{:?}", file.trainings);
}

#[test]
fn weights_are_tensors_that_diff_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (weights, record) = (path("weights"), path("record"));
    let arguments = ["--factor", "ulp", "--replicas", "2", "--epochs", "1", "--weights", &weights];
    let (file, within) = trained(&arguments, "");
    assert_eq!(within, 0, "{file:?}");
    let diff = |left: &str, right: &str| {
        let file = |name: &str| format!("{weights}/cpu.{name}.safetensors");
        run(&mut program(&["diff", &file(left), &file(right), "--fail-on", "anything", "--full"]))
    };
    let output = diff("control.0", "control.1");
    assert_eq!(status(&output), 0, "the same weights: {}{}", words(&output), stderr(&output));
    let output = diff("ulp.0", "ulp.1");
    assert_eq!(status(&output), 1, "one weight moved all: {}{}", words(&output), stderr(&output));
    assert!(words(&output).contains("layer1.weight"), "{}", words(&output));
    let arguments = ["--arithmetic", "integer", "--epochs", "1", "--adapter", "embedded:0", "--out", &record];
    let (file, within) = trained(&[&arguments[..], &["--weights", &weights]].concat(), "");
    assert_eq!(within, 0, "{file:?}");
    let (engine, cpu) = ("embedded-0.adapter.1.safetensors", "cpu.adapter.0.safetensors");
    let both = [format!("{weights}/{cpu}"), format!("{weights}/{engine}")];
    let output = run(&mut program(&["diff", &both[0], &both[1], "--fail-on", "anything"]));
    assert_eq!(status(&output), 0, "as its digest says: {}{}", words(&output), stderr(&output));
    let bytes = std::fs::read(&both[1]).expect("weights");
    let length = bytes.first_chunk::<8>().map_or(0, |b| u64::from_le_bytes(*b));
    let header: serde_json::Value =
        serde_json::from_slice(&bytes[8..8 + usize::try_from(length).expect("short")]).expect("a header");
    let told = |name: &str| header["__metadata__"][name].as_str().unwrap_or_default().to_owned();
    let written = repro_audit::record::read(std::path::Path::new(&format!("{record}/record.json"))).expect("a record");
    let case = "train/perceptron?data=871a762e&arithmetic=integer&seed=42&steps=44&wg=64";
    assert_eq!([told("record"), told("case"), told("step")], [written.id, case.to_owned(), "44".to_owned()]);
    assert_eq!(header["layer1.weight"]["shape"], serde_json::json!([64, 128]), "{header}");
}

/// A record of it is one as any other: it can be read, shown, compared with itself and locked.
#[test]
fn a_training_becomes_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let arguments =
        ["--arithmetic", "integer", "--epochs", "2", "--interpreter-epochs", "2", "--adapter", "embedded:0"];
    let (file, within) = trained(&[&arguments[..], &["--out", &out]].concat(), "");
    assert_eq!(within, 0, "within: {file:?}");
    let path = folder.path().join("record.json");
    let record = repro_audit::record::read(&path).expect("a record");
    let (there, made) = (&record.trainings[0], on(&file, "embedded:0"));
    assert_eq!((record.trainings.len(), &there.reference), (1, &file.reference), "as printed");
    let digest = there.engines().next().and_then(|t| t.epochs.last()).map(|e| e.digest.clone());
    assert_eq!(digest, made.final_digest, "the last epoch");
    let path = path.display().to_string();
    let output = run(&mut program(&["report", &path, "--full"]));
    assert!(words(&output).contains("The integer training has the CPU's digest"), "{}", words(&output));
    let lock = folder.path().join("repro.lock").display().to_string();
    let output = run(&mut program(&["lock", &path, "--out", &lock]));
    let text = std::fs::read_to_string(&lock).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)));
    for steps in [44, 88] {
        let case = format!("train/perceptron?data=871a762e&arithmetic=integer&seed=42&steps={steps}&wg=64");
        assert!(text.contains(&case), "{case}: {text}");
    }
    // An interpreter trains as long again as the lock has it there.
    let again = folder.path().join("again").display().to_string();
    let output = run(&mut program(&["check", "--lock", &lock, "--run", "--out", &again]));
    assert_eq!(status(&output), 0, "{}{}", words(&output), stderr(&output));
    assert!(words(&output).contains("2 results judged"), "{}", words(&output));
    std::fs::write(&lock, text.replace("data=871a762e", "data=00000000")).expect("written");
    let output = run(&mut program(&["check", "--lock", &lock, "--run", "--out", &again]));
    assert_ne!(status(&output), 0, "other data are not trained on: {}", words(&output));
    let output = run(&mut program(&["train", "--factor", "init", "--out", &out]));
    assert_eq!(status(&output), 2, "a record is of engines: {}", stderr(&output));
}
