//! Accelerators and their drivers, from whoever tells: the drivers themselves, `nvidia-smi`, `rocm-smi`, and the files of Linux. A
//! training uses CUDA or ROCm, which may be there where no Vulkan driver is.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::software::answer;
use crate::audit;
use crate::model::capture::Accelerator;
use crate::model::text::shown;
use crate::process::{Limits, default_limit};

/// How long listing the adapters may take.
const LISTING: Duration = Duration::from_secs(60);

/// The longest text of a driver, in characters.
const TEXT: usize = 200;

/// What `nvidia-smi` is asked, and which of it is the name and the driver.
const NVIDIA: [&str; 6] =
    ["name", "driver_version", "vbios_version", "ecc.mode.current", "mig.mode.current", "memory.total"];

/// All accelerators, each as often as there are such.
pub(super) fn read(root: &Path, notes: &mut Vec<String>) -> Vec<Accelerator> {
    let mut out = Vec::new();
    let limits = Limits { time: LISTING, memory: default_limit() };
    let listing = audit::adapters(&[], limits);
    for failed in &listing.failed {
        notes.push(format!("accelerators: the adapters of {failed} could not be listed: {}", failed.reason));
    }
    for adapter in listing.adapters.iter().filter(|a| !a.is_embedded()) {
        let driver = [&adapter.driver, &adapter.driver_info].map(String::as_str).into_iter().filter(|t| !t.is_empty());
        let mut driver: Vec<&str> = driver.collect();
        driver.extend(adapter.driver_version.as_deref());
        let mut settings = BTreeMap::new();
        settings.extend(adapter.driver_uuid.clone().map(|id| ("driver_uuid".to_owned(), id)));
        settings.extend(adapter.pipeline_cache_uuid.clone().map(|id| ("pipeline_cache_uuid".to_owned(), id)));
        out.push(Accelerator {
            told_by: adapter.backend.clone(),
            name: shown(&adapter.name, TEXT),
            driver: shown(&driver.join(" "), TEXT),
            settings,
        });
    }
    let nvidia = nvidia_smi();
    let amd = rocm_smi();
    let files = files(root, nvidia.is_empty(), amd.is_empty());
    out.extend(nvidia);
    out.extend(amd);
    out.extend(files);
    out.sort();
    out
}

fn nvidia_smi() -> Vec<Accelerator> {
    let mut command = Command::new("nvidia-smi");
    command.arg(format!("--query-gpu={}", NVIDIA.join(","))).arg("--format=csv,noheader");
    answer(command).map(|text| of_nvidia(&String::from_utf8_lossy(&text))).unwrap_or_default()
}

/// The lines of `nvidia-smi --query-gpu`. A card that tells nothing of a question says `[N/A]`.
fn of_nvidia(text: &str) -> Vec<Accelerator> {
    let card = |line: &str| {
        let values: Vec<String> = line.split(',').map(|v| shown(v, TEXT)).collect();
        let [name, driver, rest @ ..] = values.as_slice() else { return None };
        let known = |value: &str| !value.is_empty() && !value.starts_with('[');
        let settings = NVIDIA[2..].iter().zip(rest).filter(|(_, value)| known(value));
        let settings = settings.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let driver = format!("NVIDIA {driver}");
        known(name).then(|| Accelerator { told_by: "nvidia-smi".to_owned(), name: name.clone(), driver, settings })
    };
    text.lines().filter_map(card).collect()
}

fn rocm_smi() -> Vec<Accelerator> {
    let mut command = Command::new("rocm-smi");
    command.args(["--showproductname", "--showdriverversion", "--showvbios", "--json"]);
    answer(command).map(|text| of_rocm(&text)).unwrap_or_default()
}

/// The JSON of `rocm-smi`: an object a card, and one of the system.
fn of_rocm(text: &[u8]) -> Vec<Accelerator> {
    let Ok(all) = serde_json::from_slice::<BTreeMap<String, BTreeMap<String, serde_json::Value>>>(text) else {
        return Vec::new();
    };
    let value = |of: &BTreeMap<String, serde_json::Value>, words: &[&str]| {
        let fits = |name: &str| words.iter().any(|w| name.eq_ignore_ascii_case(w));
        of.iter().find(|(name, _)| fits(name)).and_then(|(_, v)| v.as_str()).map(|v| shown(v, TEXT))
    };
    let driver = all.values().find_map(|of| value(of, &["Driver version"])).unwrap_or_default();
    let card = |of: &BTreeMap<String, serde_json::Value>| {
        let name = value(of, &["Card series", "Card Series", "Card model", "Card SKU"])?;
        let mut settings = BTreeMap::new();
        settings.extend(value(of, &["GFX Version"]).map(|v| ("gfx".to_owned(), v)));
        settings.extend(value(of, &["VBIOS version"]).map(|v| ("vbios_version".to_owned(), v)));
        let driver = format!("amdgpu {driver}").trim_end().to_owned();
        Some(Accelerator { told_by: "rocm-smi".to_owned(), name, driver, settings })
    };
    all.iter().filter(|(name, _)| name.starts_with("card")).filter_map(|(_, of)| card(of)).collect()
}

/// What the files of Linux tell, of the makers whose own programs told nothing.
fn files(root: &Path, nvidia: bool, amd: bool) -> Vec<Accelerator> {
    let text = |path: &str| std::fs::read_to_string(root.join(path)).map(|t| t.trim().to_owned()).ok();
    let folders = |path: &str| {
        let entries = std::fs::read_dir(root.join(path)).into_iter().flatten().flatten();
        let mut all: Vec<_> = entries.map(|e| e.path()).collect();
        all.sort();
        all
    };
    let card = |name: String, driver: String| Accelerator {
        told_by: "sysfs".to_owned(),
        name: shown(&name, TEXT),
        driver: shown(&driver, TEXT),
        settings: BTreeMap::new(),
    };
    let mut out = Vec::new();
    if nvidia && let Some(version) = text("proc/driver/nvidia/version") {
        // NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue …
        let number =
            version.split_whitespace().find(|w| w.contains('.') && w.starts_with(|c: char| c.is_ascii_digit()));
        let driver = format!("NVIDIA {}", number.unwrap_or("of an unknown version"));
        let model = |path: &Path| {
            let told = std::fs::read_to_string(path.join("information")).ok()?;
            told.lines().find_map(|l| l.strip_prefix("Model:").map(|m| m.trim().to_owned()))
        };
        let cards: Vec<String> = folders("proc/driver/nvidia/gpus").iter().filter_map(|p| model(p)).collect();
        out.extend(cards.into_iter().map(|name| card(name, driver.clone())));
    }
    if amd {
        let version = text("sys/module/amdgpu/version").or_else(|| text("sys/module/amdgpu/srcversion"));
        for node in folders("sys/class/drm") {
            let read =
                |name: &str| std::fs::read_to_string(node.join("device").join(name)).map(|t| t.trim().to_owned()).ok();
            let is_node = node.file_name().is_some_and(|n| n.to_string_lossy().starts_with("renderD"));
            if !is_node || read("vendor").as_deref() != Some("0x1002") {
                continue;
            }
            let device = read("device").unwrap_or_default();
            let name = read("product_name").filter(|n| !n.is_empty()).unwrap_or_else(|| format!("AMD {device}"));
            out.push(card(name, format!("amdgpu {}", version.as_deref().unwrap_or("of the kernel"))));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_makers_programs_print_is_read() {
        let text = "NVIDIA H100 80GB HBM3, 550.54.15, 96.00.74.00.01, Enabled, Disabled, 81559 MiB\n\
                    Tesla T4, 550.54.15, 90.04.96.00.9F, [N/A], [N/A], 15360 MiB\n\nbroken\n";
        let found = of_nvidia(text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].name.as_str(), found[0].driver.as_str()), ("NVIDIA H100 80GB HBM3", "NVIDIA 550.54.15"));
        assert_eq!(found[0].settings["mig.mode.current"], "Disabled", "{found:?}");
        assert!(!found[1].settings.contains_key("ecc.mode.current"), "what is not told is not there: {found:?}");
        let json =
            br#"{"card0": {"Card Series": "AMD Instinct MI300X", "GFX Version": "gfx942", "VBIOS version": "113-M3"},
                        "system": {"Driver version": "6.7.0"}}"#;
        let found = of_rocm(json);
        assert_eq!((found[0].name.as_str(), found[0].driver.as_str()), ("AMD Instinct MI300X", "amdgpu 6.7.0"));
        assert_eq!(found[0].settings["gfx"], "gfx942", "{found:?}");
        assert!(of_rocm(b"WARNING: no GPU").is_empty(), "anything else");
    }

    #[test]
    fn files_tell_where_no_program_does() {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Tue Mar  5\n"),
            ("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t NVIDIA A100-SXM4-40GB\nIRQ: 5\n"),
            ("sys/class/drm/renderD128/device/vendor", "0x1002\n"),
            ("sys/class/drm/renderD128/device/device", "0x740f\n"),
            ("sys/class/drm/renderD129/device/vendor", "0x8086\n"),
            ("sys/module/amdgpu/version", "6.7.0\n"),
        ] {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let told: Vec<(String, String)> =
            files(root.path(), true, true).into_iter().map(|a| (a.name, a.driver)).collect();
        let wanted = [("NVIDIA A100-SXM4-40GB", "NVIDIA 535.161.08"), ("AMD 0x740f", "amdgpu 6.7.0")];
        assert_eq!(told, wanted.map(|(n, d)| (n.to_owned(), d.to_owned())), "both");
        assert!(files(root.path(), false, false).is_empty(), "their own programs told");
    }
}
