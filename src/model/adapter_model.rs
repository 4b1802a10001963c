//! An adapter as a file: what it does beyond strict arithmetic, so that the interpreter computes as it does where it is not at
//! hand; and on what that was tried.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::{CaseId, Liberty};

/// The version of such a file.
pub const VERSION: u32 = 1;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AdapterModel {
    /// [`VERSION`].
    pub model_version: u32,
    /// Whose it is: the adapter's label.
    pub name: String,
    /// On what it was tried.
    pub validated: Validated,
    /// What it does in all that it computes.
    pub liberties: Vec<Liberty>,
    /// Operations that it computes by a rule of their own.
    #[serde(default, rename = "operation", skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<ModelledOperation>,
    /// Functions as WGSL, by the names that operations give. One that is not here is of `models/` in this program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wgsl: BTreeMap<String, String>,
}

/// A rule of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelledOperation {
    /// Which, such as `exp(f32)`.
    pub name: String,
    /// Liberties that are taken in it, and no others.
    #[serde(default)]
    pub liberties: Vec<Liberty>,
    /// The functions that compute it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// On what a model was tried: the first results of one adapter in one record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Validated {
    /// The version of the program that tried it.
    pub program: String,
    /// The record's id.
    pub record: String,
    /// The driver's version text.
    pub driver: String,
    /// Results that are proven to differ from strict arithmetic: those of them that the model gives, and all.
    pub explained: [u64; 2],
    /// Results that are strict: those of them that the model gives, and all.
    pub strict: [u64; 2],
    /// Results that nothing explains: those of them that the model gives, and all.
    pub unexplained: [u64; 2],
    /// Cases that are explained or strict and that the model does not give.
    pub not_given: Vec<String>,
}

/// Why a text is no model. One line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {what}", line.map(|n| format!(":{n}")).unwrap_or_default())]
pub struct ModelError {
    /// The file.
    pub file: String,
    /// The line, where one is at fault.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl AdapterModel {
    /// Reads one; `file` is its name in errors. `shipped` are the names of functions that need not be in it.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn parse(file: &str, text: &str, shipped: &[&str]) -> Result<Self, ModelError> {
        let error = |line: Option<usize>, what: String| ModelError { file: file.to_owned(), line, what };
        let model: Self = toml::from_str(text).map_err(|e| {
            let line = e.span().map(|span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
            error(line, e.message().split_whitespace().collect::<Vec<_>>().join(" "))
        })?;
        model.check(shipped).map_err(|what| error(None, what))?;
        Ok(model)
    }

    fn check(&self, shipped: &[&str]) -> Result<(), String> {
        if self.model_version != VERSION {
            return Err(format!("it has version {}, and this program reads {VERSION}", self.model_version));
        }
        if let Some(fault) = super::text::line_fault(&self.name) {
            return Err(format!("its name is no line of text: {fault}"));
        }
        let mut names = BTreeSet::new();
        for operation in &self.operations {
            if !names.insert(&operation.name) {
                return Err(format!("the operation '{}' is in it twice", operation.name));
            }
            match &operation.model {
                Some(model) if !self.wgsl.contains_key(model) && !shipped.contains(&model.as_str()) => {
                    return Err(format!(
                        "the operation '{}' names the functions '{model}', which are not in it; this program has {}",
                        operation.name,
                        shipped.join(", ")
                    ));
                }
                None if operation.liberties.is_empty() => {
                    return Err(format!("the operation '{}' has neither liberties nor functions", operation.name));
                }
                _ => {}
            }
        }
        let all = self.operations.iter().flat_map(|o| &o.liberties).chain(&self.liberties);
        if all.into_iter().any(|l| matches!(l, Liberty::ApproximateFunction { .. })) {
            return Err("a function that is off by some ulp is no model of one".to_owned());
        }
        let Validated { explained, strict, unexplained, not_given, .. } = &self.validated;
        if [explained, strict, unexplained].iter().any(|[given, all]| given > all) {
            return Err("it says of more results that it gives them than there were".to_owned());
        }
        match not_given.iter().find(|id| CaseId::parse(id).is_err()) {
            Some(id) => Err(format!("'{id}' is no id of a case")),
            None => Ok(()),
        }
    }

    /// How much of what it was tried on it gives, in a sentence without its full stop.
    #[must_use]
    pub fn standing(&self) -> String {
        let Validated { explained: [given, all], strict: [same, strict], unexplained: [_, open], .. } = self.validated;
        format!(
            "tried on {}: it gives {given} of {all} results that are explained and {same} of {strict} that are strict; {open} more \
             are not explained",
            self.validated.driver
        )
    }
}

/// A word or a text in TOML.
fn quoted(text: &str) -> String {
    // A JSON string is a TOML one.
    serde_json::Value::from(text).to_string()
}

fn names(liberties: &[Liberty]) -> String {
    let all: Vec<String> = liberties.iter().map(|l| quoted(l.name())).collect();
    format!("[{}]", all.join(", "))
}

/// As a file has it.
impl fmt::Display for AdapterModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Validated { program, record, driver, explained, strict, unexplained, not_given } = &self.validated;
        writeln!(f, "# How an adapter computes, for repro-audit gpu --as and repro-audit kernel --as.")?;
        writeln!(f, "model-version = {}", self.model_version)?;
        writeln!(f, "name = {}", quoted(&self.name))?;
        writeln!(f, "liberties = {}", names(&self.liberties))?;
        writeln!(
            f,
            "\n# Of the first results of this adapter in this record: how many the model gives, of how many.\n[validated]"
        )?;
        for (name, text) in [("program", program), ("record", record), ("driver", driver)] {
            writeln!(f, "{name} = {}", quoted(text))?;
        }
        for (name, count) in [("explained", explained), ("strict", strict), ("unexplained", unexplained)] {
            writeln!(f, "{name} = {count:?}")?;
        }
        let mut list = String::new();
        for id in not_given {
            write!(list, "\n    {},", quoted(id))?;
        }
        writeln!(f, "not-given = [{list}{}]", if list.is_empty() { "" } else { "\n" })?;
        for operation in &self.operations {
            writeln!(f, "\n[[operation]]\nname = {}", quoted(&operation.name))?;
            if !operation.liberties.is_empty() {
                writeln!(f, "liberties = {}", names(&operation.liberties))?;
            }
            if let Some(model) = &operation.model {
                writeln!(f, "model = {}", quoted(model))?;
            }
        }
        if !self.wgsl.is_empty() {
            writeln!(f, "\n[wgsl]")?;
            for (name, text) in &self.wgsl {
                writeln!(f, "{} = {}", quoted(name), quoted(text))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> AdapterModel {
        let operation = |name: &str, liberties: &[Liberty], model: Option<&str>| ModelledOperation {
            name: name.to_owned(),
            liberties: liberties.to_vec(),
            model: model.map(str::to_owned),
        };
        AdapterModel {
            model_version: VERSION,
            name: "a \"card\" [vulkan]".to_owned(),
            validated: Validated {
                program: "0.1.0".to_owned(),
                record: "ab".repeat(32),
                driver: "Mesa 22.3.6".to_owned(),
                explained: [7, 8],
                strict: [3, 3],
                unexplained: [0, 2],
                not_given: vec!["sum/tree?n=4".to_owned()],
            },
            liberties: vec![Liberty::SplitFma, Liberty::OperandNan],
            operations: vec![operation("exp(f32)", &[], Some("mesa")), operation("f32 + f32", &[Liberty::Flush], None)],
            wgsl: [("own".to_owned(), "fn model_exp(x: f32) -> f32 {\n    return x;\n}\n".to_owned())].into(),
        }
    }

    #[test]
    fn a_model_reads_back_as_it_is_written() {
        let model = model();
        let text = model.to_string();
        assert_eq!(AdapterModel::parse("m.toml", &text, &["mesa"]), Ok(model.clone()), "{text}");
        assert!(model.standing().contains("7 of 8") && model.standing().contains("2 more"), "{}", model.standing());
    }

    #[test]
    fn a_bad_file_is_one_line_that_says_what_is_wrong() {
        let text = model().to_string();
        for (from, to, says) in [
            ("model-version = 1", "model-version = 9", "version 9"),
            ("name = \"a", "nmae = \"a", "nmae"),
            ("\"split-fma\"", "\"split\"", "split"),
            ("model = \"mesa\"", "model = \"other\"", "'other', which are not in it"),
            ("name = \"f32 + f32\"", "name = \"exp(f32)\"", "twice"),
            ("explained = [7, 8]", "explained = [9, 8]", "more results"),
            ("\"sum/tree?n=4\"", "\"no case\"", "no id of a case"),
            ("liberties = [\"flush\"]\n", "", "neither"),
            ("[validated]", "[validatde]", "validatde"),
            ("model-version = 1", "model-version = ", "m.toml:2"),
        ] {
            assert!(text.contains(from), "{from}: {text}");
            let error =
                AdapterModel::parse("m.toml", &text.replacen(from, to, 1), &["mesa"]).expect_err(to).to_string();
            assert!(error.starts_with("m.toml") && error.contains(says) && !error.contains('\n'), "{to}: {error}");
        }
    }
}
