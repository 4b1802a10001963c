//! Folders: files of tensors, checkpoints in several files, and one folder or file a step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::open::{Raw, file};
use super::{Content, TensorError, safetensors};

/// Folders below one another that are looked into.
const DEPTH: usize = 8;

/// Files that are looked at.
const MOST: usize = 100_000;

/// How names begin that end in a step.
const PREFIXES: [&str; 9] =
    ["step", "checkpoint", "global_step", "iter", "iteration", "epoch", "ckpt", "model_step", "state"];

pub(super) fn open(path: &Path, raw: Option<&Raw>) -> Result<Content, TensorError> {
    let mut files = Vec::new();
    list(path, 0, &mut files)?;
    if files.len() >= MOST {
        return Err(TensorError::refused(path, format!("it has more than {MOST} files"), "name a folder within it"));
    }
    let mut parts: BTreeMap<Option<u64>, Content> = BTreeMap::new();
    let mut steps: BTreeMap<u64, PathBuf> = BTreeMap::new();
    let (mut taken, mut names) = (BTreeSet::new(), BTreeSet::new());
    // Indexes first: their files are theirs.
    files.sort_by_key(|f| (!f.to_string_lossy().ends_with(".index.json"), f.clone()));
    for name in files.iter().map(|f| f.as_path()) {
        if taken.contains(name) {
            continue;
        }
        let within = name.strip_prefix(path).unwrap_or(name);
        let found = step(within);
        if let Some((step, place)) = &found
            && steps.entry(*step).or_insert_with(|| place.clone()) != place
        {
            let (a, b) = (steps[step].display().to_string(), place.display());
            return Err(TensorError::refused(
                path,
                format!("'{a}' and '{b}' are both of step {step}"),
                "name one of them",
            ));
        }
        let at = found.as_ref().map(|f| f.0);
        let part = parts.entry(at).or_insert_with(|| Content::new("folder"));
        let rest = found
            .map_or_else(|| within.to_owned(), |(_, place)| within.strip_prefix(place).unwrap_or(within).to_owned());
        if name.to_string_lossy().ends_with(".index.json")
            && let Ok(bytes) = crate::process::file::read_up_to(name, 1 << 30)
            && safetensors::is_index(&bytes)
        {
            // Shards are named by the index, and tensors by themselves.
            match safetensors::read_index(name, &bytes) {
                Ok((content, files)) => {
                    taken.extend(files);
                    names.extend(content.tensors.iter().map(|t| (at, t.name.clone())));
                    part.tensors.extend(content.tensors);
                    part.skipped.extend(content.skipped);
                }
                Err(e) => part.skipped.push(e.to_string()),
            }
            continue;
        }
        if !may_hold(name, raw.is_some()) {
            part.other.push(within.display().to_string());
            continue;
        }
        match file(name, raw) {
            Ok(content) => {
                let one = content.tensors.len() == 1 && content.format != "safetensors";
                let folder = rest.parent().filter(|p| !p.as_os_str().is_empty());
                for mut tensor in content.tensors {
                    if one && let Some(folder) = folder {
                        tensor.name = format!("{}/{}", folder.display(), tensor.name);
                    }
                    // Another file may have a tensor of this name.
                    if !names.insert((at, tensor.name.clone())) {
                        tensor.name = format!("{}:{}", rest.display(), tensor.name);
                    }
                    part.tensors.push(tensor);
                }
                part.skipped.extend(content.skipped);
            }
            Err(e) => part.skipped.push(e.to_string()),
        }
    }
    let mut out = Content::new("folder");
    for (step, content) in parts {
        out.tensors.extend(content.tensors.into_iter().map(|mut t| {
            t.step = step;
            t
        }));
        out.skipped.extend(content.skipped);
        out.other.extend(content.other);
    }
    Ok(out)
}

/// Every file below a folder, hidden ones left out. Links are not followed into folders: they may lead in a circle.
fn list(folder: &Path, depth: usize, out: &mut Vec<PathBuf>) -> Result<(), TensorError> {
    let io = |source| TensorError::Io { path: folder.display().to_string(), source };
    let mut entries: Vec<_> = std::fs::read_dir(folder).map_err(io)?.collect::<Result<_, _>>().map_err(io)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(io)?);
        if entry.file_name().to_string_lossy().starts_with('.') || out.len() >= MOST {
            continue;
        }
        if kind.is_dir() {
            if depth < DEPTH {
                list(&path, depth + 1, out)?;
            }
        } else if path.is_file() {
            out.push(path);
        }
    }
    Ok(())
}

/// The step that a path is of, and the beginning of the path that says so: `step_440/…`, `checkpoint-440.pt`.
fn step(path: &Path) -> Option<(u64, PathBuf)> {
    let mut place = PathBuf::new();
    for part in path.components() {
        place.push(part);
        let name = part.as_os_str().to_string_lossy();
        let stem = name.split('.').next().unwrap_or_default();
        let digits = stem.len() - stem.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (words, number) = stem.split_at(digits);
        let words = words.trim_end_matches(['-', '_', '=']).to_ascii_lowercase();
        if PREFIXES.contains(&words.as_str())
            && let Ok(step) = number.parse()
        {
            return Some((step, place));
        }
    }
    None
}

/// Whether a file is looked into: others that stand beside tensors, such as settings and programs, hold none.
fn may_hold(path: &Path, raw: bool) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, e)| e);
    let binary = ["npy", "npz", "safetensors", "pt", "pth", "bin", "ckpt", "gguf", "jsonl", "ndjson", "csv", "tsv"];
    binary.contains(&ending) || name.contains("tfevents") || raw && ["raw", "dat"].contains(&ending)
}
