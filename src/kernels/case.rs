//! A case: an id ([`CaseId`]) checked against the registry, with every parameter of its variant.
//!
//! `sum/serial_tree?n=65536&wg=256&dist=normal&seed=7` names a case completely: everything that decides its
//! bits is in the id, and [`Case::parse`] reads it back.

use std::borrow::Cow;
use std::fmt;

use crate::kernels::{self, Param, Range, Variant};
use crate::model::pattern::instead;
use crate::model::{CaseId, CaseIdError};
use crate::numerics::inputs::Distribution;

/// What is wrong with a case id. The message says what to type instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CaseError(pub String);

impl CaseError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A kernel's variant with a value for each of its parameters, in the order the variant declares them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Case {
    kernel: Cow<'static, str>,
    variant: Cow<'static, str>,
    /// `(name, value, is configuration)` in declared order, defaults filled in.
    values: Vec<(Cow<'static, str>, String, bool)>,
}

impl Case {
    /// The case of `kernel/variant` with every parameter at its default.
    ///
    /// # Errors
    /// When no such kernel or variant is registered.
    pub fn new(kernel: &str, variant: &str) -> Result<Self, CaseError> {
        let entry = kernels::find(kernel).ok_or_else(|| {
            if kernel.ends_with(".wgsl") {
                return CaseError(format!(
                    "'{kernel}' is a kernel of your own; run its case with repro-audit kernel FILE.wgsl --case ID"
                ));
            }
            CaseError(format!("no kernel is called '{kernel}'; {}", instead(kernel, "kernels", kernels::names())))
        })?;
        let found = entry.variants().iter().find(|v| v.name == variant).ok_or_else(|| {
            let names = entry.variants().iter().map(|v| v.name);
            CaseError(format!("kernel '{kernel}' has no variant '{variant}'; {}", instead(variant, "variants", names)))
        })?;
        Ok(Self::of(entry.name(), found))
    }

    /// The case of a registered variant with every parameter at its default. For planning, where the names are known.
    #[must_use]
    pub fn of(kernel: &'static str, variant: &Variant) -> Self {
        let value = |p: &Param| (Cow::Borrowed(p.name), p.default.to_owned(), p.config);
        let values = variant.params.iter().map(value).collect();
        Self { kernel: Cow::Borrowed(kernel), variant: Cow::Borrowed(variant.name), values }
    }

    /// A case of a kernel of the user's own: its name, its entry point, and `(name, value, is configuration)`.
    #[must_use]
    pub fn own(kernel: String, variant: String, values: Vec<(String, String, bool)>) -> Self {
        let values = values.into_iter().map(|(name, value, config)| (Cow::Owned(name), value, config)).collect();
        Self { kernel: Cow::Owned(kernel), variant: Cow::Owned(variant), values }
    }

    /// This case with parameter `name` set to `value`.
    ///
    /// # Errors
    /// When the variant has no such parameter.
    pub fn set(mut self, name: &str, value: impl fmt::Display) -> Result<Self, CaseError> {
        match self.values.iter_mut().find(|(n, _, _)| *n == name) {
            Some(slot) => slot.1 = value.to_string(),
            None => {
                let names: Vec<&str> = self.values.iter().map(|(n, _, _)| n.as_ref()).collect();
                return Err(CaseError(format!(
                    "'{}/{}' has no parameter '{name}'; it has: {}",
                    self.kernel,
                    self.variant,
                    names.join(", ")
                )));
            }
        }
        Ok(self)
    }

    /// [`Case::set`] where the name is known to exist: an unknown name leaves the case as it is.
    /// For a kernel's own plan; a test checks that every planned case reads back as itself.
    #[must_use]
    pub fn with(self, name: &str, value: impl fmt::Display) -> Self {
        debug_assert!(
            self.values.iter().any(|(n, _, _)| *n == name),
            "{}/{} has no parameter {name}",
            self.kernel,
            self.variant
        );
        let unchanged = self.clone();
        self.set(name, value).unwrap_or(unchanged)
    }

    /// Reads an id. Parameters that are left out take their defaults.
    ///
    /// # Errors
    /// Text that is no id, or an unknown kernel, variant or parameter.
    pub fn parse(id: &str) -> Result<Self, CaseError> {
        Self::check(&CaseId::parse(id).map_err(|e| CaseError::new(e.to_string()))?)
    }

    /// The case of an id. Parameters that are left out take their defaults.
    ///
    /// # Errors
    /// An unknown kernel, variant or parameter.
    pub fn check(id: &CaseId) -> Result<Self, CaseError> {
        id.parameters().try_fold(Self::new(id.kernel(), id.variant())?, |case, (name, value)| case.set(name, value))
    }

    /// The id, parsed.
    ///
    /// # Errors
    /// None for a case of the registry: a value of a user's own kernel may have characters that no id has.
    pub fn id(&self) -> Result<CaseId, CaseIdError> {
        CaseId::parse(&self.to_string())
    }

    /// The kernel's name.
    #[must_use]
    pub fn kernel(&self) -> &str {
        &self.kernel
    }

    /// The variant's name.
    #[must_use]
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// The text of a parameter; empty when the variant has none of that name.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.values.iter().find(|(n, _, _)| *n == name).map_or("", |(_, v, _)| v)
    }

    /// A parameter, within its range; the range with it.
    fn ranged(&self, name: &str) -> Result<(&str, Range), CaseError> {
        let text = self.text(name);
        let variant = kernels::find(&self.kernel).and_then(|k| k.variants().iter().find(|v| v.name == self.variant));
        let param = variant.and_then(|v| v.params.iter().find(|p| p.name == name));
        let range = param.ok_or_else(|| CaseError(format!("'{self}' has no parameter '{name}'")))?.range;
        if range.has(text) { Ok((text, range)) } else { Err(self.not(name, &range.to_string())) }
    }

    fn not(&self, name: &str, wanted: &str) -> CaseError {
        CaseError(format!("{name}={} in '{self}': {wanted} is wanted", self.text(name)))
    }

    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str, wanted: &str) -> Result<T, CaseError> {
        self.ranged(name)?.0.parse().map_err(|_| self.not(name, wanted))
    }

    /// A parameter as a count, within its range.
    ///
    /// # Errors
    /// When it is no whole number or outside the range.
    pub fn count(&self, name: &str) -> Result<u32, CaseError> {
        self.parsed(name, "a whole number")
    }

    /// A parameter as a 64-bit whole number, such as a seed.
    ///
    /// # Errors
    /// When it is no whole number.
    pub fn seed(&self, name: &str) -> Result<u64, CaseError> {
        self.parsed(name, "a whole number")
    }

    /// A parameter as a decimal number, within its range.
    ///
    /// # Errors
    /// When it is no number or outside the range.
    pub fn decimal(&self, name: &str) -> Result<f64, CaseError> {
        self.parsed(name, "a decimal number")
    }

    /// A parameter as one of the words of its range.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn word(&self, name: &str) -> Result<&'static str, CaseError> {
        let (text, range) = self.ranged(name)?;
        let words = if let Range::Words(words) = range { words } else { &[] };
        words.iter().copied().find(|word| *word == text).ok_or_else(|| self.not(name, "a word"))
    }

    /// The distribution of the inputs, by the parameter `dist`.
    ///
    /// # Errors
    /// When it names none.
    pub fn distribution(&self) -> Result<Distribution, CaseError> {
        Distribution::named(self.word("dist")?).ok_or_else(|| self.not("dist", "a distribution"))
    }

    /// What is computed, apart from how: the id without its configuration parameters. Cases that share it differ in
    /// configuration only (workgroup size, tile, batch), which is the `config` axis.
    #[must_use]
    pub fn problem(&self) -> String {
        self.render(|config| !config)
    }

    /// The configuration parameters alone, `wg=256&tile=8`; empty when there are none.
    #[must_use]
    pub fn config(&self) -> String {
        self.query(|config| config)
    }

    fn render(&self, keep: impl Fn(bool) -> bool) -> String {
        let query = self.query(keep);
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}/{}{mark}{query}", self.kernel, self.variant)
    }

    fn query(&self, keep: impl Fn(bool) -> bool) -> String {
        let pairs: Vec<_> =
            self.values.iter().filter(|(_, _, c)| keep(*c)).map(|(n, v, _)| format!("{n}={v}")).collect();
        pairs.join("&")
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(|_| true))
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The seed of the first of some cases that has one.
#[must_use]
pub fn first_seed(cases: &[Case]) -> Option<u64> {
    cases.iter().find_map(|case| case.seed("seed").ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_one_way() {
        for (id, range) in [
            ("sum/serial_tree?wg=+64", ": a power of two from 1 to"),
            ("sum/serial_tree?n=04096", ": a whole number from 1 to"),
            ("sum/serial_tree?seed=+7", ": a whole number from 0 to 2^64-1 is wanted"),
        ] {
            let error = kernels::problem(&Case::parse(id).unwrap()).err().unwrap().to_string();
            assert!(error.contains(range), "{id}: {error}");
        }
        assert!(kernels::problem(&Case::parse("sum/serial_tree?wg=64&n=4096&seed=0").unwrap()).is_ok(), "plain");
    }
}
