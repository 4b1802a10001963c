//! The order in which something adds: found from outside by the numbers that are lost.
//!
//! `big` at one place and `-big` at another swallow every unit that is added to either before the two meet: the units that
//! survive are those outside the smallest part of the sum that has both. These sizes, of one place with all others and so on
//! within the groups of equal size, give the tree of additions (FPRev, Xie et al., 2024, by pivots). Whether a product is added
//! with one rounding or two shows the low half of a product that rounding loses.

use std::collections::BTreeMap;
use std::fmt;

use crate::engines::{Answer, Engine, RunError};
use crate::model::Task;
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Buffer, Feature, OutputView, Pass, Program};
use crate::wgsl::primitive::{Kind, Primitive, Shape};

/// A tree of additions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// The summand with this index.
    Leaf(usize),
    /// What is added in one step: two parts, or more where a unit adds more at once.
    Sum(Vec<Self>),
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(index) => write!(f, "{index}"),
            Self::Sum(parts) => {
                for (k, part) in parts.iter().enumerate() {
                    f.write_str(if k == 0 { "" } else { "+" })?;
                    match part {
                        Self::Leaf(index) => write!(f, "{index}")?,
                        Self::Sum(_) => write!(f, "({part})")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl Tree {
    /// A summand of it.
    fn some(&self) -> usize {
        match self {
            Self::Leaf(index) => *index,
            Self::Sum(parts) => parts.first().map_or(0, Self::some),
        }
    }

    /// Each summand that is added to a part by itself, with a summand of that part.
    fn joins(&self, found: &mut Vec<(usize, usize)>) {
        let Self::Sum(parts) = self else { return };
        if let [a, b] = parts.as_slice() {
            for (one, other) in [(a, b), (b, a)] {
                if let Self::Leaf(index) = one {
                    found.push((*index, other.some()));
                }
            }
        }
        parts.iter().for_each(|part| part.joins(found));
    }
}

/// A tree, and the products that are added with one rounding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// The tree.
    pub tree: Tree,
    /// Summands that are products whose own rounding is left out.
    pub fused: Vec<usize>,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tree)?;
        if !self.fused.is_empty() {
            let all: Vec<String> = self.fused.iter().map(usize::to_string).collect();
            write!(f, ", fused: {}", all.join(", "))?;
        }
        Ok(())
    }
}

/// Where two places meet, for many pairs at once: how many summands the smallest part has that has both. `None` where the
/// answer is no such number, so that what was asked is no sum in one fixed order.
type Meet<'a> = &'a mut dyn FnMut(&[[usize; 2]]) -> Result<Option<Vec<usize>>, RunError>;

/// The tree of a sum of `n` numbers; `None` where no tree fits what is seen.
///
/// # Errors
/// Those of `meet`.
pub fn reveal(n: usize, meet: Meet<'_>) -> Result<Option<Tree>, RunError> {
    let mut sizes: BTreeMap<[usize; 2], usize> = BTreeMap::new();
    let mut open = vec![(0..n).collect::<Vec<usize>>()];
    while !open.is_empty() {
        let pairs: Vec<[usize; 2]> =
            open.iter().flat_map(|group| group.iter().skip(1).map(|other| [group[0], *other])).collect();
        if pairs.is_empty() {
            break;
        }
        let Some(found) = meet(&pairs)? else { return Ok(None) };
        if found.len() < pairs.len() || found.iter().any(|size| !(2..=n).contains(size)) {
            return Ok(None);
        }
        sizes.extend(pairs.iter().copied().zip(found));
        open = open.iter().flat_map(|group| by_size(group, &sizes).into_values()).filter(|g| g.len() > 1).collect();
    }
    let all: Vec<usize> = (0..n).collect();
    let mut trees = build(&all, n + 1, &sizes);
    let tree = trees.pop().filter(|_| trees.is_empty());
    Ok(tree)
}

/// The others of a group by where they meet its first one.
fn by_size(group: &[usize], sizes: &BTreeMap<[usize; 2], usize>) -> BTreeMap<usize, Vec<usize>> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for other in group.iter().skip(1) {
        let size = sizes.get(&[group[0], *other]).copied().unwrap_or(0);
        groups.entry(size).or_default().push(*other);
    }
    groups
}

/// The parts that a group has beneath a sum of so many summands.
fn build(group: &[usize], beneath: usize, sizes: &BTreeMap<[usize; 2], usize>) -> Vec<Tree> {
    let Some(first) = group.first() else { return Vec::new() };
    let mut tree = Tree::Leaf(*first);
    let mut beside = Vec::new();
    for (size, others) in by_size(group, sizes) {
        let parts = build(&others, size, sizes);
        if size >= beneath {
            beside.extend(parts);
        } else {
            tree = Tree::Sum(std::iter::once(tree).chain(parts).collect());
        }
    }
    std::iter::once(tree).chain(beside).collect()
}

/// Numbers that a probe is made of, as bits of a binary32 or a binary16.
struct Numbers {
    big: u32,
    unit: u32,
    /// 1 + d, whose square is 1 + 2d and a low half that rounding loses.
    near_one: u32,
    /// -(1 + 2d).
    minus_square: u32,
    one: u32,
    sign: u32,
}

const F32: Numbers = Numbers {
    big: 0x7180_0000,
    unit: 0x3f80_0000,
    near_one: 0x3f80_0800,
    minus_square: 0xbf80_1000,
    one: 0x3f80_0000,
    sign: 0x8000_0000,
};

/// 2^15 swallows units of 2^-9 by far, and so many of them as can be are exact.
const F16: Numbers =
    Numbers { big: 0x7800, unit: 0x1800, near_one: 0x3c10, minus_square: 0xbc20, one: 0x3c00, sign: 0x8000 };

/// How often a number is the unit; `None` where it is no small multiple.
fn units(kind: Kind, bits: u32) -> Option<usize> {
    let count = match kind {
        Kind::F32 => f32::from_bits(bits),
        Kind::F16 => half_of(bits) * 512.0,
        _ => return None,
    };
    (0..4096u16).find(|n| f32::from(*n) == count).map(usize::from)
}

fn half_of(bits: u32) -> f32 {
    half::f16::from_bits((bits & 0xffff) as u16).to_f32()
}

/// A sum of products of two operands, as a built-in or an operator has it.
pub(super) struct Products {
    kind: Kind,
    /// For each result, the places of the factors among the words of the operands.
    results: Vec<Vec<[usize; 2]>>,
}

impl Products {
    /// What `dot` and the products of matrices and vectors add up; `None` for other operations.
    pub(super) fn of(primitive: &Primitive) -> Option<Self> {
        let [a, b] = primitive.operands() else { return None };
        let kind = Some(a.kind).filter(|kind| *kind == b.kind && matches!(kind, Kind::F16 | Kind::F32))?;
        let after = a.words();
        let is_dot = primitive.name().starts_with("dot(");
        let results = match (a.shape, b.shape) {
            (Shape::Vector(n), Shape::Vector(_)) if is_dot => vec![(0..n as usize).map(|k| [k, after + k]).collect()],
            (Shape::Matrix { columns, rows }, Shape::Vector(_)) if primitive.is_product() => {
                let (columns, rows) = (columns as usize, rows as usize);
                (0..rows).map(|r| (0..columns).map(|c| [c * rows + r, after + c]).collect()).collect()
            }
            (Shape::Vector(_), Shape::Matrix { columns, rows }) if primitive.is_product() => {
                let (columns, rows) = (columns as usize, rows as usize);
                (0..columns).map(|c| (0..rows).map(|r| [r, after + c * rows + r]).collect()).collect()
            }
            (Shape::Matrix { columns: inner, rows }, Shape::Matrix { columns, .. }) if primitive.is_product() => {
                let (inner, rows, columns) = (inner as usize, rows as usize, columns as usize);
                let one = |c: usize, r: usize| (0..inner).map(|k| [k * rows + r, after + c * inner + k]).collect();
                (0..columns).flat_map(|c| (0..rows).map(move |r| (c, r))).map(|(c, r)| one(c, r)).collect()
            }
            _ => return None,
        };
        Some(Self { kind, results })
    }

    fn numbers(&self) -> &'static Numbers {
        if self.kind == Kind::F16 { &F16 } else { &F32 }
    }
}

/// The order of each result of a sum of products on an adapter; `None` where it has no such operation, or no tree fits.
pub(super) fn orders(engine: &mut dyn Engine, primitive: &Primitive) -> Result<Option<Vec<Order>>, RunError> {
    let Some(products) = Products::of(primitive) else { return Ok(None) };
    let numbers = products.numbers();
    let mut found = Vec::new();
    for (k, summands) in products.results.iter().enumerate() {
        let n = summands.len();
        let mut compute = |probes: &[Vec<[u32; 2]>]| -> Result<Option<Vec<u32>>, RunError> {
            let mut words = Vec::with_capacity(probes.len() * primitive.given());
            for probe in probes {
                let mut given = vec![0; primitive.given()];
                for ([x, y], places) in probe.iter().zip(summands) {
                    (given[places[0]], given[places[1]]) = (*x, *y);
                }
                words.extend(given);
            }
            let Some(program) = primitive.program(words, "") else { return Ok(None) };
            let Some(bits) = run(engine, program)? else { return Ok(None) };
            Ok(Some(bits.words.chunks(primitive.made()).take(probes.len()).map(|made| made[k]).collect()))
        };
        let mut meet = |pairs: &[[usize; 2]]| {
            let mask = |[i, j]: &[usize; 2]| -> Vec<[u32; 2]> {
                let of = |place: usize| match place {
                    _ if place == *i => [numbers.big, numbers.one],
                    _ if place == *j => [numbers.big | numbers.sign, numbers.one],
                    _ => [numbers.unit, numbers.one],
                };
                (0..n).map(of).collect()
            };
            let probes: Vec<_> = pairs.iter().map(mask).collect();
            let Some(made) = compute(&probes)? else { return Ok(None) };
            Ok(made.into_iter().map(|bits| n.checked_sub(units(products.kind, bits)?)).collect())
        };
        let Some(tree) = reveal(n, &mut meet)? else { return Ok(None) };
        let mut joins = Vec::new();
        tree.joins(&mut joins);
        let probe = |(leaf, beside): &(usize, usize)| -> Vec<[u32; 2]> {
            let of = |place: usize| match place {
                _ if place == *leaf => [numbers.near_one, numbers.near_one],
                _ if place == *beside => [numbers.minus_square, numbers.one],
                _ => [0, numbers.one],
            };
            (0..n).map(of).collect()
        };
        let probes: Vec<_> = joins.iter().map(probe).collect();
        let Some(made) = compute(&probes)? else { return Ok(None) };
        let kept = joins.iter().zip(made).filter(|(_, bits)| bits & !numbers.sign != 0);
        let mut fused: Vec<usize> = kept.map(|((leaf, _), _)| *leaf).collect();
        fused.sort_unstable();
        found.push(Order { tree, fused });
    }
    Ok(Some(found))
}

fn run(engine: &mut dyn Engine, program: Program) -> Result<Option<Bits>, RunError> {
    match engine.run(&Task::of(program), 1) {
        Answer::Ran(runs) => Ok(runs.distinct.into_iter().find_map(|d| d.bits)),
        Answer::Skipped(_) | Answer::Failed(RunError::Shader(_)) => Ok(None),
        Answer::Failed(e) => Err(e),
    }
}

/// The order in which a program adds the first `n` binary32 words of one of its buffers into the first word of its output.
///
/// # Errors
/// What fails on the engine.
pub fn of_program(
    engine: &mut dyn Engine,
    program: &Program,
    buffer: usize,
    n: usize,
) -> Result<Option<Tree>, RunError> {
    let mut meet = |pairs: &[[usize; 2]]| {
        let mut sizes = Vec::with_capacity(pairs.len());
        for [i, j] in pairs {
            let mut probe = program.clone();
            let Some(Buffer::Input(words) | Buffer::InOut(words)) = probe.buffers.get_mut(buffer) else {
                return Ok(None);
            };
            for (place, word) in words.iter_mut().enumerate() {
                *word = match place {
                    _ if place == *i => F32.big,
                    _ if place == *j => F32.big | F32.sign,
                    _ if place < n => F32.unit,
                    _ => 0,
                };
            }
            let Some(bits) = run(engine, probe)? else { return Ok(None) };
            let made = bits.words.first().and_then(|word| units(Kind::F32, *word));
            let Some(size) = made.and_then(|made| n.checked_sub(made)) else { return Ok(None) };
            sizes.push(size);
        }
        Ok(Some(sizes))
    };
    reveal(n, &mut meet)
}

/// The order in which an adapter's `subgroupAdd` adds in a subgroup of `lanes`; `None` where it has none, or one of another size.
///
/// # Errors
/// What fails on the engine.
pub fn of_subgroup(engine: &mut dyn Engine, lanes: usize) -> Result<Option<Tree>, RunError> {
    let source = format!(
        "@group(0) @binding(0) var<storage, read> given: array<f32>;\n\
         @group(0) @binding(1) var<storage, read_write> made: array<f32>;\n\
         @compute @workgroup_size({lanes}) fn main(@builtin(local_invocation_index) i: u32, \
         @builtin(workgroup_id) group: vec3<u32>) {{\n    \
             let sum = subgroupAdd(given[group.x * {lanes}u + i]);\n    \
             if i == 0u {{ made[group.x] = sum; }}\n}}\n"
    );
    let mut meet = |pairs: &[[usize; 2]]| {
        let Ok(groups) = u32::try_from(pairs.len()) else { return Ok(None) };
        let word = |[i, j]: &[usize; 2], place: usize| match place {
            _ if place == *i => F32.big,
            _ if place == *j => F32.big | F32.sign,
            _ => F32.unit,
        };
        let words = pairs.iter().flat_map(|pair| (0..lanes).map(move |place| word(pair, place))).collect();
        let buffers = vec![Buffer::Input(words), Buffer::Output(pairs.len())];
        let output = OutputView::whole(1, Dtype::F32, pairs.len());
        let passes = vec![Pass::new("main", [groups, 1, 1])];
        let program = Program::new(source.clone(), buffers, passes, output).needing(vec![Feature::Subgroup]);
        let Some(bits) = run(engine, program)? else { return Ok(None) };
        Ok(bits.words.iter().map(|word| lanes.checked_sub(units(Kind::F32, *word)?)).collect())
    };
    reveal(lanes, &mut meet)
}

/// The functions of a model that add in these orders. `exchanged` has a bit for each product and each sum of the first order,
/// in which operands are taken the other way round: that decides which of two NaN stays.
pub(super) fn source(primitive: &Primitive, orders: &[Order], exchanged: u32) -> Option<String> {
    let products = Products::of(primitive)?;
    let half = products.kind == Kind::F16;
    let [a, b] = primitive.operands() else { return None };
    let name = |place: usize| {
        let (letter, ty, k) = if place < a.words() { ("a", a, place) } else { ("b", b, place - a.words()) };
        ty.part(letter, k)
    };
    let results: Vec<String> = products
        .results
        .iter()
        .zip(orders)
        .map(|(summands, order)| {
            let mut next = 0;
            let factors: Vec<[String; 2]> = summands.iter().map(|[x, y]| [name(*x), name(*y)]).collect();
            written(&order.tree, order, &factors, &mut |_| {
                next += 1;
                exchanged >> (next - 1) & 1 == 1
            })
        })
        .collect();
    let enable = if half { "enable f16;\n" } else { "" };
    let (function, result) = (primitive.model_name()?, primitive.result_type()?);
    Some(format!(
        "{enable}fn {function}(a: {}, b: {}) -> {result} {{ return {result}({}); }}\n",
        a.wgsl(),
        b.wgsl(),
        results.join(", ")
    ))
}

/// A tree as an expression.
fn written(tree: &Tree, order: &Order, factors: &[[String; 2]], exchange: &mut dyn FnMut(()) -> bool) -> String {
    let pair = |exchange: &mut dyn FnMut(()) -> bool, x: String, y: String, operator: &str| {
        if exchange(()) { format!("({y} {operator} {x})") } else { format!("({x} {operator} {y})") }
    };
    match tree {
        Tree::Leaf(k) => match factors.get(*k) {
            Some([x, y]) => pair(exchange, x.clone(), y.clone(), "*"),
            None => String::new(),
        },
        Tree::Sum(parts) => {
            if let [one, other] = parts.as_slice() {
                for (product, rest) in [(one, other), (other, one)] {
                    if let Tree::Leaf(k) = product
                        && order.fused.contains(k)
                        && let Some([x, y]) = factors.get(*k)
                    {
                        return format!("fma({x}, {y}, {})", written(rest, order, factors, exchange));
                    }
                }
            }
            let all: Vec<String> = parts.iter().map(|part| written(part, order, factors, exchange)).collect();
            all.into_iter().reduce(|sum, next| pair(exchange, sum, next, "+")).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::interpreting;
    use crate::kernels::case::Case;
    use crate::kernels::problem;
    use crate::wgsl::primitive::Type;

    /// Where two summands meet in a tree, counted.
    fn size_of(tree: &Tree, pair: [usize; 2]) -> usize {
        fn all(tree: &Tree) -> Vec<usize> {
            match tree {
                Tree::Leaf(k) => vec![*k],
                Tree::Sum(parts) => parts.iter().flat_map(all).collect(),
            }
        }
        match tree {
            Tree::Sum(parts) => {
                let within = parts.iter().find(|part| pair.iter().all(|k| all(part).contains(k)));
                within.map_or_else(|| all(tree).len(), |part| size_of(part, pair))
            }
            Tree::Leaf(_) => 1,
        }
    }

    /// The same with parts in one order, for addition commutes.
    fn sorted(tree: Tree) -> Tree {
        match tree {
            Tree::Leaf(_) => tree,
            Tree::Sum(parts) => {
                let mut parts: Vec<Tree> = parts.into_iter().map(sorted).collect();
                parts.sort_by_key(|part| {
                    let mut least = part;
                    while let Tree::Sum(parts) = least {
                        least = &parts[0];
                    }
                    least.some()
                });
                Tree::Sum(parts)
            }
        }
    }

    #[test]
    fn random_trees_are_found_again() {
        let mut state = 7u64;
        let mut random = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).expect("31 bits") % n
        };
        for round in 0..200 {
            let n = 2 + random(40);
            let mut parts: Vec<Tree> = (0..n).map(Tree::Leaf).collect();
            while parts.len() > 1 {
                let many = (2 + usize::from(random(5) == 0) * random(3)).min(parts.len());
                let some: Vec<Tree> = (0..many).map(|_| parts.swap_remove(random(parts.len()))).collect();
                parts.push(Tree::Sum(some));
            }
            let planted = sorted(parts.pop().expect("one"));
            let mut probes = 0;
            let mut meet = |pairs: &[[usize; 2]]| {
                probes += pairs.len();
                Ok(Some(pairs.iter().map(|pair| size_of(&planted, *pair)).collect()))
            };
            let found = reveal(n, &mut meet).expect("no failure").map(sorted);
            assert_eq!(found.as_ref(), Some(&planted), "round {round}: {planted}");
            assert!(probes <= n * (n - 1) / 2, "{probes} probes of {n}");
        }
    }

    fn order(mode: &str, primitive: &Primitive) -> Vec<String> {
        let mut engine = interpreting(mode.parse().expect("a mode"), 1);
        let found = orders(engine.as_mut(), primitive).expect("it runs").expect("a tree");
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn planted_orders_are_found() {
        for kind in [Kind::F32, Kind::F16] {
            let vector = |n| Type { kind, shape: Shape::Vector(n) };
            let dot = |n| Primitive::call("dot", vec![vector(n); 2], Type::scalar(kind));
            for (mode, three, four) in [
                ("strict", "(0+1)+2", "((0+1)+2)+3"),
                ("dot=last", "0+(1+2)", "0+(1+(2+3))"),
                ("dot=pairs", "(0+1)+2", "(0+1)+(2+3)"),
            ] {
                assert_eq!(order(mode, &dot(3)), [three], "{mode} {kind:?}");
                assert_eq!(order(mode, &dot(4)), [four], "{mode} {kind:?}");
            }
            let matrix = Type { kind, shape: Shape::Matrix { columns: 4, rows: 2 } };
            let product = Primitive::binary("*", [matrix, vector(4)], vector(2));
            assert_eq!(order("dot=pairs", &product), ["(0+1)+(2+3)"; 2], "{kind:?}");
            let other = Primitive::binary("*", [vector(2), matrix], vector(4));
            assert_eq!(order("strict", &other), ["0+1"; 4], "{kind:?}");
        }
        let vector = Type { kind: Kind::F32, shape: Shape::Vector(4) };
        let dot = Primitive::call("dot", vec![vector; 2], Type::scalar(Kind::F32));
        assert_eq!(order("contract", &dot), ["((0+1)+2)+3, fused: 1, 2, 3"], "each later product is fused");
    }

    #[test]
    fn an_order_is_a_function_that_gives_the_same_bits() {
        let vector = Type { kind: Kind::F32, shape: Shape::Vector(4) };
        let dot = Primitive::call("dot", vec![vector; 2], Type::scalar(Kind::F32));
        for mode in ["strict", "dot=last", "dot=pairs", "contract", "contract+dot=last"] {
            let mut engine = interpreting(mode.parse().expect("a mode"), 1);
            let found = orders(engine.as_mut(), &dot).expect("it runs").expect("a tree");
            let functions = source(&dot, &found, 0).expect("a function");
            let by = dot.by_model(&functions).expect("it is called");
            let words: Vec<u32> = (0..8 * 256u32).map(|k| 0x3f00_0000 + (k.wrapping_mul(0x9e37_79b9) >> 8)).collect();
            let given = run(engine.as_mut(), dot.program(words.clone(), "").expect("it fits")).expect("it runs");
            let mut strict = interpreting(crate::engines::interpreter::Mode::default(), 0);
            let again = run(strict.as_mut(), by.program(words, &functions).expect("it fits")).expect("it runs");
            assert_eq!(given.expect("bits").words, again.expect("bits").words, "{mode}: {functions}");
        }
    }

    /// Each part with the one half of them further on.
    fn halved(parts: Vec<Tree>) -> Vec<Tree> {
        let (low, high) = parts.split_at(parts.len() / 2);
        low.iter().zip(high).map(|(a, b)| Tree::Sum(vec![a.clone(), b.clone()])).collect()
    }

    /// Neighbours together.
    fn paired(parts: Vec<Tree>) -> Vec<Tree> {
        parts.chunks(2).map(|two| Tree::Sum(two.to_vec())).collect()
    }

    #[test]
    fn the_order_of_a_kernel_is_its_source() {
        let strided: Vec<Tree> = (0..64).map(|k| Tree::Sum(vec![Tree::Leaf(k), Tree::Leaf(k + 64)])).collect();
        let halves = (0..6).fold(strided, |parts, _| halved(parts));
        let pairs = (0..3).fold((0..8).map(Tree::Leaf).collect(), |parts, _| paired(parts));
        for (id, n, mut tree) in
            [("sum/serial_tree?n=128&rows=1&wg=64", 128, halves), ("sum/pairwise?n=8&rows=1&wg=64", 8, pairs)]
        {
            let program = problem(&Case::parse(id).expect("a case")).expect("a problem").program().expect("a shader");
            let mut engine = interpreting(crate::engines::interpreter::Mode::default(), 0);
            let found = of_program(engine.as_mut(), &program, 0, n).expect("it runs").map(sorted);
            assert_eq!(found, tree.pop().map(sorted), "{id}");
        }
    }

    #[test]
    fn a_subgroup_adds_in_some_order() {
        for lanes in [4, 8] {
            let mode = format!("subgroup={lanes}");
            let mut engine = interpreting(mode.parse().expect("a mode"), 0);
            let found = of_subgroup(engine.as_mut(), lanes).expect("it runs");
            let serial = (1..lanes)
                .fold("0".to_owned(), |sum, k| if k == 1 { format!("{sum}+{k}") } else { format!("({sum})+{k}") });
            assert_eq!(found.map(|t| t.to_string()), Some(serial), "{lanes} lanes, in order");
        }
    }
}
