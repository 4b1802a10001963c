//! Shader sources, embedded in the binary, and the small language in which a file holds its variants.
//!
//! A line `//#if NAME`, `//#else` or `//#endif` keeps or drops the lines between; `//#include shared/x.wgsl` inserts a
//! file once; `${NAME}` is replaced by its value. Conditions may be nested, and negated as `//#if !NAME`. What comes out
//! is plain WGSL, and its digest goes into the record.

use std::collections::BTreeMap;

/// What `//#include` may name: the files of `shaders/shared/`.
static SHARED: &[(&str, &str)] = &[
    ("shared/philox.wgsl", include_str!("../../shaders/shared/philox.wgsl")),
    ("shared/box_muller.wgsl", include_str!("../../shaders/shared/box_muller.wgsl")),
    ("shared/quantile.wgsl", include_str!("../../shaders/shared/quantile.wgsl")),
    ("shared/philox_forms.wgsl", include_str!("../../shaders/shared/philox_forms.wgsl")),
    ("shared/threefry.wgsl", include_str!("../../shaders/shared/threefry.wgsl")),
    ("shared/fisher_yates.wgsl", include_str!("../../shaders/shared/fisher_yates.wgsl")),
    ("shared/sort_by_key.wgsl", include_str!("../../shaders/shared/sort_by_key.wgsl")),
    ("shared/sort_with_ties.wgsl", include_str!("../../shaders/shared/sort_with_ties.wgsl")),
    ("shared/row.wgsl", include_str!("../../shaders/shared/row.wgsl")),
    ("shared/tree.wgsl", include_str!("../../shaders/shared/tree.wgsl")),
    ("shared/pairs.wgsl", include_str!("../../shaders/shared/pairs.wgsl")),
    ("shared/fixed_point.wgsl", include_str!("../../shaders/shared/fixed_point.wgsl")),
    ("shared/elementwise.wgsl", include_str!("../../shaders/shared/elementwise.wgsl")),
    ("shared/sweep.wgsl", include_str!("../../shaders/shared/sweep.wgsl")),
];

/// A shader with its variant chosen by definitions.
#[derive(Debug, Clone)]
pub struct Shader {
    text: &'static str,
    values: BTreeMap<&'static str, String>,
}

impl Shader {
    /// A shader file's text: `Shader::new(include_str!("../../shaders/<kernel>.wgsl"))`.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        Self { text, values: BTreeMap::new() }
    }

    /// Replaces `${NAME}` by `value`, and makes `//#if NAME` true.
    #[must_use]
    pub fn define(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.insert(name, value.to_string());
        self
    }

    /// Makes `//#if NAME` true where `on`.
    #[must_use]
    pub fn flag(self, name: &'static str, on: bool) -> Self {
        if on { self.define(name, "1") } else { self }
    }

    /// The WGSL text.
    ///
    /// # Panics
    /// When a name is not defined, an include does not exist or a condition does not close: a mistake in this crate,
    /// found by the test that builds every planned case.
    #[must_use]
    pub fn source(&self) -> String {
        let mut out = String::new();
        let mut included = Vec::new();
        self.expand(self.text, &mut out, &mut included);
        out
    }

    fn expand(&self, text: &str, out: &mut String, included: &mut Vec<String>) {
        // For each open condition, whether its lines are kept.
        let mut open: Vec<bool> = Vec::new();
        for line in text.lines() {
            let trimmed = line.trim_start();
            if let Some(name) = trimmed.strip_prefix("//#if ") {
                let name = name.trim();
                open.push(match name.strip_prefix('!') {
                    Some(name) => !self.values.contains_key(name),
                    None => self.values.contains_key(name),
                });
            } else if trimmed.starts_with("//#else") {
                let last = open.last_mut().unwrap_or_else(|| panic!("//#else without //#if"));
                *last = !*last;
            } else if trimmed.starts_with("//#endif") {
                assert!(open.pop().is_some(), "//#endif without //#if");
            } else if !open.contains(&false) {
                if let Some(path) = trimmed.strip_prefix("//#include ") {
                    let path = path.trim();
                    if !included.iter().any(|f| f == path) {
                        included.push(path.to_owned());
                        let found = SHARED.iter().find(|(name, _)| *name == path);
                        self.expand(found.unwrap_or_else(|| panic!("no shared shader '{path}'")).1, out, included);
                    }
                } else if trimmed.starts_with("//") {
                    // Comments are for readers of the file; the driver and the digest see the code.
                } else {
                    out.push_str(&self.substitute(line));
                    out.push('\n');
                }
            }
        }
        assert!(open.is_empty(), "//#if without //#endif");
    }

    fn substitute(&self, line: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let (name, tail) = after.split_once('}').unwrap_or_else(|| panic!("${{ without }}"));
            let value = self.values.get(name);
            out.push_str(value.unwrap_or_else(|| panic!("${{{name}}} is not defined")));
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}
