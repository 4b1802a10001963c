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
    for _ in 0..=random.below(3) / 2 * 2 {
        let all = places(&value, &|_| true);
        let place = random.pick(&all).clone();
        let Some(kind) = value.pointer(&place).map(std::mem::discriminant) else { continue };
        // Most changes keep the kind, so that most files are read.
        let alike = places(&value, &|v| std::mem::discriminant(v) == kind);
        let other = if random.below(3) > 0 { random.pick(&alike) } else { random.pick(&all) };
        let other = value.pointer(other).cloned().unwrap_or_default();
        let Some(there) = value.pointer_mut(&place) else { continue };
        change(there, other, random);
        said.push(format!("{place} → {}", there.to_string().chars().take(60).collect::<String>()));
    }
    (value, said.join(", "))
}

const NUMBERS: [&str; 18] = [
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

/// Changes a value, mostly as its kind allows. `other` is another value of the record.
fn change(value: &mut Value, other: Value, random: &mut Random) {
    if random.below(8) == 0 {
        let words = ["nan", "inf", "-inf", "0x7fc00000", "cpu", "vulkan:0", "latest", ""];
        *value = match random.below(6) {
            0 => number(random),
            1 => (*random.pick(&words)).into(),
            2 => random.pick(&[Value::Null, true.into(), false.into()]).clone(),
            3 => Value::Array(vec![]),
            4 => Value::Object(Map::new()),
            _ => Value::Array(vec![value.take()]),
        };
        return;
    }
    if random.below(5) == 0 {
        *value = other;
        return;
    }
    match value {
        Value::Null | Value::Bool(_) => *value = other,
        Value::Number(_) => *value = number(random),
        Value::String(text) => {
            *text = match random.below(7) {
                0 => (*random.pick(&PAYLOADS)).to_owned(),
                1 => format!("{text} {}", random.pick(&PAYLOADS)),
                2 => format!("{text}{}", "x ".repeat(random.below(ENDLESS / 2))),
                3 => format!("{text}{}", "w".repeat(random.below(8192))),
                4 => format!("{text}{text}"),
                5 => text.chars().take(random.below(text.chars().count())).collect(),
                _ => text.chars().map(|c| if random.below(9) == 0 { '7' } else { c }).collect(),
            }
        }
        Value::Array(items) if items.is_empty() => items.push(other),
        Value::Array(items) => match random.below(4) {
            0 => items.reverse(),
            1 => items.truncate(random.below(items.len())),
            _ => {
                let item = random.pick(items).clone();
                let times = [1, 1, 2, 40][random.below(4)];
                items.extend(std::iter::repeat_n(item, times));
            }
        },
        Value::Object(fields) => {
            if random.below(2) == 0
                && let Some(name) = fields.keys().nth(random.below(fields.len())).cloned()
            {
                fields.remove(&name);
            } else {
                let name = *random.pick(&["a name", "=x", "seconds", "records", "::error::x", "source", "bits"]);
                let value = if random.below(2) == 0 { other } else { (*random.pick(&PAYLOADS)).into() };
                fields.insert(name.to_owned(), value);
            }
        }
    }
}

fn number(random: &mut Random) -> Value {
    let text: &str = NUMBERS[random.below(NUMBERS.len())];
    serde_json::from_str(text).expect("a number")
}

/// A text file with a few of its words or lines changed.
pub(crate) fn mutated_text(original: &str, random: &mut Random) -> String {
    let mut words: Vec<String> =
        original.split_inclusive([' ', '\n', '=', '"', '/', '?', '&', ',', '[']).map(str::to_owned).collect();
    for _ in 0..=random.below(3) / 2 {
        let (at, from) = (random.below(words.len()), random.below(words.len()));
        let other = words[from].clone();
        match random.below(9) {
            0 if words.len() > 1 => {
                words.remove(at);
            }
            1 => words.insert(at, other),
            2 | 3 => words[at] = other,
            4 => words[at] = (*random.pick(&NUMBERS)).to_owned(),
            5 => words[at] = (*random.pick(&PAYLOADS)).to_owned(),
            6 => words[at].push_str(&"x".repeat(random.below(ENDLESS))),
            7 => {
                let end = (at + random.below(40)).min(words.len());
                let some = words[at..end].to_vec();
                words.splice(from..from, some);
            }
            _ => {
                words[at] =
                    (*random.pick(&["\"\"\"", "[[", "{", "\u{0}", "\\u001b[2J", "1e999", "'", "\n  "])).to_owned();
            }
        }
    }
    words.concat()
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

/// A value without the fields named `seconds`, which are not part of an id.
fn without_times(value: &Value) -> Value {
    let field = |name: &str, value: &Value| match value {
        // Their members are named by whoever ran the audit.
        Value::Object(named) if ["variables", "vary"].contains(&name) => {
            named.iter().map(|(n, v)| (n.clone(), without_times(v))).collect()
        }
        other => without_times(other),
    };
    match value {
        Value::Array(items) => items.iter().map(without_times).collect(),
        Value::Object(fields) => {
            fields.iter().filter(|(n, _)| *n != "seconds").map(|(n, v)| (n.clone(), field(n, v))).collect()
        }
        other => other.clone(),
    }
}
