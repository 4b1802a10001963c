//! The models of drivers in `models/`: each function gives, executed by the interpreter, the bits that the driver gives for the
//! operation that it is named for, over a sample of all operands. A test is named for the driver and the function.
//!
//! `REPRO_AUDIT_MODELS` has the base-2 logarithm of the number of operand lists, or `all` for every operand where there is one.

mod function;
mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use libtest_mimic::{Failed, Trial};
use repro_audit::engines::gpu::enumerate;
use repro_audit::engines::interpreter::Runner;
use repro_audit::engines::{self, Answer, Engine};
use repro_audit::model::Task;

use function::{Function, Model};
use sample::Size;

/// A driver: what it is called here, its backend, a part of its adapter's name, and its files. Of two functions of one name
/// the last file's counts.
struct Driver {
    name: &'static str,
    backend: &'static str,
    adapter: &'static str,
    files: &'static [&'static str],
}

const DRIVERS: [Driver; 3] = [
    Driver { name: "swiftshader", backend: "vulkan", adapter: "SwiftShader", files: &["swiftshader"] },
    Driver { name: "lavapipe", backend: "vulkan", adapter: "llvmpipe", files: &["mesa"] },
    Driver { name: "llvmpipe_gl", backend: "gl", adapter: "llvmpipe", files: &["mesa", "mesa_gl"] },
];

/// Mismatches that a failure shows.
const SHOWN: usize = 8;

type Opened = Arc<Mutex<Box<dyn Engine>>>;

/// Opened adapters: one for all tests of a driver.
static ENGINES: LazyLock<Mutex<BTreeMap<&'static str, Opened>>> = LazyLock::new(Mutex::default);

pub(crate) fn trials() -> Vec<Trial> {
    let files: BTreeSet<&str> = DRIVERS.iter().flat_map(|d| d.files).copied().collect();
    let parses = |file: &'static str| {
        let parse = move || Model::parse(file, &read(file)).map(drop).map_err(Failed::from);
        crate::trial("models", format!("{file}_is_wgsl"), parse)
    };
    let mut trials: Vec<Trial> = files.into_iter().map(parses).collect();
    let demanded = std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_some();
    for driver in &DRIVERS {
        let present = enumerate(driver.backend).into_iter().find(|a| a.name.contains(driver.adapter));
        let index = present.map(|a| a.index);
        for function in functions(driver) {
            let name = format!("{}::{}", driver.name, function.name());
            let check = move || match index {
                Some(index) => holds(driver, index, &function).map_err(Failed::from),
                None => Err("REPRO_AUDIT_TEST_ADAPTERS is set, and there is no such adapter".into()),
            };
            trials.push(crate::trial("models", name, check).with_ignored_flag(index.is_none() && !demanded));
        }
    }
    trials
}

/// The text of a model.
fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(format!("{file}.wgsl"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The functions that a driver's files have.
fn functions(driver: &Driver) -> Vec<Function> {
    let mut all = BTreeMap::new();
    for file in driver.files {
        let model = Arc::new(Model::parse(file, &read(file)).unwrap_or_else(|e| panic!("{e}")));
        for other in &model.not_shared {
            all.remove(other);
        }
        for function in model.functions() {
            all.insert(function.name().to_owned(), function);
        }
    }
    all.into_values().collect()
}

fn opened(driver: &Driver, index: usize) -> Result<Opened, String> {
    let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(engine) = engines.get(driver.name) {
        return Ok(Arc::clone(engine));
    }
    let engine = engines::adapter(driver.backend, index).map_err(|e| e.to_string())?;
    let engine = Arc::new(Mutex::new(engine));
    engines.insert(driver.name, Arc::clone(&engine));
    Ok(engine)
}

/// Whether a model gives an adapter's bits.
fn holds(driver: &Driver, index: usize, function: &Function) -> Result<(), String> {
    let engine = opened(driver, index)?;
    let mut interpreter = Runner::open(function.mode()).with_threads(1);
    let (mut wrong, mut shown, mut count) = (0, Vec::new(), 0);
    for given in Size::asked()?.operands(function.given()) {
        let program = function.asked(given.clone());
        let answer = engine.lock().unwrap_or_else(PoisonError::into_inner).run(&Task::of(program), 1);
        let expected = match answer {
            Answer::Ran(runs) => runs.distinct.into_iter().find_map(|d| d.bits).ok_or("no result")?.words,
            other => return Err(format!("{other:?}")),
        };
        let found = interpreter.compute(&function.modelled(given.clone())).map_err(|e| e.to_string())?;
        let (n, m) = (function.given().len(), function.made());
        for (operands, (expected, found)) in given.chunks(n).zip(expected.chunks(m).zip(found.chunks(m))) {
            count += 1;
            if expected != found {
                wrong += 1;
                if shown.len() < SHOWN {
                    shown.push(format!("{operands:08x?}: the adapter {expected:08x?}, the model {found:08x?}"));
                }
            }
        }
    }
    if count == 0 {
        return Err("nothing was computed".to_owned());
    }
    if wrong > 0 { Err(format!("{wrong} of {count} differ\n{}", shown.join("\n"))) } else { Ok(()) }
}
