// A workgroup's first `count` values added with their neighbours: 0+1, 2+3, …, then those sums with theirs. A value
// without a neighbour is carried up as it is.

var<workgroup> parts: array<f32, ${WG}>;

fn pairs(lane: u32, count: u32) {
    workgroupBarrier();
    for (var step = 1u; step < count; step = step * 2u) {
        if lane % (2u * step) == 0u && lane + step < count {
            parts[lane] = parts[lane] + parts[lane + step];
        }
        workgroupBarrier();
    }
}
