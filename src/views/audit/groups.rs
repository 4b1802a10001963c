//! Engines that differ by nothing but a number of threads or a varied variable, as one: a matrix of thirty columns
//! says less than one of five.

use crate::record::{Engine, EngineKind, Record};
use crate::views::text;

/// Engines that share a column.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// The column's header.
    pub(super) id: String,
    /// In a sentence.
    pub(super) name: String,
    /// The engines' ids, with what each is within the group: `8`, `LP_NUM_THREADS=1`. Empty for an engine by itself.
    pub(super) members: Vec<(String, String)>,
}

impl Group {
    fn of(engine: &Engine) -> Self {
        if engine.variables.is_empty() {
            return Self {
                id: engine.id.clone(),
                name: engine.id.clone(),
                members: vec![(engine.id.clone(), String::new())],
            };
        }
        let all: Vec<String> = engine.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (id, name, label) = match engine.kind {
            EngineKind::Cpu => (
                "CPU threads".to_owned(),
                "the CPU's threads".to_owned(),
                engine.variables.get("threads").cloned().unwrap_or_else(|| all.join(" ")),
            ),
            EngineKind::Adapter => {
                let place =
                    engine.adapter.as_ref().map_or_else(|| engine.id.clone(), |a| format!("{}:{}", a.backend, a.index));
                (format!("{place} varied"), format!("{place} with a variable set"), all.join(" "))
            }
        };
        Self { id, name, members: vec![(engine.id.clone(), label)] }
    }

    /// Whether this engine is in it.
    pub(super) fn has(&self, engine: &str) -> bool {
        self.members.iter().any(|(id, _)| id == engine)
    }

    /// Whether it is of varied engines.
    pub(super) fn is_varied(&self) -> bool {
        self.members.iter().any(|(_, label)| !label.is_empty())
    }

    /// These members, in words; empty for an engine by itself.
    pub(super) fn which(&self, chosen: impl Fn(&str) -> bool) -> String {
        let labels: Vec<String> = self
            .members
            .iter()
            .filter(|(id, label)| !label.is_empty() && chosen(id))
            .map(|(_, label)| label.clone())
            .collect();
        // A variable's name is said once.
        let name = labels.first().and_then(|l| l.split_once('=')).map(|(name, _)| format!("{name}="));
        let values: Option<Vec<String>> =
            name.as_ref().and_then(|n| labels.iter().map(|l| l.strip_prefix(n.as_str()).map(str::to_owned)).collect());
        match (name, values) {
            (Some(name), Some(values)) => format!("{name}{}", text::list(&values, 8)),
            _ => text::list(&labels, 8),
        }
    }
}

/// The groups, in the order of their first engines.
pub(super) fn groups(record: &Record) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    for engine in &record.engines {
        let group = Group::of(engine);
        match out.iter_mut().find(|g| g.id == group.id) {
            Some(found) => found.members.extend(group.members),
            None => out.push(group),
        }
    }
    out
}

/// An engine's column.
pub(super) fn column<'a>(groups: &'a [Group], engine: &'a str) -> &'a str {
    groups.iter().find(|g| g.has(engine)).map_or(engine, |g| g.id.as_str())
}
