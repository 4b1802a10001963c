// A workgroup's values added in a tree: lane i takes lane i + WG/2, then i + WG/4, down to lane 0.

var<workgroup> parts: array<f32, ${WG}>;

fn tree(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    parts[lane] = value;
    workgroupBarrier();
    for (var half = ${WG}u / 2u; half > 0u; half = half / 2u) {
        if lane < half {
            parts[lane] = parts[lane] + parts[lane + half];
        }
        workgroupBarrier();
    }
    return parts[0];
}
