//! From WGSL text to modules that can be compiled: parsed, validated, and without overrides.

use naga::back::pipeline_constants::process_overrides;
use naga::valid::{Capabilities, ModuleInfo, SubgroupOperationSet, ValidationFlags, Validator};
use naga::{Module, ShaderStage};

use super::runs::RunError;
use crate::kernels::Program;

/// What some engine may execute, as far as naga names it.
fn capabilities() -> Capabilities {
    Capabilities::FLOAT64
        | Capabilities::SHADER_FLOAT16
        | Capabilities::SHADER_FLOAT16_IN_FLOAT32
        | Capabilities::SHADER_INT64
        | Capabilities::SHADER_INT64_ATOMIC_MIN_MAX
        | Capabilities::SHADER_INT64_ATOMIC_ALL_OPS
        | Capabilities::SHADER_FLOAT32_ATOMIC
        | Capabilities::SUBGROUP
        | Capabilities::SUBGROUP_BARRIER
}

/// A module and what the validator says of it.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) module: Module,
    pub(super) info: ModuleInfo,
}

/// Parses and validates WGSL.
///
/// # Errors
/// naga's message, with its place in the text.
pub(super) fn check(source: &str) -> Result<Checked, RunError> {
    let module = naga::front::wgsl::parse_str(source).map_err(|e| RunError::Shader(e.emit_to_string(source)))?;
    let info = Validator::new(ValidationFlags::all(), capabilities())
        .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
        .subgroup_operations(SubgroupOperationSet::all())
        .validate(&module)
        .map_err(|e| RunError::Shader(e.emit_to_string(source)))?;
    Ok(Checked { module, info })
}

/// A program's modules, one a pass, with its overrides in place.
///
/// # Errors
/// As [`check`] and [`Checked::specialised`].
pub(super) fn specialise(program: &Program) -> Result<Vec<Checked>, RunError> {
    let checked = check(&program.source)?;
    program.passes.iter().map(|pass| checked.specialised(&pass.entry, &program.overrides)).collect()
}

impl Checked {
    /// The same with values for the overrides, as seen from one entry point.
    ///
    /// # Errors
    /// A value that is missing, or that does not fit.
    pub(super) fn specialised(&self, entry: &str, overrides: &[(String, f64)]) -> Result<Self, RunError> {
        let constants = overrides.iter().cloned().collect();
        let (module, info) =
            process_overrides(&self.module, &self.info, Some((ShaderStage::Compute, entry)), &constants)
                .map_err(|e| RunError::Shader(e.to_string()))?;
        Ok(Self { module: module.into_owned(), info: info.into_owned() })
    }
}
