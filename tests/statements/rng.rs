//! Random numbers: what survives a change of hardware, and who could have drawn what was printed.

use crate::common::{program, run, status, stderr};

fn rng(arguments: &[&str], exit: i32) -> String {
    let output = run(&mut program(&[&["rng"], arguments].concat()));
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(status(&output), exit, "{arguments:?}: {out}{}", stderr(&output));
    out
}

/// The words of what is wrapped for a terminal.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The two masks that two machines printed of one seed (`tests/cases/r01_torch_cpu_dropout.txt`): without MKL, and with it.
const MASKS: [(&str, &str, &str); 2] = [
    ("torch-cpu", "mt19937 rule", "110110000101111101011001010101011110"),
    ("torch-cpu-mkl", "MCG31m1", "111111010000001010110001100001010000"),
];

/// Was: "PyTorch CPU ✓ yes, no device and no thread enters", which is true of words and false of masks.
#[test]
fn masks_of_pytorch_on_the_cpu_do_not_survive_and_both_that_were_printed_follow() {
    let text = words(&rng(&["streams", "--framework", "torch-cpu"], 0));
    assert!(text.contains("≠ bernoulli_, dropout No: "), "{text}");
    assert!(text.contains("✓ words (random_) Yes: "), "{text}");
    assert!(text.contains("✓ rand, uniform_ Yes: "), "{text}");
    assert!(text.contains("– randn, normal_ Not known: "), "{text}");
    assert!(text.contains("What is not listed above is not known."), "{text}");
    for (framework, _, mask) in MASKS {
        let asked = ["--seed", "123", "--kind", "dropout", "--shape", "6,6", "--show", "0"];
        let text = words(&rng(&[&["streams", "--framework", framework], &asked[..]].concat(), 0));
        let wanted: Vec<String> = mask.chars().map(String::from).collect();
        assert!(text.contains(&wanted.join(" ")), "{framework}: {text}");
    }
}

/// Was: "None of the 81 known cards … the seed, offset, operation, shape or type is another", for either mask.
#[test]
fn a_mask_of_the_cpu_is_told_from_another_implementations() {
    for (_, name, mask) in MASKS {
        let values: Vec<&str> = mask.chars().map(|c| if c == '1' { "2." } else { "0." }).collect();
        let values = values.join(" ");
        let text = rng(&["identify", "--op", "dropout", "--shape", "6,6", "--seed", "123", &values], 0);
        let (first, rest) = text.split_once("\n\n").expect("a headline and the evidence");
        assert!(first.contains(name) && words(first).contains("none of the"), "{text}");
        assert!(!text.contains("is another"), "no other seed is named: {text}");
        let other = MASKS.iter().find(|(_, other, _)| *other != name).map_or("", |(_, other, _)| other);
        let rest = words(rest);
        let of = rest.split(". ").find(|l| l.contains(other)).unwrap_or_else(|| panic!("{other}: {text}"));
        assert!(!of.contains("36 of 36"), "the other rule does not fit: {text}");
    }
    let neither = ["2."; 36].join(" ");
    let text = words(&rng(&["identify", "--op", "dropout", "--shape", "6,6", "--seed", "123", &neither], 1));
    assert!(text.contains("Either another implementation drew them"), "the values do not show which: {text}");
}

/// Was: one row, "✓ yes", and "ask for alg='philox'", which is the very setting that differs.
#[test]
fn tensorflows_uniform_values_are_the_compilers_and_both_follow() {
    let of = |framework: &str| {
        let asked =
            ["--seed", "1", "--seed2", "2", "--kind", "uniform", "--shape", "2,2", "--show", "0", "--format", "csv"];
        let text = rng(&[&["streams", "--framework", framework], &asked[..]].concat(), 0);
        text.lines().skip(1).filter_map(|l| l.rsplit(',').next()?.parse().ok()).collect::<Vec<f64>>()
    };
    let close = |got: &[f64], wanted: [f64; 4]| {
        assert_eq!(got.len(), 4, "{got:?}");
        assert!(got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-7), "{got:?}, and {wanted:?} was printed");
    };
    close(&of("tensorflow"), [0.844_060_4, 0.192_045_33, 0.996_223_2, 0.160_387_4]);
    close(&of("tensorflow-xla"), [0.257_507_92, 0.404_671_9, 0.921_867_6, 0.086_250_66]);
    let text = words(&rng(&["streams", "--framework", "tensorflow"], 0));
    assert!(text.contains("≠ stateless_uniform in float32 No: the compiler decides"), "{text}");
}

/// Was: uniform with bounds was not known, and identify said that the seed is another.
#[test]
fn the_first_weight_of_a_layer_is_identified() {
    let weight = ["identify", "--op", "uniform", "--low", "-1", "--high", "1", "--shape", "1", "--seed", "42"];
    let text = words(&rng(&[&weight[..], &["0.2259"]].concat(), 0));
    assert!(text.contains("nothing in them tells cards apart"), "{text}");
    let bias = [&weight[..], &["--after", "rand:1", "0.9754"]].concat();
    assert!(words(&rng(&bias, 0)).contains("nothing in them tells cards apart"), "the bias");
    let text = words(&rng(&["identify", "--shape", "1", "--seed", "42", "0.2259"], 1));
    assert!(text.contains("--op uniform --low -1 --high 1") && !text.contains("shape or type is another."), "{text}");
}

/// A mask that keeps all or nothing is the same on all cards, whatever words it is made of.
#[test]
fn masks_that_keep_all_or_nothing_do_not_part() {
    for p in ["0", "1"] {
        let draw = ["predict", "--op", "dropout", "--p", p, "--shape", "1000,1000", "--seed", "0"];
        let text = words(&rng(&[&draw[..], &["--card", "A100", "--card", "H100 SXM"]].concat(), 0));
        assert!(text.contains("All 2 cards give the same 1,000,000 elements"), "p {p}: {text}");
        assert!(text.contains("agree at every size"), "p {p}: {text}");
        assert!(!text.contains("first differ"), "p {p}: {text}");
    }
}

/// What is known of NVIDIA's generator is not said of AMD's.
#[test]
fn uniform_numbers_of_rocrand_are_not_predicted() {
    let of = |op| {
        let draw = ["rng", "predict", "--op", op, "--shape", "200000", "--seed", "0", "--card", "Radeon PRO W7900"];
        let output = run(&mut program(&[&draw[..], &["--card", "A100"]].concat()));
        (status(&output), stderr(&output))
    };
    let (code, told) = of("rand");
    assert!(code == 2 && told.contains("rocRAND") && told.lines().count() == 1, "{code}: {told}");
    assert_eq!(of("randn").0, 0, "where cards part was reported of normal values");
}

/// A sum excludes cards, and says of none that it is near.
#[test]
fn a_sum_alone_names_no_nearest_card() {
    let draw = ["rng", "identify", "--op", "dropout", "--shape", "1000,1000", "--seed", "0", "--sum", "1000000"];
    let output = run(&mut program(&draw));
    let text = words(&String::from_utf8_lossy(&output.stdout));
    assert!(text.contains("gives these values") && !text.contains("Nearest") && !text.contains("0 of 0"), "{text}");
}
