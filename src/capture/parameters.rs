//! Hyperparameters of a file: JSON, TOML or YAML as values by dotted name.

use std::collections::BTreeMap;
use std::path::Path;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use super::CaptureError;
use crate::process::file::read_text;

/// The most values, those that aliases repeat counted again.
const MOST: usize = 100_000;

/// The deepest nesting.
const DEPTH: usize = 64;

/// The hyperparameters of a file. Its ending tells the language; without one that is known, YAML is tried, of which JSON is a
/// part.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, String>, CaptureError> {
    let name = || path.display().to_string();
    let text = read_text(path).map_err(|source| CaptureError::Io { path: name(), source })?;
    let value = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|e| e.to_string()),
        Some("toml") => toml::from_str::<Value>(&text).map_err(|e| e.to_string()),
        _ => yaml(&text),
    };
    let wrong = |why: String| CaptureError::Parameters { path: name(), why: crate::model::text::shown(&why, 200) };
    let value = value.map_err(wrong)?;
    if !value.is_object() {
        return Err(wrong("it holds no names with values".to_owned()));
    }
    let mut out = BTreeMap::new();
    flatten(&value, "", 0, &mut out).map_err(wrong)?;
    Ok(out)
}

/// Values by dotted name. Numbers are written as their value, so that `1e-3` and `0.001` are one.
fn flatten(value: &Value, name: &str, depth: usize, out: &mut BTreeMap<String, String>) -> Result<(), String> {
    if depth > DEPTH || out.len() > MOST {
        return Err(format!("it nests deeper than {DEPTH} or has more than {MOST} values"));
    }
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().try_for_each(|(part, v)| flatten(v, &below(part), depth + 1, out))
        }
        Value::Array(items) if items.iter().any(|v| v.is_object() || v.is_array()) => {
            items.iter().enumerate().try_for_each(|(i, v)| flatten(v, &below(&i.to_string()), depth + 1, out))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            out.insert(name.to_owned(), format!("[{}]", items.join(", ")));
            Ok(())
        }
        other => {
            out.insert(name.to_owned(), scalar(other));
            Ok(())
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(n) => match n.as_f64().filter(|_| n.is_f64()) {
            Some(x) => format!("{x}"),
            None => n.to_string(),
        },
        other => other.to_string(),
    }
}

/// What is open while events come: a list, or a mapping with the name that waits for its value.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

/// The first document of a text in YAML.
fn yaml(text: &str) -> Result<Value, String> {
    let mut open: Vec<(Open, usize)> = Vec::new();
    let mut anchors: BTreeMap<usize, (Value, usize)> = BTreeMap::new();
    let mut count = 0;
    let mut whole = None;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|e| e.to_string())?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain || tag.is_some_and(|t| t.suffix == "str");
                (if is_text { Value::String(text.into_owned()) } else { plain(&text) }, anchor)
            }
            Event::Alias(id) => {
                let (value, size) = anchors.get(&id).ok_or("an alias stands before its anchor")?;
                count += size;
                if count > MOST {
                    return Err(format!("its aliases make more than {MOST} values"));
                }
                (value.clone(), 0)
            }
            Event::SequenceStart(anchor, _) => {
                open.push((Open::List(Vec::new()), anchor));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push((Open::Map(Map::new(), None), anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((Open::List(items), anchor)) => (Value::Array(items), anchor),
                Some((Open::Map(members, _), anchor)) => (Value::Object(members), anchor),
                None => return Err("it ends what is not open".to_owned()),
            },
            Event::DocumentEnd => break,
            _ => continue,
        };
        count += 1;
        if open.len() > DEPTH || count > MOST {
            return Err(format!("it nests deeper than {DEPTH} or has more than {MOST} values"));
        }
        if anchor > 0 {
            anchors.insert(anchor, (value.clone(), size(&value)));
        }
        match open.last_mut() {
            None => whole = Some(value),
            Some((Open::List(items), _)) => items.push(value),
            Some((Open::Map(members, name), _)) => match name.take() {
                None => *name = Some(scalar(&value)),
                // A merge: what is there already is kept.
                Some(key) if key == "<<" => merge(members, value),
                Some(key) => {
                    members.insert(key, value);
                }
            },
        }
    }
    whole.ok_or_else(|| "it holds nothing".to_owned())
}

fn merge(members: &mut Map<String, Value>, value: Value) {
    let all = match value {
        Value::Object(more) => vec![Value::Object(more)],
        Value::Array(items) => items,
        _ => Vec::new(),
    };
    for more in all {
        let Value::Object(more) = more else { continue };
        for (name, value) in more {
            members.entry(name).or_insert(value);
        }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// A scalar without quotes, as YAML's core schema reads it.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => {
            let starts = text.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
            let number = || text.parse::<f64>().ok().filter(|_| starts).and_then(serde_json::Number::from_f64);
            text.parse::<i64>()
                .map(Value::from)
                .ok()
                .or_else(|| number().map(Value::Number))
                .unwrap_or_else(|| text.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &str) -> Result<BTreeMap<String, String>, String> {
        let at = tempfile::tempdir().unwrap();
        let path = at.path().join(name);
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|e| e.to_string())
    }

    #[test]
    fn three_languages_say_the_same() {
        let json = of("a.json", r#"{"optim": {"lr": 1e-3, "betas": [0.9, 0.95]}, "seed": 7, "name": "x", "on": true}"#)
            .unwrap();
        let toml = of("a.toml", "seed = 7\nname = 'x'\non = true\n[optim]\nlr = 0.001\nbetas = [0.9, 0.95]\n").unwrap();
        let yaml = of("a.yaml", "optim:\n  lr: 1e-3\n  betas: [0.9, 0.95]\nseed: 7\nname: x\n\"on\": true\n").unwrap();
        assert_eq!((&json, &json), (&toml, &yaml), "the same");
        assert_eq!((json["optim.lr"].as_str(), json["optim.betas"].as_str()), ("0.001", "[0.9, 0.95]"), "{json:?}");
    }

    #[test]
    fn yaml_with_anchors_and_merges_is_read_in_bounds() {
        let text = "base: &b {lr: 0.1, steps: 5}\nrun:\n  <<: *b\n  steps: 9\nlist:\n - a: 1\n - a: 2\nquoted: '1e3'\n";
        let found = of("a.yml", text).unwrap();
        assert_eq!((found["run.lr"].as_str(), found["run.steps"].as_str()), ("0.1", "9"), "{found:?}");
        assert_eq!((found["list.1.a"].as_str(), found["quoted"].as_str()), ("2", "1e3"), "{found:?}");
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..12 {
            let all = vec![format!("*a{}", i - 1); 9].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{all}]\n"));
        }
        assert!(of("a.yaml", &bomb).unwrap_err().contains("aliases make more"), "a bomb");
        assert!(of("a.yaml", &"[".repeat(100_000)).is_err(), "a deep one");
        assert!(of("a.yaml", "a: [1\nb: 2").is_err(), "a broken one");
        assert!(of("a.yaml", "import sys\nprint(1)").unwrap_err().contains("no names"), "no hyperparameters");
        assert!(of("a.json", "{").is_err() && of("a.toml", "a = ").is_err(), "broken ones");
    }
}
