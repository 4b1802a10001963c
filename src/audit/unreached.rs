//! A GPU that is in the machine and that no driver reaches, with the remedy. A function of a file system's root, so that
//! machines can be planted.

use std::path::{Path, PathBuf};

use crate::model::{AdapterIdentity, Role};

/// Who made a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Maker {
    Nvidia,
    Amd,
    Intel,
    /// A GPU that Windows lends to Linux (WSL), whoever made it.
    Wsl,
}

impl Maker {
    const ALL: [Self; 3] = [Self::Nvidia, Self::Amd, Self::Intel];

    /// The PCI vendor id.
    fn vendor(self) -> Option<u32> {
        match self {
            Self::Nvidia => Some(0x10de),
            Self::Amd => Some(0x1002),
            Self::Intel => Some(0x8086),
            Self::Wsl => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nvidia => "an NVIDIA GPU",
            Self::Amd => "an AMD GPU",
            Self::Intel => "an Intel GPU",
            Self::Wsl => "a GPU lent by Windows (WSL)",
        }
    }

    /// How the names of its Vulkan driver's files begin.
    fn manifest(self) -> &'static [&'static str] {
        match self {
            Self::Nvidia => &["nvidia_icd", "nvidia_layers", "10_nvidia"],
            Self::Amd => &["radeon_icd", "amd_icd"],
            Self::Intel => &["intel_icd", "intel_hasvk_icd"],
            Self::Wsl => &["dzn_icd"],
        }
    }
}

/// A GPU that is there and that no driver reaches: what it is, why as far as files tell, and what to do. In a sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    /// What is there, and by which file that is known.
    pub what: String,
    /// What keeps a driver from it, and what to do.
    pub remedy: String,
}

/// What is to be known besides the files.
#[derive(Debug, Clone, Default)]
pub struct Reached {
    /// PCI vendors of the adapters that drivers list, software adapters left out.
    pub vendors: Vec<u32>,
    /// Whether any adapter that is no software is listed.
    pub any: bool,
    /// The value of `VK_DRIVER_FILES` or `VK_ICD_FILENAMES`, where it is set: the loader looks at nothing else.
    pub chosen: Option<String>,
}

impl Reached {
    /// What these adapters reach, with the variables that are set.
    pub fn of<'a>(adapters: impl IntoIterator<Item = &'a AdapterIdentity>) -> Self {
        let hardware = |a: &&AdapterIdentity| a.role() == Role::Driver && !a.is_software();
        let vendors: Vec<u32> = adapters.into_iter().filter(hardware).map(|a| a.vendor).collect();
        let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let chosen = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().find_map(set);
        Self { any: !vendors.is_empty(), vendors, chosen }
    }
}

/// The GPUs below this root that no driver reaches. On systems other than Linux nothing is known of them.
#[must_use]
pub fn unreached(root: &Path, reached: &Reached) -> Vec<Unreached> {
    unreached_with(root, reached, &opens)
}

/// Whether a device file can be opened to read and write, or is refused to this user.
fn opens(path: &Path) -> bool {
    let opened = std::fs::File::options().read(true).write(true).open(path);
    !opened.is_err_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied)
}

fn unreached_with(root: &Path, reached: &Reached, opens: &dyn Fn(&Path) -> bool) -> Vec<Unreached> {
    let at = |path: &str| root.join(path);
    let mut out = Vec::new();
    for maker in Maker::ALL {
        let Some(vendor) = maker.vendor().filter(|v| !reached.vendors.contains(v)) else { continue };
        let Some(sign) = sign(root, maker, vendor) else { continue };
        let what = format!("There is {} ({sign}), and no driver here reaches it.", maker.name());
        out.push(Unreached { what, remedy: remedy(root, maker, reached, opens) });
    }
    if at("dev/dxg").exists() && !reached.any {
        let what = format!("There is {} (/dev/dxg), and no driver here reaches it.", Maker::Wsl.name());
        out.push(Unreached { what, remedy: remedy(root, Maker::Wsl, reached, opens) });
    }
    out
}

/// The file by which a GPU is known to be there.
fn sign(root: &Path, maker: Maker, vendor: u32) -> Option<String> {
    let known: &[&str] = match maker {
        Maker::Nvidia => &["proc/driver/nvidia/version", "dev/nvidiactl", "dev/nvidia0"],
        Maker::Amd => &["dev/kfd"],
        Maker::Intel | Maker::Wsl => &[],
    };
    let file = known.iter().find(|path| root.join(path).exists()).map(|path| format!("/{path}"));
    file.or_else(|| {
        let nodes = names(&root.join("sys/class/drm"), |n| n.starts_with("renderD"));
        let made = |node: &&PathBuf| read_hex(&node.join("device/vendor")) == Some(vendor);
        let node = nodes.iter().find(made)?;
        Some(format!("/dev/dri/{}", node.file_name()?.to_string_lossy()))
    })
    .or_else(|| {
        // Of what is on the bus, displays and 3D controllers alone: an Intel bridge is no GPU.
        let devices = names(&root.join("sys/bus/pci/devices"), |_| true);
        let is = |device: &&PathBuf| {
            let class = read_hex(&device.join("class")).map(|c| c >> 8);
            read_hex(&device.join("vendor")) == Some(vendor) && matches!(class, Some(0x0300 | 0x0302 | 0x0380))
        };
        let device = devices.iter().find(is)?;
        // The graphics of a server's board controller are no GPU of these makers; their own are.
        Some(format!("PCI {}", device.file_name()?.to_string_lossy()))
    })
}

fn remedy(root: &Path, maker: Maker, reached: &Reached, opens: &dyn Fn(&Path) -> bool) -> String {
    let container = ["/.dockerenv", "/run/.containerenv"].iter().any(|p| root.join(&p[1..]).exists());
    if let Some(chosen) = &reached.chosen
        && !maker.manifest().iter().any(|m| chosen.contains(m))
    {
        return format!(
            "VK_DRIVER_FILES or VK_ICD_FILENAMES names other drivers ({chosen}): unset it, or add this GPU's driver."
        );
    }
    if maker != Maker::Wsl && maker != Maker::Nvidia {
        let nodes = names(&root.join("dev/dri"), |n| n.starts_with("renderD"));
        if nodes.is_empty() {
            return if container {
                "This container has no /dev/dri/renderD*: start it with --device /dev/dri (AMD: and --device /dev/kfd)."
            } else {
                "There is no /dev/dri/renderD*: its kernel module is not loaded (see dmesg)."
            }
            .to_owned();
        }
        if let Some(node) = nodes.iter().find(|n| !opens(n)) {
            let node = node.strip_prefix(root).unwrap_or(node).display();
            return format!(
                "This user may not open /{node}: add it to the group of that file, usually render (usermod -aG render USER), \
                 and log in again."
            );
        }
    }
    if !manifests(root).iter().any(|m| maker.manifest().iter().any(|known| m.starts_with(known))) {
        return match (maker, container) {
            (Maker::Nvidia, true) => {
                "This container has no Vulkan driver of NVIDIA's: start it with the capability graphics, as in docker run \
                 --gpus all -e NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility, and with libvulkan1 installed."
            }
            (Maker::Nvidia, false) => {
                "NVIDIA's Vulkan driver is not installed (no nvidia_icd.json): Debian nvidia-vulkan-icd, Ubuntu \
                 libnvidia-gl of the kernel module's version, other systems the full driver."
            }
            (Maker::Amd | Maker::Intel, _) => {
                "Its Vulkan driver is not installed: Debian and Ubuntu, apt install mesa-vulkan-drivers."
            }
            (Maker::Wsl, _) => {
                "Mesa's driver for it (dzn) is not installed: a Mesa with dzn, such as Ubuntu's mesa-vulkan-drivers, and \
                 /usr/lib/wsl/lib among the libraries."
            }
        }
        .to_owned();
    }
    if !library(root, "libvulkan.so.1") {
        return "The Vulkan loader is not installed: Debian and Ubuntu, apt install libvulkan1.".to_owned();
    }
    if maker == Maker::Nvidia && !library(root, "libGLX_nvidia.so.0") {
        return "The driver's file names libGLX_nvidia.so.0, which is not here: the container lacks the capability graphics \
                (NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility), or the driver is not installed whole."
            .to_owned();
    }
    "Its Vulkan driver is installed and lists no adapter: vulkaninfo --summary says why; a driver that is not of the \
     kernel module's version is the usual reason."
        .to_owned()
}

/// The names of drivers' files where the loader looks for them.
fn manifests(root: &Path) -> Vec<String> {
    ["usr/share/vulkan/icd.d", "etc/vulkan/icd.d", "usr/local/share/vulkan/icd.d"]
        .iter()
        .flat_map(|folder| names(&root.join(folder), |_| true))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect()
}

/// Whether a library is in one of the usual folders.
fn library(root: &Path, name: &str) -> bool {
    let folders = ["usr/lib", "usr/lib64", "usr/local/lib", "usr/lib/wsl/lib", "lib", "usr/local/nvidia/lib64"];
    let multiarch = names(&root.join("usr/lib"), |n| n.ends_with("-linux-gnu"));
    folders.iter().map(|f| root.join(f)).chain(multiarch).any(|folder| folder.join(name).exists())
}

/// What a folder holds, by name; nothing where it cannot be read.
fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let name = |p: &PathBuf| p.file_name().is_some_and(|n| wanted(&n.to_string_lossy()));
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(name).collect();
    found.sort();
    found
}

fn read_hex(path: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(path).ok()?;
    u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root with these files; those that end in `=…` hold that.
    fn planted(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for file in files {
            let (name, content) = file.split_once('=').unwrap_or((file, ""));
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, content).expect("written");
        }
        root
    }

    fn found(files: &[&str], reached: &Reached) -> Vec<Unreached> {
        unreached_with(planted(files).path(), reached, &|_| true)
    }

    fn one(files: &[&str]) -> Unreached {
        let mut all = found(files, &Reached::default());
        assert_eq!(all.len(), 1, "{files:?}: {all:?}");
        all.remove(0)
    }

    const LOADER: &str = "usr/lib/x86_64-linux-gnu/libvulkan.so.1";

    #[test]
    fn a_container_without_the_graphics_capability_is_told_so() {
        let it = one(&["dev/nvidiactl", "proc/driver/nvidia/version", ".dockerenv", LOADER]);
        assert!(it.what.contains("NVIDIA") && it.what.contains("/proc/driver/nvidia/version"), "{it:?}");
        assert!(it.remedy.contains("NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility"), "{it:?}");
        let it = one(&["dev/nvidia0", "etc/vulkan/icd.d/nvidia_icd.json", ".dockerenv", LOADER]);
        assert!(it.remedy.contains("libGLX_nvidia.so.0"), "the file without the library: {it:?}");
        let it = one(&["dev/nvidia0", "usr/lib/libGLX_nvidia.so.0", "etc/vulkan/icd.d/nvidia_icd.json"]);
        assert!(it.remedy.contains("apt install libvulkan1"), "no loader: {it:?}");
        let it = one(&["dev/nvidia0", "usr/lib/libGLX_nvidia.so.0", "etc/vulkan/icd.d/nvidia_icd.json", LOADER]);
        assert!(it.remedy.contains("vulkaninfo"), "nothing is missing: {it:?}");
        let it = one(&["dev/nvidia0", LOADER]);
        assert!(it.remedy.contains("nvidia-vulkan-icd") && !it.remedy.contains("container"), "no container: {it:?}");
    }

    #[test]
    fn amd_and_intel_need_their_node_the_right_to_open_it_and_mesa() {
        let amd = "sys/class/drm/renderD128/device/vendor=0x1002\n";
        let it = one(&[amd, "dev/dri/renderD128", LOADER]);
        assert!(it.what.contains("AMD") && it.remedy.contains("mesa-vulkan-drivers"), "{it:?}");
        let it = one(&["dev/kfd", ".dockerenv"]);
        assert!(it.remedy.contains("--device /dev/dri"), "no node in a container: {it:?}");
        let intel = "sys/class/drm/renderD128/device/vendor=0x8086\n";
        let root = planted(&[intel, "dev/dri/renderD128"]);
        let refused = unreached_with(root.path(), &Reached::default(), &|_| false);
        assert!(refused[0].remedy.contains("/dev/dri/renderD128: add it to the group"), "{refused:?}");
        let bus =
            ["sys/bus/pci/devices/0000:03:00.0/vendor=0x1002\n", "sys/bus/pci/devices/0000:03:00.0/class=0x030000\n"];
        assert!(one(&bus).remedy.contains("kernel module is not loaded"), "on the bus alone");
    }

    #[test]
    fn nothing_is_said_of_what_is_reached_or_is_no_gpu() {
        let bridge =
            ["sys/bus/pci/devices/0000:00:00.0/vendor=0x8086\n", "sys/bus/pci/devices/0000:00:00.0/class=0x060000\n"];
        assert!(found(&bridge, &Reached::default()).is_empty(), "a bridge");
        let reached = Reached { vendors: vec![0x10de], any: true, chosen: None };
        assert!(found(&["dev/nvidiactl", "dev/dxg"], &reached).is_empty(), "it is reached");
        assert!(found(&[], &Reached::default()).is_empty(), "nothing is there");
    }

    #[test]
    fn a_variable_that_leaves_the_driver_out_comes_first() {
        let chosen = Some("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json".to_owned());
        let all =
            found(&["dev/nvidia0", "etc/vulkan/icd.d/nvidia_icd.json"], &Reached { chosen, ..Reached::default() });
        assert!(all[0].remedy.contains("unset it"), "{all:?}");
        let wsl = one(&["dev/dxg"]);
        assert!(wsl.what.contains("WSL") && wsl.remedy.contains("dzn"), "{wsl:?}");
    }
}
