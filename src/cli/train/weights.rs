//! The last weights of trainings as safetensors, for `repro-audit diff` and whatever else reads them.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Exit, Failure};
use crate::audit::train::Trainings;
use crate::kernels::train::dtype;
use crate::kernels::train::network::parameters;
use crate::model::bits::Dtype;
use crate::model::training::{Tier, Trained};
use crate::record::{training_id, write_atomically};
use crate::tensors::{Written, write_safetensors};

/// Makes the folder before anything is trained.
pub(super) fn prepare(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::usage(format!("--weights {}: the folder cannot be made: {e}", folder.display())))
}

/// The file of a training: `vulkan-0.adapter.1.safetensors`, `cpu.init+order.2.safetensors`.
fn file_name(trained: &Trained) -> String {
    let engine: String =
        trained.engine.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    format!("{engine}.{}.{}.safetensors", trained.name(), trained.replica)
}

/// Writes each training that has weights. `record` is the id of the record that has the trainings, where one was written.
pub(super) fn write(folder: &Path, made: &Trainings, record: Option<&str>) -> Result<(), Failure> {
    for (trained, words) in made.file.trainings.iter().zip(&made.weights) {
        let Some(words) = words else { continue };
        let mut metadata = BTreeMap::from([
            ("program", format!("repro-audit {}", made.file.program)),
            ("case", training_id(&made.file, trained.steps)),
            ("step", trained.steps.to_string()),
            ("engine", trained.engine.clone()),
            ("factor", trained.name()),
            ("replica", trained.replica.to_string()),
            ("changed", trained.changed.clone()),
        ]);
        metadata.extend(record.map(|id| ("record", id.to_owned())));
        // Fixed point at scale 2^20.
        metadata.extend((made.file.arithmetic == Tier::Integer).then(|| ("scale", "2^-20".to_owned())));
        let kind = if dtype(made.file.arithmetic) == Dtype::I32 { "I32" } else { "F32" };
        let tensors: Vec<Written<'_>> = parameters()
            .into_iter()
            .filter_map(|p| Some(Written { name: p.name, dtype: kind, shape: p.shape, words: words.get(p.words)? }))
            .collect();
        let path = folder.join(file_name(trained));
        write_atomically(&path, &write_safetensors(&tensors, &metadata))
            .map_err(|e| Failure::new(Exit::Incomplete, format!("{}: {e}", path.display())))?;
    }
    super::super::note(format_args!("The weights are in {}.", folder.display()));
    Ok(())
}
