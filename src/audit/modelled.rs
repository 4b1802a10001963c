//! The interpreter computing as an adapter does that is not at hand: by the model that was made of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::explain::{MODELS, evaluate, functions_of, liberties_of, mode_of};
use super::plan;
use crate::engines::interpreter::asked::{Answers, Asking, Covered, Words};
use crate::engines::interpreter::{self, Mode, Runner};
use crate::engines::{Answer, Engine, RunError, Runs, interpreting};
use crate::facts::proof;
use crate::model::adapter_model::{AdapterModel, ModelError, ModelledOperation, VERSION, Validated};
use crate::model::answer::Distinct;
use crate::model::explained::Explained;
use crate::model::task::Program;
use crate::model::{AdapterIdentity, Liberty, Task};
use crate::numerics::threads::available_threads;
use crate::record::{CaseRecord, Record};
use crate::wgsl::examine;
use crate::wgsl::primitive::Primitive;

/// How one operation is computed.
struct Rule {
    liberties: Vec<Liberty>,
    /// A model's functions; empty where liberties are all.
    source: String,
}

/// See the module.
pub struct Modelled {
    identity: AdapterIdentity,
    mode: Mode,
    rules: BTreeMap<String, Rule>,
    answers: Arc<Mutex<Answers>>,
    strict: Box<dyn Engine>,
}

/// The names of the functions that this program has.
#[must_use]
pub fn shipped() -> Vec<&'static str> {
    MODELS.iter().map(|model| model.name).collect()
}

/// Reads a model's text; `file` is its name in errors.
///
/// # Errors
/// One line that says what is wrong: that it is no model, or has functions that are no WGSL.
pub fn read(file: &str, text: &str) -> Result<AdapterModel, ModelError> {
    let model = AdapterModel::parse(file, text, &shipped())?;
    for (name, source) in &model.wgsl {
        if let Err(e) = examine(&functions_of(source)) {
            let what = format!("its functions '{name}' are not WGSL: {}", e.message);
            return Err(ModelError { file: file.to_owned(), line: None, what: crate::process::shown(&what) });
        }
    }
    Ok(model)
}

impl Modelled {
    /// The interpreter that computes as this model, at this place among the interpreters of an audit.
    #[must_use]
    pub fn open(model: &AdapterModel, index: usize) -> Self {
        let mode = mode_of(&model.liberties);
        let rule = |operation: &ModelledOperation| {
            let own = operation.model.as_ref().and_then(|name| model.wgsl.get(name)).map(String::as_str);
            let shipped = || MODELS.iter().find(|m| Some(m.name) == operation.model.as_deref()).map(|m| m.source);
            let source = own.or_else(shipped).unwrap_or_default().to_owned();
            let mut liberties = operation.liberties.clone();
            liberties.extend(liberties_of(&source));
            (operation.name.clone(), Rule { liberties, source })
        };
        let identity = AdapterIdentity {
            name: format!("Interpreter as {}", model.name),
            // Every run is in one order.
            driver_info: format!("{}, schedule=in-order, as {}", env!("CARGO_PKG_VERSION"), model.validated.driver),
            ..interpreter::identity(&mode, index)
        };
        Self {
            identity,
            mode,
            rules: model.operations.iter().map(rule).collect(),
            answers: Arc::default(),
            strict: interpreting(Mode::default(), index),
        }
    }

    /// What the model gives for a program. `None` where one of its rules does not compute what it is for.
    fn compute(&mut self, program: &Program) -> Result<Option<Vec<u32>>, RunError> {
        let asking = Asking::new(Covered::Named(self.rules.keys().cloned().collect()), Arc::clone(&self.answers));
        let rules = &self.rules;
        let mut find = || {
            let missing: Vec<(Primitive, Vec<Words>)> = {
                let answers = asking.answers();
                answers.missing().map(|(p, all)| (p.clone(), all.into_iter().cloned().collect())).collect()
            };
            for (primitive, operands) in missing {
                let Some(made) = made(rules, &primitive, &operands)? else { return Ok(false) };
                asking.answers().tell(&primitive, operands.into_iter().zip(made));
            }
            Ok(true)
        };
        let words = Runner::open(self.mode).compute_asking(program, &asking, &mut find)?;
        if words.is_none() {
            asking.answers().give_up();
        }
        Ok(words)
    }
}

/// What the rule of an operation gives.
fn made(
    rules: &BTreeMap<String, Rule>,
    primitive: &Primitive,
    operands: &[Words],
) -> Result<Option<Vec<Words>>, RunError> {
    let Some(rule) = rules.get(&primitive.name()) else { return Ok(None) };
    if rule.source.is_empty() {
        return evaluate(primitive, &rule.liberties, "", operands);
    }
    match primitive.by_model(&rule.source) {
        Some(by) => evaluate(&by, &rule.liberties, &functions_of(&rule.source), operands),
        None => Ok(None),
    }
}

impl Engine for Modelled {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn run(&mut self, task: &Task, repeats: u32) -> Answer {
        // What is skipped, or never written, is so whatever the arithmetic.
        let strict = self.strict.run(task, 2);
        let (Answer::Ran(strict), Some(program)) = (strict.clone(), &task.program) else { return strict };
        let started = std::time::Instant::now();
        match self.compute(program) {
            Ok(Some(words)) => {
                let bits = program.output.gather(words);
                // Which of its orders an adapter takes no model says: where the arithmetic changes nothing, it may be any.
                if strict.distinct.len() > 1 && strict.distinct.first().and_then(|d| d.bits.as_ref()) == Some(&bits) {
                    return Answer::Ran(strict);
                }
                let runs = repeats.max(1);
                let distinct = vec![Distinct { digest: bits.digest(), runs, bits: Some(bits) }];
                let seconds = started.elapsed().as_secs_f64();
                Answer::Ran(Runs { distinct, runs, seconds, compile_seconds: 0.0, findings: strict.findings })
            }
            Ok(None) => Answer::Failed(RunError::Stopped("the model has no value for an operation of it".to_owned())),
            Err(e) => Answer::Failed(e),
        }
    }
}

/// What a case's first result on an engine is to a model of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Explained,
    Strict,
    Unexplained,
}

/// The model of an adapter, from what was explained of it, tried on all of its results in the record.
#[must_use]
pub fn of(record: &Record, explained: &Explained) -> AdapterModel {
    let adapter = record.engine(&explained.engine).and_then(|e| e.adapter.as_ref());
    let driver = adapter.map(|a| if a.driver_info.is_empty() { a.driver.clone() } else { a.driver_info.clone() });
    let covered = |liberties: &[Liberty]| liberties.iter().all(|l| explained.liberties.contains(l));
    let operation = |o: &crate::model::explained::Operation| {
        let rule = o.rules.first()?;
        // What it does in all that it computes, it does in this one too.
        let apart = rule.model.is_some() || !covered(&rule.liberties);
        let of = || ModelledOperation {
            name: o.operation.clone(),
            liberties: rule.liberties.clone(),
            model: rule.model.clone(),
        };
        apart.then(of)
    };
    let mut model = AdapterModel {
        model_version: VERSION,
        name: explained.label.clone(),
        validated: Validated::default(),
        liberties: explained.liberties.clone(),
        operations: explained.operations.iter().filter_map(operation).collect(),
        wgsl: BTreeMap::new(),
    };
    model.validated = validated(record, explained, &model);
    model.validated.driver = driver.unwrap_or_default();
    model
}

/// Tries a model on all results of an engine that have a strict reference.
fn validated(record: &Record, explained: &Explained, model: &AdapterModel) -> Validated {
    let cases: Vec<(&CaseRecord, &str, Standing)> = record
        .cases
        .iter()
        .filter_map(|case| {
            let first = case.executions.iter().find(|x| x.engine == explained.engine)?.first()?;
            let strict = case.strict()? == first;
            let standing = match proof::known(Some(explained), &case.id, strict) {
                Some(_) if strict => Standing::Strict,
                Some(_) => Standing::Explained,
                None => Standing::Unexplained,
            };
            Some((case, first, standing))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let given = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..available_threads() {
            scope.spawn(|| {
                let mut engine = Modelled::open(model, 1);
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((case, first, _)) = cases.get(place) else { return };
                    let program = plan::problem(None, &case.id).ok().and_then(|p| p.program());
                    let words = program.and_then(|p| Some(p.output.gather(engine.compute(&p).ok()??)));
                    if words.is_some_and(|bits| bits.digest() == *first) {
                        given.lock().unwrap_or_else(PoisonError::into_inner).push(place);
                    }
                }
            });
        }
    });
    let given = given.into_inner().unwrap_or_else(PoisonError::into_inner);
    let counted = |of: Standing| {
        let all = || cases.iter().enumerate().filter(move |(_, (.., standing))| *standing == of);
        [all().filter(|(place, _)| given.contains(place)).count() as u64, all().count() as u64]
    };
    let lacks = |(place, (case, _, standing)): (usize, &(&CaseRecord, &str, Standing))| {
        (*standing != Standing::Unexplained && !given.contains(&place)).then(|| case.id.clone())
    };
    Validated {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        record: record.id.clone(),
        driver: String::new(),
        explained: counted(Standing::Explained),
        strict: counted(Standing::Strict),
        unexplained: counted(Standing::Unexplained),
        not_given: cases.iter().enumerate().filter_map(lacks).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_a_file_are_wgsl() {
        let model = |source: &str| {
            let operation =
                ModelledOperation { name: "exp(f32)".to_owned(), liberties: Vec::new(), model: Some("own".to_owned()) };
            let model = AdapterModel {
                model_version: VERSION,
                name: "a card".to_owned(),
                validated: Validated::default(),
                liberties: Vec::new(),
                operations: vec![operation],
                wgsl: [("own".to_owned(), source.to_owned())].into(),
            };
            read("m.toml", &model.to_string()).map_err(|e| e.to_string())
        };
        let good = model("fn model_exp(x: f32) -> f32 { return x + 1.0; }").expect("it is read");
        let error = model("fn model_exp(x: f32) -> f32 { return x + true; }").expect_err("no WGSL");
        assert!(error.starts_with("m.toml: its functions 'own' are not WGSL") && !error.contains('\n'), "{error}");
        // What the file says of the function is what is computed.
        let id = "builtins/exp?n=64";
        let program = plan::problem(None, id).expect("a case").program().expect("a shader");
        let given = |engine: &mut dyn Engine| match engine.run(&Task::of(program.clone()), 1) {
            Answer::Ran(runs) => runs.distinct.into_iter().next().expect("a result").digest,
            other => panic!("{other:?}"),
        };
        let (own, none) = (good.clone(), AdapterModel { operations: Vec::new(), ..good });
        let strict = given(interpreting(Mode::default(), 0).as_mut());
        assert_ne!(given(&mut Modelled::open(&own, 1)), strict, "another function");
        assert_eq!(given(&mut Modelled::open(&none, 1)), strict, "with no rule it is strict");
        assert!(Modelled::open(&own, 1).identity().label().contains("Interpreter as a card"), "its name");
    }
}
