use super::*;
use crate::kernels;
use crate::numerics::drift;

fn case(id: &str) -> Box<dyn Problem> {
    kernels::problem(&Case::parse(id).unwrap()).unwrap()
}

/// The plain loop: one element after another, every product in the order of k.
fn plain<A: Arith>(factors: Factors<'_>, range: std::ops::Range<usize>, rows: usize) -> Vec<u32> {
    let mut out = Vec::new();
    for row in 0..rows {
        for column in 0..factors.columns {
            let mut sum = 0.0f32;
            for i in range.clone() {
                sum = A::mad(factors.a[row * factors.inner + i], factors.b[i * factors.columns + column], sum);
            }
            out.push(sum.to_bits());
        }
    }
    out
}

const SHAPES: [[usize; 3]; 14] = [
    [1, 1, 1],
    [1, 4, 1],
    [6, 16, 16],
    [7, 17, 17],
    [5, 1025, 15],
    [13, 2051, 33],
    [97, 129, 31],
    [193, 110, 101],
    [211, 640, 65],
    [12, 1024, 32],
    [11, 3, 31],
    [25, 1031, 63],
    [49, 1027, 97],
    [2, 4100, 48],
];

#[test]
fn the_fast_twin_is_the_plain_loop() {
    for [rows, inner, columns] in SHAPES {
        let a = Distribution::Wide.draw(5, 0, rows * inner);
        let b = Distribution::Normal.draw(5, 1, inner * columns);
        let factors = Factors { a: &a, b: &b, inner, columns };
        for arithmetic in Arithmetic::CONTRACTION {
            for threads in [1, 3] {
                // All of k, and a part of it that begins and ends anywhere.
                for range in [0..inner, inner / 3..inner - inner / 7] {
                    let mut c = vec![f32::NAN; rows * columns];
                    let want = with_arith!(arithmetic, A => {
                        multiply(Serial::<A>(PhantomData), factors, range.clone(), &mut c, threads);
                        plain::<A>(factors, range.clone(), rows)
                    });
                    let at = format!("{rows}x{inner}x{columns} {range:?} {} {threads} threads", arithmetic.name());
                    assert!(bits(&c) == want, "{at} in arithmetic of ours");
                    if arithmetic.flush {
                        continue;
                    }
                    for instructions in Instructions::ALL {
                        c.fill(f32::NAN);
                        if run(instructions, arithmetic.fused, factors, range.clone(), &mut c, threads) {
                            assert!(bits(&c) == want, "{at} {instructions:?}");
                        } else {
                            assert_ne!(instructions, Instructions::Portable, "every processor has these");
                            assert!(c.iter().all(|x| x.is_nan()), "{at} {instructions:?}: nothing is written");
                        }
                    }
                }
            }
        }
    }
}

fn bits(c: &[f32]) -> Vec<u32> {
    c.iter().map(|x| x.to_bits()).collect()
}

fn run(
    instructions: Instructions,
    fused: bool,
    factors: Factors<'_>,
    range: std::ops::Range<usize>,
    c: &mut [f32],
    threads: usize,
) -> bool {
    let multiply = if fused { Instructions::multiply::<true> } else { Instructions::multiply::<false> };
    multiply(instructions, factors, range, c, threads)
}

#[test]
fn subnormals_are_kept_by_the_fast_twin() {
    let a: Vec<f32> = crate::numerics::inputs::edges::finite().into_iter().filter(|x| x.abs() < 1e-18).collect();
    let b: Vec<f32> = a.iter().rev().map(|x| x * 1e20).collect();
    let factors = Factors { a: &a, b: &b, inner: 4, columns: b.len() / 4 };
    let rows = a.len() / 4;
    let mut c = vec![0.0; rows * factors.columns];
    for instructions in Instructions::ALL {
        for arithmetic in [Arithmetic::STRICT, Arithmetic::FUSED] {
            if run(instructions, arithmetic.fused, factors, 0..4, &mut c, 1) {
                let want = with_arith!(arithmetic, A => plain::<A>(factors, 0..4, rows));
                assert_eq!(bits(&c), want, "{instructions:?} {}", arithmetic.name());
                assert!(c.iter().any(|x| x.is_subnormal()), "there are subnormal results");
            }
        }
    }
}

#[test]
fn an_explicit_fma_is_one_rounding_and_split_it_is_the_separate_one() {
    for dtype in ["f32", "f16"] {
        for variant in ["naive", "splitk"] {
            let twins = |mad: &str| {
                let problem = case(&format!("matmul/{variant}?m=9&k=31&n=7&mad={mad}&dtype={dtype}"));
                problem.arithmetics().iter().map(|a| problem.twin(*a, 1).unwrap()).collect::<Vec<_>>()
            };
            let (separate, fma) = (twins("separate"), twins("fma"));
            assert_eq!((&fma[0], &fma[1]), (&separate[1], &separate[0]), "{variant} {dtype}: strict is fused");
            assert_eq!((&fma[2], &fma[3]), (&separate[3], &separate[2]), "{variant} {dtype}: with flushes");
            assert_ne!(fma[0], fma[1], "{variant} {dtype}: the case tells them apart");
        }
    }
}

#[test]
fn a_product_is_refused_where_lengths_do_not_match() {
    let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [7.0, 8.0, 9.0]);
    let get = |shape, a: &[f32]| product(Instructions::Portable, false, shape, a, &b, 1);
    assert_eq!(get([2, 3, 1], &a), Some(vec![50.0, 122.0]), "by hand");
    assert_eq!(get([2, 3, 1], &a[1..]), None, "A is too short");
    assert_eq!(get([3, 2, 1], &a), None, "B is too long");
    assert_eq!(get([usize::MAX, 3, 1], &a), None, "beyond memory");
}

#[test]
fn known_answers_of_three_orders() {
    let table = include_str!("../../../tests/vectors/dot_orders.txt");
    let row = |name: &str| {
        let line = table.lines().find(|l| l.split_whitespace().next() == Some(name)).unwrap();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let numbers = |name| row(name).iter().map(|w| w.parse::<f32>().unwrap()).collect::<Vec<_>>();
    let want = |name| u32::from_str_radix(&row(name)[0], 16).unwrap();
    let product = |schedule| Product {
        m: 1,
        k: 4,
        n: 1,
        batch: 1,
        schedule,
        element: Element::F32,
        fma: false,
        a: numbers("a"),
        b: numbers("b"),
        // No case has these.
        inputs: Inputs { sizes: [1, 4, 1], distribution: Distribution::Wide, seed: u64::MAX, stored: Element::F32 },
        truth: OnceLock::new(),
    };
    let (serial, split) = (product(Schedule::Naive { wg: 64 }), product(Schedule::SplitK { split: 2 }));
    let fused = Arithmetic::FUSED;
    let get = |p: &Product, arithmetic| p.twin(arithmetic, 1).unwrap().get(0);
    assert_eq!(get(&serial, Arithmetic::STRICT), want("serial"), "serial");
    assert_eq!(get(&product(Schedule::Dot4 { wg: 64 }), Arithmetic::STRICT), want("serial"), "dot4's four in order");
    assert_eq!(get(&serial, fused), want("fused"), "fused");
    assert_eq!(get(&split, Arithmetic::STRICT), want("pairwise"), "pairwise");
    #[expect(clippy::cast_possible_truncation, reason = "the rounding to binary32 is the point")]
    let exact = serial.exact().unwrap().values[0] as f32;
    assert_eq!(exact.to_bits(), want("exact"), "correctly rounded");
}

#[test]
fn twins_are_within_the_allowance() {
    let shapes = ["m=1&k=1&n=1", "m=3&k=7&n=5", "m=17&k=31&n=19", "m=9&k=300&n=33", "m=2&k=1023&n=3"];
    let variants = ["naive", "tiled?tile=8", "register", "splitk?split=1", "dot4"];
    for variant in variants {
        for shape in shapes {
            for dtype in ["f32", "f16acc32", "f16", "bf16"] {
                let mark = if variant.contains('?') { '&' } else { '?' };
                let id = format!("matmul/{variant}{mark}{shape}&dtype={dtype}");
                let problem = case(&id);
                let (exact, allowance) = (problem.exact(), problem.allowance());
                for arithmetic in problem.arithmetics() {
                    let twin = problem.twin(*arithmetic, 2).unwrap();
                    assert_eq!((twin.dtype, twin.len), problem.shape(), "{id}");
                    let found = drift::accuracy(&twin, exact.as_ref(), &allowance, None);
                    assert_eq!(found.outside, 0, "{id} {}: {found:?}", arithmetic.name());
                    assert_eq!(found.unconstrained, 0, "{id}: every element is bounded");
                }
            }
        }
    }
}

#[test]
fn the_allowance_notices_a_lost_product() {
    let problem = case("matmul/naive?m=4&k=256&n=4&dist=positive");
    let mut twin = problem.twin(Arithmetic::STRICT, 1).unwrap();
    // A product of this distribution is about 1/4, the sum about 64, and the allowance about 257 * 2^-23 of that.
    twin.words[5] = (f32::from_bits(twin.words[5]) - 0.01).to_bits();
    let found = drift::accuracy(&twin, problem.exact().as_ref(), &problem.allowance(), None);
    assert_eq!((found.outside, found.first_outside), (1, Some(5)), "one element outside");
}

#[test]
fn configurations_that_keep_the_order_agree() {
    let shape = "m=19&k=77&n=21";
    for dtype in ["f32", "f16acc32", "f16", "bf16"] {
        let digest =
            |id: &str| case(&format!("matmul/{id}&{shape}&dtype={dtype}")).twin(Arithmetic::STRICT, 2).unwrap();
        let naive = digest("naive?wg=64");
        for other in ["naive?batch=3", "tiled?tile=8", "register?wg=32&batch=2", "splitk?split=1"] {
            assert_eq!(digest(other), naive, "{other} {dtype}");
        }
        assert_ne!(digest("splitk?split=4"), naive, "four parts are another order, {dtype}");
        assert_ne!(digest("dot4?wg=64"), naive, "fours are another order, {dtype}");
    }
}

#[test]
fn every_planned_case_reads_back_and_parses() {
    let mut sources = std::collections::BTreeSet::new();
    for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
        let plan = Matmul.plan(profile, 7);
        let unique: std::collections::BTreeSet<_> = plan.iter().map(ToString::to_string).collect();
        assert_eq!(unique.len(), plan.len(), "no case twice in {}", profile.name());
        for case in plan {
            assert_eq!(Case::parse(&case.to_string()).unwrap(), case, "{case}");
            // The shader does not depend on the shape, so a small one stands for all.
            let small = case.clone().with("m", 3).with("k", 65).with("n", 5);
            let program = kernels::problem(&small).unwrap().program().unwrap();
            for groups in kernels::problem(&small).unwrap().program().unwrap().passes.iter().map(|p| p.groups) {
                assert!(groups.iter().all(|g| (1..=65535).contains(g)), "{case}: {groups:?}");
            }
            sources.insert(program.source);
        }
    }
    for source in &sources {
        let module = naga::front::wgsl::parse_str(source);
        let module = module.unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
        let mut validator =
            naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::all());
        assert!(validator.validate(&module).is_ok(), "invalid:\n{source}");
    }
    assert!(sources.len() > 10, "every variant and type has a shader of its own");
}

#[test]
fn bad_parameters_say_what_to_type() {
    for (id, words) in [
        ("matmul/naive?m=0", "from 1 to 8192"),
        ("matmul/naive?wg=65", "64, 128, 256"),
        ("matmul/tiled?tile=4", "8, 16"),
        ("matmul/splitk?k=3&split=4", "at most k=3"),
        ("matmul/naive?dtype=f16&dist=wide", "dist=uniform"),
        ("matmul/naive?dtype=f64", "f16acc32"),
        ("matmul/naive?mad=fused", "separate, fma"),
        ("matmul/naive?m=8192&k=65536", "at most"),
    ] {
        let error = kernels::problem(&Case::parse(id).unwrap()).err().unwrap();
        assert!(error.0.contains(words), "{id}: {error}");
    }
}
