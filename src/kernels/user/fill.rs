//! What a buffer holds before a run: drawn from the seed, or written out.

use super::layout::{Kind, Layout};
use super::settings::{Drawn, Number};
use crate::kernels::Slot;
use crate::numerics::inputs::philox::Stream;

/// What is to be in a buffer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filling {
    /// How floating-point scalars are drawn.
    pub(super) floats: Drawn,
    /// How integers are.
    pub(super) ints: Drawn,
    /// Scalars that are given, from the first on.
    pub(super) values: Option<Vec<Number>>,
    /// The same as patterns.
    pub(super) patterns: Option<Vec<u64>>,
    /// Scalars that are given, by their number.
    pub(super) members: Vec<(usize, Number)>,
}

impl Filling {
    /// Whether some scalar of a buffer of `len` elements is drawn from the seed.
    pub(super) fn is_drawn(&self, layout: &Layout, len: u64) -> bool {
        let of = |kind: Kind| if kind.is_float() { self.floats } else { self.ints };
        let given = |place: usize| self.members.iter().any(|(index, _)| *index == place);
        let mut scalars = layout.leaves(len).enumerate();
        self.values.is_none()
            && self.patterns.is_none()
            && scalars.any(|(place, (_, kind))| of(kind).is_random() && !given(place))
    }
}

/// The words of a buffer. `Err` says which number does not fit.
pub(super) fn words(layout: &Layout, len: u64, filling: &Filling, slot: Slot, seed: u64) -> Result<Vec<u32>, String> {
    let bytes = usize::try_from(layout.bytes(len)).map_err(|_| "it is too large".to_owned())?;
    let mut out = vec![0u32; bytes.div_ceil(4)];
    if let Some(patterns) = &filling.patterns {
        layout.leaves(len).zip(patterns).for_each(|((at, kind), bits)| put(&mut out, at, kind, *bits));
        return Ok(out);
    }
    if let Some(values) = &filling.values {
        for ((at, kind), value) in layout.leaves(len).zip(values) {
            put(&mut out, at, kind, encode(kind, *value)?);
        }
        return Ok(out);
    }
    let count = |float: bool| layout.leaves(len).filter(|(_, kind)| kind.is_float() == float).count();
    // Two streams a buffer, so that what one type holds does not depend on how the other is drawn.
    let stream = slot.group.wrapping_mul(1 << 16).wrapping_add(slot.binding).wrapping_mul(2);
    let mut floats = Source::new(filling.floats, seed, stream, count(true));
    let mut ints = Source::new(filling.ints, seed, stream.wrapping_add(1), count(false));
    let mut members = filling.members.iter().peekable();
    for (index, (at, kind)) in layout.leaves(len).enumerate() {
        let source = if kind.is_float() { &mut floats } else { &mut ints };
        let mut bits = source.next(kind)?;
        if let Some((_, value)) = members.next_if(|(i, _)| *i == index) {
            bits = encode(kind, *value)?;
        }
        put(&mut out, at, kind, bits);
    }
    Ok(out)
}

/// Draws scalars one after another.
struct Source {
    drawn: Drawn,
    bits: Stream,
    floats: std::vec::IntoIter<f32>,
    index: i64,
}

impl Source {
    fn new(drawn: Drawn, seed: u64, stream: u32, count: usize) -> Self {
        let floats = if let Drawn::Floats(d) = drawn { d.draw(seed, stream, count) } else { Vec::new() };
        Self { drawn, bits: Stream::new(seed, stream), floats: floats.into_iter(), index: 0 }
    }

    fn next(&mut self, kind: Kind) -> Result<u64, String> {
        let index = self.index;
        self.index += 1;
        match self.drawn {
            Drawn::Floats(_) => {
                let value = f64::from(self.floats.next().unwrap_or_default());
                encode(kind, Number::Float(value))
            }
            Drawn::Zeros => Ok(0),
            Drawn::Ones => encode(kind, Number::Int(1)),
            Drawn::Index => encode(kind, Number::Int(index)),
            Drawn::Bits => {
                let low = u64::from(self.bits.next_u32());
                Ok(if kind.is_wide() { low | u64::from(self.bits.next_u32()) << 32 } else { low })
            }
            // The bias of a product's upper half is below 2^-32 times the bound.
            Drawn::Below(n) => {
                let word = u64::from(self.bits.next_u32());
                let below = (word * u64::from(n)) >> 32;
                encode(kind, Number::Int(i64::try_from(below).unwrap_or_default()))
            }
            Drawn::Fill(value) => encode(kind, value),
        }
    }
}

/// The bits of a number as a scalar: rounded to nearest where it is floating point, two's complement where it is not.
#[expect(clippy::cast_possible_truncation, reason = "rounding to the scalar's type is the point")]
#[expect(clippy::cast_sign_loss, reason = "a negative integer is its two's complement")]
fn encode(kind: Kind, number: Number) -> Result<u64, String> {
    let value = number.value();
    let whole = |range: std::ops::RangeInclusive<i64>| match number {
        Number::Int(i) if range.contains(&i) => Ok(i as u64),
        _ => Err(format!("{number} is not a value of type {}", kind.name())),
    };
    match kind {
        Kind::F32 => Ok(u64::from((value as f32).to_bits())),
        Kind::F16 => Ok(u64::from(half::f16::from_f64(value).to_bits())),
        Kind::F64 => Ok(value.to_bits()),
        // Either sign is at home in 32 bits: -1 is the commonest way to write all ones.
        Kind::U32 | Kind::I32 => whole(i64::from(i32::MIN)..=i64::from(u32::MAX)),
        Kind::U64 | Kind::I64 => whole(i64::MIN..=i64::MAX),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the halves of a scalar are taken apart")]
fn put(words: &mut [u32], at: u64, kind: Kind, bits: u64) {
    let word = usize::try_from(at / 4).unwrap_or(usize::MAX);
    match kind {
        Kind::F16 => {
            let shift = 8 * (at % 4) as u32;
            words[word] = words[word] & !(0xffff << shift) | ((bits as u32) & 0xffff) << shift;
        }
        _ => {
            words[word] = bits as u32;
            if kind.is_wide() {
                words[word + 1] = (bits >> 32) as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(ty: &str, len: u64, filling: &Filling) -> Result<Vec<u32>, String> {
        let source =
            format!("enable f16; struct P {{ at: vec3<f32>, id: u32 }} @group(0) @binding(3) var<storage> x: {ty};");
        let module = naga::front::wgsl::parse_str(&source).expect("it parses");
        let (_, variable) = module.global_variables.iter().next().expect("a variable");
        let layout = Layout::new(&module, variable.ty).expect("it can be filled");
        words(&layout, len, filling, Slot { group: 0, binding: 3 }, 7)
    }

    fn drawn(floats: Drawn, ints: Drawn) -> Filling {
        Filling { floats, ints, values: None, patterns: None, members: Vec::new() }
    }

    #[test]
    fn every_scalar_is_drawn_and_padding_is_zero() {
        let found = filled("array<P>", 2, &drawn(Drawn::Fill(Number::Float(0.5)), Drawn::Index)).expect("filled");
        let half = 0.5f32.to_bits();
        assert_eq!(found, [half, half, half, 0, half, half, half, 1], "each by its own rule");
        let threes = filled("array<vec3<f16>>", 1, &drawn(Drawn::Ones, Drawn::Zeros)).expect("filled");
        assert_eq!(threes, [0x3c00_3c00, 0x0000_3c00], "the fourth half is padding");
        let below = filled("array<u32>", 1000, &drawn(Drawn::Zeros, Drawn::Below(3))).expect("filled");
        let counts: Vec<usize> = (0..4).map(|n| below.iter().filter(|w| **w == n).count()).collect();
        assert!(counts[..3].iter().all(|c| (250..420).contains(c)) && counts[3] == 0, "each as likely: {counts:?}");
    }

    #[test]
    fn members_stand_where_they_are_named() {
        let mut filling = drawn(Drawn::Zeros, Drawn::Zeros);
        filling.members = vec![(1, Number::Int(2)), (3, Number::Int(-1))];
        assert_eq!(
            filled("P", 0, &filling).expect("filled"),
            [0, 2f32.to_bits(), 0, u32::MAX],
            "the second and fourth"
        );
    }

    #[test]
    fn numbers_that_do_not_fit_are_told() {
        let given = |ty: &str, number| {
            let filling = Filling { values: Some(vec![number]), ..drawn(Drawn::Zeros, Drawn::Zeros) };
            filled(ty, 1, &filling)
        };
        assert_eq!(
            given("array<u32>", Number::Int(1 << 32)).unwrap_err(),
            "4294967296 is not a value of type u32",
            "too large"
        );
        assert_eq!(
            given("array<i32>", Number::Float(0.5)).unwrap_err(),
            "0.5 is not a value of type i32",
            "a fraction"
        );
        assert_eq!(given("array<i32>", Number::Int(-2)), Ok(vec![0xffff_fffe]), "two's complement");
        assert_eq!(given("array<f32>", Number::Int(3)), Ok(vec![3f32.to_bits()]), "a whole number");
        assert_eq!(given("array<f32>", Number::Float(f64::INFINITY)), Ok(vec![0x7f80_0000]), "an infinity");
    }
}
