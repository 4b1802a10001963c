//! A lock as text: one line a result, under its case, so that a difference shows what changed and a `git diff` names
//! the case above it.

use std::collections::BTreeMap;
use std::fmt;

use super::{Lock, LockedCase, LockedEngine, VERSION, own, status_word};
use crate::model::CaseId;

const HEAD: &str = "\
# repro.lock: what each engine computed, in bits. Written by `repro-audit lock`; not to be edited by hand.
# Compare:  repro-audit check RECORD       or  repro-audit check --run, which audits this machine now.
# Update:   repro-audit lock RECORD…       then commit the difference together with its reason.
# A line under a case is: status, digest (`varies`, `unordered` or `unordered (race)` where none can be promised), engine.
# `unordered` is locked as not-repeatable even where the runs agreed: that they did is chance, and no promise.
# See docs/gate.md.
";

/// What the summary is, which no one reads back.
const SUMMARY: &str =
    "# By kernel: cases, and a digest of their lines below, so that a difference shows first which kernels moved.";

/// The digits of a kernel's digest in the summary.
const DIGITS: usize = 12;

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.settings;
        f.write_str(HEAD)?;
        writeln!(f, "format {VERSION}")?;
        writeln!(f, "tool {}", settings.tool)?;
        writeln!(f, "profile {}", settings.profile.name())?;
        writeln!(f, "seed {}", settings.seed)?;
        writeln!(f, "repeats {}", settings.repeats)?;
        let threads: Vec<_> = settings.threads.iter().map(ToString::to_string).collect();
        if !threads.is_empty() {
            writeln!(f, "threads {}", threads.join(","))?;
        }
        settings.adapters.iter().try_for_each(|a| writeln!(f, "adapter {a}"))?;
        settings.planted.iter().try_for_each(|p| writeln!(f, "planted {p}"))?;
        settings.vary.iter().try_for_each(|(n, values)| writeln!(f, "vary {n}={}", values.join(",")))?;
        settings.own.iter().try_for_each(|arguments| writeln!(f, "own {}", own::write(arguments)))?;
        f.write_str("\n")?;
        self.engines.iter().try_for_each(|(label, engine)| engine.write(f, label))?;
        let texts: Vec<(&str, String)> = self.cases.iter().map(|(id, case)| (id.kernel(), case.text(id))).collect();
        writeln!(f, "\n{SUMMARY}")?;
        let mut kernels: BTreeMap<&str, (usize, blake3::Hasher)> = BTreeMap::new();
        for (kernel, text) in &texts {
            let (cases, digest) = kernels.entry(kernel).or_default();
            *cases += 1;
            digest.update(text.as_bytes());
        }
        for (kernel, (cases, digest)) in kernels {
            writeln!(f, "# {kernel:<14} {cases:>4}  {}", digest.finalize().to_hex().split_at(DIGITS).0)?;
        }
        texts.iter().try_for_each(|(_, text)| write!(f, "\n{text}"))
    }
}

impl LockedCase {
    /// Its lines.
    fn text(&self, id: &CaseId) -> String {
        let named =
            |word: &str, digest: &Option<String>| digest.as_ref().map(|d| format!(" {word} {d}")).unwrap_or_default();
        let (shader, strict) = (named("shader", &self.shader), named("strict", &self.strict));
        let rows = self
            .rows
            .iter()
            .map(|(label, row)| format!("  {:<21}  {:<16}  {label}\n", status_word(row.status), row.found.to_string()));
        format!("case {id} {}{shader}{strict}\n{}", self.shape, rows.collect::<String>())
    }
}

impl LockedEngine {
    fn write(&self, f: &mut fmt::Formatter<'_>, label: &str) -> fmt::Result {
        let (class, driver) = (&self.identity.class, &self.identity.driver);
        writeln!(f, "engine {label}")?;
        writeln!(f, "  backend {}", class.backend)?;
        let count = if self.count > 1 { self.count.to_string() } else { String::new() };
        let lines = [
            ("class", class.device.as_str()),
            ("hardware", class.hardware.as_deref().unwrap_or_default()),
            ("family", &class.family),
            ("architecture", class.architecture.as_deref().unwrap_or_default()),
            ("driver", &driver.version),
            ("device", &driver.device),
            ("build", driver.build.as_deref().unwrap_or_default()),
            ("count", &count),
        ];
        for (key, value) in lines.into_iter().filter(|(_, v)| !v.is_empty()) {
            writeln!(f, "  {key} {value}")?;
        }
        self.labels.iter().try_for_each(|l| writeln!(f, "  audit {l}"))?;
        class.variables.iter().try_for_each(|(n, v)| writeln!(f, "  set {n}={v}"))
    }
}
