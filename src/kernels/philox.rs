//! Raw words of Philox, with four words and ten rounds the generator behind every dropout mask: integers only, so the
//! bits must be the same on every adapter.

use super::known_answers::KnownAnswers;
use super::{
    Allowance, Buffer, Exact, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Range, Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::Arithmetic;
use crate::numerics::inputs::philox::{key, philox2x32_10, philox4x32_7, philox4x32_10};
use crate::numerics::inputs::philox_simd::{Axis, fill};
use crate::numerics::inputs::vectors::rows;
use crate::numerics::threads;

/// See the module.
#[derive(Debug)]
pub struct Philox;

const N: Param = Param::problem("n", "65536", Range::Whole(1, 1 << 28), "how many words");
const SEED: Param = Param::problem("seed", "7", Range::Seed, "the key, low word first");
pub(super) const WG: Param = Param::config("wg", "256", Range::Whole(1, 1024), "invocations in a workgroup");
pub(super) const GROUPS: Param = Param::config("groups", "64", Range::Whole(1, 65535), "workgroups");

const FORM: Param =
    Param::problem("form", "4x32-10", Range::Words(&FORMS), "4x32-10 (the frameworks'), 4x32-7 or 2x32-10");
const FORMS: [&str; 3] = ["4x32-10", "4x32-7", "2x32-10"];

static VARIANTS: &[Variant] = &[
    Variant {
        name: "element",
        about: "Words placed by element: word i is word i mod 4 of counter i / 4, whatever the launch.",
        params: &[N, SEED, WG, GROUPS],
    },
    Variant {
        name: "vectors",
        about: "The known answers of Random123, computed on the adapter from their counters and keys.",
        params: &[FORM, Param::config("wg", "64", Range::Whole(1, 1024), "invocations in a workgroup")],
    },
];

impl Kernel for Philox {
    fn name(&self) -> &'static str {
        "philox"
    }

    fn about(&self) -> &'static str {
        "Raw words of the counter-based generator Philox: initial weights, shuffling, dropout."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        // As many as any case made of them has, so that a difference there can be told from one of the generator.
        let n: u32 = profile.pick(20_011, 1 << 22, 1 << 26);
        let launches: &[(u32, u32)] =
            profile.pick(&[(64, 3), (128, 64)], &[(64, 64), (256, 1024)], &[(64, 4096), (256, 64), (1024, 4096)]);
        let mut cases: Vec<_> = FORMS
            .iter()
            .flat_map(|f| [32, 64].map(|wg| Case::of("philox", &VARIANTS[1]).with("form", f).with("wg", wg)))
            .collect();
        for (wg, groups) in launches {
            let case = Case::of("philox", &VARIANTS[0]).with("n", n).with("seed", seed);
            cases.push(case.with("wg", wg).with("groups", groups));
        }
        cases
    }

    /// Each element is computed by itself, whatever the launch.
    fn algorithm(&self, case: &Case) -> String {
        case.problem()
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let wg = case.count("wg")?;
        Ok(match case.variant() {
            "vectors" => Box::new(known_answers(case.word("form")?, wg)),
            _ => Box::new(Element {
                n: case.count("n")? as usize,
                key: key(case.seed("seed")?),
                wg,
                groups: case.count("groups")?,
            }),
        })
    }
}

/// The published words of a form, and those that the twin gives.
fn known_answers(form: &str, wg: u32) -> KnownAnswers {
    let shader = Shader::new(include_str!("../../shaders/philox.wgsl")).flag("VECTORS", true);
    match form {
        "4x32-10" => KnownAnswers::new::<10, 4>(
            &rows(include_str!("../../tests/vectors/philox4x32.txt")),
            |x| philox4x32_10([x[0], x[1], x[2], x[3]], [x[4], x[5]]),
            shader,
            wg,
        ),
        "4x32-7" => KnownAnswers::new::<10, 4>(
            &rows(include_str!("../../tests/vectors/philox4x32_7.txt")),
            |x| philox4x32_7([x[0], x[1], x[2], x[3]], [x[4], x[5]]),
            shader.flag("SEVEN", true),
            wg,
        ),
        _ => KnownAnswers::new::<5, 2>(
            &rows(include_str!("../../tests/vectors/philox2x32.txt")),
            |x| philox2x32_10([x[0], x[1]], x[2]),
            shader.flag("TWO", true),
            wg,
        ),
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
    words_from(0, n, key, threads)
}

/// The same from counter `(first, 0, 0, 0)` on.
pub(super) fn words_from(first: u32, n: usize, key: [u32; 2], threads: usize) -> Vec<u32> {
    const ROW: usize = 1 << 14;
    let mut out = vec![0u32; n];
    threads::rows(&mut out, ROW, threads, |row, part| {
        let block = u32::try_from(row * ROW / 4).unwrap_or(u32::MAX).wrapping_add(first);
        fill(part, [block, 0, 0, 0], key, Axis::Block);
    });
    out
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
        for (form, words) in [("4x32-10", 12), ("4x32-7", 12), ("2x32-10", 6)] {
            let problem = kernels::problem(&Case::parse(&format!("philox/vectors?form={form}")).unwrap()).unwrap();
            let twin = problem.twin(Arithmetic::STRICT, 1).unwrap();
            let values: Vec<_> = (0..twin.len).map(|i| twin.value(i)).collect();
            assert_eq!((twin.len, values), (words, problem.exact().unwrap().values), "Random123's words, {form}");
        }
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
        for id in [
            "philox/vectors?form=3x32",
            "philox/element?n=0",
            "philox/element?groups=65536",
            "philox/element?wg=0",
            "philox/element?seed=-1",
        ] {
            let error = kernels::problem(&Case::parse(id).unwrap()).err().unwrap().to_string();
            assert!(error.contains("wanted") && !error.contains('\n'), "{id}: {error}");
        }
    }
}
