use super::*;
use crate::drift;
use crate::kernels;

fn case(id: &str) -> Box<dyn Problem> {
    kernels::problem(&Case::parse(id).unwrap()).unwrap()
}

/// The plain loop: one element after another, every product in the order of k.
fn plain<A: Arith>(factors: Factors<'_>, rows: usize) -> Vec<u32> {
    let mut out = Vec::new();
    for row in 0..rows {
        for column in 0..factors.columns {
            let mut sum = 0.0f32;
            for i in 0..factors.inner {
                sum = A::mad(factors.a[row * factors.inner + i], factors.b[i * factors.columns + column], sum);
            }
            out.push(sum.to_bits());
        }
    }
    out
}

const SHAPES: [[usize; 3]; 9] = [
    [1, 1, 1],
    [1, 4, 1],
    [6, 16, 16],
    [7, 17, 17],
    [5, 1025, 15],
    [13, 2051, 33],
    [97, 129, 31],
    [193, 110, 101],
    [211, 640, 65],
];

#[test]
fn the_fast_twin_is_the_plain_loop() {
    for [rows, inner, columns] in SHAPES {
        let a = Distribution::Wide.draw(5, 0, rows * inner);
        let b = Distribution::Normal.draw(5, 1, inner * columns);
        let factors = Factors { a: &a, b: &b, inner, columns };
        for arithmetic in Arithmetic::ALL {
            for threads in [1, 3] {
                let mut c = vec![f32::NAN; rows * columns];
                let want = with_arith!(arithmetic, A => {
                    multiply(Serial::<A>(PhantomData), factors, 0..inner, &mut c, threads);
                    plain::<A>(factors, rows)
                });
                let portable: Vec<_> = c.iter().map(|x| x.to_bits()).collect();
                assert!(portable == want, "{rows}x{inner}x{columns} {} portable", arithmetic.name());
                #[cfg(target_arch = "x86_64")]
                if !arithmetic.flush {
                    c.fill(f32::NAN);
                    match (arithmetic.fused, simd::Avx2::<true>::detect(), simd::Avx2::<false>::detect()) {
                        (true, Some(micro), _) => multiply(micro, factors, 0..inner, &mut c, threads),
                        (false, _, Some(micro)) => multiply(micro, factors, 0..inner, &mut c, threads),
                        _ => continue,
                    }
                    let fast: Vec<_> = c.iter().map(|x| x.to_bits()).collect();
                    assert!(fast == want, "{rows}x{inner}x{columns} {} AVX2", arithmetic.name());
                }
            }
        }
    }
}

#[test]
fn subnormals_are_kept_by_the_fast_twin() {
    let a: Vec<f32> = crate::inputs::edges::finite().into_iter().filter(|x| x.abs() < 1e-18).collect();
    let b: Vec<f32> = a.iter().rev().map(|x| x * 1e20).collect();
    let factors = Factors { a: &a, b: &b, inner: 4, columns: b.len() / 4 };
    let rows = a.len() / 4;
    #[cfg(target_arch = "x86_64")]
    if let (Some(fused), Some(separate)) = (simd::Avx2::<true>::detect(), simd::Avx2::<false>::detect()) {
        let mut c = vec![0.0; rows * factors.columns];
        let bits = |c: &[f32]| c.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        multiply(fused, factors, 0..4, &mut c, 1);
        assert_eq!(bits(&c), plain::<crate::arith::Ieee<true, false>>(factors, rows), "fused");
        multiply(separate, factors, 0..4, &mut c, 1);
        assert_eq!(bits(&c), plain::<crate::arith::Ieee<false, false>>(factors, rows), "separate");
        assert!(c.iter().any(|x| x.is_subnormal()), "there are subnormal results");
    }
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
        truth: OnceLock::new(),
    };
    let (serial, split) = (product(Schedule::Naive { wg: 64 }), product(Schedule::SplitK { split: 2 }));
    let fused = Arithmetic { fused: true, flush: false };
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
