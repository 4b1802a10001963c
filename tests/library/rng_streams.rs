//! The streams of frameworks, against what the frameworks themselves gave.

use repro_audit::rng::{
    Framework, Geometry, Kind, Layout, STREAMS, Shape, Stateless, Survives, jax_bits, jax_key, jax_uniform, stream,
    tensorflow_uniform,
};

/// The rows of a table: words of text, then two lists of bit patterns.
fn rows(table: &str) -> Vec<(Vec<&str>, Vec<u32>, Vec<u32>)> {
    let words = |text: &str| text.split_whitespace().map(|w| u32::from_str_radix(w, 16).expect("a word")).collect();
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let parts: Vec<&str> = line.split('|').collect();
            assert_eq!(parts.len(), 3, "{line}");
            (parts[0].split_whitespace().collect(), words(parts[1]), words(parts[2]))
        })
        .collect()
}

#[test]
fn jax_bits_and_uniform_values_are_jaxs() {
    let table = rows(include_str!("../vectors/jax_threefry.txt"));
    assert_eq!(table.len(), 32, "rows of the table");
    for (head, bits, uniform) in table {
        let layout = if head[0] == "partitionable" { Layout::Partitionable } else { Layout::Original };
        let n = u32::try_from(bits.len()).expect("few");
        let got = jax_bits(jax_key(head[1].parse().expect("a seed")), n, layout);
        assert_eq!(got, bits, "{head:?}, {n} words");
        let got: Vec<u32> = got.into_iter().map(|w| jax_uniform(w).to_bits()).collect();
        assert_eq!(got, uniform, "{head:?}, {n} uniform values");
    }
}

#[test]
fn tensorflow_words_and_uniform_values_are_tensorflows() {
    let table = rows(include_str!("../vectors/tensorflow_stateless.txt"));
    assert_eq!(table.len(), 6, "rows of the table");
    for (head, words, uniform) in table {
        let seeds: Vec<u64> = head.iter().map(|s| s.parse().expect("a seed")).collect();
        let got = Stateless::new(seeds[0], seeds[1]).words(words.len());
        assert_eq!(got, words, "seeds {seeds:?}");
        let got: Vec<u32> = got.into_iter().map(|w| tensorflow_uniform(w).to_bits()).collect();
        assert_eq!(got, uniform, "seeds {seeds:?}, uniform values");
    }
}

/// What the table of streams claims, shown: only PyTorch's CUDA generator changes with the card, and it does.
#[test]
fn only_the_stream_that_is_said_to_depends_on_the_card() {
    let shape = Shape::parse("100,1000").expect("a shape");
    let cards = [Geometry::new(40, 1024), Geometry::new(56, 2048)].map(|g| g.expect("a card"));
    for survival in STREAMS {
        for kind in [Kind::Bits, Kind::Uniform] {
            let of = |card| {
                stream(survival.framework, kind, (3, 4), &shape, Some(card)).expect("a stream").expect("modelled")
            };
            let (one, two) = (of(cards[0]), of(cards[1]));
            assert_eq!(one.len(), 100_000, "{}", survival.name);
            let cuda = survival.framework == Framework::TorchCuda;
            assert_eq!(one != two, cuda, "{} on two cards", survival.name);
            let words = survival.operations[0].survives == Survives::Yes;
            assert_eq!(words, !cuda, "{}: the words are said to survive", survival.name);
            let equal = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
            let wanted = if cuda { 40_960 } else { 100_000 };
            assert_eq!(equal, wanted, "{}: elements that agree from the start", survival.name);
        }
    }
    let error = stream(Framework::TorchCuda, Kind::Bits, (0, 0), &shape, None).expect_err("no card").to_string();
    assert!(error.contains("--card"), "{error}");
}

#[test]
fn partitionable_values_do_not_depend_on_the_size_and_original_ones_do() {
    let key = jax_key(9);
    let partitionable = jax_bits(key, 100, Layout::Partitionable);
    assert_eq!(partitionable[..7], jax_bits(key, 7, Layout::Partitionable), "a prefix");
    assert_ne!(jax_bits(key, 100, Layout::Original)[..7], jax_bits(key, 7, Layout::Original), "no prefix");
}
