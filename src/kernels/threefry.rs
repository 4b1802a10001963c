//! Raw words of Threefry, JAX's generator: integers only, so the bits must be the same on every adapter.

use super::known_answers::KnownAnswers;
use super::philox::{GROUPS, WG};
use super::{
    Allowance, Buffer, Exact, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Range, Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::Arithmetic;
use crate::numerics::inputs::philox::key;
use crate::numerics::inputs::threefry::{threefry2x32_20, threefry4x32_20};
use crate::numerics::inputs::vectors::rows;
use crate::numerics::threads;

/// See the module.
#[derive(Debug)]
pub struct Threefry;

static VARIANTS: &[Variant] = &[
    Variant {
        name: "element",
        about: "JAX's random bits, whose counter is the element's number: the same for every launch and sharding.",
        params: &[
            Param::problem("n", "65536", Range::Whole(1, 1 << 28), "how many words"),
            Param::problem("seed", "7", Range::Seed, "the key, high word first as JAX has it"),
            WG,
            GROUPS,
        ],
    },
    Variant {
        name: "vectors",
        about: "The known answers of Random123, computed on the adapter from their counters and keys.",
        params: &[
            Param::problem(
                "form",
                "2x32-20",
                Range::Words(&["2x32-20", "4x32-20"]),
                "words in a block and key, and rounds",
            ),
            WG,
        ],
    },
];

impl Kernel for Threefry {
    fn name(&self) -> &'static str {
        "threefry"
    }

    fn about(&self) -> &'static str {
        "Raw words of the counter-based generator Threefry, JAX's: initial weights, shuffling, dropout."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let n: u32 = profile.pick(10_007, 1 << 22, 1 << 26);
        let launches: &[(u32, u32)] = profile.pick(&[(64, 3), (128, 64)], &[(64, 64), (256, 1024)], &[(256, 4096)]);
        let form = |f: &str, wg: u32| Case::of("threefry", &VARIANTS[1]).with("form", f).with("wg", wg);
        let mut cases: Vec<_> = ["2x32-20", "4x32-20"].iter().flat_map(|f| [32, 64].map(|wg| form(f, wg))).collect();
        for (wg, groups) in launches {
            let case = Case::of("threefry", &VARIANTS[0]).with("n", n).with("seed", seed);
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
        let shader = Shader::new(include_str!("../../shaders/threefry.wgsl"));
        if case.variant() != "vectors" {
            let [low, high] = key(case.seed("seed")?);
            let (n, groups) = (case.count("n")? as usize, case.count("groups")?);
            return Ok(Box::new(Element { n, key: [high, low], wg, groups }));
        }
        let shader = shader.flag("VECTORS", true);
        Ok(Box::new(match case.word("form")? {
            "2x32-20" => KnownAnswers::new::<6, 2>(
                &rows(include_str!("../../tests/vectors/threefry2x32.txt")),
                |x| threefry2x32_20([x[0], x[1]], [x[2], x[3]]),
                shader,
                wg,
            ),
            _ => KnownAnswers::new::<12, 4>(
                &rows(include_str!("../../tests/vectors/threefry4x32.txt")),
                |x| threefry4x32_20([x[0], x[1], x[2], x[3]], [x[4], x[5], x[6], x[7]]),
                shader.flag("FOUR", true),
                wg,
            ),
        }))
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
            Shader::new(include_str!("../../shaders/threefry.wgsl")).define("WG", self.wg).source(),
            vec![Buffer::Input(self.key.to_vec()), Buffer::Output(self.n)],
            vec![Pass::new("main", [self.groups, 1, 1])],
            OutputView::whole(1, Dtype::U32, self.n),
        ))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        const ROW: usize = 1 << 14;
        let mut out = vec![0; self.n];
        threads::rows(&mut out, ROW, threads, |row, part| {
            let start = u32::try_from(row * ROW).unwrap_or(u32::MAX);
            for (i, word) in (start..).zip(part) {
                let [high, low] = threefry2x32_20([0, i], self.key);
                *word = high ^ low;
            }
        });
        Some(Bits::words(Dtype::U32, out))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    fn allowance(&self) -> Allowance {
        Allowance::Exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::kernels::rowwise::testing::{check_plans, check_twin};

    #[test]
    fn plans_read_back_and_shaders_parse() {
        check_plans(&Threefry);
    }

    #[test]
    fn the_twin_gives_the_published_words() {
        for (form, words) in [("2x32-20", 6), ("4x32-20", 12)] {
            let problem = check_twin(&format!("threefry/vectors?form={form}"));
            let twin = problem.twin(Arithmetic::STRICT, 1).unwrap();
            let values: Vec<_> = (0..twin.len).map(|i| twin.value(i)).collect();
            assert_eq!((twin.len, values), (words, problem.exact().unwrap().values), "Random123's words, {form}");
        }
    }

    /// `jax.random.uniform(jax.random.key(0))` is 0.947667 in JAX's documentation (from 0.5.0 on, where generators are
    /// partitionable): the top 23 bits of its only element.
    #[test]
    fn the_first_element_is_jax_s() {
        let problem = kernels::problem(&Case::parse("threefry/element?n=1&seed=0").unwrap()).unwrap();
        let word = problem.twin(Arithmetic::STRICT, 1).unwrap().words[0];
        let uniform = f64::from(word >> 9) / 8_388_608.0;
        assert_eq!(format!("{uniform:.6}"), "0.947667", "{word:08x}");
    }

    #[test]
    fn words_do_not_depend_on_threads_or_launch() {
        let of = |threads, launch: &str| {
            let seed = (3u64 << 32) + 7;
            let case = Case::parse(&format!("threefry/element?n=40000&seed={seed}&{launch}")).unwrap();
            kernels::problem(&case).unwrap().twin(Arithmetic::STRICT, threads).unwrap().words
        };
        let found = of(1, "wg=1&groups=1");
        assert_eq!(found, of(3, "wg=96&groups=7"), "threads and launch");
        let [high, low] = threefry2x32_20([0, 39_999], [3, 7]);
        assert_eq!(found[39_999], high ^ low, "the key's high word is first");
    }

    #[test]
    fn bad_parameters_say_what_to_type() {
        for id in ["threefry/element?n=0", "threefry/vectors?form=8x32", "threefry/element?seed=-1"] {
            let error = kernels::problem(&Case::parse(id).unwrap()).err().unwrap().to_string();
            assert!(error.contains("wanted") && !error.contains('\n'), "{id}: {error}");
        }
    }
}
