//! How long a case takes an engine: at most, for the limit of its time, and most likely, by what has run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kernels::work::Work;
use crate::model::AdapterIdentity;
use crate::model::adapter::REMOTE;

/// How long a case may take, however small, where nothing else was asked for.
pub const LEAST: Duration = Duration::from_secs(120);

/// What a case may take at most.
const MOST: Duration = Duration::from_secs(86_400);

/// Seconds in which a byte of a buffer is drawn, carried to an adapter and back, hashed, written and read: ordinarily, and where
/// all of it is slow.
const BYTE: (f64, f64) = (4e-9, 1e-7);

/// What a case takes before anything is known: a shader is compiled.
const FIRST: f64 = 0.3;

/// How many steps an engine makes in a second, as [`Work::operations`] counts them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speed {
    /// Ordinarily.
    usual: f64,
    /// On a slow and busy machine, with a driver that makes little of the shader.
    least: f64,
    /// What it makes of a case.
    steps: fn(&Work) -> u64,
}

impl Speed {
    /// The interpreter takes a few nanoseconds a step on one thread, and while it watches up to ten.
    const INTERPRETER: Self = Self { usual: 1e8, least: 1e7, steps: Self::operations };
    /// Measured on two cores: 0.7e9 to 7e9 for products of matrices on lavapipe and SwiftShader.
    const SOFTWARE: Self = Self { usual: 1e9, least: 2e7, steps: Self::operations };
    /// A small integrated GPU executes 1e11 operations a second and a large one 5e13; a shader with one long loop makes use of a
    /// hundredth.
    const GPU: Self = Self { usual: 1e12, least: 1e9, steps: Self::operations };
    /// This program's references, with the exact answers and what is allowed.
    pub(super) const JUDGE: Self = Self { usual: 1e9, least: 2e7, steps: |work| work.reference };

    fn operations(work: &Work) -> u64 {
        work.operations
    }

    /// That of an adapter's kind.
    pub(super) fn of(adapter: &AdapterIdentity) -> Self {
        match adapter.device_type.as_str() {
            _ if adapter.role().is_interpreter() => Self::INTERPRETER,
            _ if adapter.backend == REMOTE => Self::SOFTWARE,
            "cpu" => Self::SOFTWARE,
            // OpenGL does not always say what it runs on.
            "other" => Self::SOFTWARE,
            _ => Self::GPU,
        }
    }

    /// How long so many executions may take.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(super) fn limit(self, work: &Work, repeats: u32) -> Duration {
        let one = (self.steps)(work) as f64 / self.least + work.bytes() as f64 * BYTE.1;
        Duration::try_from_secs_f64(one * f64::from(repeats)).map_or(MOST, |t| t.clamp(LEAST, MOST))
    }

    /// How long so many executions ordinarily take, without what every case takes.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn usual(self, work: &Work, repeats: u32) -> f64 {
        f64::from(repeats) * ((self.steps)(work) as f64 / self.usual + work.bytes() as f64 * BYTE.0)
    }
}

/// What is expected of one engine, and what it took so far.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    speed: Speed,
    repeats: u32,
    /// Of each variant, the largest case so far: what it ordinarily takes, and what it took.
    variants: BTreeMap<String, (f64, f64)>,
    /// All other cases together.
    all: (f64, f64),
    /// The seconds of the cases whose work is next to nothing, and their number.
    small: (f64, u32),
}

impl Pace {
    /// Of an engine that has not run yet.
    pub(super) fn new(speed: Speed, repeats: u32) -> Self {
        Self { speed, repeats, variants: BTreeMap::new(), all: (0.0, 0.0), small: (0.0, 0) }
    }

    /// What every case takes, however small.
    fn fixed(&self) -> f64 {
        if self.small.1 == 0 { FIRST } else { self.small.0 / f64::from(self.small.1) }
    }

    /// Notes what a case of a variant took.
    pub(super) fn learn(&mut self, variant: &str, work: &Work, took: Duration) {
        let (usual, took) = (self.speed.usual(work, self.repeats), took.as_secs_f64());
        // What such a case takes is its shader's compilation, which says nothing of larger ones.
        if usual < FIRST / 10.0 {
            self.small = (self.small.0 + took, self.small.1 + 1);
            return;
        }
        let took = (took - self.fixed()).max(0.0);
        self.all = (self.all.0 + usual, self.all.1 + took);
        let largest = self.variants.entry(variant.to_owned()).or_default();
        if usual >= largest.0 {
            *largest = (usual, took);
        }
    }

    /// How many seconds a case of a variant is expected to take: in proportion to the largest of the variant that has run, or to
    /// all that have.
    pub(super) fn expect(&self, variant: &str, work: &Work) -> f64 {
        let usual = self.speed.usual(work, self.repeats);
        let (base, took) = match self.variants.get(variant) {
            Some(own) if own.0 > 0.0 => *own,
            _ if self.all.0 > 0.0 => self.all,
            _ => (1.0, 1.0),
        };
        self.fixed() + usual * took / base
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::case::Case;
    use crate::kernels::work::work;

    fn of(id: &str) -> Work {
        work(&Case::parse(id).unwrap()).unwrap()
    }

    #[test]
    fn a_large_case_has_time_for_what_it_is() {
        let small = of("matmul/naive?m=64&k=64&n=64");
        let large = of("matmul/naive?m=4093&k=4099&n=4091");
        for speed in [Speed::INTERPRETER, Speed::SOFTWARE, Speed::GPU] {
            assert_eq!(speed.limit(&small, 5), LEAST, "a small case");
        }
        // Measured: 0.29 GFLOP/s on two cores, which are 473 s an execution.
        assert!(Speed::SOFTWARE.limit(&large, 5).as_secs() > 5 * 473 * 3, "with room for a slower machine");
        assert!(Speed::GPU.limit(&large, 5) > LEAST, "a small GPU");
        assert!(Speed::GPU.limit(&large, 5) < Speed::SOFTWARE.limit(&large, 5), "a GPU is waited for less");
        let most = Work { operations: u64::MAX, ..large };
        assert_eq!(Speed::SOFTWARE.limit(&most, u32::MAX), MOST, "a day");
    }

    #[test]
    fn what_has_run_says_what_follows() {
        let mut pace = Pace::new(Speed::SOFTWARE, 5);
        let [small, half, large] = [64, 512, 1024].map(|n| of(&format!("matmul/tiled?m={n}&k={n}&n={n}")));
        let before = pace.expect("matmul/tiled", &large);
        for _ in 0..10 {
            pace.learn("matmul/naive", &small, Duration::from_millis(20));
        }
        assert!(pace.expect("matmul/tiled", &small) < 0.1, "a small one takes what the others took");
        pace.learn("matmul/tiled", &half, Duration::from_secs(40));
        let after = pace.expect("matmul/tiled", &large);
        assert!((after / 320.0 - 1.0).abs() < 0.05, "eight times as long: {after}, before {before}");
        assert!(after > 2.0 * before, "slower than expected");
        let other = pace.expect("sum/exact", &of("sum/exact?n=1048576&rows=16"));
        assert!(other > 2.0, "the engine is slow: {other}");
    }
}
