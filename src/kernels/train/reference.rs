//! The reference: a training on the CPU, one thread, in the order of the shader. All memory is taken when it begins.

use super::arithmetic::Arithmetic;
use super::data::{CLASSES, PIXELS, digits};
use super::draws::{self, Purpose, draw};
use super::fault::Fault;
use super::network::{BATCH, BIASES, DROP_BELOW, LAYERS, PARAMETERS, WEIGHTS, WIDTHS, WORDS};
use super::order::{Orders, disordered};
use crate::model::training::Seeds;

/// Half the width of the initial weights of each layer, which are uniform within 1 / sqrt(inputs) as `torch.nn.Linear` has them:
/// a signed word, shifted right by 14, is within 1/8 at scale 2^20; then 181/256 of it is within 1 / sqrt(128).
const BOUNDS: [i32; LAYERS] = [256, 181, 256];

/// A training under way.
#[derive(Debug, Clone)]
pub struct Trainer<A: Arithmetic> {
    arithmetic: A,
    seeds: Seeds,
    orders: Orders,
    fault: Option<Fault>,
    step: u32,
    /// The keys and the order of the images of the epoch.
    keys: Vec<u32>,
    images: Vec<u32>,
    weights: Vec<A::Number>,
    velocities: Vec<A::Number>,
    gradient: Vec<A::Number>,
    /// The second sums of the gradient.
    low: Vec<A::Number>,
    /// The sums of a part of the batch.
    part: Vec<A::Number>,
    rows: [Vec<A::Number>; LAYERS + 1],
    /// The exponentials of the softmax.
    terms: Vec<A::Number>,
    deltas: [Vec<A::Number>; LAYERS],
    labels: [u8; BATCH],
    masks: Vec<u32>,
    /// The weights as operands: forwards in their places, backwards with rows and columns exchanged.
    forward: Vec<A::Number>,
    backward: Vec<A::Number>,
    /// A batch's gradients as operands, and as parts of sums.
    operands: Vec<A::Number>,
    limbs: [Vec<A::Number>; 2],
}

impl<A: Arithmetic> Trainer<A> {
    /// A training before its first step.
    #[must_use]
    pub fn new(arithmetic: A, seeds: Seeds) -> Self {
        let none = |len: usize| vec![A::Number::default(); len];
        let mut weights = none(PARAMETERS);
        for (layer, number) in (0..LAYERS).zip(0..) {
            let mut words = vec![0; (WIDTHS[layer] + 1) * WIDTHS[layer + 1]];
            draw(&mut words, seeds.init, number, 0, Purpose::Init);
            for (weight, word) in weights[WEIGHTS[layer]..].iter_mut().zip(words) {
                *weight = A::weight(((word.cast_signed() >> 14) * BOUNDS[layer]) >> 8);
            }
        }
        let widest = BATCH * WIDTHS[1];
        Self {
            arithmetic,
            seeds,
            orders: Orders::default(),
            fault: None,
            step: 0,
            keys: Vec::new(),
            images: Vec::new(),
            weights,
            velocities: none(PARAMETERS),
            gradient: none(PARAMETERS),
            low: none(PARAMETERS),
            part: none((WIDTHS[0] + 1).max(WIDTHS[1] + 1) * WIDTHS[1]),
            rows: WIDTHS.map(|width| none(BATCH * width)),
            terms: none(BATCH * CLASSES),
            deltas: std::array::from_fn(|layer| none(BATCH * WIDTHS[layer + 1])),
            labels: [0; BATCH],
            masks: vec![0; widest],
            forward: none(PARAMETERS),
            backward: none(PARAMETERS),
            operands: none(widest),
            limbs: [none(widest), none(widest)],
        }
    }

    /// The same with other orders of sums.
    #[must_use]
    pub fn ordered(mut self, orders: Orders) -> Self {
        self.orders = orders;
        self
    }

    /// The same with a fault on purpose.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Steps made.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.step
    }

    /// Weights and biases.
    #[must_use]
    pub fn weights(&self) -> &[A::Number] {
        &self.weights
    }

    /// The mean gradient of the last step.
    #[must_use]
    pub fn gradient(&self) -> &[A::Number] {
        &self.gradient
    }

    /// Puts another number in the place of a weight.
    pub fn set_weight(&mut self, index: usize, number: A::Number) {
        if let Some(weight) = self.weights.get_mut(index) {
            *weight = number;
        }
    }

    /// The words of weights alone.
    #[must_use]
    pub fn weight_words(&self) -> Vec<u32> {
        self.weights.iter().copied().map(A::word).collect()
    }

    /// All that an engine gives after a step, in the order of [`super::network`].
    #[must_use]
    pub fn words(&self) -> Vec<u32> {
        let mut out = Vec::with_capacity(WORDS);
        let tensors = [&self.weights, &self.velocities].into_iter();
        for tensor in tensors.chain(&self.rows).chain([&self.terms]).chain(&self.deltas).chain([&self.gradient]) {
            out.extend(tensor.iter().copied().map(A::word));
        }
        out
    }

    /// The step, the keys and the order of images that the shader begins with.
    #[must_use]
    pub fn schedule(&self) -> (u32, &[u32], &[u32]) {
        (self.step, &self.keys, &self.images)
    }

    /// Makes steps until so many are made.
    pub fn train(&mut self, steps: u32) {
        while self.step < steps {
            self.advance();
        }
    }

    /// Makes a step.
    pub fn advance(&mut self) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            #[target_feature(enable = "avx2,fma")]
            fn wide<A: Arithmetic>(trainer: &mut Trainer<A>) {
                trainer.advance_with();
            }
            // SAFETY: the processor has both.
            return unsafe { wide(self) };
        }
        self.advance_with();
    }

    #[inline(always)]
    fn advance_with(&mut self) {
        let fault = self.fault.filter(|f| f.step == self.step);
        self.gather(fault);
        self.orders.begin(self.step);
        for layer in 0..LAYERS {
            self.forwards(layer, fault);
        }
        for row in 0..BATCH {
            let places = row * CLASSES..(row + 1) * CLASSES;
            let (logits, terms) = (&self.rows[LAYERS][places.clone()], &mut self.terms[places.clone()]);
            let out = &mut self.deltas[LAYERS - 1][places];
            self.arithmetic.softmax_gradient(logits, usize::from(self.labels[row]), terms, out);
        }
        for layer in (1..LAYERS).rev() {
            self.backwards(layer);
        }
        self.gradient.fill(A::Number::default());
        self.low.fill(A::Number::default());
        for layer in 0..LAYERS {
            self.add_gradients(layer, fault);
        }
        self.update(fault);
        self.step += 1;
    }

    /// The images and labels of the step.
    #[inline(always)]
    fn gather(&mut self, fault: Option<Fault>) {
        let (epoch, places) = draws::place(self.step);
        if places.start == 0 || self.images.is_empty() {
            (self.keys, self.images) = draws::shuffled(self.seeds.shuffle, epoch);
        }
        let train = &digits().train;
        for (row, place) in places.clone().enumerate() {
            let place = if fault.is_some_and(Fault::exchanges) && row < 2 { places.start + 1 - row } else { place };
            let index = self.images[place] as usize;
            let out = &mut self.rows[0][row * PIXELS..][..PIXELS];
            for (out, level) in out.iter_mut().zip(train.image(index)) {
                *out = A::pixel(*level);
            }
            self.labels[row] = train.labels[index];
        }
    }

    /// The sums of a layer, and where it is hidden their activations.
    #[inline(always)]
    fn forwards(&mut self, layer: usize, fault: Option<Fault>) {
        let (inputs, outputs) = (WIDTHS[layer], WIDTHS[layer + 1]);
        let weights = WEIGHTS[layer]..BIASES[layer];
        let operands = &mut self.forward[weights.clone()];
        for (operand, weight) in operands.iter_mut().zip(&self.weights[weights]) {
            *operand = A::forward(*weight);
        }
        let biases = &self.weights[BIASES[layer]..][..outputs];
        let short = fault.is_some_and(|f| f.cuts(layer));
        let (before, after) = self.rows.split_at_mut(layer + 1);
        for (row, sums) in after[0].chunks_exact_mut(outputs).enumerate() {
            for (sum, bias) in sums.iter_mut().zip(biases) {
                *sum = A::bias(*bias);
            }
            let row = &before[layer][row * inputs..][..inputs];
            let order = self.orders.inputs(layer);
            let order = if short { &order[..order.len() / 2] } else { order };
            for index in order {
                let (a, weights) = (row[*index as usize], &operands[*index as usize * outputs..][..outputs]);
                if A::SKIPS_ZEROS && a == A::Number::default() {
                    continue;
                }
                for (sum, b) in sums.iter_mut().zip(weights) {
                    *sum = self.arithmetic.add_product(*sum, a, *b);
                }
            }
        }
        if layer + 1 < LAYERS {
            let sums = &mut after[0];
            let masks = &mut self.masks[..sums.len()];
            let number = u32::try_from(layer).unwrap_or(u32::MAX);
            draw(masks, self.seeds.dropout, self.step, number, Purpose::Dropout);
            if fault.is_some_and(|f| f.shifts(layer)) {
                masks.rotate_right(1);
            }
            for (sum, word) in sums.iter_mut().zip(masks) {
                let value = self.arithmetic.kept(self.arithmetic.rectify(*sum));
                *sum = if *word < DROP_BELOW { A::Number::default() } else { value };
            }
        }
    }

    /// From the gradients of a layer's sums those of the layer before.
    #[inline(always)]
    fn backwards(&mut self, layer: usize) {
        let (inputs, outputs) = (WIDTHS[layer], WIDTHS[layer + 1]);
        let weights = &self.weights[WEIGHTS[layer]..BIASES[layer]];
        let transposed = &mut self.backward[WEIGHTS[layer]..BIASES[layer]];
        for (input, row) in weights.chunks_exact(outputs).enumerate() {
            for (output, weight) in row.iter().enumerate() {
                transposed[output * inputs + input] = A::backward(*weight);
            }
        }
        let (before, after) = self.deltas.split_at_mut(layer);
        let operands = &mut self.operands[..BATCH * outputs];
        for (operand, delta) in operands.iter_mut().zip(&after[0]) {
            *operand = A::delta(*delta);
        }
        let order = self.orders.outputs(layer);
        for (row, sums) in before[layer - 1].chunks_exact_mut(inputs).enumerate() {
            sums.fill(A::Number::default());
            for output in order {
                let a = operands[row * outputs + *output as usize];
                if A::SKIPS_ZEROS && a == A::Number::default() {
                    continue;
                }
                for (sum, b) in sums.iter_mut().zip(&transposed[*output as usize * inputs..][..inputs]) {
                    *sum = self.arithmetic.add_product(*sum, a, *b);
                }
            }
            // What ReLU or dropout made zero passes nothing on.
            for (sum, active) in sums.iter_mut().zip(&self.rows[layer][row * inputs..][..inputs]) {
                let value = self.arithmetic.kept(A::hidden(*sum));
                *sum = if *active == A::Number::default() { A::Number::default() } else { value };
            }
        }
    }

    /// Adds a layer's part of the gradient over the batch.
    #[inline(always)]
    fn add_gradients(&mut self, layer: usize, fault: Option<Fault>) {
        let (inputs, outputs) = (WIDTHS[layer], WIDTHS[layer + 1]);
        let len = BATCH * outputs;
        let [high, low] = &mut self.limbs;
        let parts = high[..len].iter_mut().zip(&mut low[..len]);
        for ((high, low), delta) in parts.zip(&self.deltas[layer]) {
            [*high, *low] = A::limbs(*delta);
        }
        let all = WEIGHTS[layer]..BIASES[layer] + outputs;
        for limb in 0..A::LIMBS {
            let sums = if limb == 0 { &mut self.gradient[all.clone()] } else { &mut self.low[all.clone()] };
            let operands = (&self.rows[layer][..], &self.limbs[limb][..], inputs);
            let disordered = fault.filter(|f| f.unorders()).map(|f| disordered(f.step));
            let rows = disordered.as_deref().unwrap_or(self.orders.rows());
            let mut parts = rows.chunks(self.orders.rows_of_a_part());
            if let Some(rows) = parts.next() {
                add_rows(self.arithmetic, sums, rows, operands);
            }
            for rows in parts {
                let part = &mut self.part[..sums.len()];
                part.fill(A::Number::default());
                add_rows(self.arithmetic, part, rows, operands);
                for (sum, part) in sums.iter_mut().zip(part) {
                    *sum = self.arithmetic.add(*sum, *part);
                }
            }
        }
    }

    /// The step of the optimiser.
    #[inline(always)]
    fn update(&mut self, fault: Option<Fault>) {
        let skipped = fault.and_then(Fault::skipped);
        let state = self.weights.iter_mut().zip(&mut self.velocities);
        for (index, ((weight, velocity), (high, low))) in state.zip(self.gradient.iter_mut().zip(&self.low)).enumerate()
        {
            *high = self.arithmetic.mean([*high, *low]);
            if skipped == Some(index) {
                continue;
            }
            *velocity = self.arithmetic.velocity(*velocity, *high);
            *weight = self.arithmetic.weight_after(*weight, *velocity);
        }
        if let Some((index, bit)) = fault.and_then(Fault::flipped) {
            self.weights[index] = A::number(A::word(self.weights[index]) ^ 1 << bit);
        }
    }
}

/// Adds the products of activations and gradients of rows of a batch; of the activations and the gradients, the width of a row
/// of the activations.
#[inline(always)]
fn add_rows<A: Arithmetic>(
    arithmetic: A,
    sums: &mut [A::Number],
    rows: &[u32],
    (activations, deltas, inputs): (&[A::Number], &[A::Number], usize),
) {
    let outputs = sums.len() / (inputs + 1);
    for row in rows {
        let deltas = &deltas[*row as usize * outputs..][..outputs];
        let factors = activations[*row as usize * inputs..][..inputs].iter().copied().chain([A::unit()]);
        for (a, sums) in factors.zip(sums.chunks_exact_mut(outputs)) {
            if A::SKIPS_ZEROS && a == A::Number::default() {
                continue;
            }
            for (sum, delta) in sums.iter_mut().zip(deltas) {
                *sum = arithmetic.add_product(*sum, a, *delta);
            }
        }
    }
}

/// The logits of images with weights, without dropout, in the order of the shader: [`CLASSES`] an image.
#[must_use]
pub fn logits<A: Arithmetic>(arithmetic: A, weights: &[A::Number], pixels: &[u8]) -> Vec<A::Number> {
    let operands: Vec<A::Number> = weights.iter().copied().map(A::forward).collect();
    let mut out = Vec::new();
    for image in pixels.chunks_exact(PIXELS) {
        let mut row: Vec<A::Number> = image.iter().map(|level| A::pixel(*level)).collect();
        for layer in 0..LAYERS {
            let outputs = WIDTHS[layer + 1];
            let mut sums: Vec<A::Number> =
                weights[BIASES[layer]..][..outputs].iter().map(|bias| A::bias(*bias)).collect();
            for (input, a) in row.iter().enumerate() {
                for (sum, b) in sums.iter_mut().zip(&operands[WEIGHTS[layer] + input * outputs..]) {
                    *sum = arithmetic.add_product(*sum, *a, *b);
                }
            }
            if layer + 1 < LAYERS {
                sums.iter_mut().for_each(|sum| *sum = arithmetic.rectify(*sum));
            }
            row = sums;
        }
        out.append(&mut row);
    }
    out
}

/// A training whose arithmetic is chosen when the program runs.
pub trait Steps: Send {
    /// Steps made.
    fn steps(&self) -> u32;
    /// Makes steps until so many are made.
    fn train(&mut self, steps: u32);
    /// As [`Trainer::words`].
    fn words(&self) -> Vec<u32>;
    /// The words of weights alone.
    fn weight_words(&self) -> Vec<u32>;
    /// Moves a weight to the next number of its type, up.
    fn nudge(&mut self, weight: usize);
    /// The weights that had a gradient in the last step, the one with the largest first.
    fn liveliest(&self) -> Vec<usize>;
}

impl<A: Arithmetic> Steps for Trainer<A> {
    fn steps(&self) -> u32 {
        self.step
    }

    fn train(&mut self, steps: u32) {
        Self::train(self, steps);
    }

    fn words(&self) -> Vec<u32> {
        Self::words(self)
    }

    fn weight_words(&self) -> Vec<u32> {
        Self::weight_words(self)
    }

    fn nudge(&mut self, weight: usize) {
        let Some(number) = self.weights.get(weight) else { return };
        let word = A::word(*number);
        // One unit up; a float below zero is nearer to zero then.
        let next = match (A::DTYPE.is_float(), word) {
            (true, 0x8000_0000) => 1,
            (true, 0x8000_0001..) => word - 1,
            _ => word.wrapping_add(1),
        };
        self.weights[weight] = A::number(next);
    }

    fn liveliest(&self) -> Vec<usize> {
        let size = |index: &usize| A::value(self.gradient[*index]).abs();
        let mut all: Vec<usize> = (0..PARAMETERS).filter(|index| size(index) > 0.0).collect();
        all.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.cmp(b)));
        all
    }
}

/// The class of each image by weights of this arithmetic: the first with the largest logit.
#[must_use]
pub fn classes<A: Arithmetic>(arithmetic: A, words: &[u32], pixels: &[u8]) -> Vec<u8> {
    let weights: Vec<A::Number> = words.iter().copied().map(A::number).collect();
    let class = |row: &[A::Number]| {
        let mut best = 0;
        for (at, logit) in row.iter().enumerate() {
            if A::value(*logit) > A::value(row[best]) {
                best = at;
            }
        }
        u8::try_from(best).unwrap_or(u8::MAX)
    };
    logits(arithmetic, &weights, pixels).chunks_exact(CLASSES).map(class).collect()
}
