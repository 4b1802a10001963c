//! Metrics in JSON: a number where it is finite, and `"inf"`, `"-inf"` or `"nan"` where it is not (JSON has no such
//! numbers, and `null` would lose which it was).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Whether a count that most records lack can be left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Whether a mark that most records lack can be left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn is_false(mark: &bool) -> bool {
    !*mark
}

/// How a metric is written, for `#[serde(with = "Number")]`: see the module.
#[derive(Debug)]
pub struct Number;

impl Number {
    /// Writes a metric.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(*value)
        } else if value.is_nan() {
            serializer.serialize_str("nan")
        } else {
            serializer.serialize_str(if *value > 0.0 { "inf" } else { "-inf" })
        }
    }

    /// Reads a metric.
    ///
    /// # Errors
    /// When it is neither a number nor one of the three words.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(value) => Ok(value),
            Written::Word(word) => match word.as_str() {
                "nan" => Ok(f64::NAN),
                "inf" => Ok(f64::INFINITY),
                "-inf" => Ok(f64::NEG_INFINITY),
                other => Err(D::Error::custom(format!("'{other}' is not a number"))),
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Word(String),
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A metric: a number where it is finite, else a word. JSON has no NaN and no infinity.",
            "anyOf": [{ "type": "number" }, { "enum": ["nan", "inf", "-inf"] }]
        })
    }
}

/// [`Number`] where there may be none: `null`.
#[derive(Debug)]
pub struct OptionalNumber;

#[derive(Serialize, Deserialize)]
struct Wrapped(#[serde(with = "Number")] f64);

impl OptionalNumber {
    /// Writes a metric, or `null`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Wrapped).serialize(serializer)
    }

    /// Reads a metric, or `null`.
    ///
    /// # Errors
    /// As [`Number::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(deserializer)?.map(|w| w.0))
    }
}

impl JsonSchema for OptionalNumber {
    fn schema_name() -> Cow<'static, str> {
        "OptionalNumber".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<Number>::json_schema(generator)
    }
}
