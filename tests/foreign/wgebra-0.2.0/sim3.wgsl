// From wgebra 0.2.0 (MIT OR Apache-2.0), preprocessed by tests/foreign/prepare.py: see tests/foreign/README.md.
// In here

/// A unit quaternion representing a rotation.
struct wgebra_quat_Quat {
    /// The quaternion’s coordinates (i, j, k, w).
    coords: vec4<f32>,
}

/// The quaternion representing an identity rotation.
fn wgebra_quat_identity() -> wgebra_quat_Quat {
    return wgebra_quat_Quat(vec4(0.0, 0.0, 0.0, 1.0));
}

/// Convert an axis-angle (represented as the axis multiplied by the angle) to
/// a quaternion.
fn wgebra_quat_fromScaledAxis(axisangle: vec3<f32>) -> wgebra_quat_Quat {
    let angle = length(axisangle);
    let is_zero = f32(angle == 0.0);

    if angle == 0.0 {
        return wgebra_quat_identity();
    } else {
        let hs = sin(angle / 2.0);
        let hc = cos(angle / 2.0);
        let axis = axisangle / angle;
        return wgebra_quat_Quat(vec4(axis * hs, hc));
    }
}

// Converts this quaternion to a rotation matrix.
fn wgebra_quat_toMatrix(quat: wgebra_quat_Quat) -> mat3x3<f32> {
    let i = quat.coords.x;
    let j = quat.coords.y;
    let k = quat.coords.z;
    let w = quat.coords.w;

    let ww = w * w;
    let ii = i * i;
    let jj = j * j;
    let kk = k * k;
    let ij = i * j * 2.0;
    let wk = w * k * 2.0;
    let wj = w * j * 2.0;
    let ik = i * k * 2.0;
    let jk = j * k * 2.0;
    let wi = w * i * 2.0;

    return mat3x3(
        vec3(ww + ii - jj - kk, wk + ij, ik - wj),
        vec3(ij - wk, ww - ii + jj - kk, wi + jk),
        vec3(wj + ik, jk - wi, ww - ii - jj + kk),
    );
}

/// Normalizes this quaternion again using a first-order Taylor approximation.
/// This is useful when repeated computations might cause a drift in the norm
/// because of float inaccuracies.
fn wgebra_quat_renormalizeFast(q: wgebra_quat_Quat) -> wgebra_quat_Quat {
    let sq_norm = dot(q.coords, q.coords);
    return wgebra_quat_Quat(q.coords * (0.5 * (3.0 - sq_norm)));
}

/// The inverse (conjugate) of a unit quaternion.
fn wgebra_quat_inv(q: wgebra_quat_Quat) -> wgebra_quat_Quat {
    return wgebra_quat_Quat(vec4(-q.coords.xyz, q.coords.w));
}

/// Multiplies two quaternions (combines their rotations).
fn wgebra_quat_mul(lhs: wgebra_quat_Quat, rhs: wgebra_quat_Quat) -> wgebra_quat_Quat {
    let scalar = lhs.coords.w * rhs.coords.w - dot(lhs.coords.xyz, rhs.coords.xyz);
    let v = cross(lhs.coords.xyz, rhs.coords.xyz) + lhs.coords.w * rhs.coords.xyz + rhs.coords.w * lhs.coords.xyz;
    return wgebra_quat_Quat(vec4(v, scalar));
}

/// Multiplies a quaternion by a vector (rotates the vector).
fn wgebra_quat_mulVec(q: wgebra_quat_Quat, v: vec3<f32>) -> vec3<f32> {
    let t = cross(q.coords.xyz, v) * 2.0;
    let c = cross(q.coords.xyz, t);
    return t * q.coords.w + c + v;
}

/// Multiplies a quaternion’s inverse by a vector (inverse-rotates the vector).
fn wgebra_quat_invMulVec(q: wgebra_quat_Quat, v: vec3<f32>) -> vec3<f32> {
    let t = cross(q.coords.xyz, v) * 2.0;
    let c = cross(q.coords.xyz, t);
    return t * -q.coords.w + c + v;
}


/// An 3D similarity representing a uniform scale, followed by a rotation, followed by a translation.
struct Sim3 {
    /// The similarity’s rotational part.
    rotation: wgebra_quat_Quat,
    /// The similarity’s translational (xyz) and scaling (w) part.
    translation_scale: vec4<f32>
}

/// The identity similarity.
fn identity() -> Sim3 {
    return Sim3(wgebra_quat_identity(), vec4(0.0f, 0.0f, 0.0f, 1.0f));
}

/// Multiplies two similarities.
fn mul(lhs: Sim3, rhs: Sim3) -> Sim3 {
    let rotation = wgebra_quat_mul(lhs.rotation, rhs.rotation);
    let translation = lhs.translation_scale.xyz + wgebra_quat_mulVec(lhs.rotation, rhs.translation_scale.xyz) * lhs.translation_scale.w;
    return Sim3(rotation, vec4(translation, lhs.translation_scale.w * rhs.translation_scale.w));
}

/// Inverts a similarity.
fn inv(sim: Sim3) -> Sim3 {
    let scale = 1.0f / sim.translation_scale.w;
    let rotation = wgebra_quat_inv(sim.rotation);
    let translation = wgebra_quat_mulVec(rotation, -sim.translation_scale.xyz) * scale;
    return Sim3(rotation, vec4(translation, scale));
}

/// Multiplies a similarity and a point (scales, rotates then translates the point).
fn mulPt(sim: Sim3, pt: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_mulVec(sim.rotation, pt * sim.translation_scale.w) + sim.translation_scale.xyz;
}

/// Multiplies the inverse of a similarity and a point (inv-translates, inv-rotates, then inv-scales the point).
fn invMulPt(sim: Sim3, pt: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_invMulVec(sim.rotation, (pt - sim.translation_scale.xyz)) / sim.translation_scale.w;
}

/// Multiplies a similarity and a vector (scales and rotates the vector; the translation is ignored).
fn mulVec(sim: Sim3, vec: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_mulVec(sim.rotation, vec) * sim.translation_scale.w;
}

/// Multiplies the inverse of a similarity and a vector (inv-rotates then inv-scales the point; the translation is ignored).
fn invMulVec(sim: Sim3, vec: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_invMulVec(sim.rotation, vec) / sim.translation_scale.w;
}

/// Multiplies the inverse of a similarity and a unit vector.
///
/// This is similar to `invMulVec` but the scaling part of the similarity is ignored to preserve the vector’s unit size.
fn invMulUnitVec(sim: Sim3, vec: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_invMulVec(sim.rotation, vec);
}

@group(0) @binding(0)
var<storage, read_write> test_s1: array<Sim3>;
@group(0) @binding(1)
var<storage, read_write> test_s2: array<Sim3>;
@group(0) @binding(2)
var<storage, read_write> test_p1: array<vec3<f32>>;
@group(0) @binding(3)
var<storage, read_write> test_p2: array<vec3<f32>>;
@group(0) @binding(4)
var<storage, read_write> test_v1: array<vec3<f32>>;
@group(0) @binding(5)
var<storage, read_write> test_v2: array<vec3<f32>>;
@group(0) @binding(6)
var<storage, read_write> test_id: Sim3;

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
