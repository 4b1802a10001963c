//! Case ids and patterns of them, as text: `kernel/variant?name=value&…`. Nothing here knows which kernels there are.
//!
//! A [`CaseId`] names one case. A [`CasePattern`] names many: `*` stands for any text within a part, and what it leaves out
//! is free. Filters (`--kernel`), rules of a policy and locks all read them here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::pattern::glob;

/// What is wrong with an id or a pattern. Each message is one line that says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseIdError {
    /// There is no variant, where one case is wanted.
    #[error("'{0}' is not a case id; write kernel/variant?name=value&…, for example sum/serial_tree?n=4096&wg=64")]
    NoVariant(String),
    /// A kernel, a variant, a name or a value is empty, or has a character that no part has.
    #[error("'{part}' in '{id}' is not a {what}: letters, digits and . _ - : , + / [ ] are, without blanks")]
    Part {
        /// The whole.
        id: String,
        /// What the part should be: a kernel, a variant, a parameter or a value.
        what: &'static str,
        /// The part.
        part: String,
    },
    /// A part between two `&` is no `name=value`.
    #[error("'{pair}' in '{id}' is not of the form name=value")]
    Pair {
        /// The whole.
        id: String,
        /// The part.
        pair: String,
    },
    /// One name has two values, of which one would be ignored.
    #[error("'{id}' gives {name} twice; give it once")]
    Twice {
        /// The whole.
        id: String,
        /// The name.
        name: String,
    },
    /// A wildcard, where one case is wanted.
    #[error("'{0}' has a *, which names many cases; one case is wanted here")]
    Wildcard(String),
}

/// The kernel and the variant of an id or a pattern, as it is written: all before the parameters.
#[must_use]
pub fn path(id: &str) -> &str {
    id.split('?').next().unwrap_or(id)
}

/// The parts of an id or a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Parts {
    kernel: String,
    variant: Option<String>,
    parameters: Vec<(String, String)>,
}

impl Parts {
    fn parse(id: &str) -> Result<Self, CaseIdError> {
        let (path, query) = id.split_once('?').map_or((id, None), |(path, query)| (path, Some(query)));
        let part = |what: &'static str, part: &str| {
            // A value may hold what names do not: `output=hist:u32`, `p=1e-3`.
            let more = if what == "value" { ":,+/[]~" } else { "" };
            let good = |c: char| c.is_alphanumeric() || "._-*".contains(c) || more.contains(c);
            if !part.is_empty() && part.chars().all(good) {
                return Ok(part.to_owned());
            }
            Err(CaseIdError::Part { id: one_line(id), what, part: one_line(part) })
        };
        let (kernel, variant) = path.split_once('/').map_or((path, None), |(k, v)| (k, Some(v)));
        let kernel = part("kernel", kernel)?;
        let variant = variant.map(|v| part("variant", v)).transpose()?;
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in query.iter().flat_map(|q| q.split('&')).filter(|p| !p.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(CaseIdError::Pair { id: one_line(id), pair: one_line(pair) });
            };
            let (name, value) = (part("parameter", name)?, part("value", value)?);
            if parameters.iter().any(|(n, _)| *n == name) {
                return Err(CaseIdError::Twice { id: one_line(id), name });
            }
            parameters.push((name, value));
        }
        Ok(Self { kernel, variant, parameters })
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kernel)?;
        if let Some(variant) = &self.variant {
            write!(f, "/{variant}")?;
        }
        for (i, (name, value)) in self.parameters.iter().enumerate() {
            write!(f, "{}{name}={value}", if i == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// Text of the user's in a message of one line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// The id of one case. Parameters keep the order in which they are written; each is there once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseId(Parts);

impl CaseId {
    /// Reads an id.
    ///
    /// # Errors
    /// Text that is no `kernel/variant?name=value&…`, a parameter that is given twice, or a wildcard.
    pub fn parse(id: &str) -> Result<Self, CaseIdError> {
        let parts = Parts::parse(id)?;
        if id.contains('*') {
            return Err(CaseIdError::Wildcard(one_line(id)));
        }
        if parts.variant.is_none() {
            return Err(CaseIdError::NoVariant(one_line(id)));
        }
        Ok(Self(parts))
    }

    /// The kernel's name.
    #[must_use]
    pub fn kernel(&self) -> &str {
        &self.0.kernel
    }

    /// The variant's name.
    #[must_use]
    pub fn variant(&self) -> &str {
        self.0.variant.as_deref().unwrap_or_default()
    }

    /// Names and values, in the order of the id.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The value of a parameter, where the id gives it.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f)
    }
}

impl FromStr for CaseId {
    type Err = CaseIdError;

    fn from_str(text: &str) -> Result<Self, CaseIdError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CaseId {
    type Error = CaseIdError;

    fn try_from(text: String) -> Result<Self, CaseIdError> {
        Self::parse(&text)
    }
}

impl From<CaseId> for String {
    fn from(id: CaseId) -> Self {
        id.to_string()
    }
}

/// A pattern of ids: `sum`, `sum/*`, `s*/atomic*?n=*&seed=7`. A variant or a parameter that it leaves out is free; one that
/// it names must be there, and its value must fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CasePattern(Parts);

impl CasePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Text that is no `kernel`, `kernel/variant` or `kernel/variant?name=value&…`, or a parameter that is given twice.
    pub fn parse(text: &str) -> Result<Self, CaseIdError> {
        Parts::parse(text).map(Self)
    }

    /// Whether it names this case.
    #[must_use]
    pub fn matches(&self, id: &CaseId) -> bool {
        let fits = |(name, value): &(String, String)| id.parameter(name).is_some_and(|v| glob(value, v));
        self.names(id.kernel(), id.variant()) && self.0.parameters.iter().all(fits)
    }

    /// Whether it may name cases of this variant, whatever their parameters.
    #[must_use]
    pub fn names(&self, kernel: &str, variant: &str) -> bool {
        glob(&self.0.kernel, kernel) && self.0.variant.as_deref().is_none_or(|v| glob(v, variant))
    }

    /// The names of the parameters that it asks for.
    pub fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.0.parameters.iter().map(|(n, _)| n.as_str())
    }
}

impl fmt::Display for CasePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f)
    }
}

impl FromStr for CasePattern {
    type Err = CaseIdError;

    fn from_str(text: &str) -> Result<Self, CaseIdError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CasePattern {
    type Error = CaseIdError;

    fn try_from(text: String) -> Result<Self, CaseIdError> {
        Self::parse(&text)
    }
}

impl From<CasePattern> for String {
    fn from(pattern: CasePattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "sum/serial_tree?n=4096&dist=normal&seed=7&wg=64";

    #[test]
    fn an_id_reads_back_as_itself() {
        for id in [ID, "sum/tree", "c06.wgsl/main?shader=0a&output=hist:u32&seed=7", "x/y?p=1e-3&a=0.5"] {
            let read = CaseId::parse(id).unwrap();
            assert_eq!(read.to_string(), id, "as it was written");
            assert_eq!(serde_json::from_str::<CaseId>(&serde_json::to_string(&read).unwrap()).unwrap(), read, "JSON");
        }
        let id = CaseId::parse(ID).unwrap();
        assert_eq!((id.kernel(), id.variant(), id.parameter("n")), ("sum", "serial_tree", Some("4096")), "parts");
        assert_eq!(id.parameter("m"), None, "not there");
    }

    #[test]
    fn what_is_no_id_is_told_in_one_line() {
        let rows = [
            ("sum", "is not a case id"),
            ("", "is not a kernel"),
            ("sum/", "is not a variant"),
            ("/tree", "is not a kernel"),
            ("sum/tree?n", "not of the form name=value"),
            ("sum/tree?n=", "is not a value"),
            ("sum/tree?=4", "is not a parameter"),
            ("sum/tree?n=4&n=4", "gives n twice"),
            ("sum/tree?n=4&m=1&n=8", "gives n twice"),
            ("sum/*?n=4", "has a *"),
            ("sum/tree?n=*", "has a *"),
            ("sum/tree?n=4 5", "is not a value"),
            ("sum/tree?n=4\nx", "is not a value"),
            ("a/b/c", "is not a variant"),
            ("sum/tree?n=4?m=3", "is not a value"),
        ];
        for (text, part) in rows {
            let error = CaseId::parse(text).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn a_pattern_names_cases_by_their_parts() {
        let id = CaseId::parse(ID).unwrap();
        for pattern in [
            "sum",
            "*",
            "s*",
            "sum/*",
            "sum/serial_tree",
            "*/*tree",
            "sum?n=*",
            "sum/*?n=*",
            "sum/*?n=4*",
            "sum?wg=64&n=4096",
            ID,
        ] {
            assert!(CasePattern::parse(pattern).unwrap().matches(&id), "{pattern}");
        }
        for pattern in [
            "su",
            "logsum",
            "*sum/tree",
            "sum/serial",
            "sum?m=*",
            "sum/*?n=40",
            "sum/*?n=*&wg=65",
            "sum/*?N=*",
            "sum/*?n=5*",
        ] {
            assert!(!CasePattern::parse(pattern).unwrap().matches(&id), "{pattern}");
        }
        for wrong in ["", "sum/", "sum/tree?n", "*wg=64*", "sum?n=*&n=4", "sum /tree"] {
            assert!(CasePattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
