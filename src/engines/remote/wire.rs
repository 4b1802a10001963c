//! The lines of the remote protocol (`docs/remote.md`), and reading them from a process that may be hostile.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};

use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Task, elements};

/// The longest line that is read.
const LINE: u64 = 64 << 10;

/// The most bytes of results that are read of one task.
pub(super) const RESULTS: usize = 1 << 30;

/// What is wrong with what a process wrote.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Its output ended.
    #[error("it closed its output")]
    Closed,
    /// Reading or writing failed.
    #[error("its pipe failed: {0}")]
    Io(#[from] std::io::Error),
    /// A line is too long.
    #[error("it wrote a line of more than 64 KiB")]
    Long,
    /// A line is no answer.
    #[error("it wrote a line that is not an answer: {0}")]
    NoAnswer(String),
    /// A result has another size than was asked for.
    #[error("it wrote a result of {found} bytes, where {wanted} were asked for")]
    Size {
        /// Its size.
        found: u64,
        /// The size that was asked for.
        wanted: u64,
    },
    /// The runs do not add up.
    #[error("its results are of {found} runs, where {wanted} were asked for")]
    Repeats {
        /// Their sum.
        found: u64,
        /// What was asked for.
        wanted: u32,
    },
    /// Results that are too large to be read.
    #[error("the results would have more than 1 GiB")]
    TooLarge,
}

#[derive(Serialize)]
struct TensorLine {
    dtype: Dtype,
    shape: Vec<usize>,
    blob: String,
}

#[derive(Serialize)]
struct BlobLine {
    blob: String,
    bytes: usize,
}

#[derive(Serialize)]
struct TaskLine<'a> {
    operation: &'a str,
    attributes: &'a BTreeMap<String, f64>,
    inputs: BTreeMap<&'a str, TensorLine>,
    output: OutputLine<'a>,
    repeats: u32,
    blobs: Vec<BlobLine>,
}

#[derive(Serialize)]
struct OutputLine<'a> {
    dtype: Dtype,
    shape: &'a [usize],
}

/// A process's first line.
#[derive(Debug, Clone, Deserialize)]
pub struct Hello {
    /// The protocol's version that it speaks.
    pub protocol: u32,
    /// What it is.
    pub engine: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// What computes, in its own words.
    #[serde(default)]
    pub about: String,
}

/// A process's answer to a task.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", tag = "answer")]
enum AnswerLine {
    Ran { results: Vec<ResultLine> },
    Skipped { reason: String },
    Failed { reason: String },
}

#[derive(Debug, Deserialize)]
struct ResultLine {
    bytes: u64,
    runs: u32,
}

/// An answer, whole.
#[derive(Debug)]
pub enum Reply {
    /// It ran: the distinct results, and how many runs gave each.
    Ran(Vec<(Bits, u32)>),
    /// It has no such operation, in its own words.
    Skipped(String),
    /// It failed, in its own words.
    Failed(String),
}

fn to_bytes(bits: &Bits) -> Vec<u8> {
    let mut bytes: Vec<u8> = bits.words.iter().flat_map(|w| w.to_le_bytes()).collect();
    bytes.truncate(bits.len * bits.dtype.width() as usize / 8);
    bytes
}

fn from_bytes(dtype: Dtype, len: usize, bytes: &[u8]) -> Bits {
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    Bits::new(dtype, bytes.chunks(4).map(word).collect(), len)
}

/// The task's line and its blobs, as bytes.
pub(super) fn task(operation: &Operation, task: &Task, repeats: u32) -> Result<Vec<u8>, WireError> {
    let mut blobs: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut inputs = BTreeMap::new();
    for (name, tensor) in &operation.inputs {
        let blob = tensor.bits.digest();
        let line = TensorLine { dtype: tensor.bits.dtype, shape: tensor.shape.clone(), blob: blob.clone() };
        inputs.insert(name.as_str(), line);
        blobs.entry(blob).or_insert_with(|| to_bytes(&tensor.bits));
    }
    let line = TaskLine {
        operation: &operation.name,
        attributes: &operation.attributes,
        inputs,
        output: OutputLine { dtype: task.dtype, shape: &task.shape },
        repeats,
        blobs: blobs.iter().map(|(blob, bytes)| BlobLine { blob: blob.clone(), bytes: bytes.len() }).collect(),
    };
    let mut out = serde_json::to_vec(&line).map_err(std::io::Error::from)?;
    out.push(b'\n');
    for bytes in blobs.values() {
        out.write_all(bytes)?;
    }
    Ok(out)
}

fn line<T: for<'de> Deserialize<'de>>(from: &mut impl BufRead) -> Result<T, WireError> {
    let mut text = Vec::new();
    from.by_ref().take(LINE).read_until(b'\n', &mut text)?;
    match text.last() {
        None => Err(WireError::Closed),
        Some(b'\n') => serde_json::from_slice(&text).map_err(|e| WireError::NoAnswer(e.to_string())),
        Some(_) if text.len() as u64 == LINE => Err(WireError::Long),
        Some(_) => Err(WireError::Closed),
    }
}

/// Reads a process's first line.
///
/// # Errors
/// Those of the pipe; a line that is too long or something else.
pub fn hello(from: &mut impl BufRead) -> Result<Hello, WireError> {
    line(from)
}

/// Reads the answer to `task`. Nothing is read that was not asked for, whatever the process says of sizes.
///
/// # Errors
/// Those of the pipe; a line that is too long or something else, results of another number or size than was asked for.
pub fn reply(from: &mut impl BufRead, task: &Task, repeats: u32) -> Result<Reply, WireError> {
    let results = match line(from)? {
        AnswerLine::Ran { results } => results,
        AnswerLine::Skipped { reason } => return Ok(Reply::Skipped(reason)),
        AnswerLine::Failed { reason } => return Ok(Reply::Failed(reason)),
    };
    let len = elements(&task.shape).ok_or(WireError::TooLarge)?;
    let size = len.checked_mul(task.dtype.width() as usize / 8).ok_or(WireError::TooLarge)?;
    let runs: u64 = results.iter().map(|r| u64::from(r.runs)).sum();
    if runs != u64::from(repeats) || results.iter().any(|r| r.runs == 0) {
        return Err(WireError::Repeats { found: runs, wanted: repeats });
    }
    if let Some(other) = results.iter().find(|r| r.bytes != size as u64) {
        return Err(WireError::Size { found: other.bytes, wanted: size as u64 });
    }
    if results.len().saturating_mul(size) > RESULTS {
        return Err(WireError::TooLarge);
    }
    let mut out = Vec::with_capacity(results.len());
    for result in results {
        let mut bytes = vec![0; size];
        from.read_exact(&mut bytes)?;
        out.push((from_bytes(task.dtype, len, &bytes), result.runs));
    }
    Ok(Reply::Ran(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Task {
        Task { operation: None, program: None, dtype: Dtype::F16, shape: vec![3] }
    }

    fn read(text: &[u8]) -> Result<Reply, WireError> {
        reply(&mut std::io::BufReader::new(text), &asked(), 2)
    }

    #[test]
    fn bits_come_back_as_they_went() {
        let bits = Bits::halves(Dtype::F16, &[0x7e01, 0xfc00, 0x8000]);
        assert_eq!(to_bytes(&bits).len(), 6, "no padding");
        assert_eq!(from_bytes(Dtype::F16, 3, &to_bytes(&bits)), bits, "the same words");
        let answer =
            [br#"{"answer":"ran","results":[{"bytes":6,"runs":2}]}"#.as_slice(), b"\n", &to_bytes(&bits)].concat();
        assert!(matches!(read(&answer), Ok(Reply::Ran(found)) if found == [(bits, 2)]), "through a pipe");
    }

    #[test]
    fn a_hostile_process_is_refused_before_it_is_believed() {
        let long = vec![b'x'; 1 << 20];
        assert!(matches!(read(&long), Err(WireError::Long)), "a line without end");
        assert!(matches!(read(b""), Err(WireError::Closed)), "nothing");
        assert!(matches!(read(b"{}\n"), Err(WireError::NoAnswer(_))), "no answer");
        let claims = br#"{"answer":"ran","results":[{"bytes":99999999999999,"runs":2}]}"#;
        assert!(matches!(read(&[claims, b"\n".as_slice()].concat()), Err(WireError::Size { .. })), "a huge result");
        let runs = br#"{"answer":"ran","results":[{"bytes":6,"runs":1}]}"#;
        assert!(matches!(read(&[runs, b"\n".as_slice()].concat()), Err(WireError::Repeats { .. })), "too few runs");
        let short = [br#"{"answer":"ran","results":[{"bytes":6,"runs":2}]}"#.as_slice(), b"\nabc"].concat();
        assert!(matches!(read(&short), Err(WireError::Io(_))), "a result that ends early");
    }
}
