//! Kernels that nobody here wrote: the embedded adapter must give every bit that lavapipe gives, but for listed
//! differences whose cause is tested too, and must notice what is wrong with a kernel, and no more. See
//! `foreign/README.md`.

mod causes;
mod guard;
mod load;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use causes::{Change, Test, cause};
use libtest_mimic::{Failed, Trial};
use load::{Kernel, Output};
use repro_audit::engines::{RunError, gpu, interpreter};
use repro_audit::kernels::Program;
use repro_audit::model::FindingKind;

/// `kernel | causes | explanation`. One that has gone is reported too.
static DIFFERENCES: LazyLock<String> = LazyLock::new(|| load::table("known_differences.txt"));

/// `kernel | finding | places | explanation`: what the embedded adapter notices, each confirmed by reading the kernel.
static FINDINGS: LazyLock<String> = LazyLock::new(|| load::table("known_findings.txt"));

/// The rows of such a table.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let line = |l: &&str| !l.starts_with('#') && !l.trim().is_empty();
    table.lines().filter(line).map(|l| l.split('|').map(str::trim).collect())
}

/// What is listed of a kernel's findings: their kinds and places.
fn listed_findings(kernel: &str) -> BTreeSet<(String, String)> {
    rows(&FINDINGS)
        .filter(|r| r[0] == kernel)
        .flat_map(|r| {
            let places: Vec<_> = if r[2].is_empty() { vec![""] } else { r[2].split_whitespace().collect() };
            places.into_iter().map(|p| (r[1].to_owned(), p.to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

/// The listed causes of a kernel's differences.
fn listed(kernel: &str) -> Vec<&'static causes::Cause> {
    rows(&DIFFERENCES)
        .filter(|r| r[0] == kernel)
        .flat_map(|r| r[1].split_whitespace().map(cause).collect::<Vec<_>>())
        .collect()
}

fn changed<'c>(program: &Program, changes: impl Iterator<Item = &'c Change>) -> Program {
    Program { source: changes.fold(program.source.clone(), |text, c| c.apply(&text)), ..program.clone() }
}

/// The program without what the two adapters may compute differently, where that can be taken away.
fn plain(program: &Program, causes: &[&'static causes::Cause]) -> Program {
    let both = causes.iter().filter_map(|c| if let Test::Both(change) = &c.test { Some(change) } else { None });
    let program = changed(program, both);
    let zero = causes.iter().find_map(|c| if let Test::Guarded(zero) = c.test { Some(zero) } else { None });
    match zero {
        Some(zero) => Program { source: guard::guarded(&program.source, zero), ..program },
        None => program,
    }
}

/// Whether there is something to take away.
fn has_plain(causes: &[&'static causes::Cause]) -> bool {
    causes.iter().any(|c| matches!(c.test, Test::Both(_) | Test::Guarded(_)))
}

/// What lavapipe gave: by kernel, output, and whether the program was [`plain`].
type Answers = BTreeMap<(String, String, bool), Result<Vec<u32>, String>>;

/// The child's side: every kernel on lavapipe, one line of JSON for each output.
pub(crate) fn serve() {
    let lavapipe = gpu::enumerate("vulkan").into_iter().find(|a| a.matches("llvmpipe")).expect("lavapipe");
    let (_, mut runner) = gpu::open("vulkan", lavapipe.index).expect("lavapipe opens");
    for kernel in load::files().iter().map(|f| load::kernel(f)) {
        let causes = listed(&kernel.name);
        for output in &kernel.outputs {
            let mut programs = vec![(false, output.program.clone())];
            if has_plain(&causes) {
                programs.push((true, plain(&output.program, &causes)));
            }
            for (is_plain, program) in programs {
                let words = match runner.run(&program, 1) {
                    Ok(Ok(runs)) => runs.distinct[0].bits.clone().map(|b| b.words).ok_or_else(String::new),
                    Ok(Err(skip)) => Err(skip.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                let line = (&kernel.name, &output.title, is_plain, words);
                println!("{}", serde_json::to_string(&line).expect("it is written"));
            }
        }
    }
}

/// Asks a child for lavapipe's answers.
fn ask() -> Answers {
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    let output = child.arg("--serve").stderr(Stdio::inherit()).output().expect("the child runs");
    let mut answers = Answers::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (kernel, title, is_plain, words) = serde_json::from_str(line).expect("a line of the child's");
        answers.insert((kernel, title, is_plain), words);
    }
    answers
}

/// How two outputs differ, in a sentence; nothing where they do not.
fn difference(ours: &[u32], theirs: &[u32], floats: &[bool]) -> Option<String> {
    let different: Vec<usize> = (0..ours.len()).filter(|i| ours[*i] != theirs[*i]).collect();
    let at = *different.first()?;
    let integers = different.iter().filter(|i| !floats[**i]).count();
    let show = |w: u32| if floats[at] { format!("{w:08x} ({:e})", f32::from_bits(w)) } else { format!("{w:08x}") };
    Some(format!(
        "{} of {} words differ, {integers} of them integers; the first at {at}: embedded {}, lavapipe {}",
        different.len(),
        ours.len(),
        show(ours[at]),
        show(theirs[at])
    ))
}

fn compute(program: &Program, mode: &str) -> Result<Vec<u32>, String> {
    let mut runner = interpreter::Runner::open(mode.parse().map_err(|e| format!("{e}"))?);
    runner.compute(program).map_err(|e| format!("embedded: {e}"))
}

/// One output: whether it differs at all, and for other reasons than the listed ones.
struct Comparison {
    differs: bool,
    unexplained: Option<String>,
}

/// Compares an output: where it differs, again with lavapipe's causes imitated, or taken away where they cannot be.
fn compare(kernel: &Kernel, output: &Output, answers: &Answers, strict: &str) -> Result<Comparison, String> {
    let causes = listed(&kernel.name);
    let theirs = |is_plain| {
        let key = (kernel.name.clone(), output.title.clone(), is_plain);
        answers.get(&key).cloned().unwrap_or_else(|| Err("no answer".to_owned()))
    };
    let lavapipe = theirs(false).map_err(|e| format!("lavapipe: {e}"))?;
    let ours = compute(&output.program, strict)?;
    let Some(how) = difference(&ours, &lavapipe, &output.floats) else {
        return Ok(Comparison { differs: false, unexplained: None });
    };
    if causes.is_empty() {
        return Ok(Comparison { differs: true, unexplained: Some(how) });
    }
    let defects = causes.iter().filter_map(|c| if let Test::Defect(d) = c.test { Some(d) } else { None });
    let mode = defects.fold(strict.to_owned(), |mode, d| format!("{mode}+{d}"));
    let models = causes.iter().filter_map(|c| if let Test::Model(change) = &c.test { Some(change) } else { None });
    let imitated = plain(&changed(&output.program, models), &causes);
    let lavapipe = theirs(has_plain(&causes)).map_err(|e| format!("lavapipe without the causes: {e}"))?;
    let ours = compute(&imitated, &mode)?;
    // What follows the order of execution has no one answer, only the same records in some order.
    let order = causes.iter().find_map(|c| if let Test::Order(records) = c.test { Some(records) } else { None });
    let by_order = (FindingKind::OrderDependent.name().to_owned(), output.title.clone());
    let unexplained = match order {
        Some(records) if listed_findings(&kernel.name).contains(&by_order) => records.difference(&ours, &lavapipe),
        _ => difference(&ours, &lavapipe, &output.floats),
    };
    Ok(Comparison {
        differs: true,
        unexplained: unexplained.map(|how| format!("other differences than the listed ones: {how}")),
    })
}

/// Equal, or different for the listed causes, all of them.
fn agrees(kernel: &Kernel, answers: &Answers, subgroup: u32) -> Result<(), Failed> {
    let strict = format!("subgroup={subgroup}");
    let mut wrong = Vec::new();
    let mut differs = false;
    for output in &kernel.outputs {
        match compare(kernel, output, answers, &strict) {
            Ok(Comparison { differs: here, unexplained }) => {
                differs |= here;
                wrong.extend(unexplained.map(|how| format!("{}: {how}", output.title)));
            }
            Err(error) => wrong.push(format!("{}: {error}", output.title)),
        }
    }
    let causes = listed(&kernel.name);
    // In one order of execution or another two adapters may agree.
    if !differs && !causes.is_empty() && !causes.iter().all(|c| matches!(c.test, Test::Order(_))) {
        wrong.push("it is listed as different and is equal now".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The kernel does something.
fn writes(kernel: &Kernel) -> Result<(), Failed> {
    for output in &kernel.outputs {
        if compute(&output.program, "strict")? != output.before {
            return Ok(());
        }
    }
    Err("nothing was written".into())
}

/// What the embedded adapter notices under three orders of execution is what is listed.
fn notices(kernel: &Kernel) -> Result<(), Failed> {
    let mut runner = interpreter::Runner::open(interpreter::Mode::default());
    let mut found = BTreeSet::new();
    for output in &kernel.outputs {
        let runs = match runner.run(&output.program, 3) {
            Ok(Ok(runs)) => runs,
            Ok(Err(skip)) => return Err(format!("{}: skipped: {skip}", output.title).into()),
            Err(RunError::Stopped(why)) if why.contains("did not end") => {
                found.insert(("does-not-end".to_owned(), String::new()));
                break;
            }
            Err(error) => return Err(format!("{}: {error}", output.title).into()),
        };
        for finding in runs.findings {
            let line = finding.line.map(|l| l.to_string()).unwrap_or_default();
            let place = if finding.kind == FindingKind::OrderDependent { output.title.clone() } else { line };
            found.insert((finding.kind.name().to_owned(), place));
        }
    }
    let listed = listed_findings(&kernel.name);
    if found == listed { Ok(()) } else { Err(format!("found {found:?}, listed are {listed:?}").into()) }
}

fn lists_name_what_is_here(kernels: &[Arc<Kernel>]) -> Result<(), Failed> {
    for row in rows(&DIFFERENCES).chain(rows(&FINDINGS)) {
        if !kernels.iter().any(|k| k.name == row[0]) {
            return Err(format!("'{}' is listed, and no kernel", row[0]).into());
        }
        if row.last().is_none_or(|why| why.is_empty()) {
            return Err(format!("'{}' is listed without a reason", row[0]).into());
        }
    }
    Ok(())
}

/// Every foreign kernel, on the interpreter and on lavapipe; nothing is run where they are only `listed`.
pub(crate) fn trials(listed: bool) -> Vec<Trial> {
    let lavapipe = crate::common::adapters().into_iter().find(|a| a.backend == "vulkan" && a.matches("llvmpipe"));
    assert!(
        lavapipe.is_some() || std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_none(),
        "REPRO_AUDIT_TEST_ADAPTERS is set, and there is no lavapipe"
    );
    let answers = Arc::new(if lavapipe.is_some() && !listed { ask() } else { Answers::new() });
    let kernels: Vec<_> = load::files().iter().map(|f| Arc::new(load::kernel(f))).collect();
    let mut trials = Vec::new();
    for kernel in kernels.iter().cloned() {
        let noticed = Arc::clone(&kernel);
        trials.push(crate::trial("foreign", format!("{}::findings", kernel.name), move || notices(&noticed)));
        let written = Arc::clone(&kernel);
        trials.push(crate::trial("foreign", format!("{}::writes", kernel.name), move || writes(&written)));
        let name = format!("{}::agrees_with_lavapipe", kernel.name);
        let answers = Arc::clone(&answers);
        let subgroup = lavapipe.as_ref().map_or(8, |a| a.subgroup_sizes[0]);
        let trial = crate::trial("foreign", name, move || agrees(&kernel, &answers, subgroup));
        // Without lavapipe there is nothing to compare with.
        trials.push(trial.with_ignored_flag(lavapipe.is_none()));
    }
    trials.push(crate::trial("foreign", "lists_name_what_is_here", move || lists_name_what_is_here(&kernels)));
    trials
}
