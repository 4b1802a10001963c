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

/// What a variable that a framework reads could move, where it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// The order in which a program goes through sets and files.
    Order,
    /// Which kernel or algorithm a library chooses.
    Libraries,
    /// Which devices and how many threads there are.
    Devices,
}

/// The variables that frameworks and their libraries read and that may change what they compute. A capture records these and
/// [`VARIABLES`], and no other: any other may be a secret.
pub const FRAMEWORKS: [(&str, Moves); 47] = [
    ("PYTHONHASHSEED", Moves::Order),
    ("LC_ALL", Moves::Order),
    ("LC_COLLATE", Moves::Order),
    ("CUBLAS_WORKSPACE_CONFIG", Moves::Libraries),
    ("CUBLASLT_WORKSPACE_SIZE", Moves::Libraries),
    ("CUDA_LAUNCH_BLOCKING", Moves::Libraries),
    ("CUDA_MODULE_LOADING", Moves::Libraries),
    ("CUDNN_DETERMINISTIC", Moves::Libraries),
    ("NVIDIA_TF32_OVERRIDE", Moves::Libraries),
    ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", Moves::Libraries),
    ("TORCH_CUDNN_V8_API_DISABLED", Moves::Libraries),
    ("TORCH_BLAS_PREFER_CUBLASLT", Moves::Libraries),
    ("TORCHINDUCTOR_MAX_AUTOTUNE", Moves::Libraries),
    ("TORCHDYNAMO_DISABLE", Moves::Libraries),
    ("PYTORCH_JIT", Moves::Libraries),
    ("PYTORCH_ENABLE_MPS_FALLBACK", Moves::Libraries),
    ("PYTORCH_MPS_FAST_MATH", Moves::Libraries),
    ("PYTORCH_TUNABLEOP_ENABLED", Moves::Libraries),
    ("TF_DETERMINISTIC_OPS", Moves::Libraries),
    ("TF_CUDNN_DETERMINISTIC", Moves::Libraries),
    ("TF_CUDNN_USE_AUTOTUNE", Moves::Libraries),
    ("TF_ENABLE_ONEDNN_OPTS", Moves::Libraries),
    ("TF_XLA_FLAGS", Moves::Libraries),
    ("XLA_FLAGS", Moves::Libraries),
    ("JAX_DEFAULT_MATMUL_PRECISION", Moves::Libraries),
    ("JAX_ENABLE_X64", Moves::Libraries),
    ("JAX_THREEFRY_PARTITIONABLE", Moves::Libraries),
    ("JAX_DISABLE_JIT", Moves::Libraries),
    ("DNNL_MAX_CPU_ISA", Moves::Libraries),
    ("ONEDNN_MAX_CPU_ISA", Moves::Libraries),
    ("MKL_CBWR", Moves::Libraries),
    ("MKL_ENABLE_INSTRUCTIONS", Moves::Libraries),
    ("OPENBLAS_CORETYPE", Moves::Libraries),
    ("NPY_DISABLE_CPU_FEATURES", Moves::Libraries),
    ("ATEN_CPU_CAPABILITY", Moves::Libraries),
    ("MIOPEN_FIND_MODE", Moves::Libraries),
    ("MIOPEN_FIND_ENFORCE", Moves::Libraries),
    ("NCCL_ALGO", Moves::Libraries),
    ("NCCL_PROTO", Moves::Libraries),
    ("CUDA_VISIBLE_DEVICES", Moves::Devices),
    ("HIP_VISIBLE_DEVICES", Moves::Devices),
    ("ROCR_VISIBLE_DEVICES", Moves::Devices),
    ("HSA_OVERRIDE_GFX_VERSION", Moves::Devices),
    ("OMP_NUM_THREADS", Moves::Devices),
    ("MKL_NUM_THREADS", Moves::Devices),
    ("OPENBLAS_NUM_THREADS", Moves::Devices),
    ("WORLD_SIZE", Moves::Devices),
];

/// The names of all variables that a capture records.
pub fn captured() -> impl Iterator<Item = &'static str> {
    let drivers = VARIABLES.iter().map(|v| v.name);
    let frameworks = FRAMEWORKS.iter().map(|(name, _)| *name);
    drivers.filter(|name| FRAMEWORKS.iter().all(|(other, _)| other != name)).chain(frameworks)
}

/// Whether a variable says what a run was asked for: what chooses a driver or moves a cache is the machine's affair, and the
/// driver that was chosen tells who it is.
#[must_use]
pub fn is_asked(name: &str) -> bool {
    VARIABLES.iter().all(|v| v.name != name || v.effect == Effect::Numerics)
}

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
        let all: Vec<_> = captured().collect();
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len(), "each once in a capture");
        let secret = |name: &&&str| ["TOKEN", "SECRET", "PASSWORD", "API_KEY"].iter().any(|w| name.contains(w));
        assert_eq!(all.iter().find(secret), None, "none is named like a secret");
        assert!(is_asked("OMP_NUM_THREADS") && is_asked("LP_NUM_THREADS") && !is_asked("VK_DRIVER_FILES"), "asked");
    }
}
