//! The environment variables that an audit records: what each does, and whose drivers read it.

use super::adapter::AdapterIdentity;

/// What a variable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It may change the bits that a driver computes: part of who an engine is.
    Numerics,
    /// It chooses a driver or a layer. The driver that was chosen tells who it is itself.
    Selects,
    /// It moves or turns off a cache.
    Cache,
}

/// Who reads a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The Vulkan, OpenGL or EGL loader.
    Loader,
    /// Every driver of Mesa.
    Mesa,
    /// Mesa's software drivers: llvmpipe and lavapipe.
    Llvmpipe,
    /// Mesa's Vulkan driver for AMD.
    Radv,
    /// Mesa's OpenGL driver for AMD.
    Radeonsi,
    /// Mesa's drivers for Intel.
    Intel,
    /// NVIDIA's driver.
    Nvidia,
    /// Apple's Metal.
    Metal,
}

/// A variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub effect: Effect,
    /// Who reads it.
    pub reader: Reader,
}

const fn variable(name: &'static str, effect: Effect, reader: Reader) -> Variable {
    Variable { name, effect, reader }
}

/// Every variable that an audit records. The one list: what is recorded, what makes an engine another one, and what a
/// comparison tells are all read from here.
pub const VARIABLES: [Variable; 24] = [
    variable("VK_DRIVER_FILES", Effect::Selects, Reader::Loader),
    variable("VK_ICD_FILENAMES", Effect::Selects, Reader::Loader),
    variable("VK_ADD_DRIVER_FILES", Effect::Selects, Reader::Loader),
    variable("VK_INSTANCE_LAYERS", Effect::Selects, Reader::Loader),
    variable("VK_LOADER_LAYERS_ENABLE", Effect::Selects, Reader::Loader),
    variable("GALLIUM_DRIVER", Effect::Selects, Reader::Mesa),
    variable("MESA_LOADER_DRIVER_OVERRIDE", Effect::Selects, Reader::Mesa),
    variable("LIBGL_ALWAYS_SOFTWARE", Effect::Selects, Reader::Mesa),
    variable("MESA_SHADER_CACHE_DISABLE", Effect::Cache, Reader::Mesa),
    variable("__GL_SHADER_DISK_CACHE", Effect::Cache, Reader::Nvidia),
    variable("LP_NUM_THREADS", Effect::Numerics, Reader::Llvmpipe),
    variable("LP_NATIVE_VECTOR_WIDTH", Effect::Numerics, Reader::Llvmpipe),
    variable("GALLIUM_OVERRIDE_CPU_CAPS", Effect::Numerics, Reader::Llvmpipe),
    variable("GALLIUM_NOSSE", Effect::Numerics, Reader::Llvmpipe),
    variable("GALLIVM_PERF", Effect::Numerics, Reader::Llvmpipe),
    variable("MESA_GL_VERSION_OVERRIDE", Effect::Numerics, Reader::Mesa),
    variable("NIR_DEBUG", Effect::Numerics, Reader::Mesa),
    variable("RADV_DEBUG", Effect::Numerics, Reader::Radv),
    variable("RADV_PERFTEST", Effect::Numerics, Reader::Radv),
    variable("ACO_DEBUG", Effect::Numerics, Reader::Radv),
    variable("AMD_DEBUG", Effect::Numerics, Reader::Radeonsi),
    variable("INTEL_DEBUG", Effect::Numerics, Reader::Intel),
    variable("MTL_SHADER_VALIDATION", Effect::Numerics, Reader::Metal),
    variable("NVIDIA_TF32_OVERRIDE", Effect::Numerics, Reader::Nvidia),
];

impl Reader {
    /// Whether an adapter's driver is such a reader, as far as it tells.
    #[must_use]
    pub fn is(self, adapter: &AdapterIdentity) -> bool {
        let told = [&adapter.name, &adapter.driver, &adapter.driver_info].map(|t| t.to_lowercase());
        let tells = |word: &str| told.iter().any(|t| t.contains(word));
        let software = || tells("llvmpipe") || tells("lavapipe");
        match self {
            Self::Loader => false,
            Self::Llvmpipe => software(),
            Self::Mesa => tells("mesa") || software() || tells("radv") || tells("radeonsi"),
            Self::Radv => adapter.backend == "vulkan" && tells("radv"),
            Self::Radeonsi => adapter.backend == "gl" && tells("radeonsi"),
            Self::Intel => adapter.vendor == 0x8086 && tells("mesa"),
            Self::Nvidia => adapter.vendor == 0x10de,
            Self::Metal => adapter.backend == "metal",
        }
    }
}

/// Whether setting the variable `name` may change what an adapter computes: its driver reads it, as far as the table
/// knows, or the table does not know it.
#[must_use]
pub fn may_matter(name: &str, adapter: &AdapterIdentity) -> bool {
    match VARIABLES.iter().find(|v| v.name == name) {
        Some(variable) if variable.effect == Effect::Numerics => variable.matters_to(adapter),
        // What chooses a driver may choose another one, and a cache may hide or show what another driver left there.
        Some(_) | None => !adapter.is_embedded(),
    }
}

impl Variable {
    /// Whether this variable may change what an adapter computes.
    #[must_use]
    pub fn matters_to(&self, adapter: &AdapterIdentity) -> bool {
        self.effect == Effect::Numerics && !adapter.is_embedded() && self.reader.is(adapter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_matters_to_the_driver_that_reads_it_alone() {
        let threads = VARIABLES.iter().find(|v| v.name == "LP_NUM_THREADS").expect("it is recorded");
        let named = |name: &str| AdapterIdentity { name: name.to_owned(), ..AdapterIdentity::unlisted("vulkan") };
        assert!(threads.matters_to(&named("llvmpipe (LLVM 15.0.6, 256 bits)")), "lavapipe reads it");
        assert!(!threads.matters_to(&named("SwiftShader Device (Subzero)")), "SwiftShader does not");
        assert!(may_matter("LP_NUM_THREADS", &named("llvmpipe")), "it is asked");
        assert!(!may_matter("LP_NUM_THREADS", &named("SwiftShader")), "it is not");
        assert!(may_matter("SOMETHING", &named("SwiftShader")), "nobody knows");
        assert!(may_matter("VK_DRIVER_FILES", &named("SwiftShader")), "it may be another driver then");
        assert!(!may_matter("SOMETHING", &AdapterIdentity::unlisted("embedded")), "the interpreter reads none");
        let names: std::collections::BTreeSet<_> = VARIABLES.iter().map(|v| v.name).collect();
        assert_eq!(names.len(), VARIABLES.len(), "each once");
    }
}
