//! Whether the kernels, variants and cases that a policy names exist.

use std::collections::BTreeSet;

use super::{Policy, PolicyError, Rule};
use crate::model::CaseId;
use crate::model::pattern::{glob, instead};

/// A variant that is known: of the registry, of the lock, or of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The kernel.
    pub kernel: String,
    /// The variant.
    pub variant: String,
    /// The names of its parameters.
    pub parameters: BTreeSet<String>,
}

impl From<&CaseId> for Known {
    fn from(id: &CaseId) -> Self {
        Self {
            kernel: id.kernel().to_owned(),
            variant: id.variant().to_owned(),
            parameters: id.parameters().map(|(name, _)| name.to_owned()).collect(),
        }
    }
}

impl Policy {
    /// Checks that each rule names something that is known. A rule that names nothing would demand nothing, in silence.
    ///
    /// # Errors
    /// The first rule that names no kernel, variant or case; the message has the line and the nearest names.
    pub fn check_names(&self, file: &str, known: &BTreeSet<Known>) -> Result<(), PolicyError> {
        self.rules.iter().try_for_each(|rule| {
            rule.unknown(known).map_or(Ok(()), |what| Err(PolicyError { file: file.to_owned(), line: rule.line, what }))
        })
    }
}

impl Rule {
    /// What it names and nothing is; `None` where all of it is known.
    fn unknown(&self, known: &BTreeSet<Known>) -> Option<String> {
        for pattern in &self.kernel {
            if !known.iter().any(|k| glob(pattern, &k.kernel)) {
                let there: BTreeSet<&str> = known.iter().map(|k| k.kernel.as_str()).collect();
                return Some(format!("no kernel is called '{pattern}'; {}", instead(pattern, "kernels", there)));
            }
        }
        let of_kernel = |k: &&Known| self.kernel.is_empty() || self.kernel.iter().any(|p| glob(p, &k.kernel));
        for pattern in &self.variant {
            if !known.iter().filter(of_kernel).any(|k| glob(pattern, &k.variant)) {
                let there: BTreeSet<&str> = known.iter().filter(of_kernel).map(|k| k.variant.as_str()).collect();
                let of = if self.kernel.is_empty() { String::new() } else { format!(" of {}", self.kernel.join(", ")) };
                return Some(format!("no variant{of} is called '{pattern}'; {}", instead(pattern, "variants", there)));
            }
        }
        for pattern in &self.case {
            let named: Vec<&Known> = known.iter().filter(|k| pattern.names(&k.kernel, &k.variant)).collect();
            if named.is_empty() {
                let text = pattern.to_string();
                let path = crate::model::case_id::path(&text);
                let all: BTreeSet<String> = known.iter().map(|k| format!("{}/{}", k.kernel, k.variant)).collect();
                let instead = instead(path, "variants", all.iter().map(String::as_str));
                return Some(format!("no case fits '{pattern}'; {instead}"));
            }
            let has = |k: &&Known| pattern.parameter_names().all(|n| k.parameters.contains(n));
            if !named.iter().any(has) {
                let there: BTreeSet<&str> = named.iter().flat_map(|k| &k.parameters).map(String::as_str).collect();
                let there: Vec<&str> = there.into_iter().collect();
                return Some(format!("no case fits '{pattern}': the parameters there are {}", there.join(", ")));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeSet<Known> {
        ["sum/tree?n=4&wg=64", "sum/atomic?n=4", "softmax/poly?rows=4", "mine.wgsl/main?seed=7"]
            .iter()
            .map(|id| Known::from(&CaseId::parse(id).unwrap()))
            .collect()
    }

    #[test]
    fn every_name_in_a_policy_exists() {
        let rule = |text: &str| Policy::parse("p", &format!("[[rule]]\nrequire = \"repeatable\"\n{text}")).unwrap();
        for good in [
            "",
            "kernel = \"sum\"",
            "kernel = [\"s*\", \"softmax\"]",
            "kernel = \"sum\"\nvariant = \"tr*\"",
            "variant = \"poly\"",
            "case = \"sum/*?n=*\"",
            "case = \"mine.wgsl\"",
            "case = [\"sum/atomic*\", \"softmax/poly?rows=9\"]",
        ] {
            assert_eq!(rule(good).check_names("p", &known()), Ok(()), "{good}");
        }
        for (wrong, part) in [
            ("kernel = \"summ\"", "did you mean sum"),
            ("kernel = [\"sum\", \"soft\"]", "no kernel is called 'soft'"),
            ("kernel = \"sum\"\nvariant = \"poly\"", "no variant of sum is called 'poly'"),
            ("variant = \"thee\"", "did you mean tree"),
            ("case = \"sum/tee\"", "did you mean sum/tree"),
            ("case = \"sum/*?m=*\"", "the parameters there are n, wg"),
        ] {
            let error = rule(wrong).check_names("p", &known()).unwrap_err();
            assert!(error.what.contains(part), "{wrong}: {error}");
            assert_eq!(error.line, 1, "{wrong}: the rule's line");
        }
    }
}
