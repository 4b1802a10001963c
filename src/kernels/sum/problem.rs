//! One case of the sum: its inputs, program, twin, truth and allowance.

use super::bounds::{self, Row};
use super::{Order, shape, twin, workgroup};
use crate::kernels::case::{Case, CaseError};
use crate::kernels::{Allowance, Buffer, Exact, Feature, Observation, OutputView, Pass, Problem, Program, Shader};
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::{Arith, Arithmetic, Ieee};
use crate::numerics::inputs::philox::Stream;
use crate::numerics::threads;
use crate::with_arith;

/// Words of a row in the exact sum's accumulator: twenty digits and the flags.
const ROW_WORDS: usize = 21;
/// Numbers that a workgroup of the exact sum adds before it carries: the shader's `BATCH`.
const EXACT_BATCH: usize = 16_384;

static LEVELS: [&str; 6] = ["level_0", "level_1", "level_2", "level_3", "level_4", "level_5"];

pub(super) struct SumProblem {
    order: Order,
    /// `rows` rows of `n` numbers, one after another.
    input: Vec<f32>,
    n: usize,
    rows: usize,
    wg: usize,
    groups: usize,
}

impl SumProblem {
    pub(super) fn new(case: &Case, order: Order) -> Result<Self, CaseError> {
        let (n, rows) = shape(case)?;
        let on_cpu = matches!(order, Order::ThreadsChunked | Order::ThreadsFixed);
        let wg = match order {
            _ if on_cpu => 1,
            Order::Pairwise => workgroup(case)?,
            _ => workgroup(case)?,
        };
        let many = matches!(order, Order::TwoPass | Order::AtomicCas | Order::AtomicFloat | Order::Exact);
        let groups = if many { case.count("groups")? as usize } else { 1 };
        let seed = case.seed("seed")?;
        let input = match case.text("dist") {
            "bits" if order == Order::Exact => any_bits(seed, n, rows, false),
            "special" if order == Order::Exact => any_bits(seed, n, rows, true),
            _ => case.distribution()?.draw(seed, 0, n * rows),
        };
        Ok(Self { order, input, n, rows, wg, groups })
    }

    fn each(&self, sum: impl Fn(&[f32]) -> f32 + Sync, threads: usize) -> Bits {
        let mut out = vec![0.0f32; self.rows];
        threads::rows(&mut out, 1, threads, |row, slot| {
            slot[0] = sum(self.row(row));
        });
        Bits::f32(&out)
    }

    fn twin_in<A: Arith>(&self, threads: usize) -> Option<Bits> {
        let (wg, groups) = (self.wg, self.groups);
        Some(match self.order {
            Order::SerialTree => self.each(|row| twin::serial_tree::<A>(row, wg), threads),
            Order::Pairwise => self.each(twin::pairwise::<A>, threads),
            Order::TwoPass => self.each(|row| twin::two_pass::<A>(row, wg, groups), threads),
            Order::SubgroupShuffle => self.each(|row| twin::strided_pairs::<A>(row, wg), threads),
            Order::Kahan { .. } => self.each(
                |row| {
                    let (sum, rest) = twin::compensated(row, wg, twin::kahan::<A>);
                    A::sub(sum, rest)
                },
                threads,
            ),
            Order::Neumaier { .. } => self.each(
                |row| {
                    let (sum, rest) = twin::compensated(row, wg, twin::neumaier::<A>);
                    A::add(sum, rest)
                },
                threads,
            ),
            Order::Exact => self.each(twin::exact, threads),
            Order::ThreadsChunked => self.split(twin::even_chunk(self.n, 1), threads),
            Order::ThreadsFixed => self.split(twin::FIXED_CHUNK, threads),
            Order::Subgroup | Order::AtomicCas | Order::AtomicFloat => return None,
        })
    }

    /// Each row in chunks of `length` numbers, added one after another on up to `threads` threads; then the chunks'
    /// sums in the same way.
    fn split(&self, length: usize, threads: usize) -> Bits {
        type Strict = Ieee<false, false>;
        let sums: Vec<f32> = self
            .input
            .chunks(self.n)
            .map(|row| {
                twin::serial::<Strict>(&twin::chunked(row.len(), length, threads, |i| twin::serial::<Strict>(&row[i])))
            })
            .collect();
        Bits::f32(&sums)
    }

    fn row(&self, index: usize) -> &[f32] {
        &self.input[index * self.n..(index + 1) * self.n]
    }

    fn rows_of(&self) -> Vec<Row> {
        threads::filled(self.rows, 1, Row::of(&[]), |index, out| out[0] = Row::of(self.row(index)))
    }

    /// The numbers in the longest strided part.
    fn part(&self) -> usize {
        self.n.div_ceil(self.wg * self.groups)
    }

    fn shader(&self) -> Shader {
        let flags: &[&'static str] = match self.order {
            Order::Pairwise => &["PAIRWISE"],
            Order::TwoPass => &["TWO_PASS"],
            Order::Subgroup => &["SUBGROUP"],
            Order::SubgroupShuffle => &["SUBGROUP", "SHUFFLE"],
            Order::AtomicCas => &["ATOMIC", "ATOMIC_CAS"],
            Order::AtomicFloat => &["ATOMIC", "ATOMIC_FLOAT"],
            Order::Kahan { guarded: false } => &["COMPENSATED", "KAHAN"],
            Order::Kahan { guarded: true } => &["COMPENSATED", "KAHAN", "GUARDED"],
            Order::Neumaier { guarded: false } => &["COMPENSATED", "NEUMAIER"],
            Order::Neumaier { guarded: true } => &["COMPENSATED", "NEUMAIER", "GUARDED"],
            Order::Exact => &["EXACT"],
            Order::SerialTree | Order::ThreadsChunked | Order::ThreadsFixed => &["SERIAL_TREE"],
        };
        let shader = Shader::new(include_str!("../../../shaders/sum.wgsl")).define("WG", self.wg);
        flags.iter().fold(shader, |shader, flag| shader.flag(flag, true))
    }
}

/// `rows` rows of finite bit patterns of every kind. With `special`, also a few NaN and infinities, so that rows of
/// every outcome are likely; then the first row is nothing but -0, and the second nothing but subnormals.
fn any_bits(seed: u64, n: usize, rows: usize, special: bool) -> Vec<f32> {
    let mut words = Stream::new(seed, 0);
    let mut out = Vec::with_capacity(n * rows);
    while out.len() < n * rows {
        let x = f32::from_bits(words.next_u32());
        // One pattern in 256 is not finite; most of those are drawn again, lest every row be NaN.
        if x.is_finite() {
            out.push(x);
        } else if special && words.next_u32().is_multiple_of(16) {
            let kind = words.next_u32() % 4;
            out.push([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY][kind as usize]);
        }
    }
    if special {
        out[..n].fill(-0.0);
        for x in out.iter_mut().skip(n).take(n) {
            *x = f32::from_bits(x.to_bits() & 0x8000_ffff);
        }
    }
    out
}

#[expect(clippy::cast_possible_truncation, reason = "counts and offsets are below 2^28")]
fn word(n: usize) -> u32 {
    n as u32
}

impl Problem for SumProblem {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.rows)
    }

    fn iterations(&self) -> u64 {
        let (part, levels) = (self.part(), bounds::levels(self.wg) + bounds::levels(self.groups));
        (match self.order {
            Order::ThreadsChunked | Order::ThreadsFixed => 0,
            // Each pass has a level's blocks over as many workgroups as there may be.
            Order::Pairwise => self.n.div_ceil(2 * self.wg * 65_535) * (2 + levels),
            Order::TwoPass => part.max(self.groups.div_ceil(self.wg)) + levels,
            // An addition that others come before is made again; how often is the adapter's affair.
            Order::AtomicCas | Order::AtomicFloat => 2 * part,
            // A number has three digits; the digits of a batch are cleared and carried once.
            Order::Exact => 4 * part + part.div_ceil(EXACT_BATCH / self.wg) * 2 * ROW_WORDS,
            Order::SerialTree | Order::Kahan { .. } | Order::Neumaier { .. } => part + levels,
            Order::Subgroup | Order::SubgroupShuffle => part + 2 * levels + self.wg,
        }) as u64
    }

    fn operation(&self) -> Option<Operation> {
        let input = Tensor::floats(&[self.rows, self.n], &self.input);
        (self.order == Order::SerialTree).then(|| Operation::new("sum", [("x", input)]))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        // No variant multiplies, so nothing can be fused.
        const ADDITIONS: [Arithmetic; 2] = [Arithmetic::STRICT, Arithmetic::FLUSH];
        match self.order {
            Order::Exact | Order::ThreadsChunked | Order::ThreadsFixed => &[Arithmetic::STRICT],
            _ => &ADDITIONS,
        }
    }

    fn program(&self) -> Option<Program> {
        let (rows, groups) = (word(self.rows), word(self.groups));
        let mut params = vec![word(self.n), 0, groups, rows];
        let mut outputs = vec![self.rows];
        let mut view = (2, 0);
        let mut features = vec![];
        let one = |entry| vec![Pass::new(entry, [rows, 1, 1])];
        let passes = match self.order {
            Order::ThreadsChunked | Order::ThreadsFixed => return None,
            Order::SerialTree | Order::Kahan { .. } | Order::Neumaier { .. } => one("main"),
            Order::Subgroup | Order::SubgroupShuffle => {
                features.push(Feature::Subgroup);
                one("main")
            }
            Order::TwoPass => {
                outputs = vec![self.rows * (1 + self.groups)];
                vec![Pass::new("blocks", [groups, rows, 1]), Pass::new("combine", [rows, 1, 1])]
            }
            Order::AtomicCas | Order::AtomicFloat => {
                if self.order == Order::AtomicFloat {
                    features.push(Feature::Float32Atomic);
                }
                vec![Pass::new("clear", [rows.div_ceil(64), 1, 1]), Pass::new("main", [groups, rows, 1])]
            }
            Order::Exact => {
                outputs = vec![self.rows * ROW_WORDS, self.rows];
                view = (3, 0);
                vec![
                    Pass::new("clear", [word(self.rows * ROW_WORDS).div_ceil(64), 1, 1]),
                    Pass::new("main", [groups, rows, 1]),
                    Pass::new("finish", [rows.div_ceil(64), 1, 1]),
                ]
            }
            Order::Pairwise => {
                let (mut count, mut from, mut into) = (self.n, 0, 0);
                let mut passes = Vec::new();
                for entry in LEVELS {
                    let blocks = count.div_ceil(2 * self.wg);
                    params.extend([word(count), word(from), word(into)]);
                    passes.push(Pass::new(entry, [word(blocks).min(65535), rows, 1]));
                    (count, from) = (blocks, into);
                    into += self.rows * blocks;
                    if blocks == 1 {
                        break;
                    }
                }
                outputs = vec![into];
                view = (2, from);
                passes
            }
        };
        let mut buffers = vec![Buffer::floats(&self.input), Buffer::Input(params)];
        buffers.extend(outputs.into_iter().map(Buffer::Output));
        let output = OutputView { first_word: view.1, ..OutputView::whole(view.0, Dtype::F32, self.rows) };
        Some(Program::new(self.shader().source(), buffers, passes, output).needing(features).writing_first())
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        with_arith!(arithmetic, A => self.twin_in::<A>(threads))
    }

    fn exact(&self) -> Option<Exact> {
        let values = threads::filled(self.rows, 1, 0.0, |index, out| {
            out[0] = self.row(index).iter().copied().collect::<crate::numerics::exact::FixedSum>().to_f64();
        });
        Some(Exact { values })
    }

    /// See [`bounds`]. The exact sum is integer work, so that only its own bits are allowed.
    fn allowance(&self) -> Allowance {
        if self.order == Order::Exact {
            return Allowance::Exact;
        }
        let (part, levels) = (self.part(), bounds::levels(self.wg));
        let plain = |depth: usize| move |row: Row| bounds::plain(&row, depth);
        let rows = self.rows_of().into_iter();
        Allowance::Intervals(match self.order {
            Order::SerialTree | Order::SubgroupShuffle => rows.map(plain(part + levels)).collect(),
            Order::Pairwise => rows.map(plain(bounds::levels(self.n))).collect(),
            Order::TwoPass => rows.map(plain(part + levels + self.groups.div_ceil(self.wg) + levels)).collect(),
            // In a subgroup any order: fewer additions than lanes, whatever its size, and the tree over the others.
            Order::Subgroup => rows.map(plain(part + self.wg)).collect(),
            Order::Kahan { guarded: false } | Order::Neumaier { guarded: false } => {
                rows.map(|row| bounds::compensated(&row, part, levels)).collect()
            }
            Order::Kahan { guarded: true } => rows.map(|row| bounds::kahan(&row, part, levels)).collect(),
            Order::Neumaier { guarded: true } => rows.map(|row| bounds::neumaier(&row, part, levels)).collect(),
            Order::AtomicCas | Order::AtomicFloat | Order::ThreadsChunked | Order::ThreadsFixed | Order::Exact => {
                rows.map(plain(self.n)).collect()
            }
        })
    }

    fn threaded(&self, threads: usize) -> Option<Bits> {
        match self.order {
            Order::ThreadsChunked => Some(self.split(twin::even_chunk(self.n, threads), threads)),
            Order::ThreadsFixed => Some(self.split(twin::FIXED_CHUNK, threads)),
            _ => None,
        }
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        type Strict = Ieee<false, false>;
        let is = |sum: &(dyn Fn(&[f32]) -> f32 + Sync)| self.each(sum, 1) == *output;
        match self.order {
            Order::Kahan { guarded: false } | Order::Neumaier { guarded: false } => {
                // Where the driver drops the compensation, the plain sum in the same order is left.
                let lost = is(&|row| twin::serial_tree::<Strict>(row, self.wg));
                let about = "1 where the output is the uncompensated sum in the same order, bit for bit";
                vec![Observation::new(Observation::COMPENSATION_LOST, f64::from(u8::from(lost)), about)]
            }
            Order::Subgroup => {
                let sizes = || (0..8).map(|i| 1usize << i).filter(|size| *size <= self.wg);
                let serial = sizes().find(|size| is(&|row| twin::serial_subgroups::<Strict>(row, self.wg, *size)));
                let halving = sizes().find(|size| is(&|row| twin::halving_subgroups::<Strict>(row, self.wg, *size)));
                let pairs = is(&|row| twin::strided_pairs::<Strict>(row, self.wg));
                let size = |found: Option<usize>| bounds::count(found.unwrap_or(0));
                vec![
                    Observation::new(
                        "serial_subgroup_size",
                        size(serial),
                        "the subgroup size for which adding lanes from first to last gives the output; 0 for none",
                    ),
                    Observation::new(
                        "halving_subgroup_size",
                        size(halving),
                        "the subgroup size for which adding lanes by halves gives the output; 0 for none",
                    ),
                    Observation::new(
                        "pairwise_subgroups",
                        f64::from(u8::from(pairs)),
                        "1 where adding neighbouring lanes, of any subgroup size, gives the output",
                    ),
                ]
            }
            _ => Vec::new(),
        }
    }
}
