//! Records that nobody wrote: one place of a record after another is replaced, doubled, removed or made endless. The id is that
//! of the content, so that nothing but the content is refused.

use serde_json::{Map, Value};

/// Texts that would command a terminal, a page, a spreadsheet or a CI runner, or show another text than they are.
pub(crate) const PAYLOADS: [&str; 16] = [
    "\u{1b}]0;title\u{7}\u{1b}[2J",
    "\u{9b}2Ja\u{85}b",
    "a\n::error title=x::y",
    "a\r\n::stop-commands::x\r",
    "::error title=x::y ##[add-mask]z ::stop-commands::x",
    "=cmd|'/C calc'!A0",
    "+1+cmd()",
    "-2+3+cmd()",
    "@SUM(1)\t=1",
    "\t=1+1",
    "\n# a heading\n\n![x](http://example.invalid/x.png)",
    "# a heading ![x](http://example.invalid/x.png) [y](javascript:z) `|` <img src=x onerror=alert(1)>",
    "<script>alert(1)</script>\" onload=\"alert(1)' ]]> &#60;b>",
    "a\u{202e}b\u{2066}c\u{2069}\u{200f}",
    "a\u{0}b",
    "a\u{200b}b\u{2060}c\u{feff}d\u{ad}e\u{e0041}f\u{180e}",
];

/// The longest text that is tried, in characters: beyond what a font, a table or a buffer expects.
const ENDLESS: usize = 70_000;

/// A generator that gives the same numbers everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// The places of all values that `wanted` names, as JSON pointers; of a list the first few and the last alone.
pub(crate) fn places(value: &Value, wanted: &dyn Fn(&Value) -> bool) -> Vec<String> {
    fn walk(value: &Value, at: &str, wanted: &dyn Fn(&Value) -> bool, out: &mut Vec<String>) {
        if wanted(value) {
            out.push(at.to_owned());
        }
        match value {
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate().filter(|(i, _)| *i < 3 || i + 1 == items.len()) {
                    walk(item, &format!("{at}/{i}"), wanted, out);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    walk(field, &format!("{at}/{name}"), wanted, out);
                }
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(value, "", wanted, &mut out);
    out
}

/// A record with a few of its places changed, and what was changed.
pub(crate) fn mutated(original: &Value, random: &mut Random) -> (Value, String) {
    let mut value = original.clone();
    let mut said = Vec::new();
    for _ in 0..=random.below(3) {
        let places = places(&value, &|_| true);
        let place = random.pick(&places).clone();
        let other = random.pick(&places).clone();
        let taken = value.pointer(&other).cloned().unwrap_or_default();
        let Some(there) = value.pointer_mut(&place) else { continue };
        said.push(change(there, taken, random).map_or_else(|| "nothing".to_owned(), |what| format!("{place} {what}")));
    }
    (value, said.join(", "))
}

/// Changes a value, as its kind allows. `other` is another value of the record.
fn change(value: &mut Value, other: Value, random: &mut Random) -> Option<String> {
    let numbers = [
        "0",
        "-0.0",
        "1",
        "-1",
        "2",
        "255",
        "65536",
        "4294967295",
        "4294967296",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e308",
        "-1e308",
        "5e-324",
        "0.1",
    ];
    match random.below(12) {
        0 => *value = serde_json::from_str(*random.pick(&numbers)).ok()?,
        1 => *value = Value::from(*random.pick(&PAYLOADS)),
        2 => *value = random.pick(&[Value::Null, true.into(), false.into(), "".into()]).clone(),
        3 => *value = (*random.pick(&["nan", "inf", "-inf", "0x7fc00000", "cpu", "vulkan:0", "latest"])).into(),
        4 => *value = if random.below(2) == 0 { Value::Array(vec![]) } else { Value::Object(Map::new()) },
        5 => *value = other,
        6 => *value = format!("{}{}", value.as_str().unwrap_or("x"), "x ".repeat(random.below(ENDLESS / 2))).into(),
        7 | 8 => match value {
            Value::Array(items) if !items.is_empty() => {
                let at = random.below(items.len());
                items.remove(at);
            }
            Value::Object(fields) if !fields.is_empty() => {
                let name = fields.keys().nth(random.below(fields.len()))?.clone();
                fields.remove(&name);
            }
            Value::String(text) => {
                let cut = text.char_indices().nth(random.below(text.chars().count())).map_or(0, |(i, _)| i);
                text.truncate(cut);
            }
            Value::Number(number) => *value = Value::from(-number.as_f64()?),
            _ => return None,
        },
        9 | 10 => match value {
            Value::Array(items) if !items.is_empty() => {
                let item = random.pick(items).clone();
                let times = [1, 1, 2, 40][random.below(4)];
                items.extend(std::iter::repeat_n(item, times));
            }
            Value::Object(fields) => {
                let name = *random.pick(&["a name", "=x", "seconds", "records", "::error::x"]);
                fields.insert(name.to_owned(), other);
            }
            Value::String(text) => *value = format!("{text}{text}").into(),
            Value::Number(number) => *value = Value::from(number.as_u64()?.wrapping_mul(0x1_0001)),
            _ => return None,
        },
        _ => match value {
            Value::Array(items) => items.reverse(),
            Value::String(text) => *value = format!("{text} {}", random.pick(&PAYLOADS)).into(),
            _ => *value = Value::Array(vec![value.take()]),
        },
    }
    Some(format!("→ {}", value.to_string().chars().take(60).collect::<String>()))
}

/// The record's text, with the id of its content.
pub(crate) fn with_id(value: &Value) -> Vec<u8> {
    let mut value = value.clone();
    if let Some(record) = value.as_object_mut()
        && record.get("id").is_some_and(|id| id.as_str().is_some_and(|id| !id.is_empty()))
    {
        let content: Map<String, Value> = record
            .iter()
            .filter(|(name, _)| !["id", "run", "outputs"].contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), without_times(value)))
            .collect();
        let id = blake3::hash(Value::Object(content).to_string().as_bytes()).to_hex().to_string();
        record.insert("id".to_owned(), id.into());
    }
    value.to_string().into_bytes()
}

/// A value without the members named `seconds`, which are not part of an id.
fn without_times(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_times).collect(),
        Value::Object(fields) => {
            fields.iter().filter(|(n, _)| *n != "seconds").map(|(n, v)| (n.clone(), without_times(v))).collect()
        }
        other => other.clone(),
    }
}
