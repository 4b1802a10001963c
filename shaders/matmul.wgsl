// Matrix product C = A B, row-major. Variants:
//   naive     one invocation an element, k in order
//   tiled     TILE x TILE blocks of A and B in workgroup memory, k in order
//   register  8 rows x 4 vec4 columns an invocation, no workgroup memory, k in order; B's rows padded to whole vec4
//   splitk    k cut into equal parts, each summed in order into a scratch buffer; a second pass adds the parts in order
//   dot4      four products at a time through dot(), whose order of addition the specification leaves open
// Definitions:
//   ACC       the type in which products are added, f32 or f16
//   ELEMENT   the type in which A and B are stored, f32 or f16; with BF16 two bfloat16 to a u32 instead
//   FMA       fma(x, y, z) in place of x * y + z
// Rows and columns beyond the matrix are guarded, never padded with zero products: x + 0 * y can change the sign of a
// zero and make NaN. The loops' bounds come from a buffer, so that one shader serves every shape.

//#if F16
enable f16;
//#endif

alias Acc = ${ACC};

// Rows of A and C, inner dimension, columns of C, vec4 columns of padded B, parts of k.
@group(0) @binding(0) var<storage, read> dims: array<u32>;
//#if BF16
@group(0) @binding(1) var<storage, read> a: array<u32>;
//#if REGISTER
@group(0) @binding(2) var<storage, read> b: array<vec2<u32>>;
//#else
@group(0) @binding(2) var<storage, read> b: array<u32>;
//#endif
//#else
@group(0) @binding(1) var<storage, read> a: array<${ELEMENT}>;
//#if REGISTER
@group(0) @binding(2) var<storage, read> b: array<vec4<${ELEMENT}>>;
//#else
@group(0) @binding(2) var<storage, read> b: array<${ELEMENT}>;
//#endif
//#endif
@group(0) @binding(3) var<storage, read_write> c: array<Acc>;

//#if BF16
// A bfloat16 is the upper half of a binary32.
fn a_at(i: u32) -> Acc {
    let word = a[i / 2u];
    return bitcast<f32>(select(word << 16u, word & 0xffff0000u, (i & 1u) == 1u));
}
//#if REGISTER
fn b_at(i: u32) -> vec4<Acc> {
    let words = b[i];
    return bitcast<vec4<f32>>(vec4<u32>(words.x << 16u, words.x & 0xffff0000u, words.y << 16u, words.y & 0xffff0000u));
}
//#else
fn b_at(i: u32) -> Acc {
    let word = b[i / 2u];
    return bitcast<f32>(select(word << 16u, word & 0xffff0000u, (i & 1u) == 1u));
}
//#endif
//#else
fn a_at(i: u32) -> Acc {
    return Acc(a[i]);
}
//#if REGISTER
fn b_at(i: u32) -> vec4<Acc> {
    return vec4<Acc>(b[i]);
}
//#else
fn b_at(i: u32) -> Acc {
    return Acc(b[i]);
}
//#endif
//#endif

//#if FMA
fn mad(x: Acc, y: Acc, z: Acc) -> Acc {
    return fma(x, y, z);
}
fn mad4(x: Acc, y: vec4<Acc>, z: vec4<Acc>) -> vec4<Acc> {
    return fma(vec4<Acc>(x), y, z);
}
//#else
fn mad(x: Acc, y: Acc, z: Acc) -> Acc {
    return x * y + z;
}
fn mad4(x: Acc, y: vec4<Acc>, z: vec4<Acc>) -> vec4<Acc> {
    return x * y + z;
}
//#endif

//#if NAIVE
@compute @workgroup_size(${WX}, ${WY})
fn naive(@builtin(global_invocation_id) id: vec3<u32>) {
    let rows = dims[0];
    let inner = dims[1];
    let columns = dims[2];
    if id.y >= rows || id.x >= columns {
        return;
    }
    var sum = Acc(0);
    for (var i = 0u; i < inner; i++) {
        sum = mad(a_at(id.y * inner + i), b_at(i * columns + id.x), sum);
    }
    c[id.y * columns + id.x] = sum;
}
//#endif

//#if TILED
var<workgroup> a_tile: array<Acc, ${AREA}>;
var<workgroup> b_tile: array<Acc, ${AREA}>;

@compute @workgroup_size(${TILE}, ${TILE})
fn tiled(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let rows = dims[0];
    let inner = dims[1];
    let columns = dims[2];
    let row = group.y * ${TILE}u + local.y;
    let column = group.x * ${TILE}u + local.x;
    let slot = local.y * ${TILE}u + local.x;
    var sum = Acc(0);
    for (var start = 0u; start < inner; start += ${TILE}u) {
        if row < rows && start + local.x < inner {
            a_tile[slot] = a_at(row * inner + start + local.x);
        }
        if start + local.y < inner && column < columns {
            b_tile[slot] = b_at((start + local.y) * columns + column);
        }
        workgroupBarrier();
        let depth = min(${TILE}u, inner - start);
        for (var i = 0u; i < depth; i++) {
            sum = mad(a_tile[local.y * ${TILE}u + i], b_tile[i * ${TILE}u + local.x], sum);
        }
        workgroupBarrier();
    }
    if row < rows && column < columns {
        c[row * columns + column] = sum;
    }
}
//#endif

//#if REGISTER
struct Row {
    x: vec4<Acc>,
    y: vec4<Acc>,
    z: vec4<Acc>,
    w: vec4<Acc>,
}

fn step(sum: Row, factor: Acc, b_row: Row) -> Row {
    return Row(
        mad4(factor, b_row.x, sum.x),
        mad4(factor, b_row.y, sum.y),
        mad4(factor, b_row.z, sum.z),
        mad4(factor, b_row.w, sum.w),
    );
}

fn store4(row: u32, quad: u32, value: vec4<Acc>) {
    let columns = dims[2];
    let column = 4u * quad;
    let at = row * columns + column;
    if column < columns { c[at] = value.x; }
    if column + 1u < columns { c[at + 1u] = value.y; }
    if column + 2u < columns { c[at + 2u] = value.z; }
    if column + 3u < columns { c[at + 3u] = value.w; }
}

fn store(row: u32, quad: u32, value: Row) {
    if row < dims[0] {
        store4(row, quad, value.x);
        store4(row, quad + ${WG}u, value.y);
        store4(row, quad + 2u * ${WG}u, value.z);
        store4(row, quad + 3u * ${WG}u, value.w);
    }
}

@compute @workgroup_size(${WG})
fn blocked(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let inner = dims[1];
    let quads = dims[3];
    // Rows and columns beyond the matrix are computed again from the last ones, and not stored.
    let top = group.y * 8u;
    let last = dims[0] - 1u;
    let p0 = min(top, last) * inner;
    let p1 = min(top + 1u, last) * inner;
    let p2 = min(top + 2u, last) * inner;
    let p3 = min(top + 3u, last) * inner;
    let p4 = min(top + 4u, last) * inner;
    let p5 = min(top + 5u, last) * inner;
    let p6 = min(top + 6u, last) * inner;
    let p7 = min(top + 7u, last) * inner;
    let quad = group.x * 4u * ${WG}u + lane;
    let q0 = min(quad, quads - 1u);
    let q1 = min(quad + ${WG}u, quads - 1u);
    let q2 = min(quad + 2u * ${WG}u, quads - 1u);
    let q3 = min(quad + 3u * ${WG}u, quads - 1u);
    var s0 = Row();
    var s1 = Row();
    var s2 = Row();
    var s3 = Row();
    var s4 = Row();
    var s5 = Row();
    var s6 = Row();
    var s7 = Row();
    for (var i = 0u; i < inner; i++) {
        let at = i * quads;
        let b_row = Row(b_at(at + q0), b_at(at + q1), b_at(at + q2), b_at(at + q3));
        s0 = step(s0, a_at(p0 + i), b_row);
        s1 = step(s1, a_at(p1 + i), b_row);
        s2 = step(s2, a_at(p2 + i), b_row);
        s3 = step(s3, a_at(p3 + i), b_row);
        s4 = step(s4, a_at(p4 + i), b_row);
        s5 = step(s5, a_at(p5 + i), b_row);
        s6 = step(s6, a_at(p6 + i), b_row);
        s7 = step(s7, a_at(p7 + i), b_row);
    }
    store(top, quad, s0);
    store(top + 1u, quad, s1);
    store(top + 2u, quad, s2);
    store(top + 3u, quad, s3);
    store(top + 4u, quad, s4);
    store(top + 5u, quad, s5);
    store(top + 6u, quad, s6);
    store(top + 7u, quad, s7);
}
//#endif

//#if SPLITK
@group(0) @binding(4) var<storage, read_write> parts: array<Acc>;

@compute @workgroup_size(8, 8)
fn partials(@builtin(global_invocation_id) id: vec3<u32>) {
    let rows = dims[0];
    let inner = dims[1];
    let columns = dims[2];
    if id.y >= rows || id.x >= columns {
        return;
    }
    let end = (id.z + 1u) * inner / dims[4];
    var sum = Acc(0);
    for (var i = id.z * inner / dims[4]; i < end; i++) {
        sum = mad(a_at(id.y * inner + i), b_at(i * columns + id.x), sum);
    }
    parts[(id.z * rows + id.y) * columns + id.x] = sum;
}

@compute @workgroup_size(8, 8)
fn combine(@builtin(global_invocation_id) id: vec3<u32>) {
    let rows = dims[0];
    let columns = dims[2];
    if id.y >= rows || id.x >= columns {
        return;
    }
    let at = id.y * columns + id.x;
    var sum = parts[at];
    for (var part = 1u; part < dims[4]; part++) {
        sum = sum + parts[part * rows * columns + at];
    }
    c[at] = sum;
}
//#endif

//#if DOT4
@compute @workgroup_size(${WX}, ${WY})
fn dot4(@builtin(global_invocation_id) id: vec3<u32>) {
    let rows = dims[0];
    let inner = dims[1];
    let columns = dims[2];
    if id.y >= rows || id.x >= columns {
        return;
    }
    var sum = Acc(0);
    var i = 0u;
    for (; i + 4u <= inner; i += 4u) {
        let p = id.y * inner + i;
        let q = i * columns + id.x;
        let x = vec4<Acc>(a_at(p), a_at(p + 1u), a_at(p + 2u), a_at(p + 3u));
        let y = vec4<Acc>(b_at(q), b_at(q + columns), b_at(q + 2u * columns), b_at(q + 3u * columns));
        sum = sum + dot(x, y);
    }
    for (; i < inner; i++) {
        sum = a_at(id.y * inner + i) * b_at(i * columns + id.x) + sum;
    }
    c[id.y * columns + id.x] = sum;
}
//#endif
