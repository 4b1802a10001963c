//! What the embedded adapter does with control flow, memory, atomics, subgroups and defective shaders: each a small
//! shader with a known answer.

use repro_audit::bits::Dtype;
use repro_audit::engines::embedded::Runner;
use repro_audit::engines::{Finding, FindingKind, RunError, Runs};
use repro_audit::kernels::{Buffer, OutputView, Pass, Program};

const IN_OUT: &str = "@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
";

fn program(source: &str, input: Vec<u32>, words: usize, groups: u32) -> Program {
    Program::new(
        source.to_owned(),
        vec![Buffer::Input(input), Buffer::Output(words)],
        vec![Pass::new("main", [groups, 1, 1])],
        OutputView::whole(1, Dtype::U32, words),
    )
}

fn run(mode: &str, program: &Program, repeats: u32) -> Result<Runs, RunError> {
    Runner::open(mode.parse().unwrap()).run(program, repeats).map(|ran| ran.unwrap())
}

/// The output of one run of `main` with the buffers `input` and `output`.
fn output(mode: &str, body: &str, input: Vec<u32>, words: usize, groups: u32) -> Vec<u32> {
    let source = format!("{IN_OUT}{body}");
    let runs = run(mode, &program(&source, input, words, groups), 1).unwrap();
    runs.distinct[0].bits.as_ref().unwrap().words.clone()
}

fn findings(body: &str, input: Vec<u32>, words: usize, groups: u32) -> Vec<Finding> {
    let source = format!("{IN_OUT}{body}");
    run("strict", &program(&source, input, words, groups), 3).unwrap().findings
}

fn kinds(found: &[Finding]) -> Vec<FindingKind> {
    found.iter().map(|f| f.kind).collect()
}

#[test]
fn lanes_take_their_own_way() {
    let body = "
fn collatz(start: u32) -> u32 {
    var n = start;
    var steps = 0u;
    loop {
        if n == 1u { return steps; }
        if n % 2u == 0u { n = n / 2u; } else { n = 3u * n + 1u; }
        steps++;
        continuing { break if steps > 1000u; }
    }
    return 9999u;
}
@compute @workgroup_size(48)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    output[id.x] = collatz(input[id.x]);
}";
    let collatz = |mut n: u32| {
        let mut steps = 0;
        while n != 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        steps
    };
    let input: Vec<u32> = (1..=96).collect();
    let want: Vec<u32> = input.iter().map(|n| collatz(*n)).collect();
    assert_eq!(output("strict", body, input.clone(), 96, 2), want, "collatz");
    assert_eq!(output("schedule=reversed", body, input, 96, 2), want, "in another order");
}

#[test]
fn switches_fall_and_break_and_loops_continue() {
    let body = "
@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32) {
    var sum = 0u;
    for (var k = 0u; k < 10u; k++) {
        if k % 3u == i % 3u { continue; }
        switch (k + i) % 5u {
            case 0u: { sum += 1u; }
            case 1u, 2u: {
                if k > 6u { break; }
                sum += 10u;
            }
            default: { sum += 100u; }
        }
        if sum > 500u { break; }
    }
    output[i] = sum;
}";
    let want = |i: u32| {
        let mut sum = 0;
        for k in 0..10u32 {
            if k % 3 == i % 3 {
                continue;
            }
            match (k + i) % 5 {
                0 => sum += 1,
                1 | 2 => {
                    if k <= 6 {
                        sum += 10;
                    }
                }
                _ => sum += 100,
            }
            if sum > 500 {
                break;
            }
        }
        sum
    };
    assert_eq!(output("strict", body, vec![0], 16, 1), (0..16).map(want).collect::<Vec<_>>(), "sums");
}

#[test]
fn values_outlive_the_variables_they_were_read_from() {
    let body = "
var<private> p: array<u32, 4>;
fn swap(a: ptr<function, u32>, b: ptr<function, u32>) {
    let t = *a;
    *a = *b;
    *b = t;
}
fn bump(i: u32) -> u32 {
    p[i % 4u] += 1u;
    return p[i % 4u];
}
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    var a = i;
    var b = 100u + i;
    let before = a;
    swap(&a, &b);
    let old = a;
    for (var k = 0u; k < 3u; k++) {
        a = a + old + before;
    }
    let first = p[i % 4u];
    let second = bump(i);
    let third = bump(i);
    var v = array<u32, 3>(a, b, before);
    v[(i + 1u) % 3u] = v[i % 3u] + first + 10u * second + 100u * third;
    output[i] = v[0] * 65536u + v[1] * 256u + v[2];
}";
    let want = |i: u32| {
        let (mut a, b, before) = (100 + i, i, i);
        let old = a;
        for _ in 0..3 {
            a = a + old + before;
        }
        let mut v = [a, b, before];
        v[((i + 1) % 3) as usize] = v[(i % 3) as usize] + 10 + 200;
        v[0].wrapping_mul(65536).wrapping_add(v[1] * 256).wrapping_add(v[2])
    };
    assert_eq!(output("strict", body, vec![0], 8, 1), (0..8).map(want).collect::<Vec<_>>(), "aliases");
}

#[test]
fn workgroups_have_memory_of_their_own() {
    let body = "
var<workgroup> tile: array<u32, 8>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) g: vec3<u32>) {
    output[g.x * 8u + i] = tile[i];
    tile[i] = input[g.x * 8u + i];
    workgroupBarrier();
    output[g.x * 8u + i] += tile[7u - i];
}";
    let input: Vec<u32> = (0..800).map(|i| i * i).collect();
    let want: Vec<u32> = (0..800).map(|i| input[i / 8 * 8 + 7 - i % 8]).collect();
    assert_eq!(output("strict", body, input, 800, 100), want, "zeroed, then exchanged");
}

#[test]
fn indices_are_clamped_and_told() {
    let body = "
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
    var own = array<u32, 3>(7u, 8u, 9u);
    output[i] = input[i * 2u] + own[i];
}";
    assert_eq!(output("strict", body, vec![10, 20, 30], 4, 1), [17, 38, 39, 39], "the last element");
    let found = findings(body, vec![10, 20, 30], 4, 1);
    assert_eq!(kinds(&found), [FindingKind::OutOfBounds], "one line: {found:?}");
    assert_eq!(found[0].line, Some(7), "{found:?}");
}

#[test]
fn structures_matrices_and_halves_lie_where_wgsl_puts_them() {
    let source = "
enable f16;
struct Inner { a: f32, m: mat3x2<f32>, h: vec3<f16> }
struct Outer { x: vec3<f32>, y: u32, inner: array<Inner, 2>, tail: f16 }
@group(0) @binding(0) var<storage, read> input: Outer;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@compute @workgroup_size(1)
fn main() {
    output[0] = u32(input.x.z);
    output[1] = input.y;
    output[2] = u32(input.inner[1].m[2].y);
    output[3] = u32(input.inner[1].h.z);
    output[4] = u32(input.tail);
    output[5] = arrayLength(&output);
}";
    // Outer: x 0, y 12, inner 16 (stride 40: a 0, m 8 with columns of 8, h 32), tail 96, span 112.
    let mut words = vec![0u32; 28];
    words[2] = 3.0f32.to_bits();
    words[3] = 44;
    words[(16 + 40 + 8 + 16 + 4) / 4] = 5.0f32.to_bits();
    words[(16 + 40 + 36) / 4] = 0x4600; // 6 in binary16, at byte 36 of Inner
    words[96 / 4] = 0x4700; // 7
    let runs = run("strict", &program(source, words, 6, 1), 1).unwrap();
    assert_eq!(runs.distinct[0].bits.as_ref().unwrap().words, [3, 44, 5, 6, 7, 6], "members");
}

#[test]
fn sixty_four_bits() {
    let source = "
@group(0) @binding(0) var<storage, read> input: array<u64>;
@group(0) @binding(1) var<storage, read_write> output: array<u64>;
@compute @workgroup_size(2)
fn main(@builtin(local_invocation_index) i: u32) {
    let product = input[i] * input[i + 1u] + 5lu;
    let quotient = f64(product) / 3.0lf;
    output[i] = product ^ u64(quotient);
}";
    let input = [0x1_0000_0001u64, 0x2_0000_0003, 7];
    let words = input.iter().flat_map(|x| [*x as u32, (*x >> 32) as u32]).collect();
    let runs = run("strict", &program(source, words, 4, 1), 1).unwrap();
    let want: Vec<u32> = (0..2)
        .map(|i| {
            let product = input[i].wrapping_mul(input[i + 1]).wrapping_add(5);
            product ^ ((product as f64 / 3.0) as u64)
        })
        .flat_map(|x| [x as u32, (x >> 32) as u32])
        .collect();
    assert_eq!(runs.distinct[0].bits.as_ref().unwrap().words, want, "products and quotients");
}

#[test]
fn subgroups_of_any_size() {
    let body = "
@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32, @builtin(subgroup_size) size: u32,
        @builtin(subgroup_invocation_id) lane: u32) {
    var sum = 0u;
    if i % 3u != 0u {
        sum = subgroupAdd(i);
    }
    let before = subgroupExclusiveAdd(1u);
    let swapped = subgroupShuffleXor(i, 1u);
    let first = subgroupBroadcastFirst(i);
    output[i] = sum + 1000u * before + 100000u * swapped + 10000000u * first + size * 1000000000u + lane * 0u;
}";
    for size in [4u32, 8, 16] {
        let want: Vec<u32> = (0..16u32)
            .map(|i| {
                let first = i / size * size;
                let sum: u32 = if i % 3 == 0 { 0 } else { (first..first + size).filter(|k| k % 3 != 0).sum() };
                (sum + 1000 * (i - first) + 100_000 * (i ^ 1) + 10_000_000 * first)
                    .wrapping_add(size.wrapping_mul(1_000_000_000))
            })
            .collect();
        assert_eq!(output(&format!("subgroup={size}"), body, vec![0], 16, 1), want, "subgroups of {size}");
    }
}

#[test]
fn races_are_found_with_their_lines() {
    let races = [
        // Neighbours read what others write, without a barrier.
        (
            "
var<workgroup> t: array<u32, 8>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    t[i] = i;
    output[i] = t[(i + 1u) % 8u];
}",
            1,
            "lines 7 and 8",
        ),
        // Two workgroups write one word.
        (
            "
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) g: vec3<u32>) {
    output[0] = g.x;
    output[1u + g.x] = 1u;
}",
            7,
            "two workgroups",
        ),
        // workgroupBarrier does not order accesses to buffers.
        (
            "
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
    output[i] = i;
    workgroupBarrier();
    output[4u + i] = output[3u - i];
}",
            1,
            "buffer 'output'",
        ),
    ];
    for (body, groups, text) in races {
        let found = findings(body, vec![0], 8, groups);
        let races: Vec<_> = found.iter().filter(|f| f.kind == FindingKind::DataRace).collect();
        assert_eq!(races.len(), 1, "{body}: {found:?}");
        assert!(races[0].message.contains(text), "{}", races[0].message);
    }
    let sound = "
var<workgroup> t: array<u32, 8>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    t[i] = i;
    workgroupBarrier();
    output[i] = t[(i + 1u) % 8u];
    storageBarrier();
    let other = output[(i + 1u) % 8u];
    storageBarrier();
    output[i] = other;
}";
    assert_eq!(findings(sound, vec![0], 8, 1), [], "barriers order all of it");
}

#[test]
fn a_result_that_depends_on_the_order_is_told() {
    let body = "
@group(0) @binding(2) var<storage, read_write> next: array<atomic<u32>>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let place = atomicAdd(&next[id.x / 1000u], 1u);
    output[place] = id.x;
}";
    let source = format!("{IN_OUT}{body}");
    let mut spec = program(&source, vec![0], 16, 4);
    spec.buffers.push(Buffer::InOut(vec![0]));
    let runs = run("strict", &spec, 4).unwrap();
    assert!(runs.distinct.len() > 1, "orders give {} results", runs.distinct.len());
    assert_eq!(kinds(&runs.findings), [FindingKind::OrderDependent], "{:?}", runs.findings);
    let fixed = run("schedule=5", &spec, 4).unwrap();
    assert_eq!((fixed.distinct.len(), fixed.findings.len()), (1, 0), "one order, one result: {:?}", fixed.findings);
}

#[test]
fn barriers_that_not_all_reach_are_told() {
    let body = "
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    output[i] = i;
    if input[i] > 3u {
        storageBarrier();
    }
}";
    let found = match findings_or_refusal(body, (0..8).collect(), 8) {
        Ok(found) => found,
        // naga may find it first.
        Err(RunError::Shader(message)) => {
            assert!(message.contains("uniform"), "{message}");
            return;
        }
        Err(other) => panic!("{other}"),
    };
    assert_eq!(kinds(&found), [FindingKind::NonUniformBarrier], "{found:?}");
}

fn findings_or_refusal(body: &str, input: Vec<u32>, words: usize) -> Result<Vec<Finding>, RunError> {
    run("strict", &program(&format!("{IN_OUT}{body}"), input, words, 1), 2).map(|runs| runs.findings)
}

#[test]
fn what_does_not_end_or_fit_is_one_line() {
    let endless = "
@compute @workgroup_size(1)
fn main() {
    var i = input[0];
    while i < 10u {
        output[0] = i;
    }
}";
    let deep = "
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    var big: array<u32, 4000000>;
    var other: array<u32, 4000000>;
    big[i] = i;
    other[i] = big[0];
    output[i] = other[i];
}";
    let cases = [
        (format!("{IN_OUT}{endless}"), "line 7"),
        (format!("{IN_OUT}{deep}"), "words"),
        (format!("{IN_OUT}@compute @workgroup_size(1) fn main() {{ output[0] = nothing; }}"), "nothing"),
        ("@group(0) @binding(5) var<storage, read_write> x: array<u32>; @compute @workgroup_size(1) fn main() { x[0] = 1u; }".to_owned(), "@binding(5)"),
    ];
    for (source, text) in cases {
        let error = run("strict", &program(&source, vec![0], 64, 1), 1).unwrap_err().to_string();
        assert!(error.contains(text), "wanted '{text}': {error}");
    }
}

#[test]
fn halves_of_a_word_are_two_places() {
    let shader = |second: &str| {
        format!(
            "enable f16;
@group(0) @binding(1) var<storage, read_write> output: array<f16>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
    output[id.x] = f16(id.x);
    {second}
}}"
        )
    };
    let found = |second: &str| run("strict", &program(&shader(second), vec![0], 4, 2), 2).unwrap().findings;
    assert_eq!(found(""), [], "neighbours in one word");
    let races = found("if id.x == 3u { output[4] = f16(7.0); }");
    assert_eq!(kinds(&races)[0], FindingKind::DataRace, "two workgroups write one half: {races:?}");
}
