//! The settings of a kernel of the user's own: what a TOML file beside the shader, or flags, may say.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::error::UserError;
use crate::model::Scalar;
use crate::numerics::inputs::Distribution;

/// Everything that may be said. What is left out is inferred from the shader.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The entry point; may be left out where there is one.
    pub entry: Option<String>,
    /// Workgroups in x, y and z; trailing ones may be left out.
    pub groups: Option<Vec<u64>>,
    /// Several dispatches one after another that share the buffers, in place of `entry` and `groups`.
    pub passes: Option<Vec<PassSettings>>,
    /// The seed of everything that is drawn.
    pub seed: Option<u64>,
    /// What is compared: names of buffers, or `buffer:f32` for the scalars of one type. All that is written where left out.
    pub outputs: Option<Vec<String>>,
    /// Two outputs of one type and length that are to be compared with each other, such as the same functions evaluated by
    /// the front end and at run time.
    pub compare: Option<[String; 2]>,
    /// What the only output is to be; of several, each has its own among `buffers`.
    pub expect: Option<FileOf>,
    /// Values of the shader's `override` declarations; of a `bool`, also `true` and `false`.
    #[serde(default, deserialize_with = "constants")]
    pub overrides: BTreeMap<String, Number>,
    /// What the buffers hold, by the variable's name.
    #[serde(default)]
    pub buffers: BTreeMap<String, Contents>,
    /// Configurations to compare: each a case of the same problem.
    #[serde(default)]
    pub config: Vec<Config>,
}

/// One dispatch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassSettings {
    /// The entry point.
    pub entry: String,
    /// As [`Settings::groups`].
    pub groups: Option<Vec<u64>>,
}

/// What one buffer holds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Elements of the runtime-sized array.
    pub len: Option<u64>,
    /// How floating-point scalars are drawn, or all scalars.
    pub dist: Option<Drawn>,
    /// The same as `dist`, for a buffer that the shader writes.
    pub initial: Option<Drawn>,
    /// How integers are drawn, where a buffer has both.
    pub ints: Option<Drawn>,
    /// Every scalar, in order.
    pub values: Option<Vec<Number>>,
    /// The file that has every scalar, in order: npy, safetensors or any other that `diff` reads; raw elements with `dtype`. A
    /// relative path starts where the settings are.
    pub data: Option<FileOf>,
    /// What the buffer is to hold at the end, where it is compared.
    pub expect: Option<FileOf>,
    /// The members of a structure by name; the others are drawn.
    #[serde(default)]
    pub members: BTreeMap<String, Scalars>,
}

/// A tensor of a file: its path, or a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "PathOrTable")]
pub struct FileOf {
    /// The file.
    pub file: String,
    /// The tensor; may be left out where there is one, or one of the buffer's name.
    pub tensor: Option<String>,
    /// Takes the file as raw little-endian elements of this type.
    pub dtype: Option<Scalar>,
    /// The file's digest (BLAKE3): another file is refused.
    pub digest: Option<String>,
}

/// How a tensor of a file is written.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a file's path is wanted, or { file = …, tensor = …, dtype = … }")]
enum PathOrTable {
    Path(String),
    Table(FileTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    file: String,
    tensor: Option<String>,
    dtype: Option<Scalar>,
    digest: Option<String>,
}

impl From<PathOrTable> for FileOf {
    fn from(said: PathOrTable) -> Self {
        match said {
            PathOrTable::Path(file) => Self { file, ..Self::default() },
            PathOrTable::Table(FileTable { file, tensor, dtype, digest }) => Self { file, tensor, dtype, digest },
        }
    }
}

impl FileOf {
    /// As TOML.
    fn write(&self) -> String {
        let mut out = format!("{{ file = {}", quoted(&self.file));
        for (name, value) in [
            ("tensor", self.tensor.as_deref()),
            ("dtype", self.dtype.map(Scalar::name)),
            ("digest", self.digest.as_deref()),
        ] {
            if let Some(value) = value {
                out.push_str(&format!(", {name} = {}", quoted(value)));
            }
        }
        out + " }"
    }
}

/// Another way to compute the same: other values of overrides, another dispatch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// As [`Settings::groups`].
    pub groups: Option<Vec<u64>>,
    /// Besides [`Settings::overrides`].
    #[serde(default, deserialize_with = "constants")]
    pub overrides: BTreeMap<String, Number>,
}

/// A number as written: whole, or with a fraction or exponent.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a number is wanted")]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// Any other; infinities and NaN too.
    Float(f64),
}

impl Number {
    /// Its value; rounded where a whole number is beyond 2^53.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an override is a binary64 number")]
    pub fn value(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(x) => x,
        }
    }

    /// The value of an override as typed in a flag: a number, `true` or `false`.
    #[must_use]
    pub fn read_constant(text: &str) -> Option<Self> {
        match text {
            "true" => Some(Self::Int(1)),
            "false" => Some(Self::Int(0)),
            other => Self::read(other),
        }
    }

    /// A number as typed in a flag.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text.parse().map(Self::Int) {
            Ok(whole) => Some(whole),
            Err(_) => text.parse().ok().map(Self::Float),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(i) => write!(f, "{i}"),
            Self::Float(x) if x.is_nan() => f.write_str("nan"),
            // The shortest that reads back as itself, with a point or an exponent, as TOML wants it.
            Self::Float(x) => write!(f, "{x:?}"),
        }
    }
}

/// Values of overrides: a pipeline takes numbers alone, 1 and 0 for true and false.
fn constants<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Number>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a number, true or false is wanted")]
    enum Constant {
        Flag(bool),
        Number(Number),
    }
    let all = BTreeMap::<String, Constant>::deserialize(from)?;
    let number = |constant| match constant {
        Constant::Flag(flag) => Number::Int(flag.into()),
        Constant::Number(number) => number,
    };
    Ok(all.into_iter().map(|(name, constant)| (name, number(constant))).collect())
}

/// One number, or several.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a number or a list of numbers is wanted")]
pub enum Scalars {
    /// One.
    One(Number),
    /// Several.
    Many(Vec<Number>),
}

impl Scalars {
    /// The numbers.
    #[must_use]
    pub fn all(&self) -> &[Number] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// How scalars are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub enum Drawn {
    /// One of the kernels' distributions of floating-point numbers.
    Floats(Distribution),
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
    /// 0, 1, 2 …, counted over the buffer's scalars of that type.
    Index,
    /// Random bits.
    Bits,
    /// Whole numbers below this, all as likely.
    Below(u32),
    /// This number everywhere.
    Fill(Number),
}

impl Drawn {
    const NAMES: &str = "normal, uniform, positive, wide (floats), zeros, ones, index, bits, 'below N', 'fill X'";

    /// Whether what it gives depends on the seed.
    pub(super) fn is_random(self) -> bool {
        match self {
            Self::Floats(_) | Self::Bits => true,
            Self::Below(n) => n > 1,
            Self::Zeros | Self::Ones | Self::Index | Self::Fill(_) => false,
        }
    }

    /// Whether it gives floating-point numbers only.
    #[must_use]
    pub fn is_for_floats(self) -> bool {
        matches!(self, Self::Floats(_))
    }
}

impl TryFrom<String> for Drawn {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a distribution; they are {}", Self::NAMES);
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let drawn = match (word, rest.trim()) {
            ("normal", "") => Self::Floats(Distribution::Normal),
            ("uniform", "") => Self::Floats(Distribution::Uniform),
            ("positive", "") => Self::Floats(Distribution::Positive),
            ("wide", "") => Self::Floats(Distribution::Wide),
            ("zeros", "") => Self::Zeros,
            ("ones", "") => Self::Ones,
            ("index", "") => Self::Index,
            ("bits", "") => Self::Bits,
            ("below", n) => Self::Below(n.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?),
            ("fill", x) => Self::Fill(Number::read(x).ok_or_else(wrong)?),
            _ => return Err(wrong()),
        };
        Ok(drawn)
    }
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Floats(Distribution::Normal) => "normal",
            Self::Floats(Distribution::Uniform) => "uniform",
            Self::Floats(Distribution::Positive) => "positive",
            Self::Floats(Distribution::Wide) => "wide",
            Self::Zeros => "zeros",
            Self::Ones => "ones",
            Self::Index => "index",
            Self::Bits => "bits",
            Self::Below(n) => return write!(f, "below {n}"),
            Self::Fill(x) => return write!(f, "fill {x}"),
        })
    }
}

impl Settings {
    /// Reads TOML. `file` is named in errors.
    ///
    /// # Errors
    /// Text that is no TOML, or that says what is not known, with line and column.
    pub fn read(file: &str, text: &str) -> Result<Self, UserError> {
        toml::from_str(text).map_err(|e| {
            let message = e.message().split_whitespace().collect::<Vec<_>>().join(" ");
            match e.span() {
                Some(span) => UserError::at(file, text, span.start, message),
                None => UserError::of(file, message),
            }
        })
    }

    /// As TOML that reads back as itself. `about` says in a comment what a buffer is.
    #[must_use]
    pub fn write(&self, about: &dyn Fn(&str) -> Option<String>) -> String {
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        if let Some(entry) = &self.entry {
            line(format!("entry = {}", quoted(entry)));
        }
        if let Some(groups) = &self.groups {
            line(format!("groups = {groups:?}"));
        }
        if let Some(passes) = &self.passes {
            let each = passes.iter().map(|pass| {
                let groups = pass.groups.as_ref().map(|g| format!(", groups = {g:?}")).unwrap_or_default();
                format!("{{ entry = {}{groups} }}", quoted(&pass.entry))
            });
            line(format!("passes = [{}]", each.collect::<Vec<_>>().join(", ")));
        }
        if let Some(seed) = self.seed {
            line(format!("seed = {seed}"));
        }
        if let Some(outputs) = &self.outputs {
            let names: Vec<_> = outputs.iter().map(|o| quoted(o)).collect();
            line(format!("outputs = [{}]", names.join(", ")));
        }
        if let Some([one, other]) = &self.compare {
            line(format!("compare = [{}, {}]", quoted(one), quoted(other)));
        }
        if !self.overrides.is_empty() {
            line("\n[overrides]".to_owned());
            self.overrides.iter().for_each(|(name, value)| line(format!("{} = {value}", key(name))));
        }
        for (name, contents) in &self.buffers {
            line(format!("\n[buffers.{}]", key(name)));
            if let Some(about) = about(name) {
                line(format!("# {about}"));
            }
            if let Some(len) = contents.len {
                line(format!("len = {len}"));
            }
            for (word, drawn) in [("dist", contents.dist), ("initial", contents.initial), ("ints", contents.ints)] {
                if let Some(drawn) = drawn {
                    line(format!("{word} = \"{drawn}\""));
                }
            }
            if let Some(values) = &contents.values {
                line(format!("values = {}", list(values)));
            }
            for (word, file) in [("data", &contents.data), ("expect", &contents.expect)] {
                if let Some(file) = file {
                    line(format!("{word} = {}", file.write()));
                }
            }
            if !contents.members.is_empty() {
                let each = contents.members.iter().map(|(name, scalars)| match scalars {
                    Scalars::One(one) => format!("{} = {one}", key(name)),
                    Scalars::Many(many) => format!("{} = {}", key(name), list(many)),
                });
                line(format!("members = {{ {} }}", each.collect::<Vec<_>>().join(", ")));
            }
        }
        for config in &self.config {
            line("\n[[config]]".to_owned());
            if let Some(groups) = &config.groups {
                line(format!("groups = {groups:?}"));
            }
            if !config.overrides.is_empty() {
                let each = config.overrides.iter().map(|(name, value)| format!("{} = {value}", key(name)));
                line(format!("overrides = {{ {} }}", each.collect::<Vec<_>>().join(", ")));
            }
        }
        out
    }
}

fn list(numbers: &[Number]) -> String {
    format!("[{}]", numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

/// A key, in quotes where it must be.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { name.to_owned() } else { quoted(name) }
}

/// A basic string. The names of WGSL hold nothing else that TOML would have escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let text = "entry = \"main\"\ngroups = [4, 2, 1]\npasses = [{ entry = \"a\", groups = [1] }, { entry = \"b\" }]\n\
                    seed = 9\noutputs = [\"y:f32\"]\ncompare = [\"x\", \"y\"]\n\n[overrides]\nN = 3\nX = -0.5\n\
                    \n[buffers.\"größe\"]\nlen = 5\ndist = \"fill -0.0\"\n\
                    \n[buffers.p]\nints = \"below 7\"\nmembers = { a = 1e300, b = [1, 2.0] }\n\
                    \n[buffers.v]\nvalues = [1, -inf, nan, 4294967295]\n\
                    \n[buffers.w]\ndata = { file = \"a b.bin\", tensor = \"t\", dtype = \"f32\", digest = \"00\" }\n\
                    expect = { file = \"w.npy\" }\n\
                    \n[[config]]\ngroups = [1]\noverrides = { N = 4 }\n";
        let read = Settings::read("x.toml", text).expect("it is read");
        assert_eq!(read.write(&|_| None), text, "canonical");
        let about = read.write(&|name| Some(format!("what {name} is")));
        assert_eq!(
            Settings::read("x.toml", &about).expect("comments are no matter").write(&|_| None),
            text,
            "comments"
        );
    }

    #[test]
    fn what_is_not_known_is_told_with_its_place() {
        let of = |text: &str| Settings::read("k.toml", text).expect_err("it is wrong").to_string();
        let wrong = [
            ("entry = ", "k.toml:1:"),
            ("seed = 1\nlen = 4", "k.toml:2:1: unknown field `len`"),
            ("[buffers.x]\n\ndist = \"norml\"", "k.toml:3:8: 'norml' is not a distribution; they are normal"),
            ("[buffers.x]\ndist = \"below 0\"", "k.toml:2:8: 'below 0' is not a distribution"),
            ("[buffers.x]\nvalues = [1, \"a\"]", "a number is wanted"),
            ("[buffers.x]\nlen = -1", "k.toml:2:7: "),
            ("groups = 4", "k.toml:1:10: "),
            ("[overrides]\nN = \"x\"", "a number, true or false is wanted"),
            ("[buffers.x]\ndata = 3", "a file's path is wanted"),
            ("[buffers.x]\ndata = { path = \"x\" }", "a file's path is wanted"),
            ("[[config]]\nworkgroups = [1]", "unknown field `workgroups`"),
        ];
        for (text, expected) in wrong {
            let said = of(text);
            assert!(said.contains(expected) && !said.contains('\n'), "{text}: {said}");
        }
    }
}
