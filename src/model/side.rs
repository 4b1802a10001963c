//! A side of a comparison: whose output it is. This is the only place that reads or writes its text.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Arithmetic;

/// Whose output is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
pub enum Side {
    /// The CPU reference in an arithmetic: `cpu separate`, `cpu fused+flush`.
    Reference(Arithmetic),
    /// An engine's first run of the case: `vulkan:0`.
    Engine(String),
    /// A certain run of an engine, from 1: `vulkan:0 run 1`.
    Run(String, u32),
    /// The same engine in another configuration: `vulkan:0 [wg=64]`.
    Configured(String, String),
}

impl Side {
    /// The strict reference.
    pub const STRICT: Self = Self::Reference(Arithmetic::STRICT);

    /// The id of the engine whose output it is; `None` for a reference.
    #[must_use]
    pub fn engine(&self) -> Option<&str> {
        match self {
            Self::Reference(_) => None,
            Self::Engine(engine) | Self::Run(engine, _) | Self::Configured(engine, _) => Some(engine),
        }
    }

    /// Whether it is an output of the engine of this id.
    #[must_use]
    pub fn is_of(&self, engine: &str) -> bool {
        self.engine() == Some(engine)
    }

    /// The other configuration, where that is what differs.
    #[must_use]
    pub fn configuration(&self) -> Option<&str> {
        match self {
            Self::Configured(_, configuration) => Some(configuration),
            _ => None,
        }
    }

    /// The arithmetic of a reference.
    #[must_use]
    pub fn arithmetic(&self) -> Option<Arithmetic> {
        match self {
            Self::Reference(arithmetic) => Some(*arithmetic),
            _ => None,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Reference(arithmetic) => format!("cpu {}", arithmetic.name()),
            Self::Engine(engine) => engine.clone(),
            Self::Run(engine, run) => format!("{engine} run {run}"),
            Self::Configured(engine, configuration) => format!("{engine} [{configuration}]"),
        };
        f.pad(&text)
    }
}

impl From<String> for Side {
    /// Every text is a side, and is written again as it was read.
    fn from(text: String) -> Self {
        if let Some(arithmetic) = text.strip_prefix("cpu ").and_then(Arithmetic::named) {
            return Self::Reference(arithmetic);
        }
        if let Some((engine, number)) = text.rsplit_once(" run ")
            && let Some(run) = number.parse::<u32>().ok().filter(|n| n.to_string() == number)
        {
            return Self::Run(engine.to_owned(), run);
        }
        if let Some((engine, configuration)) = text.strip_suffix(']').and_then(|t| t.rsplit_once(" [")) {
            return Self::Configured(engine.to_owned(), configuration.to_owned());
        }
        Self::Engine(text)
    }
}

impl From<&str> for Side {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<Side> for String {
    fn from(side: Side) -> Self {
        match side {
            Side::Engine(engine) => engine,
            other => other.to_string(),
        }
    }
}

/// Equal where the side is written so.
impl PartialEq<str> for Side {
    fn eq(&self, text: &str) -> bool {
        match self {
            Self::Engine(engine) => engine == text,
            other => format!("{other}") == text,
        }
    }
}

impl PartialEq<&str> for Side {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}

impl PartialEq<String> for Side {
    fn eq(&self, text: &String) -> bool {
        *self == **text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_written_as_they_are_read() {
        let known = [
            ("cpu separate", Side::STRICT),
            ("cpu fused+flush", Side::Reference(Arithmetic { flush: true, ..Arithmetic::FUSED })),
            ("cpu", Side::Engine("cpu".to_owned())),
            ("cpu threads=2", Side::Engine("cpu threads=2".to_owned())),
            ("vulkan:0", Side::Engine("vulkan:0".to_owned())),
            ("vulkan:0 LP_NUM_THREADS=1 run 1", Side::Run("vulkan:0 LP_NUM_THREADS=1".to_owned(), 1)),
            ("vulkan:0 [wg=64&tile=8]", Side::Configured("vulkan:0".to_owned(), "wg=64&tile=8".to_owned())),
        ];
        for (text, side) in known {
            assert_eq!(Side::from(text), side, "{text}");
            assert_eq!(side.to_string(), text, "the same text");
            let json = serde_json::to_value(&side).unwrap();
            assert_eq!(json, text, "a string in the record");
            assert_eq!(serde_json::from_value::<Side>(json).unwrap(), side, "and read back");
        }
        for odd in ["", " run ", "x run 01", "x []", "a [b] [c]", "a run 1 [b]", "cpu unheard-of", "x [y", "]"] {
            assert_eq!(Side::from(odd).to_string(), odd, "no text is lost");
        }
        assert!(Side::from("vulkan:0 [wg=64]").is_of("vulkan:0") && Side::STRICT.engine().is_none(), "whose it is");
        let (engine, run) = (Side::from("vulkan:0"), Side::from("vulkan:0 run 1"));
        assert!(engine == "vulkan:0" && run != "vulkan:0", "by the whole text");
    }
}
