//! Raw words of Philox4x32-10, the generator behind every dropout mask: integers only, so the bits must be the same on
//! every adapter.

use super::{Allowance, Buffer, Exact, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Shader, Variant};
use crate::arith::Arithmetic;
use crate::bits::{Bits, Dtype};
use crate::case::{Case, CaseError};
use crate::engines::cpu;
use crate::inputs::philox::{key, philox4x32_10};
use crate::inputs::philox_simd::{Axis, fill};

/// See the module.
#[derive(Debug)]
pub struct Philox;

const N: Param = Param::problem("n", "65536", "how many words, 1 to 2^28");
const SEED: Param = Param::problem("seed", "7", "the key, low word first");
pub(super) const WG: Param = Param::config("wg", "256", "invocations in a workgroup, 1 to 1024");
pub(super) const GROUPS: Param = Param::config("groups", "64", "workgroups, 1 to 65535");

static VARIANTS: &[Variant] = &[
    Variant {
        name: "element",
        about: "Words placed by element: word i is word i mod 4 of counter i / 4, whatever the launch.",
        params: &[N, SEED, WG, GROUPS],
    },
    Variant {
        name: "vectors",
        about: "The known answers of Random123, computed on the adapter from their counters and keys.",
        params: &[Param::config("wg", "64", "invocations in a workgroup, 1 to 1024")],
    },
];

impl Kernel for Philox {
    fn name(&self) -> &'static str {
        "philox"
    }

    fn about(&self) -> &'static str {
        "Raw words of the counter-based generator Philox4x32-10: initialisation, dropout, data order."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        // As many as any case made of them has, so that a difference there can be told from one of the generator.
        let n: u32 = profile.pick(20_011, 1 << 22, 1 << 26);
        let launches: &[(u32, u32)] =
            profile.pick(&[(64, 3), (128, 64)], &[(64, 64), (256, 1024)], &[(64, 4096), (256, 64), (1024, 4096)]);
        let mut cases = vec![Case::of("philox", &VARIANTS[1])];
        for (wg, groups) in launches {
            let case = Case::of("philox", &VARIANTS[0]).with("n", n).with("seed", seed);
            cases.push(case.with("wg", wg).with("groups", groups));
        }
        cases
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let wg = case.count("wg", 1..=1024)?;
        Ok(match case.variant() {
            "vectors" => Box::new(Vectors { rows: known_answers(), wg }),
            _ => Box::new(Element {
                n: case.count("n", 1..=1 << 28)? as usize,
                key: key(case.seed("seed")?),
                wg,
                groups: case.count("groups", 1..=65535)?,
            }),
        })
    }
}

struct Element {
    n: usize,
    key: [u32; 2],
    wg: u32,
    groups: u32,
}

impl Problem for Element {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::U32, self.n)
    }

    fn program(&self) -> Option<Program> {
        Some(Program::new(
            Shader::new(include_str!("../../shaders/philox.wgsl")).define("WG", self.wg).source(),
            vec![Buffer::Input(self.key.to_vec()), Buffer::Output(self.n)],
            vec![Pass::new("main", [self.groups, 1, 1])],
            OutputView::whole(1, Dtype::U32, self.n),
        ))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        Some(Bits::words(Dtype::U32, words_by_element(self.n, self.key, threads)))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    fn allowance(&self) -> Allowance {
        Allowance::Exact
    }
}

/// `n` words placed by element: word `i` is word `i mod 4` of counter `(i / 4, 0, 0, 0)`.
pub(super) fn words_by_element(n: usize, key: [u32; 2], threads: usize) -> Vec<u32> {
    const ROW: usize = 1 << 14;
    let mut out = vec![0u32; n];
    cpu::rows(&mut out, ROW, threads, |row, part| {
        let block = u32::try_from(row * ROW / 4).unwrap_or(u32::MAX);
        fill(part, [block, 0, 0, 0], key, Axis::Block);
    });
    out
}

/// One row of the table: counter, key and result.
struct KnownAnswer {
    counter: [u32; 4],
    key: [u32; 2],
    result: [u32; 4],
}

/// The rows of `tests/vectors/philox4x32.txt`.
fn known_answers() -> Vec<KnownAnswer> {
    let table = include_str!("../../tests/vectors/philox4x32.txt");
    let rows = table.lines().filter(|l| !l.starts_with('#'));
    rows.filter_map(|line| {
        let words: Vec<u32> = line.split_whitespace().filter_map(|w| u32::from_str_radix(w, 16).ok()).collect();
        let [c0, c1, c2, c3, k0, k1, r0, r1, r2, r3] = words[..] else { return None };
        Some(KnownAnswer { counter: [c0, c1, c2, c3], key: [k0, k1], result: [r0, r1, r2, r3] })
    })
    .collect()
}

struct Vectors {
    rows: Vec<KnownAnswer>,
    wg: u32,
}

impl Problem for Vectors {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::U32, 4 * self.rows.len())
    }

    fn program(&self) -> Option<Program> {
        let input = self.rows.iter().flat_map(|r| r.counter.into_iter().chain(r.key)).collect();
        let len = 4 * self.rows.len();
        let groups = u32::try_from(self.rows.len()).unwrap_or(u32::MAX).div_ceil(self.wg);
        let shader = Shader::new(include_str!("../../shaders/philox.wgsl")).define("WG", self.wg);
        Some(Program::new(
            shader.flag("VECTORS", true).source(),
            vec![Buffer::Input(input), Buffer::Output(len)],
            vec![Pass::new("main", [groups, 1, 1])],
            OutputView::whole(1, Dtype::U32, len),
        ))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, _threads: usize) -> Option<Bits> {
        let words = self.rows.iter().flat_map(|r| philox4x32_10(r.counter, r.key)).collect();
        Some(Bits::words(Dtype::U32, words))
    }

    /// The results that Random123 publishes, and not our own.
    fn exact(&self) -> Option<Exact> {
        Some(Exact { values: self.rows.iter().flat_map(|r| r.result.map(f64::from)).collect() })
    }

    fn allowance(&self) -> Allowance {
        Allowance::Exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::kernels::rowwise::testing::check_plans;

    #[test]
    fn plans_read_back_and_shaders_parse() {
        check_plans(&Philox);
    }

    #[test]
    fn the_twin_gives_the_published_words() {
        let problem = kernels::problem(&Case::parse("philox/vectors").unwrap()).unwrap();
        let twin = problem.twin(Arithmetic::STRICT, 1).unwrap();
        let exact = problem.exact().unwrap();
        assert_eq!(twin.len, 12, "three rows of the table");
        let values: Vec<_> = (0..twin.len).map(|i| twin.value(i)).collect();
        assert_eq!(values, exact.values, "Random123's words");
    }

    #[test]
    fn words_do_not_depend_on_threads_or_launch() {
        for n in [1, 2, 5, 4093, 70_001] {
            let want: Vec<u32> = (0u32..).flat_map(|b| philox4x32_10([b, 0, 0, 0], [7, 1])).take(n).collect();
            for (threads, launch) in [(1, "wg=1&groups=1"), (3, "wg=96&groups=7")] {
                let seed = (1u64 << 32) + 7;
                let case = Case::parse(&format!("philox/element?n={n}&seed={seed}&{launch}")).unwrap();
                let twin = kernels::problem(&case).unwrap().twin(Arithmetic::STRICT, threads).unwrap();
                assert_eq!(twin.words, want, "{case} on {threads} threads");
            }
        }
    }

    #[test]
    fn bad_parameters_say_what_to_type() {
        for id in ["philox/element?n=0", "philox/element?groups=65536", "philox/element?wg=0", "philox/element?seed=-1"]
        {
            let error = kernels::problem(&Case::parse(id).unwrap()).err().unwrap().to_string();
            assert!(error.contains("is wanted") && !error.contains('\n'), "{id}: {error}");
        }
    }
}
