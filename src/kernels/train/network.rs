//! The network: a perceptron of 64-128-64-10 with ReLU and dropout after both hidden layers, trained by stochastic gradient
//! descent with momentum on batches of 32. Where each tensor is in the words that an engine gives after a step.

use std::ops::Range;

use super::data::{CLASSES, PIXELS, TRAIN};

/// Images of a step.
pub const BATCH: usize = 32;
/// Steps of an epoch; the images that fill no batch are left out until the next shuffle.
#[expect(clippy::cast_possible_truncation, reason = "there are fewer than 2^11 images")]
pub const EPOCH: u32 = (TRAIN / BATCH) as u32;
/// The lengths of a row before and after each layer.
pub const WIDTHS: [usize; 4] = [PIXELS, 128, 64, CLASSES];
/// Layers of weights.
pub const LAYERS: usize = WIDTHS.len() - 1;
/// Weights and biases.
pub const PARAMETERS: usize = BIASES[LAYERS - 1] + CLASSES;
/// An element of a hidden layer is dropped where its random word is below this: one in five.
pub const DROP_BELOW: u32 = 858_993_459;

/// The first weight of each layer among the parameters: a layer's weights, row by row of its inputs, then its biases.
pub const WEIGHTS: [usize; LAYERS] =
    [0, WIDTHS[0] * WIDTHS[1] + WIDTHS[1], (WIDTHS[0] + 1) * WIDTHS[1] + (WIDTHS[1] + 1) * WIDTHS[2]];
/// The first bias of each layer.
pub const BIASES: [usize; LAYERS] =
    [WEIGHTS[0] + WIDTHS[0] * WIDTHS[1], WEIGHTS[1] + WIDTHS[1] * WIDTHS[2], WEIGHTS[2] + WIDTHS[2] * WIDTHS[3]];

/// Where the rows of a batch are, among the words of an engine: the images, the hidden layers, the logits.
pub const ROWS: [usize; LAYERS + 1] = [
    2 * PARAMETERS,
    2 * PARAMETERS + BATCH * WIDTHS[0],
    2 * PARAMETERS + BATCH * (WIDTHS[0] + WIDTHS[1]),
    2 * PARAMETERS + BATCH * (WIDTHS[0] + WIDTHS[1] + WIDTHS[2]),
];
/// Where the exponentials of the softmax are.
pub const TERMS: usize = ROWS[3] + BATCH * WIDTHS[3];
/// Where the gradients of the sums of each layer are.
pub const DELTAS: [usize; LAYERS] = [
    TERMS + BATCH * WIDTHS[3],
    TERMS + BATCH * (WIDTHS[3] + WIDTHS[1]),
    TERMS + BATCH * (WIDTHS[3] + WIDTHS[1] + WIDTHS[2]),
];
/// Where the mean gradients of the parameters are.
pub const GRADIENT: usize = DELTAS[2] + BATCH * WIDTHS[3];
/// All words of an engine: weights, velocities, and what the last step left.
pub const WORDS: usize = GRADIENT + PARAMETERS;

/// A tensor of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// What it is.
    pub name: &'static str,
    /// The operation that makes it.
    pub operation: &'static str,
    /// Where it is among the words.
    pub words: Range<usize>,
}

/// The tensors of a step in the order in which they are made: each from the ones before it, and from the weights and velocities
/// of the step before. So where a tensor is the first that differs, its operation had equal inputs.
#[must_use]
pub fn tensors() -> Vec<Tensor> {
    let tensor = |name, operation, start: usize, len: usize| Tensor { name, operation, words: start..start + len };
    let rows = |width: usize| BATCH * width;
    vec![
        tensor("images of the batch", "shuffle", ROWS[0], rows(WIDTHS[0])),
        tensor("hidden layer 1", "matrix product, ReLU and dropout", ROWS[1], rows(WIDTHS[1])),
        tensor("hidden layer 2", "matrix product, ReLU and dropout", ROWS[2], rows(WIDTHS[2])),
        tensor("logits", "matrix product", ROWS[3], rows(WIDTHS[3])),
        tensor("exponentials of the logits", "exp of the distance to the largest", TERMS, rows(WIDTHS[3])),
        tensor("gradient of the logits", "softmax and cross-entropy", DELTAS[2], rows(WIDTHS[3])),
        tensor(
            "gradient of hidden layer 2",
            "matrix product, backward through dropout and ReLU",
            DELTAS[1],
            rows(WIDTHS[2]),
        ),
        tensor(
            "gradient of hidden layer 1",
            "matrix product, backward through dropout and ReLU",
            DELTAS[0],
            rows(WIDTHS[1]),
        ),
        tensor("gradient of the weights", "sums over the batch", GRADIENT, PARAMETERS),
        tensor("velocities", "momentum", PARAMETERS, PARAMETERS),
        tensor("weights", "SGD step", 0, PARAMETERS),
    ]
}

/// A tensor of the parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// `layer1.weight`, `layer1.bias`.
    pub name: String,
    /// Of weights the inputs and the outputs, of biases the outputs.
    pub shape: Vec<usize>,
    /// Where it is among the words.
    pub words: Range<usize>,
}

/// The parameters by layer, from the first to the last.
#[must_use]
pub fn parameters() -> Vec<Parameter> {
    let of = |layer: usize| {
        let (inputs, outputs) = (WIDTHS[layer], WIDTHS[layer + 1]);
        let name = |what: &str| format!("layer{}.{what}", layer + 1);
        [
            Parameter { name: name("weight"), shape: vec![inputs, outputs], words: WEIGHTS[layer]..BIASES[layer] },
            Parameter { name: name("bias"), shape: vec![outputs], words: BIASES[layer]..BIASES[layer] + outputs },
        ]
    };
    (0..LAYERS).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_fill_the_words_without_overlap() {
        assert_eq!(PARAMETERS, 17_226, "weights and biases");
        let mut all: Vec<_> = tensors().into_iter().map(|t| t.words).collect();
        all.sort_by_key(|r| r.start);
        assert_eq!((all[0].start, all.last().map(|r| r.end)), (0, Some(WORDS)), "from the first to the last");
        assert!(all.windows(2).all(|w| w[0].end == w[1].start), "without gaps: {all:?}");
    }
}
