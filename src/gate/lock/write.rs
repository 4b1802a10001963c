//! A lock as text: one line a result, under its case, so that a difference shows what changed and a `git diff` names
//! the case above it.

use std::fmt;

use super::{Lock, LockedEngine, VERSION, own, status_word};

const HEAD: &str = "\
# repro.lock: what each engine computed, in bits. Written by `repro-audit lock`; not to be edited by hand.
# Compare:  repro-audit check RECORD       or  repro-audit check --run, which audits this machine now.
# Update:   repro-audit lock RECORD…       then commit the difference together with its reason.
# A line under a case is: status, digest (`varies`, `unordered` or `unordered (race)` where none can be promised), engine.
# `unordered` is locked as not-repeatable even where the runs agreed: that they did is chance, and no promise.
# See docs/gate.md.
";

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
        for (id, case) in &self.cases {
            write!(f, "\ncase {id} {}", case.shape)?;
            if let Some(shader) = &case.shader {
                write!(f, " shader {shader}")?;
            }
            if let Some(strict) = &case.strict {
                write!(f, " strict {strict}")?;
            }
            f.write_str("\n")?;
            for (label, row) in &case.rows {
                writeln!(f, "  {:<21}  {:<16}  {label}", status_word(row.status), row.found.to_string())?;
            }
        }
        Ok(())
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
