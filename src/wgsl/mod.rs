//! From WGSL text to modules that can be compiled: parsed, validated, and without overrides.

pub(crate) mod directives;
pub(crate) mod gaps;
pub(crate) mod primitive;
pub(crate) mod slice;
pub(crate) mod translate;

use naga::back::pipeline_constants::process_overrides;
use naga::valid::{Capabilities, ModuleInfo, SubgroupOperationSet, ValidationFlags, Validator};
use naga::{Module, ShaderStage};

use crate::model::RunError;
use crate::model::task::{Feature, Program};

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
pub(crate) struct Checked {
    pub(crate) module: Module,
    pub(crate) info: ModuleInfo,
}

/// What is wrong with a shader, on one line, and the line and column where, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) place: Option<(u32, u32)>,
    pub(crate) message: String,
}

fn validator(capabilities: Capabilities) -> Validator {
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
    validator
}

fn place(location: Option<naga::SourceLocation>) -> Option<(u32, u32)> {
    location.map(|l| (l.line_number, l.line_position))
}

/// Parsing recurses as deep as expressions nest, so it has a stack of its own, of which only what is used takes memory.
const STACK: usize = 256 << 20;

/// Runs something that recurses as deep as its input nests. Where the machine gives no such stack, on the one that is there.
pub(crate) fn with_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let mut work = Some(work);
    let done = std::thread::scope(|scope| {
        let run = || work.take().map(|work| work());
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => None,
        }
    });
    match (done, work) {
        (Some(done), _) => done,
        (None, Some(work)) => work(),
        (None, None) => unreachable!("it was run, and gave nothing"),
    }
}

/// [`check`], whose error is on one line and has its place apart.
pub(crate) fn examine(source: &str) -> Result<Checked, Fault> {
    with_deep_stack(|| parsed(source))
}

fn module(source: &str) -> Result<Module, Fault> {
    naga::front::wgsl::parse_str(source).map_err(|e| {
        let mut parts = vec![e.message().to_owned()];
        // The label often says what the message leaves out: the type that was found, the name that is missing.
        parts.extend(
            e.labels().map(|(_, label)| label.to_owned()).filter(|l| !e.message().contains(l.as_str())).take(1),
        );
        parts.extend(e.notes().map(str::to_owned));
        Fault { place: place(e.location(source)), message: one_line(&parts) }
    })
}

fn parsed(source: &str) -> Result<Checked, Fault> {
    let module = module(source)?;
    let info = validator(capabilities()).validate(&module).map_err(|e| invalid(&e, source))?;
    Ok(Checked { module, info })
}

/// What the validator complains of.
fn invalid(error: &naga::WithSpan<naga::valid::ValidationError>, source: &str) -> Fault {
    let mut parts = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error.as_inner());
    while let Some(error) = cause {
        parts.push(error.to_string());
        cause = error.source();
    }
    // naga lists the innermost place last.
    let inner = error.spans().find(|(span, _)| span.is_defined()).map(|(span, _)| span.location(source));
    Fault { place: place(inner.or_else(|| error.location(source))), message: one_line(&parts) }
}

fn one_line(parts: &[String]) -> String {
    parts.iter().map(|p| p.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(": ")
}

/// Parses and validates WGSL.
///
/// # Errors
/// naga's message, with its place in the text.
pub(crate) fn check(source: &str) -> Result<Checked, RunError> {
    with_deep_stack(|| {
        let module = naga::front::wgsl::parse_str(source).map_err(|e| RunError::Shader(e.emit_to_string(source)))?;
        let info =
            validator(capabilities()).validate(&module).map_err(|e| RunError::Shader(e.emit_to_string(source)))?;
        Ok(Checked { module, info })
    })
}

/// A program's modules, one a pass, with its overrides in place.
///
/// # Errors
/// As [`check`] and [`Checked::specialised`].
pub(crate) fn specialise(program: &Program) -> Result<Vec<Checked>, RunError> {
    let checked = check(&program.source)?;
    program.passes.iter().map(|pass| checked.specialised(&pass.entry, &program.overrides)).collect()
}

impl Checked {
    /// The same with values for the overrides, as seen from one entry point.
    ///
    /// # Errors
    /// A value that is missing, or that does not fit.
    pub(crate) fn specialised(&self, entry: &str, overrides: &[(String, f64)]) -> Result<Self, RunError> {
        let constants = overrides.iter().cloned().collect();
        let (module, info) =
            process_overrides(&self.module, &self.info, Some((ShaderStage::Compute, entry)), &constants)
                .map_err(|e| RunError::Shader(e.to_string()))?;
        Ok(Self { module: module.into_owned(), info: info.into_owned() })
    }

    /// The optional capabilities that the module needs: those without which it is invalid.
    pub(crate) fn features(&self) -> Vec<Feature> {
        let needs = |without: Capabilities| validator(capabilities() - without).validate(&self.module).is_err();
        let mut all = Vec::new();
        for (without, feature) in [
            (Capabilities::SHADER_FLOAT16, Feature::ShaderF16),
            (Capabilities::SUBGROUP | Capabilities::SUBGROUP_BARRIER, Feature::Subgroup),
            (Capabilities::SHADER_FLOAT32_ATOMIC, Feature::Float32Atomic),
            (Capabilities::SHADER_FLOAT16_IN_FLOAT32, Feature::HalfConversions),
            (Capabilities::FLOAT64, Feature::ShaderF64),
            (Capabilities::SHADER_INT64, Feature::ShaderInt64),
        ] {
            if needs(without) {
                all.push(feature);
            }
        }
        let (least, every) = (Capabilities::SHADER_INT64_ATOMIC_MIN_MAX, Capabilities::SHADER_INT64_ATOMIC_ALL_OPS);
        // Minimum and maximum are among all operations.
        if needs(every) {
            all.push(Feature::Int64Atomic);
        } else if needs(least | every) {
            all.push(Feature::Int64AtomicMinMax);
        }
        all
    }
}
