//! What differs around two records: drivers first, then the machine, the program and the settings.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::facts::{EngineClass, Match, Matching, clean, identify};
use crate::model::record::{Environment, Record};

/// A field whose values differ; an absent one is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is of: an engine's match, or `environment`, `program`, `settings`.
    pub of: String,
    /// Its name.
    pub field: String,
    /// On the left.
    pub left: String,
    /// On the right.
    pub right: String,
}

/// What differs of two JSON values, member by member, by dotted names.
fn differing(of: &str, left: &Value, right: &Value, prefix: &str, out: &mut Vec<Change>) {
    if left == right {
        return;
    }
    if let (Some(l), Some(r)) = (left.as_object(), right.as_object()) {
        let names: BTreeSet<&String> = l.keys().chain(r.keys()).collect();
        for name in names {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            let at = |m: &Map<String, Value>| m.get(name).cloned().unwrap_or(Value::Null);
            differing(of, &at(l), &at(r), &path, out);
        }
        return;
    }
    out.push(Change { of: of.to_owned(), field: prefix.to_owned(), left: shown(left), right: shown(right) });
}

/// A value in a table.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            members.iter().map(|(k, v)| format!("{k}={}", shown(v))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn value<T: Serialize>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

/// What differs of drivers first, then of the machine, the program and the settings.
pub(super) fn surroundings(left: &Record, right: &Record, matched: &[Match]) -> Vec<Change> {
    let mut out = Vec::new();
    for m in matched {
        let identity = |record: &Record, id: &str| {
            let mut v = value(&record.engine(id).and_then(|e| e.adapter.as_ref()));
            if let Some(members) = v.as_object_mut() {
                // Its place among the adapters is in the match.
                members.remove("index");
            }
            v
        };
        let of = if m.left == m.right { m.left.clone() } else { format!("{} → {}", m.left, m.right) };
        differing(&of, &identity(left, &m.left), &identity(right, &m.right), "", &mut out);
    }
    let mut machine = Vec::new();
    differing("environment", &value(&left.environment), &value(&right.environment), "", &mut machine);
    // What can change a bit before what only names the machine.
    let order = |c: &Change| match c.field.as_str() {
        f if f.starts_with("variables") => 0,
        "cpu_features" | "architecture" => 1,
        "cpu" => 2,
        "os" | "kernel" => 3,
        _ => 4,
    };
    machine.sort_by_key(order);
    out.extend(machine);
    let program = |record: &Record| {
        let mut v = value(&record.provenance);
        v.as_object_mut().and_then(|m| m.remove("settings"));
        v
    };
    differing("program", &program(left), &program(right), "", &mut out);
    let settings = |record: &Record| value(&record.provenance.settings);
    differing("settings", &settings(left), &settings(right), "", &mut out);
    out
}

/// What differs that may change a result, in a few words each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// What both sides have and is another: drivers, variables that drivers read, the processor, the program.
    pub other: Vec<String>,
    /// Adapters of the left side alone.
    pub left: Vec<String>,
    /// Adapters of the right side alone.
    pub right: Vec<String>,
}

impl Told {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.other.is_empty() && self.left.is_empty() && self.right.is_empty()
    }
}

/// What differs between the sides.
pub(super) fn told(left: &Record, right: &Record, matching: &Matching) -> Told {
    let mut out: Vec<String> = Vec::new();
    let mut tell = |text: String| {
        if !out.contains(&text) {
            out.push(text);
        }
    };
    for m in &matching.matched {
        let (Some(l), Some(r)) = (left.engine(&m.left), right.engine(&m.right)) else { continue };
        if l.adapter.is_none() || r.adapter.is_none() {
            continue;
        }
        let (a, b) = (identify(&left.environment, l), identify(&right.environment, r));
        if !a.class.same_adapter(&b.class) || a.class.family != b.class.family {
            // Other adapters, that were matched by hand, or another driver: its name says more than its version.
            tell(format!("{} → {}", plain(&a.class).label(), plain(&b.class).label()));
        } else if a.driver.release() != b.driver.release() {
            tell(format!("{} → {}", a.driver.release(), b.driver.release()));
        } else if a.driver.version != b.driver.version {
            tell(format!("{} → {}", a.driver.version, b.driver.version));
        } else if a.driver.build != b.driver.build {
            tell(format!("another build of {}", a.driver.version));
        }
        let names: BTreeSet<&String> = a.class.variables.keys().chain(b.class.variables.keys()).collect();
        for name in names {
            let shown = |of: Option<&String>| of.map_or_else(|| "not set".to_owned(), Clone::clone);
            let (x, y) = (a.class.variables.get(name), b.class.variables.get(name));
            if x != y {
                tell(format!("{name}: {} → {}", shown(x), shown(y)));
            }
        }
    }
    let (l, r) = (&left.environment, &right.environment);
    if (&l.cpu, &l.architecture) != (&r.cpu, &r.architecture) {
        let named = |e: &Environment| if l.cpu == r.cpu { clean(&e.architecture) } else { clean(&e.cpu) };
        tell(format!("the processor: {} → {}", named(l), named(r)));
    } else if l.cpu_features != r.cpu_features {
        tell("the processor's instructions".to_owned());
    }
    let program = |p: &crate::model::record::Provenance| (p.version.clone(), p.commit.clone(), p.libraries.clone());
    if program(&left.provenance) != program(&right.provenance) {
        tell("the build of repro-audit".to_owned());
    }
    let alone = |record: &Record, ids: &[String]| -> Vec<String> {
        let engines = ids.iter().filter_map(|id| record.engine(id)).filter(|e| e.is_driver());
        let names: BTreeSet<String> = engines.map(|e| plain(&identify(&record.environment, e).class).label()).collect();
        names.into_iter().collect()
    };
    Told { other: out, left: alone(left, &matching.left_only), right: alone(right, &matching.right_only) }
}

/// A class without the variables, which are told by themselves.
fn plain(class: &EngineClass) -> EngineClass {
    EngineClass { variables: std::collections::BTreeMap::new(), ..class.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_by_their_path() {
        let left = serde_json::json!({"a": 1, "b": {"c": "x", "d": [1, 2]}, "same": true});
        let right = serde_json::json!({"a": 1, "b": {"c": "y", "e": null, "d": [1, 2, 3]}, "same": true});
        let mut found = Vec::new();
        differing("program", &left, &right, "", &mut found);
        let short: Vec<_> = found.iter().map(|c| (c.field.as_str(), c.left.as_str(), c.right.as_str())).collect();
        assert_eq!(short, [("b.c", "x", "y"), ("b.d", "1, 2", "1, 2, 3")], "only what differs");
    }
}
