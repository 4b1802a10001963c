//! The embedded adapter on modules that nobody wrote: arbitrary valid ones from a grammar (`embedded_fuzz/grammar`).
//!
//! naga accepts each; the adapter neither fails nor writes what belongs to no variable; an index out of range does what
//! the clamped one does; a module with one answer gives it in every order of execution, and nothing is found in it;
//! and lavapipe gives the same bits where there are integers only. Text that is almost WGSL is refused or ends.
//!
//! The cases are the same in every run. `REPRO_AUDIT_FUZZ=SEED,CASES` tries others.

mod grammar;
mod program;
mod properties;
mod text;

use std::cell::{Cell, RefCell};

use grammar::Bounds;
use libtest_mimic::{Failed, Trial};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use repro_audit::engines::gpu;

/// The seed and the number of cases.
fn asked(cases: u32) -> (u8, u32) {
    let Ok(text) = std::env::var("REPRO_AUDIT_FUZZ") else { return (1, cases) };
    let parsed = text.split_once(',').and_then(|(seed, cases)| Some((seed.parse().ok()?, cases.parse().ok()?)));
    parsed.unwrap_or_else(|| panic!("REPRO_AUDIT_FUZZ is '{text}'; type a seed below 256 and a number, such as 7,1000"))
}

/// Tests a property on many modules, `kind` their first byte with these bits; on failure says the smallest one found.
fn check(cases: u32, kind: [u8; 2], property: impl Fn(&[u8]) -> Result<(), String>) -> Result<(), Failed> {
    let (seed, cases) = asked(cases);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_time: 15_000,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let [set, clear] = kind;
    let bytes = vec(any::<u8>(), 1..1500);
    let whole = |bytes: &[u8]| [&[(bytes[0] | set) & !clear], &bytes[1..]].concat();
    let done = TestRunner::new_with_rng(config, rng)
        .run(&bytes, |bytes| property(&whole(&bytes)).map_err(TestCaseError::fail));
    done.map_err(|error| match error {
        TestError::Abort(why) => why.to_string().into(),
        TestError::Fail(why, bytes) => {
            format!("{why}\nof the module:\n{}", grammar::module(&whole(&bytes), Bounds::Free).source).into()
        }
    })
}

/// Texts of the shaders here and of generated modules, with words exchanged: an error or an end, and no panic.
fn texts_end() -> Result<(), Failed> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let files = std::fs::read_dir(folder)?.flatten().map(|f| f.path());
    let mut shaders: Vec<String> = files.filter_map(|f| std::fs::read_to_string(f).ok()).collect();
    shaders.sort();
    let ended = Cell::new(0);
    check(1500, [0, 0], |bytes| {
        let (choice, changes) = bytes.split_at(bytes.len().min(1));
        let changes = &changes[..changes.len().min(40)];
        let own = grammar::module(bytes, Bounds::Free).source;
        let source = shaders.get(usize::from(choice[0]) % (2 * shaders.len())).unwrap_or(&own);
        ended.set(ended.get() + u32::from(text::run(&text::mutated(source, changes))));
        Ok(())
    })?;
    if ended.get() == 0 { Err("no text was executed to its end".into()) } else { Ok(()) }
}

/// lavapipe gives every word of every variable that the embedded adapter gives.
fn integers_agree(index: usize) -> Result<(), Failed> {
    let (_, runner) = gpu::open("vulkan", index)?;
    let runner = RefCell::new(runner);
    let compared = Cell::new(0);
    check(200, [0, 1], |bytes| {
        let generated = grammar::module(bytes, Bounds::Buffers);
        if generated.rules.wild {
            return Ok(());
        }
        compared.set(compared.get() + 1);
        properties::agrees(&generated, &mut runner.borrow_mut())
    })?;
    if compared.get() == 0 { Err("no module was compared".into()) } else { Ok(()) }
}

/// Random modules and texts.
pub(crate) fn trials() -> Vec<Trial> {
    let lavapipe = crate::common::adapters().into_iter().find(|a| a.backend == "vulkan" && a.matches("llvmpipe"));
    assert!(
        lavapipe.is_some() || std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_none(),
        "REPRO_AUDIT_TEST_ADAPTERS is set, and there is no lavapipe"
    );
    let index = lavapipe.as_ref().map_or(0, |a| a.index);
    vec![
        crate::trial("embedded_fuzz", "integer_modules_with_one_answer", || check(200, [0, 7], properties::holds)),
        crate::trial("embedded_fuzz", "modules_with_one_answer", || check(200, [1, 6], properties::holds)),
        crate::trial("embedded_fuzz", "texts_end", texts_end),
        crate::trial("embedded_fuzz", "wild_modules", || check(200, [6, 0], properties::holds)),
        crate::trial("embedded_fuzz", "integers_agree_with_lavapipe", move || integers_agree(index))
            .with_ignored_flag(lavapipe.is_none())
            .with_kind(if lavapipe.is_none() { "there is no lavapipe" } else { "" }),
    ]
}
