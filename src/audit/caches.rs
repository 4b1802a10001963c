//! Where drivers keep compiled shaders from one audit to the next: a private folder for each driver, processor and setting.
//!
//! A driver's own cache would do, were it not shared with other programs, and by nodes that have one home and two kinds of
//! processor: code for the one is wrong on the other, or stops it. Nor does every driver know of each variable that changes
//! what it compiles, so a variable that is set has a folder of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use etcetera::BaseStrategy as _;

use super::environment;
use crate::model::AdapterIdentity;
use crate::model::variables::{Effect, Reader, VARIABLES};
use crate::record::ShaderCache;

/// A folder that no audit has used for so long is removed.
const KEPT: Duration = Duration::from_secs(60 * 24 * 3600);

/// In each folder: which driver it is for. Its time of modification is that of the last use.
const ABOUT: &str = "about.txt";

/// The variables by which a driver's cache is moved and turned off, and those with which a user has done so.
struct Means {
    reader: Reader,
    folder: &'static str,
    off: (&'static str, &'static str),
    users: &'static [&'static str],
}

const MEANS: [Means; 2] = [
    Means {
        reader: Reader::Mesa,
        folder: "MESA_SHADER_CACHE_DIR",
        off: ("MESA_SHADER_CACHE_DISABLE", "true"),
        users: &[
            "MESA_SHADER_CACHE_DIR",
            "MESA_SHADER_CACHE_DISABLE",
            "MESA_GLSL_CACHE_DIR",
            "MESA_GLSL_CACHE_DISABLE",
            "MESA_DISK_CACHE_SINGLE_FILE",
            "MESA_DISK_CACHE_DATABASE",
        ],
    },
    Means {
        reader: Reader::Nvidia,
        folder: "__GL_SHADER_DISK_CACHE_PATH",
        off: ("__GL_SHADER_DISK_CACHE", "0"),
        users: &["__GL_SHADER_DISK_CACHE_PATH", "__GL_SHADER_DISK_CACHE"],
    },
];

impl Means {
    /// Whether a user has moved or turned off the cache: in what is set for a child, or in this program's own environment.
    fn are_users(&self, set: &BTreeMap<String, String>, own: &dyn Fn(&str) -> Option<OsString>) -> bool {
        self.users.iter().any(|name| set.contains_key(*name) || own(name).is_some())
    }

    /// The variable that turns the cache off.
    fn turned_off(&self) -> (String, String) {
        (self.off.0.to_owned(), self.off.1.to_owned())
    }
}

/// The folders of all drivers.
#[derive(Debug, Clone)]
pub struct Caches {
    root: Option<PathBuf>,
    cold: bool,
    processor: String,
}

/// What a driver is told of its cache.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) variables: BTreeMap<String, String>,
    /// `None` where no means are known by which this driver keeps shaders.
    pub(super) state: Option<ShaderCache>,
}

impl Caches {
    /// The caches below the user's own folder for such files. `cold` empties those that are used.
    #[must_use]
    pub fn of_user(cold: bool) -> Self {
        let strategy = etcetera::choose_base_strategy().ok();
        let root = strategy.map(|s| s.cache_dir().join("repro-audit").join("shaders"));
        root.as_deref().into_iter().for_each(|root| prune(root, SystemTime::now()));
        Self { root: root.filter(|r| r.is_absolute()), cold, processor: environment::processor() }
    }

    /// No driver keeps what it compiles.
    #[must_use]
    pub fn off() -> Self {
        Self { root: None, cold: true, processor: String::new() }
    }

    /// What the driver of `adapter` is told, where a child has the variables `set` besides this program's own.
    pub(super) fn tell(&self, adapter: &AdapterIdentity, set: &BTreeMap<String, String>) -> Told {
        self.tell_with(adapter, set, &|name| std::env::var_os(name))
    }

    fn tell_with(
        &self,
        adapter: &AdapterIdentity,
        set: &BTreeMap<String, String>,
        own: &dyn Fn(&str) -> Option<OsString>,
    ) -> Told {
        let Some(means) = MEANS.iter().find(|m| m.reader.is(adapter)) else { return Told::default() };
        if means.are_users(set, own) {
            return Told { variables: BTreeMap::new(), state: Some(ShaderCache::Own) };
        }
        let folder = self.root.as_ref().map(|root| root.join(self.key(adapter, set, own)));
        let made =
            folder.and_then(|folder| Some((self.make(&folder, adapter)?, folder.into_os_string().into_string().ok()?)));
        let (state, variable) = match made {
            Some((state, folder)) => (state, (means.folder.to_owned(), folder)),
            None => (ShaderCache::Off, means.turned_off()),
        };
        Told { variables: BTreeMap::from([variable]), state: Some(state) }
    }

    /// The folder's name: all that may change what the driver compiles.
    fn key(
        &self,
        adapter: &AdapterIdentity,
        set: &BTreeMap<String, String>,
        own: &dyn Fn(&str) -> Option<OsString>,
    ) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut part = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        // Its place among the adapters is no property of a driver.
        let identity = AdapterIdentity { index: 0, ..adapter.clone() };
        part(&serde_json::to_string(&identity).unwrap_or_default());
        part(&self.processor);
        for (name, value) in set {
            part(name);
            part(value);
        }
        for variable in VARIABLES.iter().filter(|v| v.effect != Effect::Cache) {
            if let Some(value) = own(variable.name) {
                part(variable.name);
                part(&value.to_string_lossy());
            }
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// Makes the folder. `None` where it can't be.
    fn make(&self, folder: &Path, adapter: &AdapterIdentity) -> Option<ShaderCache> {
        if self.cold {
            // What can't be removed is found by the driver, and told as that.
            let _ = std::fs::remove_dir_all(folder);
        }
        let about = folder.join(ABOUT);
        let state = if about.exists() { ShaderCache::Warm } else { ShaderCache::Cold };
        std::fs::create_dir_all(folder).ok()?;
        std::fs::write(about, format!("Shaders compiled by {}\n", adapter.label())).ok()?;
        Some(state)
    }
}

/// The variables that keep drivers from their caches, where a child's `variables` and the user say nothing of them: what
/// lists adapters compiles nothing that anybody needs again.
pub(super) fn off_unless_told(variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = |name: &str| std::env::var_os(name);
    MEANS.iter().filter(|means| !means.are_users(variables, &own)).map(Means::turned_off).collect()
}

/// Removes the folders that were last used long ago.
fn prune(root: &Path, now: SystemTime) {
    for folder in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let used = std::fs::metadata(folder.path().join(ABOUT)).and_then(|about| about.modified());
        let is_old = |used: SystemTime| now.duration_since(used).is_ok_and(|age| age > KEPT);
        if used.is_ok_and(is_old) {
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lavapipe() -> AdapterIdentity {
        AdapterIdentity { name: "llvmpipe (LLVM 15.0.6, 256 bits)".to_owned(), ..AdapterIdentity::unlisted("vulkan") }
    }

    fn nothing(_: &str) -> Option<OsString> {
        None
    }

    fn caches(root: &Path, cold: bool) -> Caches {
        Caches { root: Some(root.to_owned()), cold, processor: "a processor".to_owned() }
    }

    #[test]
    fn a_folder_is_one_drivers_on_one_processor_with_its_variables() {
        let root = tempfile::tempdir().expect("a folder");
        let caches = caches(root.path(), false);
        let none = BTreeMap::new();
        let folder = |told: Told| told.variables["MESA_SHADER_CACHE_DIR"].clone();
        let first = folder(caches.tell_with(&lavapipe(), &none, &nothing));
        let moved = AdapterIdentity { index: 3, ..lavapipe() };
        assert_eq!(folder(caches.tell_with(&moved, &none, &nothing)), first, "in another place");
        let other = |caches: &Caches, adapter, set: &[(&str, &str)], own: &dyn Fn(&str) -> Option<OsString>| {
            let set = set.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_ne!(folder(caches.tell_with(&adapter, &set, own)), first);
        };
        other(&caches, AdapterIdentity { driver_info: "Mesa 25".to_owned(), ..lavapipe() }, &[], &nothing);
        other(&caches, lavapipe(), &[("LP_NATIVE_VECTOR_WIDTH", "128")], &nothing);
        other(&caches, lavapipe(), &[], &|name| (name == "LP_NATIVE_VECTOR_WIDTH").then(|| "128".into()));
        other(&Caches { processor: "another".to_owned(), ..caches.clone() }, lavapipe(), &[], &nothing);
    }

    #[test]
    fn whether_it_was_cold_is_told() {
        let root = tempfile::tempdir().expect("a folder");
        let none = BTreeMap::new();
        let state = |caches: &Caches, adapter: &AdapterIdentity| caches.tell_with(adapter, &none, &nothing).state;
        assert_eq!(state(&caches(root.path(), false), &lavapipe()), Some(ShaderCache::Cold), "at first");
        assert_eq!(state(&caches(root.path(), false), &lavapipe()), Some(ShaderCache::Warm), "then");
        assert_eq!(state(&caches(root.path(), true), &lavapipe()), Some(ShaderCache::Cold), "when it was emptied");
        let unknown = AdapterIdentity::unlisted("vulkan");
        assert_eq!(state(&caches(root.path(), false), &unknown), None, "a driver without known means");
        let file = root.path().join("file");
        std::fs::write(&file, "").expect("a file");
        let told = caches(&file, false).tell_with(&lavapipe(), &none, &nothing);
        assert_eq!(told.state, Some(ShaderCache::Off), "there is no such folder");
        assert_eq!(told.variables["MESA_SHADER_CACHE_DISABLE"], "true", "and nothing else is used");
    }

    #[test]
    fn a_users_own_settings_win() {
        let root = tempfile::tempdir().expect("a folder");
        let caches = caches(root.path(), false);
        let own = |name: &str| (name == "MESA_SHADER_CACHE_DISABLE").then(|| "false".into());
        let varied = BTreeMap::from([("MESA_SHADER_CACHE_DIR".to_owned(), "/elsewhere".to_owned())]);
        let told =
            [caches.tell_with(&lavapipe(), &BTreeMap::new(), &own), caches.tell_with(&lavapipe(), &varied, &nothing)];
        for told in told {
            assert_eq!((told.state, told.variables.len()), (Some(ShaderCache::Own), 0), "nothing is set over it");
        }
    }

    #[test]
    fn what_nobody_uses_any_more_goes() {
        let root = tempfile::tempdir().expect("a folder");
        let caches = caches(root.path(), false);
        caches.tell_with(&lavapipe(), &BTreeMap::new(), &nothing);
        let left = || std::fs::read_dir(root.path()).expect("a folder").count();
        prune(root.path(), SystemTime::now());
        assert_eq!(left(), 1, "it was just used");
        prune(root.path(), SystemTime::now() + 2 * KEPT);
        assert_eq!(left(), 0, "long ago");
    }
}
