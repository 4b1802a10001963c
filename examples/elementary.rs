//! Checks that the elementary functions are correctly rounded for every binary32 argument:
//! `cargo run --release --example elementary -- FILE [FUNCTION…]`.
//!
//! The peer is the crate `libm` in binary64. Where its result, moved by 8 units in its last place either way, rounds to one
//! binary32 number, that is the answer; the margin is several times the error that its authors state. Where it does not, the
//! argument is counted as hard and printed with the result, for `ci/elementary-hard`, which computes it with more digits.
//! One line a function is appended to FILE; those that are there already are passed over, so that a run that was stopped
//! goes on.

use std::fmt::Write as _;
use std::io::Write as _;

use repro_audit::numerics::elementary::UNARY;

/// Units in the last place of binary64 by which the peer may be off.
const MARGIN: i64 = 8;

/// Bytes that are hashed at once; a divisor of the 2^34 that all results take.
const BLOCK: usize = 1 << 16;

/// Hard arguments of a function that are printed; about 130 are expected, 2^32 times 16 units in 2^29.
const LISTED: u64 = 10_000;

fn peer(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "acos" => libm::acos,
        // `libm` gives numbers for some arguments below -1.
        "acosh" => |x| if x < 1.0 { f64::NAN } else { libm::acosh(x) },
        "asin" => libm::asin,
        "asinh" => libm::asinh,
        "atan" => libm::atan,
        "atanh" => libm::atanh,
        "cos" => libm::cos,
        "cosh" => libm::cosh,
        "exp" => libm::exp,
        "exp2" => libm::exp2,
        "log" => libm::log,
        "log2" => libm::log2,
        "sin" => libm::sin,
        "sinh" => libm::sinh,
        "tan" => libm::tan,
        "tanh" => libm::tanh,
        _ => return None,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
fn check(name: &str, f: fn(f64) -> f64, peer: fn(f64) -> f64) -> String {
    let (mut wrong, mut hard, mut arguments) = (0u64, 0u64, String::new());
    let mut digest = blake3::Hasher::new();
    // Hashed in blocks: four bytes at a time cost more than the function.
    let mut block = Vec::with_capacity(BLOCK);
    for bits in 0..=u32::MAX {
        let x = f64::from(f32::from_bits(bits));
        let (found, other) = (f(x) as f32, peer(x));
        block.extend_from_slice(&(if found.is_nan() { 0x7fc0_0000 } else { found.to_bits() }).to_le_bytes());
        if block.len() == BLOCK {
            digest.update(&block);
            block.clear();
        }
        let moved = |by: i64| f64::from_bits(other.to_bits().wrapping_add_signed(by)) as f32;
        let same = |a: f32, b: f32| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        if other == 0.0 || !other.is_finite() {
            wrong += u64::from(!same(found, other as f32));
        } else if moved(-MARGIN).to_bits() == moved(MARGIN).to_bits() {
            wrong += u64::from(!same(found, moved(0)));
        } else {
            hard += 1;
            if hard <= LISTED {
                let _ = writeln!(arguments, "{name} {bits:08x} {:08x}", found.to_bits());
            }
        }
    }
    print!("{arguments}");
    format!("{name} 4294967296 {hard} {wrong} {}", &digest.finalize().to_hex()[..32])
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "elementary.txt".to_owned());
    let asked: Vec<String> = arguments.collect();
    let done = std::fs::read_to_string(&path).unwrap_or_default();
    for (name, f) in UNARY {
        let known = done.lines().any(|l| l.split(' ').next() == Some(name));
        let Some(peer) = peer(name).filter(|_| !known && (asked.is_empty() || asked.iter().any(|a| a == name))) else {
            continue;
        };
        let line = check(name, *f, peer);
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
        writeln!(file, "{line}")?;
    }
    Ok(())
}
