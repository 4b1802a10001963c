//! What a record says of the program and the settings that produced it, and of what the reader should know besides.

use std::path::Path;

use super::plan::Plan;
use super::unreached::{Reached, unreached};
use crate::model::words::{SOFTWARE_ONLY, TO_DO};
use crate::record::{Engine, Outcome, Provenance, Record};

pub(super) fn provenance(plan: &Plan) -> Provenance {
    let libraries = [
        ("wgpu", env!("REPRO_AUDIT_WGPU")),
        ("naga", env!("REPRO_AUDIT_NAGA")),
        ("metallic", env!("REPRO_AUDIT_METALLIC")),
        ("libm", env!("REPRO_AUDIT_LIBM")),
        ("half", env!("REPRO_AUDIT_HALF")),
    ];
    let commit = env!("REPRO_AUDIT_COMMIT");
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: (!commit.is_empty()).then(|| commit.to_owned()),
        libraries: libraries.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        settings: plan.settings.clone(),
        own: plan.own.as_ref().map(|kernel| kernel.own()),
    }
}

pub(super) fn notes(record: &Record) -> Vec<String> {
    let mut notes = Vec::new();
    // Where some adapters alone were asked for, others may be reached too.
    if record.provenance.settings.adapters.is_empty() {
        let adapters = record.engines.iter().filter_map(|e| e.adapter.as_ref());
        let found = unreached(Path::new("/"), &Reached::of(adapters));
        notes.extend(found.into_iter().map(|gpu| format!("{}{TO_DO}{}", gpu.what, gpu.remedy)));
    }
    let drivers: Vec<_> = record.engines.iter().filter(|e| e.is_driver()).collect();
    let ran = |engine: &Engine| {
        let mut all = record.cases.iter().flat_map(|c| &c.executions).filter(|x| x.engine == engine.id);
        all.any(|x| !matches!(x.outcome, Outcome::Skipped { .. }))
    };
    if drivers.is_empty() {
        let embedded = "The kernels ran on the interpreter, which is part of this program: it shows what strict \
                        arithmetic gives and which kernels depend on the order of execution, not what a GPU or a \
                        driver does.";
        notes.push(if record.provenance.settings.adapters.is_empty() {
            format!(
                "No driver was found. {embedded}{TO_DO}a software adapter can be had without a GPU: install Mesa's lavapipe \
                 (Debian and Ubuntu: apt install mesa-vulkan-drivers), then run this again."
            )
        } else {
            format!("No driver was asked for. {embedded}")
        });
    } else if drivers.iter().any(|e| ran(e))
        && drivers.iter().all(|e| e.adapter.as_ref().is_none_or(|a| a.is_software()))
    {
        notes.push(SOFTWARE_ONLY.to_owned());
    }
    let planted = &record.provenance.settings.planted;
    if !planted.is_empty() {
        notes.push(format!(
            "The interpreters from embedded:1 on have defects planted on purpose ({}): they test the audit and are \
             not drivers of this machine.",
            planted.join(", ")
        ));
    }
    if record.provenance.settings.repeats < 2 {
        notes.push(format!("One run of each case does not test repeatability.{TO_DO}use --repeats 2 or more."));
    }
    notes
}
