// From wgebra 0.2.0 (MIT OR Apache-2.0), preprocessed by tests/foreign/prepare.py: see tests/foreign/README.md.
/// Compact representation of a 2D rotation.
struct wgebra_rot2_Rot2 {
    cosSin: vec2<f32>
}

/// Initializes a 2D rotation from an angle (radians).
fn wgebra_rot2_fromAngle(angle: f32) -> wgebra_rot2_Rot2 {
    return wgebra_rot2_Rot2(vec2(cos(angle), sin(angle)));
}

/// The quaternion representing an identity rotation.
fn wgebra_rot2_identity() -> wgebra_rot2_Rot2 {
    return wgebra_rot2_Rot2(vec2(1.0, 0.0));
}

/// The inverse of a 2d rotation.
fn wgebra_rot2_inv(r: wgebra_rot2_Rot2) -> wgebra_rot2_Rot2 {
    return wgebra_rot2_Rot2(vec2(r.cosSin.x, -r.cosSin.y));
}

/// Multiplication of two 2D rotations.
fn wgebra_rot2_mul(lhs: wgebra_rot2_Rot2, rhs: wgebra_rot2_Rot2) -> wgebra_rot2_Rot2 {
    let new_cos = lhs.cosSin.x * rhs.cosSin.x - lhs.cosSin.y * rhs.cosSin.y;
    let new_sin = lhs.cosSin.y * rhs.cosSin.x + lhs.cosSin.x * rhs.cosSin.y;
    return wgebra_rot2_Rot2(vec2(new_cos, new_sin));
}

/// Multiplies a 2D rotation by a vector (rotates the vector).
fn wgebra_rot2_mulVec(r: wgebra_rot2_Rot2, v: vec2<f32>) -> vec2<f32> {
    return vec2(r.cosSin.x * v.x - r.cosSin.y * v.y, r.cosSin.y * v.x + r.cosSin.x * v.y);
}

/// Multiplies the inverse of a 2D rotation by a vector (applies inverse rotation to the vector).
fn wgebra_rot2_invMulVec(r: wgebra_rot2_Rot2, v: vec2<f32>) -> vec2<f32> {
    return vec2(r.cosSin.x * v.x + r.cosSin.y * v.y, -r.cosSin.y * v.x + r.cosSin.x * v.y);
}


/// An 2D similarity representing a uniform scale, followed by a rotation, followed by a translation.
struct Sim2 {
    /// The similarity’s rotational part.
    rotation: wgebra_rot2_Rot2,
    /// The similarity’s translational part.
    translation: vec2<f32>,
    /// The similarity’s scaling part.
    scale: f32,
}

/// The identity similarity.
fn identity() -> Sim2 {
    return Sim2(wgebra_rot2_identity(), vec2(0.0f), 1.0f);
}

/// Multiplies two similarities.
fn mul(lhs: Sim2, rhs: Sim2) -> Sim2 {
    let rotation = wgebra_rot2_mul(lhs.rotation, rhs.rotation);
    let translation = lhs.translation + wgebra_rot2_mulVec(lhs.rotation, rhs.translation) * lhs.scale;
    return Sim2(rotation, translation, lhs.scale * rhs.scale);
}

/// Inverts a similarity.
fn inv(sim: Sim2) -> Sim2 {
    let scale = 1.0f / sim.scale;
    let rotation = wgebra_rot2_inv(sim.rotation);
    let translation = wgebra_rot2_mulVec(rotation, -sim.translation) * scale;
    return Sim2(rotation, translation, scale);
}

/// Multiplies a similarity and a point (scales, rotates then translates the point).
fn mulPt(sim: Sim2, pt: vec2<f32>) -> vec2<f32> {
    return wgebra_rot2_mulVec(sim.rotation, pt * sim.scale) + sim.translation;
}

/// Multiplies the inverse of a similarity and a point (inv-translates, inv-rotates, then inv-scales the point).
fn invMulPt(sim: Sim2, pt: vec2<f32>) -> vec2<f32> {
    return wgebra_rot2_invMulVec(sim.rotation, (pt - sim.translation)) / sim.scale;
}

/// Multiplies a similarity and a vector (scales and rotates the vector; the translation is ignored).
fn mulVec(sim: Sim2, vec: vec2<f32>) -> vec2<f32> {
    return wgebra_rot2_mulVec(sim.rotation, vec) * sim.scale;
}

/// Multiplies the inverse of a similarity and a vector (inv-rotates then inv-scales the point; the translation is ignored).
fn invMulVec(sim: Sim2, vec: vec2<f32>) -> vec2<f32> {
    return wgebra_rot2_invMulVec(sim.rotation, vec) / sim.scale;
}

/// Multiplies the inverse of a similarity and a unit vector.
///
/// This is similar to `invMulVec` but the scaling part of the similarity is ignored to preserve the vector’s unit size.
fn invMulUnitVec(sim: Sim2, vec: vec2<f32>) -> vec2<f32> {
    return wgebra_rot2_invMulVec(sim.rotation, vec);
}

@group(0) @binding(0)
var<storage, read_write> test_s1: array<Sim2>;
@group(0) @binding(1)
var<storage, read_write> test_s2: array<Sim2>;
@group(0) @binding(2)
var<storage, read_write> test_p1: array<vec2<f32>>;
@group(0) @binding(3)
var<storage, read_write> test_p2: array<vec2<f32>>;
@group(0) @binding(4)
var<storage, read_write> test_v1: array<vec2<f32>>;
@group(0) @binding(5)
var<storage, read_write> test_v2: array<vec2<f32>>;
@group(0) @binding(6)
var<storage, read_write> test_id: Sim2;

@compute @workgroup_size(1, 1, 1)
fn test(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    let i = invocation_id.x;
    test_p1[i] = mulPt(test_s1[i], test_p1[i]);
    test_p2[i] = invMulPt(test_s2[i],test_p2[i]);
    test_v1[i] = mulVec(test_s1[i], test_v1[i]);
    test_v2[i] = invMulVec(test_s2[i],test_v2[i]);
    test_s1[i] = mul(test_s1[i], test_s2[i]);
    test_s2[i] = inv(test_s2[i]);

    if i == 0 {
        test_id = identity();
    }
}
