// Dot product: each row of `params[0]` products. One workgroup a row: strided serial parts, then a tree. Variants:
//   (none)   acc + a*b, which a driver may fuse
//   FMA      fma(a, b, acc), which a driver may separate

//#include shared/tree.wgsl
@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<f32>;
@group(0) @binding(2) var<storage, read> params: array<u32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    let first = group.x * n;
    var acc = 0.0;
    for (var i = lane; i < n; i += ${WG}u) {
//#if FMA
        acc = fma(left[first + i], right[first + i], acc);
//#else
        acc = acc + left[first + i] * right[first + i];
//#endif
    }
    let total = tree(lane, acc);
    if lane == 0u {
        output[group.x] = total;
    }
}
