//! Values that people printed on cards which are not here, reproduced to the printed digit from the placement rule and
//! the card table. Each test names its source.

use repro_audit::rng::{
    Candidate, Cards, Draw, Element, Form, Geometry, Identified, Mt19937, Observations, Op, Shape, Source, Subject,
    Vector, common_size, identify, predict,
};

fn shape(text: &str) -> Shape {
    Shape::parse(text).expect("a shape")
}

fn card(name: &str) -> Geometry {
    Cards::known().expect("the table").find(name).expect("a known card").geometry
}

fn known() -> Vec<Candidate> {
    let cards = Cards::known().expect("the table");
    cards.all().iter().map(|c| Candidate { name: c.name.clone(), geometry: c.geometry }).collect()
}

fn draw(op: Op, size: &str, vector: Vector) -> Draw {
    Draw::new(op, Element::F32, &shape(size), vector).expect("a draw")
}

/// The values that a tensor's text says, against the known cards.
fn found(draw: &Draw, seed: u64, text: &str, size: &str) -> Identified {
    let mut seen = Observations::default();
    seen.add_values(text, Form::Auto, &shape(size)).expect("values");
    identify(draw, seed, 0, &[], &known(), &seen).expect("an answer")
}

fn names(found: &Identified) -> Vec<&str> {
    found.matching.iter().flat_map(|class| &class.members).map(|c| c.name.as_str()).collect()
}

/// <https://github.com/pytorch/pytorch/issues/25690>: the sum of `Dropout(0.5)` on `ones(1000, 1000)` with seed 0 is
/// 999826 on a P100 and 999100 on a K80 (2019: the scalar kernel).
#[test]
fn pytorch_25690_sums_of_a_mask_on_a_p100_and_a_k80() {
    let draw = draw(Op::Dropout, "1000,1000", Vector::One);
    let subjects: Vec<_> = ["Tesla P100", "Tesla K80"]
        .into_iter()
        .map(|name| Subject { name: name.to_owned(), geometry: card(name) })
        .collect();
    let predicted = predict(&draw, 0, 0, &[], &subjects, 4).expect("a prediction");
    let sums: Vec<_> = predicted.cards.iter().map(|c| c.output_sum).collect();
    assert_eq!(sums, [Some(999_826.0), Some(999_100.0)], "as published");
    for (name, sum) in [("Tesla P100", "999826."), ("Tesla K80", "999100.")] {
        let interval = repro_audit::rng::Interval::parse(sum).expect("a sum");
        let seen = Observations { sum: Some(interval), ..Observations::default() };
        let found = identify(&draw, 0, 0, &[], &known(), &seen).expect("an answer");
        assert!(names(&found).contains(&name), "{sum} is a {name}: {:?}", names(&found));
    }
}

const A4000: &str = "tensor([[2.8731, 5.2727, 2.9889,  ..., 1.6853, 9.6331, 6.6319],
        [3.9968, 3.8097, 5.7328,  ..., 4.4029, 3.9804, 7.4698],
        [6.5552, 4.0857, 4.2315,  ..., 2.7704, 3.5479, 3.3063],
        ...,
        [8.6297, 2.3137, 6.2596,  ..., 7.9358, 4.4697, 2.7475],
        [7.0551, 7.8583, 3.9990,  ..., 4.1139, 8.9315, 4.2042],
        [2.7337, 2.2106, 7.7815,  ..., 8.2207, 6.5395, 4.2604]],
       device='cuda:0')";

/// <https://github.com/pytorch/pytorch/issues/97097>: `normal_(5, 5**.5)` of 1000 x 100 with seed 14 on an RTX A4000, 36
/// values; and the first rows on an RTX 2070 Super, which are the same.
#[test]
fn pytorch_97097_normal_values_on_an_rtx_a4000() {
    let size = "1000,100";
    let draw = draw(Op::Randn, size, Vector::Auto).with_normal(5.0, 5f64.sqrt()).expect("parameters");
    let answer = found(&draw, 14, A4000, size);
    assert_eq!(answer.observations, 36, "printed values");
    assert!(names(&answer).contains(&"RTX A4000"), "{answer:?}");
    assert!(!names(&answer).contains(&"RTX 2070 Super") && !answer.thin, "the other machine's card is told apart");
    let source = Source::new(draw.clone(), 14, 0, card("RTX A4000")).expect("a source");
    let printed: Vec<String> =
        [0, 1, 2, 97, 98, 99, 99_700, 99_999].map(|i| format!("{:.4}", source.value(i).0)).into();
    let want = ["2.8731", "5.2727", "2.9889", "1.6853", "9.6331", "6.6319", "8.6297", "4.2604"];
    assert_eq!(printed, want, "to the printed digit");
    let rows = "[[2.8731, 5.2727, 2.9889, ..., 1.6853, 9.6331, 6.6319], [3.9968, 3.8097, 5.7328, ..., 4.4029, 3.9804, 7.4698], ...]";
    let answer = found(&draw, 14, rows, size);
    assert!(names(&answer).contains(&"RTX 2070 Super") && answer.thin, "too early in the tensor to tell cards apart");
}

/// <https://github.com/intel/torch-xpu-ops/issues/2926>: the zeros of `Dropout(0.1)` on `ones(512*4*1024)` with seed 1 on
/// an RTX 4080 Super (2026: four neighbours a thread). A plain RTX 4080 gives others.
#[test]
fn torch_xpu_ops_2926_zeros_of_a_mask_on_an_rtx_4080_super() {
    let size = "2097152";
    let draw = draw(Op::Dropout, size, Vector::Auto).with_p(0.1).expect("a probability");
    assert_eq!(draw.vector, 4, "the vectorised kernel");
    let mut seen = Observations::default();
    let text =
        "tensor([[      8],\n [     14],\n [     20],\n ...,\n [2097121],\n [2097140],\n [2097151]], device='cuda:0')";
    seen.add_zeros(text, &shape(size)).expect("zeros");
    let answer = identify(&draw, 1, 0, &[], &known(), &seen).expect("an answer");
    assert!(names(&answer).contains(&"RTX 4080 Super"), "{:?}", names(&answer));
    assert!(!names(&answer).contains(&"RTX 4080"), "76 SMs do not match");
    let scalar = draw_scalar(&draw);
    let answer = identify(&scalar, 1, 0, &[], &known(), &seen).expect("an answer");
    assert!(answer.matching.is_empty(), "nor does the scalar kernel on any card");
}

fn draw_scalar(draw: &Draw) -> Draw {
    Draw { vector: 1, ..draw.clone() }
}

/// <https://github.com/pytorch/pytorch/issues/194676>: a T4 and an L4 agree about 40,960 elements and not about 40,961.
#[test]
fn pytorch_194676_the_boundary_between_a_t4_and_an_l4() {
    for (size, differing) in [("40960", 0), ("40961", 1)] {
        let subjects: Vec<_> = ["T4", "L4"].map(|name| Subject { name: name.to_owned(), geometry: card(name) }).into();
        let answer = predict(&draw(Op::Rand, size, Vector::Auto), 0, 0, &[], &subjects, 0).expect("a prediction");
        assert_eq!(answer.pairs[0].differing, differing, "{size} elements");
        let boundary = (answer.common.elements, answer.common.verified);
        assert_eq!(boundary, (Some(40_960), true), "the largest common size");
    }
    assert_eq!((card("T4").capacity(), card("L4").capacity()), (40_960, 89_088), "threads, as published");
}

/// <https://github.com/pytorch/pytorch/pull/176584>: `randn(200000)` with seed 123 on five cards; the first element that
/// differs, of every pair.
#[test]
fn pytorch_176584_the_boundaries_of_ten_pairs_of_cards() {
    let five = ["RTX 4090 D", "H20", "Radeon PRO W7900", "Instinct MI308X", "Radeon PRO W7800"];
    let threads = [175_104, 159_744, 98_304, 163_840, 71_680];
    assert_eq!(five.map(|name| card(name).capacity()), threads, "threads, as published");
    let subjects: Vec<_> = five.map(|name| Subject { name: name.to_owned(), geometry: card(name) }).into();
    let draw = draw(Op::Randn, "200000", Vector::Auto);
    let answer = predict(&draw, 123, 0, &[], &subjects, 0).expect("a prediction");
    for a in 0..5 {
        for b in a + 1..5 {
            let pair = answer.pair(a, b).expect("a pair");
            let boundary = threads[a].min(threads[b]);
            assert_eq!(pair.first_place, Some(boundary), "{} and {}: place", five[a], five[b]);
            assert_eq!(pair.first_value, Some(boundary), "{} and {}: value", five[a], five[b]);
        }
    }
    let common = common_size(&draw, &five.map(card));
    assert_eq!((common.elements, common.verified), (Some(71_680), true), "all five");
}

/// <https://github.com/pytorch/pytorch/issues/143086>: `randn(1, 49*12*112*144)` of a generator with seed 1, on an H100
/// and on an A100.
#[test]
fn pytorch_143086_normal_values_on_an_h100_and_an_a100() {
    let size = "1,9483264";
    let draw = draw(Op::Randn, size, Vector::Auto);
    for (text, name, other) in [
        ("tensor([[-0.2963,  2.6764, -0.1408,  ..., -0.6970, -0.7780,  0.3267]])", "H100 SXM", "A100"),
        ("tensor([[-0.2963,  2.6764, -0.1408,  ...,  0.1549, -0.6797, -0.1656]])", "A100", "H100 SXM"),
    ] {
        let answer = found(&draw, 1, text, size);
        assert!(names(&answer).contains(&name), "{name}: {:?}", names(&answer));
        assert!(!names(&answer).contains(&other), "{name} is no {other}");
    }
}

/// <https://github.com/pytorch/pytorch/issues/62467>: three values of `normal_()` of 1 x 3 x 128 x 128 with seed 43 on an RTX
/// A6000; a Quadro M4000 gave another.
#[test]
fn pytorch_62467_normal_values_on_an_rtx_a6000() {
    let draw = draw(Op::Randn, "1,3,128,128", Vector::Auto);
    let answer = found(&draw, 43, "0 1.9983\n16384 0.8704\n32768 2.1127\n", "1,3,128,128");
    assert!(names(&answer).contains(&"RTX A6000"), "{answer:?}");
    assert!(!names(&answer).contains(&"Quadro M4000"), "the thread's other card");
}

/// <https://github.com/pytorch/pytorch/issues/158398>: 36 values of `randn(1, 64, 2048)` with seed 42 on a card that the
/// thread does not name. One launch of all known cards gives them.
#[test]
fn pytorch_158398_a_card_that_was_not_named() {
    let text = "tensor([[[ 0.1940,  2.1614, -0.1721,  ...,  1.4540, -2.7733, -0.8932],
         [-0.4574,  0.8063,  0.1580,  ...,  0.1124,  0.2769, -1.2535],
         [ 1.1346, -0.6329, -0.9147,  ..., -1.0001, -1.1552, -0.6955],
         ...,
         [-0.4861,  0.3358,  1.0578,  ..., -0.7282,  0.5087,  0.1318],
         [ 0.7881,  0.8339, -1.1424,  ..., -0.6297, -1.1112, -0.4091],
         [-1.2356, -0.4083, -0.4695,  ..., -0.4841,  1.2850, -0.0282]]],
       device='cuda:0')";
    let size = "1,64,2048";
    let answer = found(&draw(Op::Randn, size, Vector::Auto), 42, text, size);
    assert_eq!(answer.observations, 36, "printed values");
    assert_eq!((names(&answer), answer.thin), (vec!["RTX 3060"], false), "28 SMs of 1536 threads: {answer:?}");
}

/// <https://github.com/pytorch/pytorch/issues/47347> and <https://github.com/pytorch/pytorch/issues/79496>: small draws, on
/// which all cards agree; and PyTorch's CPU generator beside them.
#[test]
fn pytorch_47347_and_79496_small_draws_on_any_card_and_on_the_cpu() {
    let answer = found(&draw(Op::Rand, "5", Vector::Auto), 0, "[0.3990, 0.5167, 0.0249, 0.9401, 0.9459]", "5");
    assert_eq!((answer.classes, answer.excluded), (1, 0), "every card gives these");
    assert!(answer.thin && answer.shared == 5 && answer.shared_agreeing == 5, "and nothing tells them apart");
    let answer = found(&draw(Op::Randn, "3", Vector::Auto), 10, "[-0.1029,  1.6810, -0.2708]", "3");
    assert_eq!((answer.excluded, answer.shared_agreeing), (0, 3), "normal values");
    let mut cpu = Mt19937::new(0);
    let printed: Vec<String> = (0..5).map(|_| format!("{:.4}", cpu.next_uniform())).collect();
    assert_eq!(printed, ["0.4963", "0.7682", "0.0885", "0.1320", "0.3074"], "the CPU's");
}
