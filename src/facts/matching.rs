//! Which engine of one record is which of another.

use std::collections::BTreeSet;

use serde::Serialize;

use super::identity::{Identity, identify};
use crate::model::record::{Engine, EngineKind, Environment, Record};

/// An engine of both records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Match {
    /// Its id on the left.
    pub left: String,
    /// Its id on the right.
    pub right: String,
    /// Why they are the same one.
    pub how: String,
}

/// The engines of two records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Matching {
    /// Those that both have.
    pub matched: Vec<Match>,
    /// Those of the left record alone.
    pub left_only: Vec<String>,
    /// Those of the right record alone.
    pub right_only: Vec<String>,
}

/// How alike two engines are, the most first. Different engines are not alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alike {
    /// The same adapter, driver and build, with the same variables.
    Same,
    /// The same adapter, with another version or build of the driver.
    OtherVersion,
    /// The same adapter and driver, with other variables that the driver reads.
    OtherVariables,
    /// The same adapter, with another driver.
    OtherDriver,
}

impl Alike {
    /// All of them, the most alike first.
    pub const ALL: [Self; 4] = [Self::Same, Self::OtherVersion, Self::OtherVariables, Self::OtherDriver];

    /// In words.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Same => "same device and driver",
            Self::OtherVersion => "same device and backend, another driver",
            Self::OtherVariables => "same device and backend, other variables set",
            Self::OtherDriver => "same device and backend, a driver of another name",
        }
    }
}

/// How alike two engines are; `None` where they are not the same adapter through the same backend.
#[must_use]
pub fn alike(left: &Identity, right: &Identity) -> Option<Alike> {
    let (l, r) = (&left.class, &right.class);
    if !l.same_adapter(r) {
        return None;
    }
    Some(match (l.family == r.family, l.variables == r.variables, left.driver == right.driver) {
        (true, true, true) => Alike::Same,
        (true, true, false) => Alike::OtherVersion,
        (true, false, _) => Alike::OtherVariables,
        (false, _, _) => Alike::OtherDriver,
    })
}

/// Why engines cannot be matched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    /// An engine is not there.
    #[error("--match: the engine '{engine}' of the {side} record is not there; it has {present}")]
    Absent {
        /// Its id.
        engine: String,
        /// `left` or `right`.
        side: &'static str,
        /// The ids that are there.
        present: String,
    },
    /// An engine is named more than once.
    #[error("--match: the engine '{engine}' of the {side} record is matched twice; it has {present}")]
    Twice {
        /// Its id.
        engine: String,
        /// `left` or `right`.
        side: &'static str,
        /// The ids that are there.
        present: String,
    },
}

/// The engines of a record, and where it was made.
#[derive(Debug, Clone, Copy)]
pub struct Engines<'a> {
    /// Where.
    pub environment: &'a Environment,
    /// The engines.
    pub engines: &'a [Engine],
}

impl<'a> From<&'a Record> for Engines<'a> {
    fn from(record: &'a Record) -> Self {
        Self { environment: &record.environment, engines: &record.engines }
    }
}

/// Matches the engines of two records: those that `forced` pairs, then the CPU's by their ids, then adapters by how alike
/// they are. Of several that are equally alike the first goes with the first.
///
/// # Errors
/// When `forced` names an engine that is not there, or one twice; the message lists those that are.
pub fn matching(left: Engines<'_>, right: Engines<'_>, forced: &[(String, String)]) -> Result<Matching, MatchError> {
    let mut out = Matching::default();
    let ids = |of: Engines<'_>| of.engines.iter().map(|e| e.id.clone()).collect::<BTreeSet<String>>();
    let (mut l, mut r) = (ids(left), ids(right));
    for (a, b) in forced {
        for (id, free, all, side) in [(a, &mut l, left, "left"), (b, &mut r, right, "right")] {
            if !free.remove(id) {
                let present = all.engines.iter().map(|e| e.id.as_str()).collect::<Vec<_>>().join(", ");
                let there = all.engines.iter().any(|e| e.id == *id);
                let engine = id.clone();
                return Err(if there {
                    MatchError::Twice { engine, side, present }
                } else {
                    MatchError::Absent { engine, side, present }
                });
            }
        }
        out.matched.push(Match { left: a.clone(), right: b.clone(), how: "as --match says".to_owned() });
    }
    let mut pair = |a: &str, b: &str, how: String| {
        l.remove(a);
        r.remove(b);
        out.matched.push(Match { left: a.to_owned(), right: b.to_owned(), how });
        (a.to_owned(), b.to_owned())
    };
    let mut taken: (BTreeSet<String>, BTreeSet<String>) = forced.iter().cloned().unzip();
    for engine in left.engines.iter().filter(|e| e.kind == EngineKind::Cpu && !taken.0.contains(&e.id)) {
        let same = |e: &&Engine| e.kind == EngineKind::Cpu && e.id == engine.id && !taken.1.contains(&e.id);
        if right.engines.iter().any(|e| same(&e)) {
            pair(&engine.id, &engine.id, "the CPU".to_owned());
        }
    }
    let adapters = |of: Engines<'_>| -> Vec<(String, Identity)> {
        let opened = of.engines.iter().filter(|e| e.adapter.is_some());
        opened.map(|e| (e.id.clone(), identify(of.environment, e))).collect()
    };
    let (of_left, of_right) = (adapters(left), adapters(right));
    for step in Alike::ALL {
        let of_this = |a: &Identity, b: &Identity| alike(a, b) == Some(step);
        for (a, x) in &of_left {
            if taken.0.contains(a) {
                continue;
            }
            let others = |taken: &BTreeSet<String>, all: &[(String, Identity)], one: &Identity| -> Vec<String> {
                let free = all.iter().filter(|(id, _)| !taken.contains(id));
                free.filter(|(_, i)| of_this(one, i)).map(|(id, _)| id.clone()).collect()
            };
            let there = others(&taken.1, &of_right, x);
            let Some(b) = there.first() else { continue };
            let here = of_left.iter().filter(|(_, i)| of_this(i, x) || i == x).count();
            let several = there.len() > 1 || step == Alike::Same && here > 1;
            let note = if several { ", the first with the first" } else { "" };
            let (a, b) = pair(a, b, format!("{}{note}", step.about()));
            taken.0.insert(a);
            taken.1.insert(b);
        }
    }
    let order = |id: &str| left.engines.iter().position(|e| e.id == id);
    out.matched.sort_by_key(|m| order(&m.left));
    let rest = |of: Engines<'_>, free: &BTreeSet<String>| -> Vec<String> {
        of.engines.iter().filter(|e| free.contains(&e.id)).map(|e| e.id.clone()).collect()
    };
    (out.left_only, out.right_only) = (rest(left, &l), rest(right, &r));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::made::{adapter, record};
    use super::*;

    fn named(left: &Record, right: &Record) -> Vec<(String, String, String)> {
        let found = matching(left.into(), right.into(), &[]).expect("nothing is forced");
        found.matched.into_iter().map(|m| (m.left, m.right, m.how)).collect()
    }

    fn expected(all: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        all.iter().map(|(l, r, how)| ((*l).to_owned(), (*r).to_owned(), (*how).to_owned())).collect()
    }

    #[test]
    fn engines_are_matched_by_device_and_not_by_place() {
        let swift = |id| adapter(id, "SwiftShader Device (Subzero)", 0x1ae0, 0xc0de, "");
        let pipe = |id, llvm: &str, mesa| adapter(id, &format!("llvmpipe (LLVM {llvm}, 256 bits)"), 0x10005, 0, mesa);
        let left = record(
            &[swift("vulkan:0"), pipe("vulkan:1", "15.0.6", "Mesa 22.3.6"), pipe("gl:0", "15.0.6", "Mesa 22.3.6")],
            &[],
        );
        let right = record(
            &[
                pipe("vulkan:0", "19.1.7", "Mesa 25.0.7"),
                swift("vulkan:1"),
                adapter("vulkan:2", "RTX", 0x10de, 0x2504, "1"),
            ],
            &[],
        );
        let found = matching((&left).into(), (&right).into(), &[]).expect("nothing is forced");
        let same = expected(&[
            ("vulkan:0", "vulkan:1", "same device and driver"),
            ("vulkan:1", "vulkan:0", "same device and backend, another driver"),
        ]);
        assert_eq!(named(&left, &right), same, "by device");
        assert_eq!((found.left_only, found.right_only), (vec!["gl:0".to_owned()], vec!["vulkan:2".to_owned()]), "rest");
        let force = |a: &str, b: &str| matching((&left).into(), (&right).into(), &[(a.to_owned(), b.to_owned())]);
        assert_eq!(force("gl:0", "vulkan:0").expect("both exist").matched[1].how, "as --match says", "forced");
        let absent = force("gl:7", "vulkan:0").expect_err("absent").to_string();
        assert!(absent.contains("'gl:7' of the left record is not there"), "{absent}");
    }

    #[test]
    fn several_that_are_alike_go_in_order() {
        let cards = [adapter("vulkan:0", "RTX", 1, 1, "1"), adapter("vulkan:1", "RTX", 1, 1, "1")];
        let cards = record(&cards, &[]);
        let found = named(&cards, &cards);
        assert_eq!(found.iter().map(|m| m.1.as_str()).collect::<Vec<_>>(), ["vulkan:0", "vulkan:1"], "order");
        assert!(found[0].2.ends_with("the first with the first"), "and it is said");
    }

    #[test]
    fn a_renamed_device_is_the_same_engine() {
        let left = record(&[adapter("vulkan:0", "AMD Radeon RX 6800", 0x1002, 0x73bf, "Mesa 24.0")], &[]);
        let right = record(&[adapter("vulkan:3", "Radeon RX 6800 (RADV NAVI21)", 0x1002, 0x73bf, "Mesa 24.0")], &[]);
        let found = named(&left, &right);
        assert_eq!(found.len(), 1, "one engine: {found:?}");
        assert_eq!(
            identify(&left.environment, &left.engines[0]).class.key(),
            identify(&right.environment, &right.engines[0]).class.key(),
            "and one key"
        );
    }

    #[test]
    fn a_variable_makes_another_engine_of_the_driver_that_reads_it_alone() {
        let engines = [
            adapter("vulkan:0", "SwiftShader Device (Subzero)", 0x1ae0, 0xc0de, ""),
            adapter("vulkan:1", "llvmpipe (LLVM 15.0.6, 256 bits)", 0x10005, 0, "Mesa 22.3.6"),
        ];
        let left = record(&engines, &[]);
        let mut right = record(&engines, &[]);
        right.environment.variables.insert("LP_NUM_THREADS".to_owned(), "1".to_owned());
        let same = expected(&[
            ("vulkan:0", "vulkan:0", "same device and driver"),
            ("vulkan:1", "vulkan:1", "same device and backend, other variables set"),
        ]);
        assert_eq!(named(&left, &right), same, "SwiftShader does not read it");
    }
}
