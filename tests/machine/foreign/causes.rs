//! Why lavapipe's result may differ, each in a form that can be tested: with the cause taken away, or imitated, no bit
//! differs. What Mesa does to sums and products it does by rules of its `nir_opt_algebraic.py` for operations that need
//! not be exact, as WGSL's need not.

/// A cause of differences.
pub(crate) struct Cause {
    /// Its name in `known_differences.txt`.
    pub(crate) name: &'static str,
    /// How it is tested.
    pub(crate) test: Test,
}

/// How a cause is tested.
pub(crate) enum Test {
    /// The embedded adapter with this planted defect does as lavapipe does.
    Defect(&'static str),
    /// The embedded adapter does as lavapipe does when it is given the shader with this change: a model of lavapipe.
    Model(Change),
    /// Both do the same when both are given the shader with this change: what differs is gone.
    Both(Change),
    /// Both do the same when no sum or product can be reordered: this expression is a zero that no compiler knows.
    Guarded(&'static str),
    /// Invocations take places in a buffer in the order in which they come, and the embedded adapter says so of these
    /// outputs.
    Order(Records),
}

/// What an output in no certain order is a list of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Records {
    /// The bits of each word that do not depend on the order; empty for what is no list.
    masks: &'static [u32],
}

impl Records {
    /// How two outputs differ when they are sorted; nothing where they are the same records.
    pub(crate) fn difference(self, ours: &[u32], theirs: &[u32]) -> Option<String> {
        if self.masks.is_empty() {
            return None;
        }
        let sorted = |output: &[u32]| {
            let records = output.chunks(self.masks.len());
            let masked = |record: &[u32]| record.iter().zip(self.masks).map(|(w, m)| w & m).collect::<Vec<_>>();
            let mut records: Vec<_> = records.map(masked).collect();
            records.sort_unstable();
            records
        };
        let (a, b) = (sorted(ours), sorted(theirs));
        let different: Vec<usize> = (0..a.len()).filter(|i| a.get(*i) != b.get(*i)).collect();
        let at = *different.first()?;
        let count = format!("{} of {} sorted records differ", different.len(), a.len());
        Some(format!("{count}, the first at {at}: embedded {:x?}, lavapipe {:x?}", a.get(at), b.get(at)))
    }
}

/// Texts replaced by others, and text put at the shader's end.
pub(crate) struct Change {
    replace: &'static [(&'static str, &'static str)],
    append: &'static str,
}

impl Change {
    /// The changed shader; it must hold what is replaced.
    pub(crate) fn apply(&self, source: &str) -> String {
        let mut text = source.to_owned();
        for (old, new) in self.replace {
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some(at) = rest.find(old) {
                let name = |c: char| c.is_alphanumeric() || c == '_';
                // `exp(` within `stable_exp(` is another function.
                let inside = old.starts_with(name) && rest[..at].ends_with(name);
                out.push_str(&rest[..at]);
                out.push_str(if inside { old } else { new });
                rest = &rest[at + old.len()..];
            }
            out.push_str(rest);
            assert_ne!(out, text, "the shader has no '{old}'");
            text = out;
        }
        text + self.append
    }
}

/// `exp`, `log` and their like of Mesa 22 err by some units in the last place, and depend on the host's processor. They
/// are replaced by rational functions with about the same course: whatever they are, both adapters compute the same.
const fn both(name: &'static str, replace: &'static [(&'static str, &'static str)], append: &'static str) -> Cause {
    Cause { name, test: Test::Both(Change { replace, append }) }
}

const fn model(name: &'static str, replace: &'static [(&'static str, &'static str)], append: &'static str) -> Cause {
    Cause { name, test: Test::Model(Change { replace, append }) }
}

/// The product of a matrix and a vector as lavapipe adds it.
const BACKWARDS: &str = "fn backwards(a: mat4x4<f32>, b: vec4<f32>) -> vec4<f32> {
    return ((a[3] * b[3] + a[2] * b[2]) + a[1] * b[1]) + a[0] * b[0];
}\n";

/// All causes.
pub(crate) const CAUSES: &[Cause] = &[
    Cause { name: "order", test: Test::Order(Records { masks: &[] }) },
    // The line, and the segment's place on it; its place in its tile follows the order too.
    Cause { name: "order-of-segments", test: Test::Order(Records { masks: &[u32::MAX, 0xffff] }) },
    Cause { name: "order-of-lines", test: Test::Order(Records { masks: &[u32::MAX; 6] }) },
    // fma() is a product and a sum, each rounded.
    Cause { name: "split-fma", test: Test::Defect("split-fma") },
    both("exp", &[("exp(", "plain_exp(")], "fn plain_exp(x: f32) -> f32 { return 1.0 / (1.0 + x * x); }\n"),
    // 1 + c*(b - 1) is taken for mix(1, b, c), which is 1*(1 - c) + b*c.
    model(
        "interpolation-control",
        &[("vec4<f32>(1.0) + (_a - vec4<f32>(1.0)) * _p", "(vec4<f32>(1.0) - _p) + _a * _p")],
        "",
    ),
    both(
        "exp-vec4",
        &[("exp(", "plain_exp(")],
        "fn plain_exp(x: vec4<f32>) -> vec4<f32> { return 1.0 / (1.0 + x * x); }\n",
    ),
    both("log", &[("log(", "plain_log(")], "fn plain_log(x: f32) -> f32 { return x / (1.0 + x * x); }\n"),
    both("tanh", &[("tanh(", "plain_tanh(")], "fn plain_tanh(x: f32) -> f32 { return x / (1.0 + abs(x)); }\n"),
    both(
        "tanh-vec4",
        &[("tanh(", "plain_tanh(")],
        "fn plain_tanh(x: vec4<f32>) -> vec4<f32> { return x / (1.0 + abs(x)); }\n",
    ),
    both("sin", &[("sin(", "plain_sin(")], "fn plain_sin(x: f32) -> f32 { return x / (1.0 + x * x); }\n"),
    both("cos", &[("cos(", "plain_cos(")], "fn plain_cos(x: f32) -> f32 { return 1.0 / (1.0 + x * x); }\n"),
    both(
        "atan2",
        &[("atan2(", "plain_atan2(")],
        "fn plain_atan2(y: f32, x: f32) -> f32 { return 2.0 * y / (1.0 + abs(x) + abs(y)); }\n",
    ),
    both("acos", &[("acos(", "plain_acos(")], "fn plain_acos(x: f32) -> f32 { return 1.5 - x; }\n"),
    both("asin", &[("asin(", "plain_asin(")], "fn plain_asin(x: f32) -> f32 { return x + 0.5 * x * x * x; }\n"),
    both("pow", &[("pow(", "plain_pow(")], "fn plain_pow(x: f32, y: f32) -> f32 { return x / (1.0 + y * y); }\n"),
    both(
        "pow-vec4",
        &[("pow(", "plain_pow(")],
        "fn plain_pow(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> { return x / (1.0 + y * y); }\n",
    ),
    // Two roundings.
    model("inverseSqrt", &[("inverseSqrt(", "1.0 / sqrt(")], ""),
    // A matrix product adds from the last column to the first, unless the left matrix is a transpose() right there.
    model(
        "matrix-order-gemm",
        &[("mat_right * mat_left", "backwards(mat_right, mat_left)")],
        "fn backwards(a: mat4x4<f32>, b: mat4x4<f32>) -> mat4x4<f32> {
            var out: mat4x4<f32>;
            for (var i = 0u; i < 4u; i += 1u) {
                out[i] = ((a[3] * b[i][3] + a[2] * b[i][2]) + a[1] * b[i][1]) + a[0] * b[i][0];
            }
            return out;
        }\n",
    ),
    model("matrix-order-nf4", &[("m * x[0]", "backwards(m, x[0])"), ("m * x[1]", "backwards(m, x[1])")], BACKWARDS),
    model("matrix-order-time_mix", &[("ss * aa", "backwards(ss, aa)")], BACKWARDS),
    model(
        "matrix-order-integrate",
        &[(
            "rot_mat * local_mprops.inv_inertia * transpose(rot_mat)",
            "backwards(backwards(rot_mat, local_mprops.inv_inertia), transpose(rot_mat))",
        )],
        "fn backwards(a: mat3x3<f32>, b: mat3x3<f32>) -> mat3x3<f32> {
            var out: mat3x3<f32>;
            for (var i = 0u; i < 3u; i += 1u) {
                out[i] = (a[2] * b[i][2] + a[1] * b[i][1]) + a[0] * b[i][0];
            }
            return out;
        }\n",
    ),
    // The rule below and those on constants, in some hundred lines of polynomials.
    Cause { name: "reassociation-flatten", test: Test::Guarded("u32(config.width_in_tiles > 100000u)") },
    // (a*b + c*d) + e, where e is no product, is added as (a*b + e) + c*d.
    model(
        "products-last-sim2",
        &[(
            "return wgebra_rot2_mulVec(sim.rotation, pt * sim.scale) + sim.translation;",
            "let v = pt * sim.scale;
            let r = sim.rotation.cosSin;
            let t = sim.translation;
            return vec2((r.x * v.x + t.x) - r.y * v.y, (r.y * v.x + t.y) + r.x * v.y);",
        )],
        "",
    ),
];

/// The cause of this name.
pub(crate) fn cause(name: &str) -> &'static Cause {
    CAUSES.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("'{name}' is no cause"))
}
