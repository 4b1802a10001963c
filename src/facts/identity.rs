//! Who an engine is: the same engine, the same adapter, the same hardware, the same driver, and what differs between two.
//!
//! An engine's *class* is what stays when a driver is updated: backend, device, the driver's name, the processor's
//! architecture for software adapters, and the variables that change numerics. Its *driver* is what an update changes:
//! version, build, and the version numbers that drivers put into device names. An id such as `vulkan:0` is neither: it
//! changes with what else is installed.

use std::collections::BTreeMap;

use crate::model::AdapterIdentity;
use crate::model::adapter::INTERPRETER;
use crate::model::record::{AxisLevel, Engine, EngineKind, Environment};
use crate::model::text::without_commands;
use crate::model::variables::VARIABLES;

/// What stays over an update. Text is one line without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EngineClass {
    /// `vulkan`, `gl`, `metal`, `dx12`, `embedded` or `cpu`.
    pub backend: String,
    /// The device's name without version numbers; the mode of an embedded adapter; empty for the CPU.
    pub device: String,
    /// `vendor:device` as hexadecimal, where the backend tells both.
    pub hardware: Option<String>,
    /// The driver's name, where it is a name and no version; empty otherwise.
    pub family: String,
    /// The processor's architecture, for software adapters.
    pub architecture: Option<String>,
    /// Variables that the engine's driver reads and that may change numerics, and the CPU's thread count.
    pub variables: BTreeMap<String, String>,
}

/// What an update changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Driver {
    /// The version as the driver tells it; of the operating system for Metal, of this program for the embedded adapter;
    /// empty for the CPU.
    pub version: String,
    /// The device's name in full.
    pub device: String,
    /// The start of Vulkan's pipeline cache UUID, which changes with most builds.
    pub build: Option<String>,
}

/// An engine: its class and its driver.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The class.
    pub class: EngineClass,
    /// The driver.
    pub driver: Driver,
}

impl EngineClass {
    /// Whether `other` is the same engine, whatever its driver's version. Where both tell a device id, it decides and
    /// not the name, which some updates change.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.same_adapter(other) && self.family == other.family && self.variables == other.variables
    }

    /// Whether it is this program's own interpreter, and no driver.
    #[must_use]
    pub fn is_interpreter(&self) -> bool {
        self.backend == INTERPRETER
    }

    /// Whether `other` is the same adapter reached through the same backend, whatever its driver and the variables set.
    /// The CPU with another number of threads is another engine: it has no driver that reads variables.
    #[must_use]
    pub fn same_adapter(&self, other: &Self) -> bool {
        if self.backend == "cpu" && self.variables != other.variables {
            return false;
        }
        self.adapter() == other.adapter()
            || self.backend == other.backend
                && self.architecture == other.architecture
                && (self.hardware.is_none() || other.hardware.is_none())
                && self.device == other.device
    }

    /// The adapter as a text that two have in common where they are the same: backend, device and, for software, the
    /// processor's architecture. A device id comes before a name, which updates change.
    #[must_use]
    pub fn adapter(&self) -> String {
        let device = self.hardware.as_deref().unwrap_or(&self.device);
        let architecture = self.architecture.as_ref().map(|a| format!("/{a}")).unwrap_or_default();
        format!("{}/{device}{architecture}", self.backend)
    }

    /// The engine as a text that two have in common where they are the same, whatever their driver's version: the adapter,
    /// the driver's name, and the variables that it reads.
    #[must_use]
    pub fn key(&self) -> String {
        let variables: Vec<String> = self.variables.iter().map(|(n, v)| format!(" {n}={v}")).collect();
        format!("{}/{}{}", self.adapter(), self.family, variables.concat())
    }

    /// The class in words: `vulkan/llvmpipe/x86_64`, `embedded/strict`, `cpu threads=4`.
    #[must_use]
    pub fn label(&self) -> String {
        let mut out = self.backend.clone();
        let told = self.device.to_lowercase().contains(&self.family.to_lowercase());
        let family = if told { "" } else { self.family.as_str() };
        let architecture = self.architecture.as_deref().unwrap_or_default();
        for part in [self.device.as_str(), family, architecture].into_iter().filter(|p| !p.is_empty()) {
            out.push('/');
            out.push_str(part);
        }
        for (name, value) in &self.variables {
            out.push_str(&format!(" {name}={value}"));
        }
        out
    }
}

impl Driver {
    /// The release that the driver belongs to, which the drivers of several adapters share: `Mesa 25.0.7` of lavapipe's
    /// `Mesa 25.0.7-2 (LLVM 19.1.7)` and of llvmpipe's `4.5 (Core Profile) Mesa 25.0.7-2`. A candidate is a release of its
    /// own: `Mesa 25.0.0-rc3`. Of others the version.
    #[must_use]
    pub fn release(&self) -> String {
        let mesa = self.version.split_once("Mesa ").and_then(|(_, rest)| rest.split([' ', '(', ',']).next());
        let release = mesa.filter(|v| !v.is_empty()).map(|v| match v.split_once('-') {
            // A distribution's own number follows a release.
            Some((release, rest)) if !rest.starts_with("rc") && !rest.starts_with("devel") => release,
            _ => v,
        });
        release.map_or_else(|| self.version.clone(), |v| format!("Mesa {v}"))
    }

    /// The driver as a text that two have in common where they are the same.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}|{}|{}", self.version, self.device, self.build.as_deref().unwrap_or_default())
    }

    /// Name and version in words.
    #[must_use]
    pub fn label(&self) -> String {
        let build = self.build.as_ref().map(|b| format!(", build {b}")).unwrap_or_default();
        if self.version.is_empty() { format!("unknown version{build}") } else { format!("{}{build}", self.version) }
    }
}

/// Who an engine of a record made in this environment is.
#[must_use]
pub fn identify(environment: &Environment, engine: &Engine) -> Identity {
    match &engine.adapter {
        Some(adapter) if adapter.is_embedded() => interpreter(adapter),
        Some(adapter) => driven(adapter, engine, environment),
        None => plain(engine),
    }
}

/// Whether two adapters are the same hardware, as far as they tell. OpenGL tells no device id, and Metal neither vendor
/// nor device: there a vendor, or a name, must do. In doubt they are the same, which claims less.
#[must_use]
pub fn same_hardware(left: &AdapterIdentity, right: &AdapterIdentity) -> bool {
    if left.vendor != right.vendor {
        return false;
    }
    match (left.vendor, left.device, right.device) {
        (0, 0, 0) => left.name == right.name,
        (_, 0, _) | (_, _, 0) => true,
        (_, l, r) => l == r,
    }
}

/// Whether two adapters have the same driver in the same build, through the same backend.
#[must_use]
pub fn same_driver(left: &AdapterIdentity, right: &AdapterIdentity) -> bool {
    let driver =
        |a: &AdapterIdentity| (a.backend.clone(), a.driver.clone(), a.driver_info.clone(), a.driver_version.clone());
    driver(left) == driver(right) && left.driver_uuid == right.driver_uuid
}

/// What differs between two adapters of one machine: the driver, where the hardware is the same, else the adapter. Two
/// cards of a kind under one driver differ as adapters: they say nothing of another driver.
#[must_use]
pub fn axis(left: &Engine, right: &Engine) -> AxisLevel {
    let (Some(l), Some(r)) = (&left.adapter, &right.adapter) else { return AxisLevel::Adapter };
    if same_hardware(l, r) && !same_driver(l, r) { AxisLevel::Driver } else { AxisLevel::Adapter }
}

/// A CPU engine, or an adapter that was never opened.
fn plain(engine: &Engine) -> Identity {
    let cpu = engine.kind == EngineKind::Cpu;
    let variables = engine.variables.iter().map(|(n, v)| (clean(n), clean(v))).collect();
    let class = EngineClass {
        backend: if cpu { "cpu".to_owned() } else { "unknown".to_owned() },
        device: if cpu { String::new() } else { clean(&engine.id) },
        hardware: None,
        family: String::new(),
        architecture: None,
        variables,
    };
    Identity { class, driver: Driver { version: String::new(), device: String::new(), build: None } }
}

/// The embedded adapter computes the same on every machine, and its mode is its device.
fn interpreter(adapter: &AdapterIdentity) -> Identity {
    let (version, mode) = adapter.driver_info.split_once(", ").unwrap_or((&adapter.driver_info, ""));
    let class = EngineClass {
        backend: INTERPRETER.to_owned(),
        device: clean(mode),
        hardware: None,
        family: String::new(),
        architecture: None,
        variables: BTreeMap::new(),
    };
    Identity { class, driver: Driver { version: clean(version), device: String::new(), build: None } }
}

fn driven(adapter: &AdapterIdentity, engine: &Engine, environment: &Environment) -> Identity {
    // DirectX gives a version where others give a name.
    let driver = clean(&adapter.driver);
    let is_name = driver.chars().any(char::is_alphabetic);
    let candidates = [
        clean(&adapter.driver_info),
        if is_name { String::new() } else { driver.clone() },
        adapter.driver_version.as_deref().map(clean).unwrap_or_default(),
        // Metal's driver is a part of the system.
        clean(&environment.os),
    ];
    let tuned = VARIABLES.iter().filter(|v| v.matters_to(adapter));
    let tuned = tuned.filter_map(|v| environment.variables.get_key_value(v.name));
    let mut variables: BTreeMap<String, String> = tuned.map(|(n, v)| (clean(n), clean(v))).collect();
    variables.extend(engine.variables.iter().map(|(n, v)| (clean(n), clean(v))));
    let name = clean(&adapter.name);
    let class = EngineClass {
        backend: clean(&adapter.backend),
        device: without_versions(&name),
        hardware: (adapter.vendor != 0 && adapter.device != 0)
            .then(|| format!("{:04x}:{:04x}", adapter.vendor, adapter.device)),
        family: if is_name { driver } else { String::new() },
        architecture: adapter.is_software().then(|| clean(&environment.architecture)),
        variables,
    };
    let version = candidates.into_iter().find(|c| !c.is_empty()).unwrap_or_default();
    let build = adapter.pipeline_cache_uuid.as_deref().map(|b| clean(b).chars().take(12).collect::<String>());
    Identity { class, driver: Driver { version, device: name, build: build.filter(|b| !b.is_empty()) } }
}

/// One line without control characters, without blanks at its ends or next to one another, and without what a runner of
/// workflows takes for a command.
#[must_use]
pub fn clean(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut out = without_commands(&shown.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned();
    while out.contains("::") {
        out = out.replace("::", ": :");
    }
    out
}

/// A device's name without what an update of its driver changes: `llvmpipe (LLVM 15.0.6, 256 bits)` is `llvmpipe`. Only
/// parts of brackets are dropped; a number in the name itself is the device's.
fn without_versions(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(open) = rest.find('(') {
        let Some(close) = rest[open..].find(')').map(|c| open + c) else { break };
        let inside = &rest[open + 1..close];
        out.push_str(&rest[..open]);
        let kept: Vec<_> = inside.split(',').map(str::trim).filter(|p| !is_version(p)).collect();
        if !kept.is_empty() {
            out.push_str(&format!("({})", kept.join(", ")));
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    let out = clean(&out);
    // A name that is nothing else keeps it.
    if out.is_empty() { name.to_owned() } else { out }
}

/// `LLVM 15.0.6`, `256 bits`, `DRM 3.49`, `6.1.0-10-amd64`.
fn is_version(part: &str) -> bool {
    let dotted = |word: &str| {
        let mut pieces = word.split('.');
        let number = |p: Option<&str>| p.is_some_and(|p| p.starts_with(|c: char| c.is_ascii_digit()));
        number(pieces.next()) && number(pieces.next())
    };
    part.is_empty() || part.ends_with(" bits") || part.split(' ').any(dotted)
}

#[cfg(test)]
mod tests {
    use super::super::made::adapter;
    use super::*;

    #[test]
    fn versions_are_no_part_of_a_device() {
        let names = [
            ("llvmpipe (LLVM 15.0.6, 256 bits)", "llvmpipe"),
            ("SwiftShader Device (LLVM 10.0.0)", "SwiftShader Device"),
            ("SwiftShader Device (Subzero)", "SwiftShader Device(Subzero)"),
            ("NVIDIA GeForce RTX 3060/PCIe/SSE2", "NVIDIA GeForce RTX 3060/PCIe/SSE2"),
            ("AMD Radeon RX 6800 (radeonsi, navi21, LLVM 15.0.6, DRM 3.49, 6.1.0-10-amd64)", "navi21"),
            ("Mesa Intel(R) UHD Graphics 630 (CFL GT2)", "Mesa Intel(R) UHD Graphics 630 (CFL GT2)"),
            ("(LLVM 1.2)", "(LLVM 1.2)"),
            ("odd (unclosed", "odd (unclosed"),
        ];
        for (name, expected) in names {
            let found = without_versions(name);
            let squeezed = |t: &str| t.replace(' ', "");
            assert!(squeezed(&found).contains(&squeezed(expected)), "{name}: {found}");
            assert!(!found.contains("15.0.6"), "{name}: {found}");
        }
    }

    #[test]
    fn a_release_is_without_what_a_distribution_adds() {
        let versions = [
            ("Mesa 25.0.7-2 (LLVM 19.1.7)", "Mesa 25.0.7"),
            ("4.5 (Core Profile) Mesa 25.0.7-2", "Mesa 25.0.7"),
            ("Mesa 25.0.0-rc3 (LLVM 19.1.7)", "Mesa 25.0.0-rc3"),
            ("Mesa 25.1.0-devel (git-0a1b2c)", "Mesa 25.1.0-devel"),
            ("575.57.08", "575.57.08"),
        ];
        for (version, release) in versions {
            let driver = Driver { version: version.to_owned(), device: String::new(), build: None };
            assert_eq!(driver.release(), release, "of {version}");
        }
    }

    #[test]
    fn text_of_drivers_is_one_harmless_line() {
        assert_eq!(clean("a\n::error::b\u{1b}[31m  c "), "a : :error: :b [31m c", "no line and no command");
        assert!(!clean(":::::").contains("::"), "however many");
        assert_eq!(clean("##[add-mask]"), "# #[add-mask]", "nor the older form");
    }

    #[test]
    fn the_axis_is_what_differs() {
        let card = adapter("vulkan:0", "NVIDIA GeForce RTX 3060", 0x10de, 0x2504, "vulkan");
        let other = adapter("vulkan:1", "NVIDIA GeForce RTX 3060", 0x10de, 0x2504, "vulkan");
        let newer = adapter("vulkan:2", "NVIDIA GeForce RTX 4090", 0x10de, 0x2684, "vulkan");
        let through_gl = adapter("gl:0", "NVIDIA GeForce RTX 3060/PCIe/SSE2", 0x10de, 0, "gl");
        let foreign = adapter("gl:0", "AMD Radeon RX 6800 (radeonsi)", 0x1002, 0, "gl");
        assert_eq!(axis(&card, &other), AxisLevel::Adapter, "two cards, one driver");
        assert_eq!(axis(&card, &newer), AxisLevel::Adapter, "two kinds of card");
        assert_eq!(axis(&card, &through_gl), AxisLevel::Driver, "one card, two backends");
        assert_eq!(axis(&card, &foreign), AxisLevel::Adapter, "two vendors");
        let (iris, radeon) =
            (adapter("metal:0", "Intel Iris", 0, 0, ""), adapter("metal:1", "AMD Radeon Pro", 0, 0, ""));
        assert_eq!(axis(&iris, &radeon), AxisLevel::Adapter, "Metal has no ids");
        let strict = adapter("embedded:0", "interpreter", 0, 0, "0.1, strict");
        let flush = adapter("embedded:1", "interpreter", 0, 0, "0.1, flush");
        assert_eq!(axis(&strict, &flush), AxisLevel::Driver, "a mode is a driver");
    }
}
