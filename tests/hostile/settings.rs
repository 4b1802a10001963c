//! Settings of a kernel, policies and locks.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use repro_audit::gate::{Known, Lock, Policy};
use repro_audit::kernels::user::{Kernel, Settings};
use repro_audit::model::text;

use crate::count;
use crate::honest::honest;
use crate::mutate::{Random, mutated_text};
use crate::reading::{Read, gate};

/// Tries mutations of these texts, and gives how many were read.
fn try_all(originals: &[(String, String)], read_one: impl Fn(&str, &str, &mut Read) -> bool) -> usize {
    let mut faults = Vec::new();
    let mut good = 0;
    for seed in 0..count() / 2 {
        let mut random = Random(0x2545_f491_4f6c_dd1d_u64.wrapping_mul(seed as u64 + 1));
        let (name, original) = &originals[seed % originals.len()];
        let text = mutated_text(original, &mut random);
        let mut read = Read::default();
        match catch_unwind(AssertUnwindSafe(|| read_one(name, &text, &mut read))) {
            Ok(found) => good += usize::from(found),
            Err(_) => read.faults.push("a panic".to_owned()),
        }
        faults.extend(read.faults.iter().map(|f| format!("{seed}, {name}: {f}")));
    }
    println!("{} files, {good} of them read", count() / 2);
    assert!(faults.is_empty(), "{} faults, the first:\n{}", faults.len(), faults[..faults.len().min(20)].join("\n"));
    good
}

/// The files of a folder, and of those in it, that have another beside them with this ending.
fn pairs(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut inside: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    inside.sort();
    for path in inside {
        if path.is_dir() {
            pairs(&path, out);
        } else if path.extension().is_some_and(|e| e == "toml") && path.with_extension("wgsl").exists() {
            out.push(path);
        }
    }
}

#[test]
fn settings_of_a_kernel_are_a_kernel_or_an_error() {
    let mut files = Vec::new();
    for folder in ["tests/cases", "examples/kernels", "tests/foreign"] {
        pairs(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    assert!(files.len() > 40, "there are settings: {}", files.len());
    let text = |path: &Path| std::fs::read_to_string(path).expect("a text");
    let originals: Vec<(String, String)> = files.iter().map(|f| (f.display().to_string(), text(f))).collect();
    let good = try_all(&originals, |name, text, read| {
        let source = std::fs::read_to_string(Path::new(name).with_extension("wgsl")).expect("a shader");
        let kernel = Settings::read("k.toml", text)
            .and_then(|settings| Kernel::new("k.wgsl", &source, &settings, "k.toml", Vec::new()));
        match kernel {
            Ok(kernel) => {
                let again = Settings::read("k.toml", &kernel.settings());
                if let Err(e) = again {
                    read.faults.push(format!("its settings cannot be read again: {e}"));
                }
                if let Some(id) = kernel.cases().map(ToString::to_string).find(|id| text::line_fault(id).is_some()) {
                    read.faults.push(format!("the case {id:?}"));
                }
                true
            }
            Err(e) => {
                read.error("a kernel", &e);
                false
            }
        }
    });
    assert!(good > 0, "some are read");
}

#[test]
fn a_policy_is_a_policy_or_an_error() {
    let records = [honest()];
    let lock = Lock::of(&records).unwrap_or_else(|e| panic!("{e}"));
    let known: BTreeSet<Known> = lock.cases.keys().map(Known::from).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy/repro-audit.toml");
    let originals = [("policy".to_owned(), std::fs::read_to_string(path).expect("a policy"))];
    let good = try_all(&originals, |_, text, read| match Policy::parse("p.toml", text) {
        Ok(policy) => {
            if let Err(e) = policy.check_names("p.toml", &known) {
                read.error("names", &e);
            }
            gate(read, &lock, &policy, &records);
            true
        }
        Err(e) => {
            read.error("a policy", &e);
            false
        }
    });
    assert!(good > 0, "some are read");
}

#[test]
fn a_lock_is_a_lock_or_an_error() {
    let records = [honest()];
    let text = Lock::of(&records).unwrap_or_else(|e| panic!("{e}")).to_string();
    let good = try_all(&[("lock".to_owned(), text)], |_, text, read| match Lock::parse("l.lock", text) {
        Ok(lock) => {
            gate(read, &lock, &Policy::default(), &records);
            true
        }
        Err(e) => {
            read.error("a lock", &e);
            false
        }
    });
    assert!(good > 0, "some are read");
}
