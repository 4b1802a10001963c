//! What the embedded adapter does with control flow, memory, atomics, subgroups and defective shaders: each a small
//! shader with a known answer.

use repro_audit::engines::interpreter::Runner;
use repro_audit::engines::{RunError, Runs};
use repro_audit::kernels::{Buffer, OutputView, Pass, Pattern, Program};
use repro_audit::model::bits::Dtype;
use repro_audit::model::{Finding, FindingKind};

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
    Runner::open(mode.parse().expect("a mode"))
        .run(program, repeats)
        .map(|ran| ran.expect("the interpreter can run it"))
}

/// The output of one run of `main` with the buffers `input` and `output`.
fn output(mode: &str, body: &str, input: Vec<u32>, words: usize, groups: u32) -> Vec<u32> {
    let source = format!("{IN_OUT}{body}");
    let runs = run(mode, &program(&source, input, words, groups), 1).expect("it runs");
    runs.distinct[0].bits.as_ref().expect("the first is kept").words.clone()
}

fn findings(body: &str, input: Vec<u32>, words: usize, groups: u32) -> Vec<Finding> {
    let source = format!("{IN_OUT}{body}");
    run("strict", &program(&source, input, words, groups), 3).expect("it runs").findings
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
            n = if n.is_multiple_of(2) { n / 2 } else { 3 * n + 1 };
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
    assert_eq!(runs.distinct[0].bits.as_ref().expect("the first is kept").words, [3, 44, 5, 6, 7, 6], "members");
}

/// The low and the high word.
fn halves(x: u64) -> [u32; 2] {
    [x & 0xffff_ffff, x >> 32].map(|word| u32::try_from(word).expect("32 bits"))
}

/// `u64(f64(x) / 3.0)`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "truncation is what WGSL does")]
fn third(x: u64) -> u64 {
    (x as f64 / 3.0) as u64
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
    let words = input.iter().flat_map(|x| halves(*x)).collect();
    let runs = run("strict", &program(source, words, 4, 1), 1).expect("it runs");
    let want: Vec<u32> = (0..2)
        .map(|i| {
            let product = input[i].wrapping_mul(input[i + 1]).wrapping_add(5);
            product ^ third(product)
        })
        .flat_map(halves)
        .collect();
    assert_eq!(runs.distinct[0].bits.as_ref().expect("the first is kept").words, want, "products and quotients");
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

/// Between barriers some invocations may be far ahead of others, not only within one atomic operation.
#[test]
fn some_invocations_run_ahead_of_others() {
    let bodies = [
        // All may add before any looks, or none but the one that looks.
        "
var<workgroup> c: atomic<u32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    atomicAdd(&c, 1u);
    output[i] = atomicLoad(&c);
}",
        // The branches of an if are not in order.
        "
var<workgroup> c: atomic<u32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    if i % 2u == 0u { atomicAdd(&c, 1u); } else { atomicMax(&c, 20u); }
    workgroupBarrier();
    output[i] = atomicLoad(&c);
}",
    ];
    for body in bodies {
        let found = findings(body, vec![0], 64, 1);
        assert_eq!(kinds(&found), [FindingKind::OrderDependent], "{body}: {found:?}");
    }
    // A barrier orders them, also within loops and functions; values from before it are those of their own lane.
    let sound = "
var<workgroup> c: atomic<u32>;
fn add(i: u32) -> u32 {
    atomicAdd(&c, i);
    workgroupBarrier();
    let sum = atomicLoad(&c);
    workgroupBarrier();
    return sum;
}
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    var total = 3u * i;
    let before = total + 1u;
    for (var k = 0u; k < 3u; k++) {
        if input[0] == 7u { total += add(i + k); }
        var own = i;
        while own > 0u { own /= 2u; total += 1u; }
    }
    output[i] = before + total;
}";
    let expected: Vec<u32> = (0..64u32)
        .map(|i| {
            let sums: u32 = (0..3).map(|k| (0..=k).map(|j| 2016 + 64 * j).sum::<u32>()).sum();
            let bits = 3 * (32 - i.leading_zeros());
            3 * i + 1 + 3 * i + sums + bits
        })
        .collect();
    let source = format!("{IN_OUT}{sound}");
    let runs = run("strict", &program(&source, vec![7], 64, 1), 6).expect("it runs");
    assert_eq!((runs.distinct.len(), runs.findings.as_slice()), (1, &[][..]), "one answer in any order");
    assert_eq!(runs.distinct[0].bits.as_ref().expect("kept").words, expected, "and it is right");
    // What waits for another invocation by itself ends in step, and is no reason to fail.
    let waiting = "
var<workgroup> flag: atomic<u32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    if i == 0u { atomicStore(&flag, 1u); }
    loop { if atomicLoad(&flag) == 1u { break; } }
    output[i] = i;
}";
    let source = format!("{IN_OUT}{waiting}");
    let mut patient = Runner::open("strict".parse().expect("a mode")).with_most_steps(100_000);
    let runs = patient.run(&program(&source, vec![0], 64, 1), 4).expect("it ends").expect("it can");
    assert_eq!(runs.distinct.len(), 1, "{:?}", runs.findings);
}

#[test]
fn a_constant_index_beyond_the_buffer_is_clamped_and_told() {
    let read = "
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
    output[i] = input[100] + i;
}";
    assert_eq!(output("strict", read, vec![5, 6, 7], 4, 1), [7, 8, 9, 10], "the last one is read");
    assert_eq!(kinds(&findings(read, vec![5, 6, 7], 4, 1)), [FindingKind::OutOfBounds], "and it is told");
    let far = read.replace("100", "1073741824u");
    assert_eq!(output("strict", &far, vec![5, 6, 7], 4, 1), [7, 8, 9, 10], "however far, without wrapping");
    let write = "
@compute @workgroup_size(1)
fn main() {
    for (var i = 0u; i < 4u; i++) { output[i] = i; }
    output[100] = 9u;
}";
    assert_eq!(output("strict", write, vec![0], 4, 1), [0, 1, 2, 9], "the last one is written");
}

/// A store to one component may write the whole vector (WGSL, "Component Reference from Vector Memory View").
#[test]
fn components_of_one_vector_are_no_separate_memory() {
    let racing = "
@group(0) @binding(2) var<storage, read_write> v: array<vec4<u32>>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    v[i / 4u][i % 4u] = i;
    output[i] = i;
}";
    let of = |body: &str| {
        let mut spec = program(&format!("{IN_OUT}{body}"), vec![0], 8, 1);
        spec.buffers.push(Buffer::InOut(vec![0; 32]));
        run("strict", &spec, 2).expect("it runs").findings
    };
    let found = of(racing);
    assert_eq!(kinds(&found), [FindingKind::DataRace], "{found:?}");
    assert!(found[0].message.contains("one vector") && found[0].line == Some(7), "{found:?}");
    let own = racing.replace("v[i / 4u][i % 4u] = i;", "v[i].x = i; v[i][i % 4u] = i; v[i].w = 1u;");
    assert_eq!(of(&own), [], "each has a vector of its own");
    let whole = racing.replace("v[i / 4u][i % 4u] = i;", "v[i] = vec4(i);");
    assert_eq!(of(&whole), [], "and may write it whole");
}

#[test]
fn an_order_that_only_other_members_show_is_not_the_outputs() {
    let body = "
struct Pair { x: u32, y: u32 }
@group(0) @binding(2) var<storage, read_write> o: array<Pair>;
@group(0) @binding(3) var<storage, read_write> c: atomic<u32>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    o[i] = Pair(i, atomicAdd(&c, 1u));
    output[i] = i;
}";
    let mut spec = program(&format!("{IN_OUT}{body}"), vec![0], 8, 1);
    spec.buffers.extend([Buffer::Output(16), Buffer::InOut(vec![0])]);
    let pattern = |offset: usize| OutputView {
        pattern: Some(Pattern { head: Vec::new(), start: 0, period: 2, kept: vec![(offset, u32::MAX)] }),
        ..OutputView::whole(2, Dtype::U32, 8)
    };
    spec.output = pattern(0);
    let runs = run("strict", &spec, 5).expect("it runs");
    assert_eq!((runs.distinct.len(), runs.findings.len()), (1, 0), "{:?}", runs.findings);
    spec.output = pattern(1);
    let runs = run("strict", &spec, 5).expect("it runs");
    assert!(runs.distinct.len() > 1, "the other member shows it");
    assert_eq!(kinds(&runs.findings), [FindingKind::OrderDependent], "{:?}", runs.findings);
}

#[test]
fn the_cause_of_an_order_is_not_the_next_best_atomic() {
    let body = "
@group(0) @binding(2) var<storage, read_write> c: atomic<u32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    output[i / 2u] = i;
    atomicAdd(&c, 1u);
}";
    let mut spec = program(&format!("{IN_OUT}{body}"), vec![0], 32, 1);
    spec.buffers.push(Buffer::InOut(vec![0]));
    let found = run("strict", &spec, 4).expect("it runs").findings;
    assert_eq!(kinds(&found), [FindingKind::DataRace, FindingKind::OrderDependent], "{found:?}");
    assert!(!found[1].message.contains("atomic") && found[1].line.is_none(), "the race is the cause: {found:?}");
}

#[test]
fn readers_of_one_subgroup_are_ordered_by_its_barriers() {
    let body = "
var<workgroup> w: array<u32, 32>;
@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) i: u32) {
    w[i] = i;
    subgroupBarrier();
    let a = w[0];
    subgroupBarrier();
    if i == 0u { w[0] = 5u; }
    output[i] = a;
}";
    assert_eq!(findings(body, vec![0], 32, 1), [], "one subgroup");
    let two = body.replace("(32)", "(64)").replace("array<u32, 32>", "array<u32, 64>");
    assert_eq!(
        kinds(&findings(&two, vec![0], 64, 1)),
        [FindingKind::DataRace; 2],
        "two subgroups are not ordered by them"
    );
}

#[test]
fn workgroups_are_not_always_one_after_another() {
    let body = "
@group(0) @binding(2) var<storage, read_write> x: atomic<u32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) g: vec3<u32>) {
    let before = atomicLoad(&x);
    atomicStore(&x, before + 1u);
    output[g.x] = g.x;
}";
    let mut spec = program(&format!("{IN_OUT}{body}"), vec![0], 64, 64);
    spec.buffers.push(Buffer::InOut(vec![0]));
    spec.output = OutputView::whole(2, Dtype::U32, 1);
    let runs = run("strict", &spec, 4).expect("it runs");
    assert!(runs.distinct.len() > 1, "additions are lost in some legal orders");
    assert_eq!(kinds(&runs.findings), [FindingKind::OrderDependent], "{:?}", runs.findings);
}

#[test]
fn what_is_clamped_to_one_element_is_no_race() {
    let body = "
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    output[i] = i;
    storageBarrier();
    output[i + input[0]] = i;
}";
    let found = findings(body, vec![4], 8, 1);
    assert!(kinds(&found).contains(&FindingKind::OutOfBounds), "{found:?}");
    assert!(!kinds(&found).contains(&FindingKind::DataRace), "they were led there: {found:?}");
    let order = found.iter().find(|f| f.kind == FindingKind::OrderDependent);
    assert!(order.is_none_or(|f| f.message.contains("clamped to one element")), "{order:?}");
}

#[test]
fn a_uniform_load_wants_one_pointer() {
    let body = "
var<workgroup> w: array<u32, 8>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    w[i] = i;
    output[i] = workgroupUniformLoad(&w[input[i]]);
}";
    assert_eq!(findings(body, vec![3; 8], 8, 1), [], "the same in all");
    let found = findings(body, (0..8).collect(), 8, 1);
    assert_eq!(kinds(&found), [FindingKind::NonUniformBarrier], "{found:?}");
    assert!(found[0].message.contains("different pointers"), "{found:?}");
}

/// An exchange under a condition is weak: it may fail without a reason, and a kernel that does not ask again depends on it.
#[test]
fn a_weak_exchange_fails_at_times() {
    let body = "
@group(0) @binding(2) var<storage, read_write> x: array<atomic<u32>, 8>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    ONCE
    output[i] = atomicLoad(&x[i]);
}";
    let of = |once: &str| {
        let mut spec = program(&format!("{IN_OUT}{}", body.replace("ONCE", once)), vec![0], 8, 1);
        spec.buffers.push(Buffer::InOut(vec![0; 8]));
        run("strict", &spec, 4).expect("it runs")
    };
    assert!(of("_ = atomicCompareExchangeWeak(&x[i], 0u, 7u);").distinct.len() > 1, "asked once");
    let again = of("loop { if atomicCompareExchangeWeak(&x[i], 0u, 7u).exchanged { break; } }");
    assert_eq!((again.distinct.len(), again.findings.len()), (1, 0), "asked until it is done: {:?}", again.findings);
}

/// Functions that call twice, forty deep: none of it runs, and what it would do is found by looking at each once.
#[test]
fn a_tree_of_calls_is_looked_at_once_a_function() {
    let mut body = String::from(
        "
@group(0) @binding(2) var<storage, read_write> c: atomic<u32>;
fn f0() { atomicAdd(&c, 1u); }
",
    );
    for i in 1..40 {
        body.push_str(&format!("fn f{i}() {{ f{0}(); f{0}(); }}\n", i - 1));
    }
    body.push_str(
        "@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    if input[0] == 1u { f39(); }
    output[i] = i;
}",
    );
    let mut spec = program(&format!("{IN_OUT}{body}"), vec![0], 8, 1);
    spec.buffers.push(Buffer::InOut(vec![0]));
    let runs = run("strict", &spec, 3).expect("it runs");
    assert_eq!((runs.distinct.len(), runs.findings.len()), (1, 0), "{:?}", runs.findings);
}
