// From wgrapier3d 0.2.0 (MIT OR Apache-2.0), preprocessed by tests/foreign/prepare.py: see tests/foreign/README.md.
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
struct wgebra_sim3_Sim3 {
    /// The similarity’s rotational part.
    rotation: wgebra_quat_Quat,
    /// The similarity’s translational (xyz) and scaling (w) part.
    translation_scale: vec4<f32>
}

/// The identity similarity.
fn wgebra_sim3_identity() -> wgebra_sim3_Sim3 {
    return wgebra_sim3_Sim3(wgebra_quat_identity(), vec4(0.0f, 0.0f, 0.0f, 1.0f));
}

/// Multiplies two similarities.
fn wgebra_sim3_mul(lhs: wgebra_sim3_Sim3, rhs: wgebra_sim3_Sim3) -> wgebra_sim3_Sim3 {
    let rotation = wgebra_quat_mul(lhs.rotation, rhs.rotation);
    let translation = lhs.translation_scale.xyz + wgebra_quat_mulVec(lhs.rotation, rhs.translation_scale.xyz) * lhs.translation_scale.w;
    return wgebra_sim3_Sim3(rotation, vec4(translation, lhs.translation_scale.w * rhs.translation_scale.w));
}

/// Inverts a similarity.
fn wgebra_sim3_inv(sim: wgebra_sim3_Sim3) -> wgebra_sim3_Sim3 {
    let scale = 1.0f / sim.translation_scale.w;
    let rotation = wgebra_quat_inv(sim.rotation);
    let translation = wgebra_quat_mulVec(rotation, -sim.translation_scale.xyz) * scale;
    return wgebra_sim3_Sim3(rotation, vec4(translation, scale));
}

/// Multiplies a similarity and a point (scales, rotates then translates the point).
fn wgebra_sim3_mulPt(sim: wgebra_sim3_Sim3, pt: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_mulVec(sim.rotation, pt * sim.translation_scale.w) + sim.translation_scale.xyz;
}

/// Multiplies the inverse of a similarity and a point (inv-translates, inv-rotates, then inv-scales the point).
fn wgebra_sim3_invMulPt(sim: wgebra_sim3_Sim3, pt: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_invMulVec(sim.rotation, (pt - sim.translation_scale.xyz)) / sim.translation_scale.w;
}

/// Multiplies a similarity and a vector (scales and rotates the vector; the translation is ignored).
fn wgebra_sim3_mulVec(sim: wgebra_sim3_Sim3, vec: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_mulVec(sim.rotation, vec) * sim.translation_scale.w;
}

/// Multiplies the inverse of a similarity and a vector (inv-rotates then inv-scales the point; the translation is ignored).
fn wgebra_sim3_invMulVec(sim: wgebra_sim3_Sim3, vec: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_invMulVec(sim.rotation, vec) / sim.translation_scale.w;
}

/// Multiplies the inverse of a similarity and a unit vector.
///
/// This is similar to `invMulVec` but the scaling part of the similarity is ignored to preserve the vector’s unit size.
fn wgebra_sim3_invMulUnitVec(sim: wgebra_sim3_Sim3, vec: vec3<f32>) -> vec3<f32> {
    return wgebra_quat_invMulVec(sim.rotation, vec);
}
alias Vector = vec3<f32>;
alias AngVector = vec3<f32>;
alias Transform = wgebra_sim3_Sim3;


/// The mass-properties of a rigid-body.
/// Note that the mass-properties may be expressed either in the rigid-body’s local-space or in world-space,
/// depending on its provenance. Usually, the world-space and local-space mass-properties will be stored in
/// two separate buffers.
struct wgrapier_body_MassProperties {
    // TODO: a representation with Quaternion & vec3 (for frame & principal inertia) would be much more compact and make
    //       this struct have the size of a mat4x4
   inv_inertia: mat3x3<f32>,
   /// The rigid-body’s inverse mass along each coordinate axis.
   ///
   /// Allowing different values along each axis allows the user to specify 0 along each axis.
   /// By setting zero, the linear motion along the corresponding world-space axis will be locked.
   inv_mass: Vector,
   /// The rigid-body’s center of mass.
   com: Vector,
}

/// A force and torque.
struct wgrapier_body_Force {
    /// A linear force.
    linear: Vector,
    /// An angular force (torque).
    angular: AngVector,
}

/// A linear and angular velocity.
struct wgrapier_body_Velocity {
    /// The linear (translational) part of the velocity.
    linear: Vector,
    /// The angular (rotational) part of the velocity.
    angular: AngVector,
}

/// A rigid-body pose and its velocity.
struct wgrapier_body_RigidBodyState {
    /// The rigid-body’s pose (translation, rotation, uniform scale).
    pose: Transform,
    /// The rigid-body’s velocity (translational and rotational).
    velocity: wgrapier_body_Velocity,
}

/// Computes new velocities after integrating forces by a timestep equal to `dt`.
fn wgrapier_body_integrateForces(mprops: wgrapier_body_MassProperties, velocity: wgrapier_body_Velocity, force: wgrapier_body_Force, dt: f32) -> wgrapier_body_Velocity {
    let acc_lin = mprops.inv_mass * force.linear;
    let acc_ang = mprops.inv_inertia * force.angular;
    return wgrapier_body_Velocity(velocity.linear + acc_lin * dt, velocity.angular + acc_ang * dt);
}

/// Computes a new pose after integrating velocitie by a timestep equal to `dt`.
fn wgrapier_body_integrateVelocity(pose: Transform, vels: wgrapier_body_Velocity, local_com: Vector, dt: f32) -> Transform {
    let init_com = wgebra_sim3_mulPt(pose, local_com);
    let init_tra = pose.translation_scale.xyz;
    let init_scale = pose.translation_scale.w;

    let delta_ang = wgebra_quat_fromScaledAxis(vels.angular * dt);
    let delta_lin = vels.linear * dt;

    let new_translation =
        init_com + wgebra_quat_mulVec(delta_ang, (init_tra - init_com)) * init_scale + delta_lin;
    let new_rotation = wgebra_quat_renormalizeFast(wgebra_quat_mul(delta_ang, pose.rotation));

    return Transform(new_rotation, vec4(new_translation, init_scale));
}

/// Computes the new world-space mass-properties based on the local-space mass-properties and its transform.
fn wgrapier_body_updateMprops(pose: Transform, local_mprops: wgrapier_body_MassProperties) -> wgrapier_body_MassProperties {
    let world_com = wgebra_sim3_mulPt(pose, local_mprops.com);
    let rot_mat = wgebra_quat_toMatrix(pose.rotation);
    let world_inv_inertia = rot_mat * local_mprops.inv_inertia * transpose(rot_mat);

    return wgrapier_body_MassProperties(world_inv_inertia, local_mprops.inv_mass, world_com);
}

/// Computes the linear velocity at a given point.
fn wgrapier_body_velocity_at_point(com: Vector, vels: wgrapier_body_Velocity, point: Vector) -> Vector {
    return vels.linear + cross(vels.angular, point - com);
}

@group(0) @binding(0)
var<storage, read_write> mprops: array<wgrapier_body_MassProperties>;
@group(0) @binding(1)
var<storage, read> local_mprops: array<wgrapier_body_MassProperties>;
@group(0) @binding(2)
var<storage, read_write> poses: array<wgebra_sim3_Sim3>;
@group(0) @binding(3)
var<storage, read_write> vels: array<wgrapier_body_Velocity>;

const WORKGROUP_SIZE: u32 = 64;

@compute @workgroup_size(WORKGROUP_SIZE, 1, 1)
fn integrate(@builtin(global_invocation_id) invocation_id: vec3<u32>, @builtin(num_workgroups) num_workgroups: vec3<u32>) {
    let num_threads = num_workgroups.x * WORKGROUP_SIZE;
    for (var i = invocation_id.x; i < arrayLength(&poses); i += num_threads) {
        // TODO: get dt from somewhere
        let new_pose = wgrapier_body_integrateVelocity(poses[i], vels[i], local_mprops[i].com, 0.0016);
        let new_mprops = wgrapier_body_updateMprops(new_pose, local_mprops[i]);

        mprops[i] = new_mprops;
        poses[i] = new_pose;
    }
}
