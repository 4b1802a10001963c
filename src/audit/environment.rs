//! What is found of the machine that an audit runs on.

use crate::model::text::shown;
use crate::model::variables::VARIABLES;
use crate::record::Environment;

/// This machine.
#[must_use]
pub fn machine() -> Environment {
    let unknown = || "unknown".to_owned();
    let plain = |text: String| shown(&text, 1000);
    let host = sysinfo::System::host_name().map_or_else(|_| unknown(), plain);
    // A platform that sysinfo does not know leaves these unknown; the audit itself does not need them.
    let (cpu, cores, memory_mib) = sysinfo::System::new().map_or_else(
        |_| (unknown(), 0, 0),
        |mut system| {
            system.refresh_memory();
            system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
            let cpu = brand(&system).map_or_else(unknown, plain);
            (cpu, system.cpus().len(), system.total_memory() >> 20)
        },
    );
    let cpu_threads = crate::numerics::threads::available_threads() as u64;
    let machine = format!("{host}\n{cpu}\n{}\n{}", cores, memory_mib >> 10);
    Environment {
        machine_id: blake3::hash(machine.as_bytes()).to_hex()[..16].to_owned(),
        host,
        os: sysinfo::System::long_os_version().map_or_else(|_| unknown(), plain),
        kernel: sysinfo::System::kernel_version().map_or_else(|_| unknown(), plain),
        architecture: std::env::consts::ARCH.to_owned(),
        cpu,
        cpu_threads,
        cpu_features: cpu_features(),
        memory_mib,
        variables: VARIABLES
            .into_iter()
            .filter_map(|v| std::env::var(v.name).ok().map(|value| (v.name.to_owned(), plain(value))))
            .collect(),
    }
}

/// What the processor calls itself, once the list of them is refreshed.
fn brand(system: &sysinfo::System) -> Option<String> {
    system.cpus().first().map(|c| c.brand().to_owned())
}

/// The processor as far as it can matter to code that is compiled for it.
pub(super) fn processor() -> String {
    let brand = sysinfo::System::new().map_or_else(
        |_| String::new(),
        |mut system| {
            system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
            brand(&system).unwrap_or_default()
        },
    );
    // All that Linux tells of the first one: a virtual machine may hide some of what the brand has.
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = told.lines().find(|l| l.starts_with("flags") || l.starts_with("Features")).unwrap_or_default();
    format!("{} {brand} {flags}", std::env::consts::ARCH)
}

#[cfg(target_arch = "x86_64")]
fn cpu_features() -> Vec<String> {
    let all = [
        ("sse4.1", is_x86_feature_detected!("sse4.1")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("f16c", is_x86_feature_detected!("f16c")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
    ];
    all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_features() -> Vec<String> {
    Vec::new()
}
