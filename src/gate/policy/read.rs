//! A policy from its text. Everything that is wrong with it is said before any work, with the line.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Demand, Deviation, Policy, PolicyError, Requirement, Rule};
use crate::facts::clean;
use crate::gate::lock::STATUSES;
use crate::gate::outcome::{Conclusion, Outcome};
use crate::model::CasePattern;
use crate::model::text::check as check_texts;
use crate::record::Status;

/// A wrong place and what is wrong there.
type Wrong = (Range<usize>, String);
type Value<'i> = Spanned<DeValue<'i>>;

const KEYS: [&str; 8] = ["kernel", "variant", "case", "adapter", "driver", "require", "max_ulp", "known-deviation"];
const DEVIATION_KEYS: [&str; 5] = ["reason", "link", "status", "digest", "max_ulp"];
/// The shortest digest that a rule may give.
const FEWEST_DIGITS: usize = 8;

impl Policy {
    /// Reads a policy; `file` is its name in errors.
    ///
    /// # Errors
    /// When the text is no TOML, has a key that is none, or a rule that cannot be met; the message names the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let error = |(span, what): Wrong| PolicyError { file: file.to_owned(), line: line_of(text, span.start), what };
        let wrong = |why: &str, e: &toml::de::Error| {
            // The parser's message may have several lines; an error is one.
            let what = e.message().split('\n').collect::<Vec<_>>().join("; ");
            error((e.span().unwrap_or(0..0), format!("{why}{what}")))
        };
        let root = DeTable::parse(text).map_err(|e| wrong("this is not TOML: ", &e))?;
        toml::Deserializer::parse(text).and_then(check_texts).map_err(|e| wrong("", &e))?;
        policy(root.get_ref(), text).map_err(error)
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}

fn policy(root: &DeTable<'_>, text: &str) -> Result<Policy, Wrong> {
    known(root, &["rule", "outcomes"], "a policy")?;
    let mut policy = Policy::default();
    if let Some(value) = find(root, "rule") {
        let list = value.get_ref().as_array().ok_or_else(|| (value.span(), "rules are written [[rule]]".to_owned()))?;
        for item in list.iter() {
            let table =
                item.get_ref().as_table().ok_or_else(|| (item.span(), "rules are written [[rule]]".to_owned()))?;
            policy.rules.push(rule(table, item.span(), text)?);
        }
    }
    if let Some(value) = find(root, "outcomes") {
        let table = value.get_ref().as_table();
        let table = table.ok_or_else(|| (value.span(), "outcomes are written as a table, [outcomes]".to_owned()))?;
        policy.outcomes = outcomes(table)?;
    }
    Ok(policy)
}

fn outcomes(table: &DeTable<'_>) -> Result<BTreeMap<Outcome, Conclusion>, Wrong> {
    let adjustable = || {
        let names: Vec<_> = Outcome::ALL.iter().filter(|o| o.is_adjustable()).map(|o| o.name()).collect();
        names.join(", ")
    };
    let mut out = BTreeMap::new();
    for (key, value) in table.iter() {
        let name: &str = key.get_ref();
        let outcome = Outcome::find(name).ok_or_else(|| {
            (key.span(), format!("'{name}' is not an outcome; those that can be set are: {}", adjustable()))
        })?;
        if !outcome.is_adjustable() {
            let what =
                format!("'{name}' cannot be set; write a rule for what is expected. Can be set: {}", adjustable());
            return Err((key.span(), what));
        }
        let conclusion = match string(value, name)? {
            // What an absent engine fails with has a status of its own.
            "fail" if outcome == Outcome::EngineAbsent => Conclusion::Absent,
            "fail" => Conclusion::Fail,
            "warn" => Conclusion::Warn,
            "note" => Conclusion::Note,
            other => return Err((value.span(), format!("'{other}' is none of: fail, warn, note"))),
        };
        out.insert(outcome, conclusion);
    }
    Ok(out)
}

fn rule(table: &DeTable<'_>, span: Range<usize>, text: &str) -> Result<Rule, Wrong> {
    known(table, &KEYS, "a rule")?;
    let patterns = |key: &str| find(table, key).map_or(Ok(Vec::new()), |v| strings(v, key));
    let max_ulp = find(table, "max_ulp").map(|v| count(v, "max_ulp")).transpose()?;
    let demand = match (find(table, "require"), find(table, "known-deviation")) {
        (Some(value), None) => Demand::Require(requirements(value, max_ulp)?),
        (None, Some(value)) => {
            if let Some(value) = find(table, "max_ulp") {
                return Err((
                    value.span(),
                    "max_ulp of a known deviation is written inside known-deviation".to_owned(),
                ));
            }
            Demand::Known(deviation(value)?)
        }
        (Some(_), Some(value)) => {
            return Err((value.span(), "a rule has require or known-deviation, not both".to_owned()));
        }
        (None, None) => {
            return Err((
                span,
                "the rule demands nothing; add require = \"same-as-lock\", \"bit-exact\", \"within-ulp\", \
                 \"within-specification\" or \"repeatable\", or a known-deviation"
                    .to_owned(),
            ));
        }
    };
    for key in ["kernel", "variant"] {
        if let Some(value) = find(table, key)
            && patterns(key)?.iter().any(|p| p.contains('/'))
        {
            let what = format!("no {key} has '/' in its name; write kernel and variant apart, or case = \"sum/tree*\"");
            return Err((value.span(), what));
        }
    }
    let require = matches!(&demand, Demand::Require(_));
    if let Some(value) = find(table, "max_ulp")
        && require
        && !matches!(&demand, Demand::Require(r) if r.iter().any(|r| matches!(r, Requirement::WithinUlp(_))))
    {
        return Err((value.span(), "max_ulp belongs to require = \"within-ulp\"".to_owned()));
    }
    Ok(Rule {
        line: line_of(text, span.start),
        kernel: patterns("kernel")?,
        variant: patterns("variant")?,
        case: find(table, "case").map_or(Ok(Vec::new()), cases)?,
        adapter: patterns("adapter")?,
        driver: patterns("driver")?,
        demand,
    })
}

fn requirements(value: &Value<'_>, max_ulp: Option<u64>) -> Result<Vec<Requirement>, Wrong> {
    let one = |word: &String| {
        Ok(match word.as_str() {
            "bit-exact" => Requirement::BitExact,
            "same-as-lock" => Requirement::SameAsLock,
            "within-ulp" => {
                let lacking = || (value.span(), "within-ulp needs max_ulp = N in the same rule".to_owned());
                Requirement::WithinUlp(max_ulp.ok_or_else(lacking)?)
            }
            "within-specification" => Requirement::WithinSpecification,
            "repeatable" => Requirement::Repeatable,
            "known-deviation" => {
                let what =
                    "a known deviation is written known-deviation = { reason = \"…\", link = \"…\", status = \"…\" }";
                return Err((value.span(), what.to_owned()));
            }
            other => {
                let what = format!(
                    "'{other}' is not a requirement; there are: bit-exact, same-as-lock, within-ulp, within-specification, \
                     repeatable"
                );
                return Err((value.span(), what));
            }
        })
    };
    strings(value, "require")?.iter().map(one).collect()
}

fn deviation(value: &Value<'_>) -> Result<Deviation, Wrong> {
    let at = value.span();
    let table = value.get_ref().as_table().ok_or_else(|| {
        (at.clone(), "known-deviation is a table: { reason = \"…\", link = \"…\", status = \"…\" }".to_owned())
    })?;
    known(table, &DEVIATION_KEYS, "a known deviation")?;
    let text = |key: &str| -> Result<String, Wrong> {
        let lacking = || (at.clone(), format!("a known deviation needs a {key}"));
        let value = find(table, key).ok_or_else(lacking)?;
        let text = clean_link(key, string(value, key)?);
        if text.is_empty() { Err((value.span(), format!("the {key} says nothing"))) } else { Ok(text) }
    };
    let (reason, link) = (text("reason")?, text("link")?);
    let whole = !link.contains(char::is_whitespace) && !link.contains(char::is_control);
    if !whole || !link.starts_with("https://") && !link.starts_with("http://") {
        let place = find(table, "link").map_or(at, Spanned::span);
        return Err((place, format!("'{link}' is not a link; begin it with https://")));
    }
    let status = find(table, "status").map(deviating).transpose()?;
    let digest = find(table, "digest").map(digits).transpose()?;
    let max_ulp = find(table, "max_ulp").map(|v| count(v, "max_ulp")).transpose()?;
    if status.is_none() && digest.is_none() && max_ulp.is_none() {
        return Err((at, "a known deviation says what is expected: status, digest or max_ulp".to_owned()));
    }
    if max_ulp == Some(0) {
        return Err((at, "max_ulp = 0 is not a deviation; drop the rule, or require = \"bit-exact\"".to_owned()));
    }
    if status == Some(Status::NotRepeatable) && (digest.is_some() || max_ulp.is_some()) {
        let what = "results that are not repeatable have neither one digest nor one distance; give the status alone";
        return Err((at, what.to_owned()));
    }
    Ok(Deviation { reason, link, status, digest, max_ulp })
}

/// One line; a link is kept as it is, and must be one word.
fn clean_link(key: &str, text: &str) -> String {
    if key == "link" { text.trim().to_owned() } else { clean(text) }
}

/// A status that is a deviation.
fn deviating(value: &Value<'_>) -> Result<Status, Wrong> {
    let word = string(value, "status")?;
    let found = STATUSES.iter().find(|(_, w)| *w == word).map(|(s, _)| *s);
    match found {
        Some(status) if !matches!(status, Status::BitExact | Status::Skipped) => Ok(status),
        _ => Err((
            value.span(),
            format!(
                "'{word}' is not a deviation; there are: within-specification, unjudged, not-repeatable, outside-specification"
            ),
        )),
    }
}

fn digits(value: &Value<'_>) -> Result<String, Wrong> {
    let text = string(value, "digest")?.to_lowercase();
    let good = (FEWEST_DIGITS..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if good { Ok(text) } else { Err((value.span(), format!("a digest is {FEWEST_DIGITS} to 32 hexadecimal digits"))) }
}

/// A key that is none is said, with those that there are.
fn known(table: &DeTable<'_>, keys: &[&str], of: &str) -> Result<(), Wrong> {
    match table.iter().map(|(key, _)| key).find(|k| !keys.contains(&k.get_ref().as_ref())) {
        Some(key) => {
            Err((key.span(), format!("'{}' is not a key of {of}; there are: {}", key.get_ref(), keys.join(", "))))
        }
        None => Ok(()),
    }
}

fn find<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a Value<'i>> {
    table.iter().find(|(key, _)| key.get_ref().as_ref() == name).map(|(_, value)| value)
}

fn string<'a>(value: &'a Value<'_>, key: &str) -> Result<&'a str, Wrong> {
    value.get_ref().as_str().ok_or_else(|| (value.span(), format!("{key} is a text in quotes")))
}

/// Patterns of case ids.
fn cases(value: &Value<'_>) -> Result<Vec<CasePattern>, Wrong> {
    strings(value, "case")?
        .iter()
        .map(|text| {
            CasePattern::parse(text).map_err(|e| {
                let what =
                    format!("{e}; a pattern is kernel/variant?name=value, with * for any text, such as sum/*?wg=64");
                (value.span(), what)
            })
        })
        .collect()
}

/// A text, or a list of texts; none of them empty.
fn strings(value: &Value<'_>, key: &str) -> Result<Vec<String>, Wrong> {
    let one = |value: &Value<'_>| {
        let text = string(value, key)?;
        if text.trim().is_empty() {
            return Err((value.span(), format!("an empty {key} matches nothing; leave it out to match all")));
        }
        Ok(text.to_owned())
    };
    let Some(list) = value.get_ref().as_array() else { return Ok(vec![one(value)?]) };
    if list.is_empty() {
        return Err((value.span(), format!("an empty list of {key} matches nothing; leave it out to match all")));
    }
    list.iter().map(one).collect()
}

fn count(value: &Value<'_>, key: &str) -> Result<u64, Wrong> {
    let number = value.get_ref().as_integer().and_then(|i| u64::from_str_radix(i.as_str(), i.radix()).ok());
    number.ok_or_else(|| (value.span(), format!("{key} is a whole number, 0 or more")))
}
