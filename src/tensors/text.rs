//! Numbers as text, tables as CSV, and logs of (step, key, value) as JSON lines or CSV.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::data::Data;
use super::{Content, Found, Tensor};
use crate::model::Scalar;

/// Names of the column or field that counts.
const STEPS: [&str; 6] = ["step", "global_step", "_step", "iteration", "iter", "epoch"];

/// Names of the column that says what is measured, and of the one that has its value.
const KEYS: [&str; 5] = ["key", "tag", "name", "metric", "tensor"];
const VALUES: [&str; 4] = ["value", "hash", "digest", "scalar"];

/// What is no result of a computation: it differs in every run.
const TIMES: [&str; 6] = ["time", "timestamp", "wall_time", "_timestamp", "_runtime", "date"];

pub(super) fn read(bytes: &[u8], name: &str) -> Found<Content> {
    let unknown = "its format is not known (npy, npz, safetensors, PyTorch, GGUF, TensorBoard, numbers as text, CSV, JSON \
                   lines); name the type of raw elements with --dtype";
    // A text has no zero bytes; a binary file nearly always has some early.
    if memchr::memchr(0, &bytes[..bytes.len().min(4096)]).is_some() {
        return Err(unknown.to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| unknown.to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().chars().next() {
        Some('{') => lines(text),
        None => Err("it is empty".to_owned()),
        _ => numbers(text, name).or_else(|_| table(text)).map_err(|e| e.unwrap_or_else(|| unknown.to_owned())),
    }
}

/// A number as programs write it.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    // `str::parse` takes what IEEE-754 and Python write: inf, nan, either case.
    text.parse().ok()
}

/// Numbers between blanks or commas; a matrix where lines have equally many.
fn numbers(text: &str, name: &str) -> Result<Content, ()> {
    let (mut values, mut rows, mut columns, mut even) = (Vec::new(), 0u64, 0, true);
    for line in text.lines().map(|l| l.split('#').next().unwrap_or_default()).filter(|l| !l.trim().is_empty()) {
        let before = values.len();
        for word in line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|w| !w.is_empty()) {
            values.push(number(word).ok_or(())?);
        }
        let n = values.len() - before;
        even &= rows == 0 || n == columns;
        columns = n;
        rows += 1;
    }
    if values.is_empty() {
        return Err(());
    }
    let shape = match columns {
        n if even && n > 1 && rows > 1 => vec![rows, n as u64],
        _ => vec![values.len() as u64],
    };
    let tensor = Tensor::new(name, Scalar::F64, shape, values.len(), Data::floats(&values));
    Ok(Content::of("numbers as text", vec![tensor]))
}

/// What a log says of one key at one step.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    Number(f64),
    Text(String),
}

/// Series by key, in the order in which keys appear.
#[derive(Default)]
struct Series {
    order: Vec<String>,
    by_key: BTreeMap<String, BTreeMap<u64, Said>>,
}

impl Series {
    /// Where a step stands there twice, as after a restart, the later is what counts.
    fn add(&mut self, step: u64, key: &str, said: Said) {
        if !self.by_key.contains_key(key) {
            self.order.push(key.to_owned());
        }
        self.by_key.entry(key.to_owned()).or_default().insert(step, said);
    }

    fn content(mut self, format: &'static str) -> Found<Content> {
        let mut out = Vec::new();
        for key in &self.order {
            let Some(series) = self.by_key.remove(key) else { continue };
            out.push(of_series(key, series));
        }
        if out.is_empty() { Err("no line has a step and a value".to_owned()) } else { Ok(Content::of(format, out)) }
    }
}

fn of_series(key: &str, series: BTreeMap<u64, Said>) -> Tensor {
    let (steps, said): (Vec<u64>, Vec<Said>) = series.into_iter().unzip();
    let numbers: Option<Vec<f64>> =
        said.iter().map(|s| if let Said::Number(x) = s { Some(*x) } else { None }).collect();
    let (scalar, stored, data) = match numbers {
        Some(numbers) => (Scalar::F64, None, Data::floats(&numbers)),
        None => {
            let text = |s: Said| match s {
                Said::Number(x) => x.to_string(),
                Said::Text(t) => t,
            };
            (Scalar::Bytes, Some("text".to_owned()), Data::Texts(Arc::new(said.into_iter().map(text).collect())))
        }
    };
    let count = steps.len();
    let mut tensor = Tensor::new(key, scalar, vec![count as u64], count, data);
    tensor.steps = Some(steps);
    tensor.stored = stored;
    tensor
}

/// Series of numbers that events tell.
pub(super) fn of_numbers(key: &str, scalar: Scalar, series: Vec<(u64, Vec<u8>)>) -> Tensor {
    let mut last: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    last.extend(series);
    let (steps, words): (Vec<u64>, Vec<Vec<u8>>) = last.into_iter().unzip();
    let mut tensor = Tensor::new(key, scalar, vec![steps.len() as u64], steps.len(), Data::own(words.concat()));
    tensor.steps = Some(steps);
    tensor
}

fn is_one(names: &[&str], name: &str) -> bool {
    names.iter().any(|n| n.eq_ignore_ascii_case(name.trim()))
}

/// A CSV file with a header.
fn table(text: &str) -> Result<Content, Option<String>> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b'\t', b';'].into_iter().find(|d| first.as_bytes().contains(d)).ok_or(None)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().map_err(|_| None)?.iter().map(|h| h.trim().to_owned()).collect();
    let find = |names: &[&str]| header.iter().position(|h| is_one(names, h));
    let (step, key, value) = (find(&STEPS), find(&KEYS), find(&VALUES));
    let (mut series, mut columns) = (Series::default(), vec![Vec::new(); header.len()]);
    let mut rows = 0usize;
    for (line, row) in (2..).zip(reader.records()) {
        let row = row.map_err(|e| Some(format!("it is no CSV: {e}")))?;
        rows += 1;
        let said = |i: usize| {
            let text = row.get(i).unwrap_or_default().trim();
            number(text).map_or_else(|| Said::Text(text.to_owned()), Said::Number)
        };
        let Some(at) = step else {
            (0..header.len()).for_each(|i| columns[i].push(said(i)));
            continue;
        };
        let text = row.get(at).unwrap_or_default();
        let step = number(text)
            .and_then(whole)
            .ok_or_else(|| Some(format!("line {line} has no whole number as its {}", header[at])))?;
        if let (Some(key), Some(value)) = (key, value) {
            series.add(step, row.get(key).unwrap_or_default(), said(value));
            continue;
        }
        for (i, name) in header.iter().enumerate().filter(|(i, name)| *i != at && !is_one(&TIMES, name)) {
            if !row.get(i).unwrap_or_default().trim().is_empty() {
                series.add(step, name, said(i));
            }
        }
    }
    if step.is_some() {
        return series.content("log as CSV").map_err(Some);
    }
    if rows == 0 || !columns.iter().flatten().any(|s| matches!(s, Said::Number(_))) {
        return Err(None);
    }
    let column = |(name, said): (String, Vec<Said>)| {
        let mut tensor = of_series(&name, (0..).zip(said).collect());
        tensor.steps = None;
        tensor
    };
    Ok(Content::of("CSV", header.into_iter().zip(columns).map(column).collect()))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number below 2^53")]
fn whole(x: f64) -> Option<u64> {
    (x >= 0.0 && x < f64::exp2(53.0) && x.fract() == 0.0).then_some(x as u64)
}

/// One JSON object a line, with a step: with key and value, or with a field a key.
fn lines(text: &str) -> Found<Content> {
    let mut series = Series::default();
    for (number, line) in (1u64..).zip(text.lines()).filter(|(_, l)| !l.trim().is_empty()) {
        let value = object(line).map_err(|e| format!("line {number} is no JSON object: {e}"))?;
        let Value::Object(fields) = value else { return Err(format!("line {number} is no JSON object")) };
        let field = |names: &[&str]| names.iter().find_map(|n| fields.get(*n));
        // Lines without a step, such as settings at the start, are about the run and no results of it.
        let Some(step) = field(&STEPS).and_then(Value::as_f64).and_then(whole) else { continue };
        if let (Some(Value::String(key)), Some(value)) = (field(&KEYS), field(&VALUES)) {
            said(value).into_iter().for_each(|s| series.add(step, key, s));
            continue;
        }
        for (name, value) in fields.iter().filter(|(name, _)| !is_one(&STEPS, name) && !is_one(&TIMES, name)) {
            said(value).into_iter().for_each(|s| series.add(step, name, s));
        }
    }
    series.content("log as JSON lines").map_err(|e| format!("{e}; a log has a \"step\" in every line"))
}

/// A line's object. Python writes NaN and Infinity, which JSON has not: they are taken as the texts of these names.
fn object(line: &str) -> serde_json::Result<Value> {
    serde_json::from_str(line).or_else(|e| {
        let mut out = String::with_capacity(line.len() + 16);
        let (mut rest, mut quoted, mut escaped) = (line, false, false);
        while let Some(c) = rest.chars().next() {
            let bare = ["-Infinity", "Infinity", "NaN"].into_iter().find(|w| !quoted && rest.starts_with(w));
            if let Some(word) = bare {
                out.push('"');
                out.push_str(word);
                out.push('"');
                rest = &rest[word.len()..];
                continue;
            }
            quoted ^= c == '"' && !escaped;
            escaped = quoted && c == '\\' && !escaped;
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        if out.len() == line.len() { Err(e) } else { serde_json::from_str(&out) }
    })
}

fn said(value: &Value) -> Option<Said> {
    match value {
        Value::Number(n) => n.as_f64().map(Said::Number),
        Value::Bool(b) => Some(Said::Number(f64::from(u8::from(*b)))),
        Value::String(text) => Some(match text.as_str() {
            "NaN" | "Infinity" | "-Infinity" => Said::Number(text.parse().unwrap_or(f64::NAN)),
            _ => Said::Text(text.clone()),
        }),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
