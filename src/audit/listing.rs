//! The adapters of this machine: each backend is listed by a child of its own, as loading a broken driver may crash. Where
//! that fails, each Vulkan driver is listed by itself, so that the broken one is named and the others are audited.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::child::{Child, ChildError};
use super::worker::Response;
use crate::engines::gpu::backend_names;
use crate::engines::interpreter::{self, Mode};
use crate::model::AdapterIdentity;
use crate::process::{Limits, shown};

/// The backend whose drivers can be loaded one by one.
const VULKAN: &str = "vulkan";

/// The variable that names the drivers which the Vulkan loader loads.
const DRIVERS: &str = "VK_DRIVER_FILES";

/// Its older name.
const ICDS: &str = "VK_ICD_FILENAMES";

/// What listing may take at least, whatever a case may: a driver is slow to load on a machine that is busy.
const LISTING: Duration = Duration::from_secs(5);

/// What is there, and what could not be listed.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The adapters, the interpreter last.
    pub adapters: Vec<AdapterIdentity>,
    /// What could not be listed: the name of a backend, or of a driver's file.
    pub failed: Vec<Unlisted>,
    /// The variables that keep drivers that failed out of a child.
    pub environment: BTreeMap<String, String>,
}

/// A backend, or a driver of it, whose adapters could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// The backend.
    pub backend: String,
    /// The file that describes the driver to the loader, where it is known which driver is at fault.
    pub driver: Option<PathBuf>,
    /// Why.
    pub reason: String,
}

impl std::fmt::Display for Unlisted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.driver {
            Some(file) => write!(f, "{} driver {}", self.backend, shown(&file.display().to_string())),
            None => write!(f, "{}", self.backend),
        }
    }
}

/// Asks a child for the adapters of a backend. `limits.time` is for all of it.
fn ask(backend: &str, variables: &BTreeMap<String, String>, limits: Limits) -> Result<Child, ChildError> {
    Child::start(&["--backend", backend, "--list"], variables, limits)
}

fn answer(child: Result<Child, ChildError>, limits: Limits) -> Result<Vec<AdapterIdentity>, ChildError> {
    match child?.wait(limits.time)? {
        Response::Adapters { adapters } => Ok(adapters),
        _ => Err(ChildError::Other("the listing")),
    }
}

/// All adapters of all backends, and the interpreter with `planted` beside it.
#[must_use]
pub fn adapters(planted: &[Mode], limits: Limits) -> Listing {
    // Half the time for the whole and half for the parts: a driver that hangs is found within the limit.
    let half = Limits { time: (limits.time / 2).max(LISTING), ..limits };
    let none = BTreeMap::new();
    let mut listing = Listing::default();
    // All at once: on a machine with one backend the others cost only their start.
    let children: Vec<_> = backend_names().iter().map(|b| (*b, ask(b, &none, half))).collect();
    for (backend, child) in children {
        match answer(child, half) {
            Ok(adapters) => {
                listing.adapters.extend(adapters);
                if backend == VULKAN {
                    listing.failed.extend(unloadable(&|name| std::env::var_os(name)));
                }
            }
            Err(e) if backend == VULKAN => isolate(e, &mut listing, half),
            Err(e) => {
                listing.failed.push(Unlisted { backend: backend.to_owned(), driver: None, reason: e.to_string() });
            }
        }
    }
    listing.adapters.extend(interpreter::identities(planted));
    listing
}

/// Lists each Vulkan driver by itself, and then together those that can be. `whole` is how all together failed.
fn isolate(whole: ChildError, listing: &mut Listing, limits: Limits) {
    let only = |files: &[&Path]| std::env::join_paths(files).ok().and_then(|list| list.into_string().ok());
    let with = |list: String| BTreeMap::from([(DRIVERS.to_owned(), list)]);
    let files = driver_files(&|name| std::env::var_os(name));
    let asked: Vec<_> =
        files.iter().filter_map(|file| Some((file, ask(VULKAN, &with(only(&[file])?), limits)))).collect();
    let (mut sound, mut failed) = (Vec::new(), Vec::new());
    for (file, child) in asked {
        match answer(child, limits) {
            Ok(_) => sound.push(file.as_path()),
            Err(e) => {
                failed.push(Unlisted { backend: VULKAN.to_owned(), driver: Some(file.clone()), reason: e.to_string() });
            }
        }
    }
    // No driver by itself: what fails is the loader, a layer, or drivers together.
    let whole = Unlisted { backend: VULKAN.to_owned(), driver: None, reason: whole.to_string() };
    if failed.is_empty() {
        listing.failed.push(whole);
        return;
    }
    listing.failed.append(&mut failed);
    let Some(list) = only(&sound).filter(|list| !list.is_empty()) else { return };
    let variables = with(list);
    match answer(ask(VULKAN, &variables, limits), limits) {
        Ok(adapters) => {
            listing.adapters.extend(adapters);
            listing.environment = variables;
        }
        Err(e) => listing.failed.push(Unlisted { reason: e.to_string(), ..whole }),
    }
}

/// The drivers that a variable names and that the loader passes over in silence, as their library is not there or is none.
/// One that nobody asked for by name, whose package is half removed, is nobody's driver.
fn unloadable(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Vec<Unlisted> {
    if [DRIVERS, ICDS].iter().all(|name| variable(name).is_none_or(|v| v.is_empty())) {
        return Vec::new();
    }
    let wrong = |file: PathBuf| {
        let reason = wrong_with(&file)?;
        Some(Unlisted { backend: VULKAN.to_owned(), driver: Some(file), reason })
    };
    driver_files(variable).into_iter().filter_map(wrong).collect()
}

/// Why the loader can't load the driver of this file; `None` where it may.
fn wrong_with(file: &Path) -> Option<String> {
    let no_manifest = || Some("it names no library".to_owned());
    let Ok(text) = std::fs::read_to_string(file) else { return Some("it can't be read".to_owned()) };
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(&text) else { return no_manifest() };
    let Some(named) = manifest.pointer("/ICD/library_path").and_then(serde_json::Value::as_str) else {
        return no_manifest();
    };
    // A name alone is looked for by the system, in places that only it knows.
    if !named.contains('/') {
        return None;
    }
    let library = file.parent().unwrap_or(Path::new("")).join(named);
    let mut magic = [0; 4];
    let read = std::fs::File::open(&library).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut magic));
    match read {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Some(format!("its library {} is not there", shown(named)))
        }
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Some(format!("its library {} is empty", shown(named)))
        }
        Err(e) => Some(format!("its library {} can't be read: {e}", shown(named))),
        Ok(()) if cfg!(target_os = "linux") && magic != *b"\x7fELF" => {
            Some(format!("its library {} is no shared library", shown(named)))
        }
        Ok(()) => None,
    }
}

/// The files that describe drivers to the Vulkan loader, in the order in which it looks for them on Unix
/// (LoaderDriverInterface.md, "Driver Discovery on Linux"). Elsewhere the loader asks the system, and there are none.
fn driver_files(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Vec<PathBuf> {
    if !cfg!(unix) {
        return Vec::new();
    }
    let paths =
        |name: &str| variable(name).filter(|v| !v.is_empty()).map(|v| std::env::split_paths(&v).collect::<Vec<_>>());
    let places = paths(DRIVERS).or_else(|| paths(ICDS)).unwrap_or_else(|| {
        let home = |rest: &str| paths("HOME").map(|h| h.into_iter().map(|h| h.join(rest)).collect());
        let fixed = |list: &[&str]| Some(list.iter().map(PathBuf::from).collect());
        let folders = [
            paths("XDG_CONFIG_HOME").or_else(|| home(".config")),
            paths("XDG_CONFIG_DIRS").or_else(|| fixed(&["/etc/xdg"])),
            fixed(&["/usr/local/etc", "/etc"]),
            paths("XDG_DATA_HOME").or_else(|| home(".local/share")),
            paths("XDG_DATA_DIRS").or_else(|| fixed(&["/usr/local/share", "/usr/share"])),
        ];
        let folders = folders.into_iter().flatten().flatten().map(|f| f.join("vulkan/icd.d"));
        paths("VK_ADD_DRIVER_FILES").into_iter().flatten().chain(folders).collect()
    });
    let mut files: Vec<PathBuf> = Vec::new();
    for place in places {
        let mut here = match std::fs::read_dir(&place) {
            Ok(entries) => {
                entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect()
            }
            Err(_) if place.is_file() => vec![place],
            Err(_) => Vec::new(),
        };
        here.sort();
        here.retain(|f| !files.contains(f));
        files.append(&mut here);
    }
    files
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_driver_that_is_asked_for_and_can_not_be_loaded_is_named() {
        let root = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            std::fs::write(root.path().join(name), text).unwrap();
            root.path().join(name)
        };
        let manifest = |library: &str| format!(r#"{{"ICD":{{"library_path":"{library}"}}}}"#);
        put("empty.so", "");
        put("text.so", "no library");
        let good = put("good.json", &manifest("libvulkan_lvp.so"));
        let files = [
            (put("gone.json", &manifest("/nowhere/libfoo.so")), "/nowhere/libfoo.so is not there"),
            (put("empty.json", &manifest("./empty.so")), "empty.so is empty"),
            (put("text.json", &manifest("./text.so")), "text.so is no shared library"),
            (put("none.json", "{}"), "names no library"),
        ];
        let all: Vec<&PathBuf> = files.iter().map(|(f, _)| f).chain([&good]).collect();
        let list = std::env::join_paths(all).unwrap();
        let found = unloadable(&|name| (name == DRIVERS).then(|| list.clone()));
        assert_eq!(found.len(), files.len(), "{found:?}");
        for ((file, reason), found) in files.iter().zip(&found) {
            assert_eq!(found.driver.as_ref(), Some(file));
            assert!(found.reason.contains(reason), "{found:?}");
        }
        assert!(unloadable(&|_| None).is_empty(), "nobody asked for one");
    }

    #[test]
    fn drivers_are_looked_for_where_the_loader_looks() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "{}").unwrap();
            path
        };
        let (a, b) = (file("data/vulkan/icd.d/a.json"), file("data/vulkan/icd.d/b.json"));
        let (readme, own) = (file("data/vulkan/icd.d/README"), file("own/x.json"));
        let added = file("added/y.json");
        let found = |set: &[(&str, &Path)]| {
            let set: BTreeMap<_, _> = set.iter().map(|(n, v)| ((*n).to_owned(), v.as_os_str().to_owned())).collect();
            driver_files(&|name| set.get(name).cloned())
        };
        let data = root.path().join("data");
        let (empty, added_folder) = (root.path().join("empty"), root.path().join("added"));
        let usual: Vec<(&str, &Path)> =
            ["XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME"].map(|n| (n, empty.as_path())).to_vec();
        let with = |more: &[(&'static str, &Path)]| {
            let all: Vec<_> =
                usual.iter().copied().chain([("XDG_DATA_DIRS", data.as_path())]).chain(more.iter().copied()).collect();
            let mut files = found(&all);
            files.retain(|f| f.starts_with(root.path()));
            files
        };
        assert_eq!(with(&[]), [a.clone(), b.clone()], "sorted, and no {}", readme.display());
        assert_eq!(with(&[("VK_ADD_DRIVER_FILES", &added_folder)]), [added, a, b], "a folder, before the others");
        assert_eq!(with(&[("VK_ICD_FILENAMES", &own)]), std::slice::from_ref(&own), "named alone, by the older name");
        assert_eq!(
            with(&[("VK_ICD_FILENAMES", &empty), ("VK_DRIVER_FILES", &own)]),
            [own],
            "the newer name is asked first"
        );
    }
}
