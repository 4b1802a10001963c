//! `diff` of two files in the page cache, against a loop that only reads both.

#[path = "ratio/mod.rs"]
mod ratio;

use std::hint::black_box;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use repro_audit::facts::tensors::{Asked, diff};
use repro_audit::model::Scalar;
use repro_audit::numerics::inputs::Distribution;
use repro_audit::tensors::{Raw, open};

/// Bytes of a file: far beyond any cache of a processor.
const BYTES: usize = 256 << 20;

/// Bytes that the loop reads at once.
const BLOCK: usize = 1 << 20;

/// Reads a file and does as little as a compiler lets pass.
fn read(path: &Path, buffer: &mut [u64]) -> u64 {
    let mut file = std::fs::File::open(path).expect("a file");
    let mut all = 0;
    loop {
        let n = file.read(bytemuck::cast_slice_mut(buffer)).expect("it is read");
        if n == 0 {
            return all;
        }
        all |= buffer[..n / 8].iter().fold(0, |all, word| all ^ word);
    }
}

/// Normal numbers as elements of a type, and the same with the last bit of one in so many changed.
fn file(folder: &Path, scalar: Scalar, every: Option<usize>) -> PathBuf {
    let width = scalar.width();
    let block: Vec<u8> = Distribution::Normal
        .draw(1, 0, 1 << 20)
        .into_iter()
        .flat_map(|x| match scalar {
            Scalar::F32 => x.to_le_bytes().to_vec(),
            Scalar::F16 => half::f16::from_f32(x).to_le_bytes().to_vec(),
            _ => half::bf16::from_f32(x).to_le_bytes().to_vec(),
        })
        .collect();
    let mut bytes = block.repeat(BYTES / block.len());
    if let Some(every) = every {
        bytes.iter_mut().step_by(width * every).for_each(|byte| *byte ^= 1);
    }
    let path = folder.join(format!("{}-{}.bin", scalar.name(), every.unwrap_or(0)));
    std::fs::write(&path, bytes).expect("written");
    path
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    for scalar in [Scalar::F32, Scalar::F16, Scalar::Bf16] {
        let raw = Raw { scalar, shape: None };
        let left = file(folder.path(), scalar, None);
        for (name, every) in [("equal", None), ("one in 1000 differs", Some(1000)), ("every element differs", Some(1))]
        {
            let right =
                if every.is_none() { folder.path().join("equal.bin") } else { file(folder.path(), scalar, every) };
            if every.is_none() {
                std::fs::copy(&left, &right).expect("copied");
            }
            let compared = || {
                let contents = [&left, &right].map(|path| open(path, Some(&raw)).expect("a file"));
                diff(["a", "b"], &contents, &Asked { threads: 1, ..Asked::default() })
            };
            let mut buffer = vec![0; BLOCK / 8];
            let loops = || black_box(read(&left, &mut buffer) ^ read(&right, &mut buffer));
            ratio::print((&format!("diff of {}, {name}", scalar.name()), compared), ("reading both files", loops), 1);
        }
    }
}
