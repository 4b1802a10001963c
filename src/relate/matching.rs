//! Which engine of one record is which of another.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::AdapterIdentity;
use crate::record::{Engine, EngineKind};

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

/// The device that an engine is, whatever its driver: backend, vendor, device, name without what stands in brackets
/// (software adapters put their compiler's version there), and the variables set for it alone. Planted defects are
/// devices of their own.
#[must_use]
pub fn device(engine: &Engine) -> String {
    let variables: Vec<_> = engine.variables.iter().map(|(n, v)| format!(" {n}={v}")).collect();
    let place = match &engine.adapter {
        None => format!("{:?} {}", engine.kind, engine.id),
        Some(a) if a.is_embedded() => {
            format!("{} {}", a.name, a.driver_info.split_once(", ").map_or("", |(_, mode)| mode))
        }
        Some(a) => format!("{} [{}, {}]", stem(a), a.backend, a.hardware()),
    };
    format!("{place}{}", variables.concat())
}

/// An adapter's name up to what stands in brackets.
fn stem(adapter: &AdapterIdentity) -> &str {
    let name = adapter.name.as_str();
    name.split_once(" (").map_or(name, |(stem, _)| stem).trim()
}

/// The driver of an engine, as far as it tells: name, information, version and build.
#[must_use]
pub fn driver(engine: &Engine) -> String {
    let Some(a) = &engine.adapter else { return String::new() };
    let optional = [&a.driver_version, &a.driver_uuid].map(|o| o.clone().unwrap_or_default());
    [a.name.clone(), a.driver.clone(), a.driver_info.clone()].into_iter().chain(optional).collect::<Vec<_>>().join("|")
}

/// Matches the engines of two records: those that `forced` pairs, then the CPU's by their ids, then adapters of the same
/// device and driver, then those of the same device and backend whose driver differs. Of several that are alike the
/// first goes with the first.
///
/// # Errors
/// When `forced` names an engine that is not there, or one twice; the message lists those that are.
pub fn matching(left: &[Engine], right: &[Engine], forced: &[(String, String)]) -> Result<Matching, String> {
    let mut out = Matching::default();
    let (mut l, mut r): (BTreeSet<&str>, BTreeSet<&str>) =
        (left.iter().map(|e| e.id.as_str()).collect(), right.iter().map(|e| e.id.as_str()).collect());
    for (a, b) in forced {
        for (id, free, all, side) in [(a, &mut l, left, "left"), (b, &mut r, right, "right")] {
            if !free.remove(id.as_str()) {
                let ids: Vec<_> = all.iter().map(|e| e.id.as_str()).collect();
                let why = if ids.contains(&id.as_str()) { "is matched twice" } else { "is not there" };
                return Err(format!(
                    "--match: the engine '{id}' of the {side} record {why}; it has {}",
                    ids.join(", ")
                ));
            }
        }
        out.matched.push(Match { left: a.clone(), right: b.clone(), how: "as --match says".to_owned() });
    }
    type Key = fn(&Engine) -> Option<String>;
    let passes: [(Key, &str); 3] = [
        (|e| (e.kind == EngineKind::Cpu).then(|| e.id.clone()), "the CPU"),
        (|e| e.adapter.is_some().then(|| format!("{} {}", device(e), driver(e))), "same device and driver"),
        (|e| e.adapter.is_some().then(|| device(e)), "same device and backend, another driver"),
    ];
    for (key, how) in passes {
        let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for engine in right.iter().filter(|e| r.contains(e.id.as_str())) {
            if let Some(key) = key(engine) {
                places.entry(key).or_default().push(&engine.id);
            }
        }
        let alike: BTreeMap<String, usize> = places.iter().map(|(k, v)| (k.clone(), v.len())).collect();
        for engine in left {
            let Some(key) = key(engine).filter(|_| l.contains(engine.id.as_str())) else { continue };
            let Some(found) = places.get_mut(&key).filter(|p| !p.is_empty()) else { continue };
            let other = found.remove(0);
            l.remove(engine.id.as_str());
            r.remove(other);
            let several = if alike.get(&key).is_some_and(|n| *n > 1) { ", the first with the first" } else { "" };
            out.matched.push(Match {
                left: engine.id.clone(),
                right: other.to_owned(),
                how: format!("{how}{several}"),
            });
        }
    }
    let order = |id: &str| left.iter().position(|e| e.id == id);
    out.matched.sort_by_key(|m| order(&m.left));
    out.left_only = left.iter().filter(|e| l.contains(e.id.as_str())).map(|e| e.id.clone()).collect();
    out.right_only = right.iter().filter(|e| r.contains(e.id.as_str())).map(|e| e.id.clone()).collect();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EngineStatus;

    fn adapter(id: &str, name: &str, vendor: u32, info: &str) -> Engine {
        let (backend, index) = id.split_once(':').expect("an id");
        Engine {
            id: id.to_owned(),
            label: name.to_owned(),
            kind: EngineKind::Adapter,
            adapter: Some(AdapterIdentity {
                name: name.to_owned(),
                index: index.parse().expect("an index"),
                vendor,
                driver_info: info.to_owned(),
                ..AdapterIdentity::unlisted(backend)
            }),
            variables: BTreeMap::new(),
            status: EngineStatus::Complete,
            limits: Vec::new(),
        }
    }

    #[test]
    fn engines_are_matched_by_device_and_not_by_place() {
        let swift = |id| adapter(id, "SwiftShader Device (Subzero)", 0x1ae0, "");
        let pipe = |id, llvm: &str, mesa| adapter(id, &format!("llvmpipe (LLVM {llvm}, 256 bits)"), 0x10005, mesa);
        let left =
            [swift("vulkan:0"), pipe("vulkan:1", "15.0.6", "Mesa 22.3.6"), pipe("gl:0", "15.0.6", "Mesa 22.3.6")];
        let right =
            [pipe("vulkan:0", "19.1.7", "Mesa 25.0.7"), swift("vulkan:1"), adapter("vulkan:2", "RTX", 0x10de, "1")];
        let found = matching(&left, &right, &[]).expect("nothing is forced");
        let pairs: Vec<_> = found.matched.iter().map(|m| (m.left.as_str(), m.right.as_str(), m.how.as_str())).collect();
        let expected = [
            ("vulkan:0", "vulkan:1", "same device and driver"),
            ("vulkan:1", "vulkan:0", "same device and backend, another driver"),
        ];
        assert_eq!(pairs, expected, "by device");
        assert_eq!((found.left_only, found.right_only), (vec!["gl:0".to_owned()], vec!["vulkan:2".to_owned()]), "rest");
        let force = |a: &str, b: &str| matching(&left, &right, &[(a.to_owned(), b.to_owned())]);
        assert_eq!(force("gl:0", "vulkan:0").expect("both exist").matched[1].how, "as --match says", "forced");
        assert!(
            force("gl:7", "vulkan:0").expect_err("absent").contains("'gl:7' of the left record is not there"),
            "typo"
        );
    }

    #[test]
    fn several_that_are_alike_go_in_order() {
        let cards = [adapter("vulkan:0", "RTX", 1, "1"), adapter("vulkan:1", "RTX", 1, "1")];
        let found = matching(&cards, &cards, &[]).expect("nothing is forced");
        assert_eq!(
            found.matched.iter().map(|m| m.right.as_str()).collect::<Vec<_>>(),
            ["vulkan:0", "vulkan:1"],
            "order"
        );
        assert!(found.matched[0].how.ends_with("the first with the first"), "and it is said");
    }
}
