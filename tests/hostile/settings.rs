//! Every text that is no record, with some of its words changed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use repro_audit::gate::Lock;

use crate::count;
use crate::honest::honest;
use crate::mutate::{Random, mutated_text};
use crate::reading::Read;
use crate::texts::{Beside, READERS, settings_of};

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
        settings_of(&source, text, read)
    });
    assert!(good > 0, "some are read");
}

#[test]
fn any_other_text_is_what_it_should_be_or_an_error() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = |name: &str| std::fs::read_to_string(root.join(name)).expect("a text");
    let record = honest();
    let lock = Lock::of(std::slice::from_ref(&record)).unwrap_or_else(|e| panic!("{e}")).to_string();
    let beside = Beside::new(record);
    for (letter, reader) in READERS {
        let original = match letter {
            's' => file("examples/kernels/rms_norm.toml"),
            'p' => file("examples/policy/repro-audit.toml"),
            'l' => lock.clone(),
            'c' => file("src/rng/cards.csv"),
            'v' => {
                "4,3\ntensor([[0.8823, 0.9150, 0.3829],\n [0.9593, 0.3904, 0.6009],\n ...,\n [0.1332, 0.9346, 0.5936]])"
                    .to_owned()
            }
            'z' => "1000\ntensor([1, 3, 4, ..., 996, 998])".to_owned(),
            'i' => "sum/serial_tree?n=4096&wg=64&dist=normal&seed=7".to_owned(),
            'r' => "{\"answer\":\"ran\",\"results\":[{\"bytes\":6,\"runs\":2}]}\nabcdef".to_owned(),
            other => panic!("there is no text for '{other}'"),
        };
        let good = try_all(&[(letter.to_string(), original)], |_, text, read| reader(&beside, text, read));
        assert!(good > 0, "some are read: {letter}");
    }
}
