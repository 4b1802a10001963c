//! JSON in one canonical text: members in the order of their names, no space, every field named `seconds` left out. Ids
//! are digests of it, and equal contents of two records are found by it.
//!
//! The text is made while the input is read, without a tree of it in memory. A member that is given twice is an error:
//! readers differ in which one they take, so such a file would mean different things.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// The fields whose members are named by whoever ran the audit: none of those is a field of the record.
const NAMED_BY_OTHERS: [&str; 2] = ["variables", "vary"];

/// Writes a value's canonical text to the end of a buffer.
struct Canonical<'a> {
    out: &'a mut Vec<u8>,
    /// Whether the names of its members are the record's own.
    fields: bool,
    /// Whether the fields named `seconds` are kept.
    timed: bool,
}

/// The canonical text of the value that a deserializer is at.
#[derive(Debug)]
pub(super) struct Text(pub(super) String);

impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut out = Vec::new();
        Canonical { out: &mut out, fields: true, timed: false }.deserialize(deserializer)?;
        String::from_utf8(out).map(Self).map_err(D::Error::custom)
    }
}

/// The canonical text with the fields named `seconds`.
#[derive(Debug)]
pub(super) struct Timed(pub(super) String);

impl<'de> serde::Deserialize<'de> for Timed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut out = Vec::new();
        Canonical { out: &mut out, fields: true, timed: true }.deserialize(deserializer)?;
        String::from_utf8(out).map(Self).map_err(D::Error::custom)
    }
}

/// The canonical text of an object that is long enough to be a case or a verdict, so that no list of anything else takes many
/// times the memory of its file; or of a list, the difference from another one, or a number, which stands for a known one.
#[derive(Debug)]
pub(super) struct Object(pub(super) Text);

/// Fewer bytes than any case or verdict has.
const SHORTEST: usize = 40;

impl<'de> serde::Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        if text.0.starts_with(|c: char| c == '[' || c.is_ascii_digit())
            || text.0.starts_with('{') && text.0.len() >= SHORTEST
        {
            return Ok(Self(text));
        }
        Err(D::Error::custom("a case or a verdict is not an object with its members"))
    }
}

/// A name or string as JSON.
pub(super) fn write_string<E: serde::de::Error>(out: &mut Vec<u8>, text: &str) -> Result<(), E> {
    serde_json::to_writer(out, text).map_err(E::custom)
}

/// Whether a canonical text is a number, or one of the words that stand for what JSON's numbers lack.
fn is_duration(text: &[u8]) -> bool {
    matches!(text, [b'-' | b'0'..=b'9', ..] | b"\"nan\"" | b"\"inf\"" | b"\"-inf\"")
}

impl<'de> DeserializeSeed<'de> for Canonical<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Canonical<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        serde_json::to_writer(self.out, &value).map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        serde_json::to_writer(self.out, &value).map_err(E::custom)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        serde_json::to_writer(self.out, &value).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        write_string(self.out, value)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let start = self.out.len();
        loop {
            let before = self.out.len();
            if before > start {
                self.out.push(b',');
            }
            if seq.next_element_seed(Canonical { out: self.out, fields: true, timed: self.timed })?.is_none() {
                self.out.truncate(before);
                break;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { out, fields, timed } = self;
        let start = out.len();
        // Where each member's text lies.
        let mut members: Vec<(String, usize, usize)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let from = out.len();
            write_string(out, &name)?;
            out.push(b':');
            let of_fields = !NAMED_BY_OTHERS.contains(&name.as_str());
            map.next_value_seed(Canonical { out, fields: of_fields, timed })?;
            if fields && !timed && name == "seconds" {
                // It is left out, so nobody looks at it later; a file that is no record must not pass for one.
                if !is_duration(out.get(from + "\"seconds\":".len()..).unwrap_or_default()) {
                    return Err(A::Error::custom("a member named 'seconds' is not a number"));
                }
                out.truncate(from);
            } else {
                members.push((name, from, out.len()));
            }
        }
        let sorted = members.is_sorted_by(|a, b| a.0 < b.0);
        if !sorted {
            members.sort_by(|a, b| a.0.cmp(&b.0));
            if let Some(twice) = members.windows(2).find(|m| m[0].0 == m[1].0) {
                return Err(A::Error::custom(format!("the member '{}' is given twice", twice[0].0)));
            }
        }
        let mut text = Vec::with_capacity(out.len() - start + members.len() + 2);
        text.push(b'{');
        for (i, (_, from, to)) in members.iter().enumerate() {
            if i > 0 {
                text.push(b',');
            }
            text.extend_from_slice(&out[*from..*to]);
        }
        text.push(b'}');
        out.truncate(start);
        out.extend_from_slice(&text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Result<String, String> {
        serde_json::from_str::<Text>(json).map(|t| t.0).map_err(|e| e.to_string())
    }

    #[test]
    fn it_is_what_a_sorted_tree_would_be() {
        let json = r#" {"b": [1, -2, 3.5, 1e3, 1e-9, 18446744073709551615, true, null, "é\n\u0001"], "a": {"z": {}, "y": []}} "#;
        let tree: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(text(json), Ok(tree.to_string()), "sorted, no space");
    }

    #[test]
    fn seconds_are_left_out_at_any_depth() {
        let json = r#"{"seconds":1,"a":[{"seconds":-2.5e-3,"b":1},{"seconds":"nan"}]}"#;
        assert_eq!(text(json).as_deref(), Ok(r#"{"a":[{"b":1},{}]}"#), "whatever they hold");
        let named = r#"{"variables":{"seconds":"1"},"vary":{"seconds":["1","2"]}}"#;
        assert_eq!(text(named).as_deref(), Ok(named), "a variable of that name is no time");
        for wrong in ["null", "true", "[1]", r#"{"seconds":2}"#, r#""<script>""#, r#""""#] {
            let json = format!(r#"{{"a":[{{"seconds":{wrong}}}]}}"#);
            assert!(text(&json).expect_err(wrong).contains("'seconds' is not a number"), "{wrong}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        assert!(text(r#"{"a":1,"b":2,"a":3}"#).expect_err("twice").contains("'a' is given twice"), "a member twice");
        assert!(text(r#"{"a":1e999}"#).is_err(), "a number beyond binary64");
        assert!(text(&("[".repeat(500) + &"]".repeat(500))).is_err(), "too deep");
        assert!(text("{} {}").is_err(), "two values");
        assert!(text("{\"a\":").is_err(), "cut short");
    }
}
