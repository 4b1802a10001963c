//! Why lavapipe's result may differ, each in a form that can be tested: with the cause taken away, or imitated, no bit
//! differs.

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
    /// Invocations take places in a buffer in the order in which they come, and the embedded adapter says so.
    Order,
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

/// All causes.
pub(crate) const CAUSES: &[Cause] = &[
    Cause { name: "order", test: Test::Order },
    // fma() is a product and a sum, each rounded.
    Cause { name: "split-fma", test: Test::Defect("split-fma") },
    both("exp", &[("exp(", "plain_exp(")], "fn plain_exp(x: f32) -> f32 { return 1.0 / (1.0 + x * x); }\n"),
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
];

/// The cause of this name.
pub(crate) fn cause(name: &str) -> &'static Cause {
    CAUSES.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("'{name}' is no cause"))
}
