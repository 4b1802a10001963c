//! What do two captured runs differ in, and what could each difference do to the results?
//!
//! What differs is put in the order of the five causes of trainings that do not repeat, in which retraining studies and
//! `repro-audit train` find their effects: initial weights, shuffling, dropout, updates of libraries and drivers, hardware. Before
//! them is what makes the runs two different ones. Nothing here says that a difference *is* the cause of another result: two runs that
//! differ in one thing alone may differ in their results for a reason that nobody captured.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::capture::{Accelerator, Artifact, Capture, REDACTED, Tree};
use crate::model::variables::{FRAMEWORKS, Moves};
use crate::model::words::{list, plural};
use crate::record::capture::{placed_argv, placed_parameters};

/// What a difference belongs to, the first to be looked at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Belongs {
    /// To what was asked: another program, other data, other hyperparameters.
    Asked,
    /// To initial weights.
    InitialWeights,
    /// To shuffling and splits.
    Shuffling,
    /// To dropout.
    Dropout,
    /// To updates of libraries and drivers.
    Updates,
    /// To the hardware.
    Hardware,
    /// To none of these.
    Other,
}

impl Belongs {
    /// In words, as a title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Asked => "What was asked",
            Self::InitialWeights => "Initial weights",
            Self::Shuffling => "Shuffling",
            Self::Dropout => "Dropout",
            Self::Updates => "Updates",
            Self::Hardware => "Hardware",
            Self::Other => "Other",
        }
    }
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it belongs to.
    pub belongs: Belongs,
    /// Its name.
    pub what: String,
    /// On the left; `None` where it is not there.
    pub left: Option<String>,
    /// On the right.
    pub right: Option<String>,
    /// Which effect on the results it could have: a noun phrase.
    pub could: &'static str,
}

/// What became of the results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Results {
    /// Files of both sides with the same bytes.
    pub same: Vec<String>,
    /// Files of both sides with other bytes.
    pub differ: Vec<String>,
    /// Files of the left side alone.
    pub left: Vec<String>,
    /// Files of the right side alone.
    pub right: Vec<String>,
    /// Those of a side that the command did not write.
    pub older: Vec<String>,
    /// How the commands ended, where they ended otherwise.
    pub exits: Option<[String; 2]>,
}

impl Results {
    /// Whether any result differs; `None` where none was captured on both sides and the commands ended alike.
    #[must_use]
    pub fn differ(&self) -> Option<bool> {
        let differ = self.exits.is_some() || !(self.differ.is_empty() && self.left.is_empty() && self.right.is_empty());
        (differ || !self.same.is_empty()).then_some(differ)
    }
}

/// A side, for the reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The file as it was named.
    pub name: String,
    /// When the run was started.
    pub started: String,
    /// The host.
    pub host: String,
    /// The id of the situation.
    pub situation: String,
    /// The id of the situation with the machine.
    pub with_machine: String,
    /// The id of the run.
    pub run: String,
    /// The audit of the machine.
    pub audit: Option<String>,
}

/// What two captures differ in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaptureDiff {
    /// The left side.
    pub left: Side,
    /// The right side.
    pub right: Side,
    /// What differs, by what it belongs to.
    pub differences: Vec<Difference>,
    /// What was compared and is the same, in a few words each.
    pub same: Vec<String>,
    /// What was not captured on a side, so that it is not compared.
    pub untested: Vec<String>,
    /// Whose values, or a part of them, were left out of a capture as secrets, so that these are not compared.
    pub secrets: Vec<String>,
    /// The results.
    pub results: Results,
}

const ASKED: &str = "any: another training was asked for";

/// What a hyperparameter or an argument is about, by its name.
fn of_name(name: &str) -> (Belongs, &'static str) {
    let name = name.to_lowercase();
    let words: BTreeSet<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let has = |all: &[&str]| all.iter().any(|w| words.contains(w) || w.len() > 4 && name.contains(w));
    // A rate of learning at the start, and a layer that rearranges pixels.
    if words.contains("lr") || name.ends_with("_lr") || name.contains("pixel") {
        return (Belongs::Asked, ASKED);
    }
    let is_seed = has(&["seed", "seeds", "rng"]) || words.iter().any(|w| w.ends_with("seed"));
    let order =
        ["shuffle", "workers", "sampler", "split", "splits", "fold", "folds", "prefetch", "drop_last", "world_size"];
    let is_order = has(&order) || is_seed && words.contains("data");
    if is_seed && !is_order && !name.contains("drop") {
        (
            Belongs::InitialWeights,
            "other initial weights; and another order of samples and other dropout masks, where these are drawn from it",
        )
    } else if has(&["dropout", "dropath", "drop_path", "drop_rate", "drop_prob", "pdrop"]) {
        (Belongs::Dropout, "other elements left out in each step")
    } else if has(&["init", "initializer", "xavier", "kaiming", "gain"]) {
        (Belongs::InitialWeights, "other initial weights")
    } else if is_order {
        (Belongs::Shuffling, "another order or division of the samples, so that each step adds other gradients")
    } else {
        (Belongs::Asked, ASKED)
    }
}

fn of_variable(name: &str) -> (Belongs, &'static str) {
    match FRAMEWORKS.iter().find(|(n, _)| *n == name).map(|(_, moves)| moves) {
        Some(Moves::Order) => (
            Belongs::Shuffling,
            "another order of sets, names or files, and so of samples or parameters where the program goes through them in that \
             order",
        ),
        Some(Moves::Devices) => {
            (Belongs::Hardware, "sums that are split over another number of threads or devices, and round otherwise")
        }
        Some(Moves::Libraries) | None => (
            Belongs::Updates,
            "other kernels or another precision, chosen by a library or driver, which round otherwise",
        ),
    }
}

/// Packages whose own code computes or draws numbers. Others may matter too, and are told after these.
const NUMERIC: [&str; 30] = [
    "torch",
    "torchvision",
    "torchaudio",
    "triton",
    "pytorch-triton",
    "jax",
    "jaxlib",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "flax",
    "optax",
    "mxnet",
    "paddlepaddle",
    "onnxruntime",
    "onnxruntime-gpu",
    "cupy",
    "xformers",
    "flash-attn",
    "deepspeed",
    "transformers",
    "accelerate",
    "lightning",
    "pytorch-lightning",
    "mkl",
    "intel-openmp",
    "scikit-learn",
    "xgboost",
    "lightgbm",
];

fn is_numeric(name: &str) -> bool {
    let vendors = ["nvidia-", "jax-", "cupy-", "torch-", "tensorflow-", "intel-extension", "rocm"];
    NUMERIC.contains(&name) || vendors.iter().any(|v| name.starts_with(v))
}

const PACKAGE: &str =
    "other random numbers from the same seed, or other kernels and orders of sums, which round otherwise";
const OTHER_PACKAGE: &str = "any, if the run computes, draws or reads by it; none otherwise";

/// Arguments by name: `--lr 0.1`, `--lr=0.1`, `lr=0.1`; what has no name by its place.
fn arguments(argv: &[String]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut put = |name: String, value: String| {
        let all = out.entry(name).or_insert_with(String::new);
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(&value);
    };
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_alphanumeric() || "_.-/".contains(c))
    };
    let is_option = |text: &str| {
        text.trim_start_matches('-').starts_with(char::is_alphabetic)
            && text.starts_with('-')
            && !text.contains(char::is_whitespace)
    };
    let mut at = 0;
    let mut place = 0;
    while let Some(argument) = argv.get(at) {
        at += 1;
        match argument.split_once('=') {
            Some((name, value)) if is_option(name) || is_name(name.trim_start_matches('+')) => {
                put(name.trim_start_matches(['-', '+']).to_owned(), value.to_owned());
            }
            None if is_option(argument) && at > 1 => {
                let value = argv.get(at).filter(|v| !is_option(v) && !v.contains('='));
                at += usize::from(value.is_some());
                let value = value.map_or("given", String::as_str);
                put(argument.trim_start_matches('-').to_owned(), value.to_owned());
            }
            _ => {
                let name = if place == 0 { "program".to_owned() } else { format!("argument {place}") };
                place += 1;
                put(name, argument.clone());
            }
        }
    }
    out
}

/// Members of two maps that differ.
fn differing<'a, V: PartialEq + ToString>(
    left: &'a BTreeMap<String, V>,
    right: &'a BTreeMap<String, V>,
) -> impl Iterator<Item = (&'a String, [Option<String>; 2])> {
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    names.into_iter().filter_map(move |name| {
        let (l, r) = (left.get(name), right.get(name));
        (l != r).then(|| (name, [l.map(V::to_string), r.map(V::to_string)]))
    })
}

/// A digest's beginning.
fn short(digest: &str) -> String {
    crate::model::words::short(digest)
}

/// What is found while two captures are compared.
#[derive(Default)]
struct Found {
    differences: Vec<Difference>,
    same: Vec<String>,
    untested: Vec<String>,
    secrets: Vec<String>,
}

impl Found {
    /// Members of two maps that differ. Those of which a part was left out are remembered: where the rest is the same, they may
    /// differ all the same.
    fn differing<'a>(
        &mut self,
        what: &str,
        left: &'a BTreeMap<String, String>,
        right: &'a BTreeMap<String, String>,
    ) -> Vec<(&'a String, [Option<String>; 2])> {
        let left_out = |text: &String| text.contains(REDACTED);
        let secret = left.iter().chain(right).filter(|(name, value)| left_out(name) || left_out(value));
        let names: BTreeSet<&String> = secret.map(|(name, _)| name).collect();
        self.secrets.extend(names.into_iter().map(|name| format!("{what} {}", name.trim_start_matches("argument "))));
        differing(left, right).collect()
    }

    fn put(
        &mut self,
        belongs: Belongs,
        what: impl Into<String>,
        [left, right]: [Option<String>; 2],
        could: &'static str,
    ) {
        self.differences.push(Difference { belongs, what: what.into(), left, right, could });
    }

    /// A value that both sides have.
    fn value(&mut self, belongs: Belongs, what: &str, left: &str, right: &str, could: &'static str) {
        if left != right {
            self.put(belongs, what, [Some(left.to_owned()), Some(right.to_owned())], could);
        }
    }

    /// What neither or one of the sides has is told as that.
    fn both<'a, T>(&mut self, what: &str, left: &'a Option<T>, right: &'a Option<T>) -> Option<(&'a T, &'a T)> {
        match (left, right) {
            (Some(l), Some(r)) => return Some((l, r)),
            (None, None) => self.untested.push(what.to_owned()),
            (Some(_), None) => self.untested.push(format!("{what} (on the left alone)")),
            (None, Some(_)) => self.untested.push(format!("{what} (on the right alone)")),
        }
        None
    }

    /// Adds that a part is the same, where nothing of it was found to differ since `before` differences.
    fn same(&mut self, before: usize, what: &str) {
        if self.differences.len() == before {
            self.same.push(what.to_owned());
        }
    }

    /// The same of a part of which `secrets` were known before it.
    fn same_but(&mut self, before: usize, secrets: usize, what: &str) {
        let but = if self.secrets.len() > secrets { " but for secrets" } else { "" };
        self.same(before, &format!("{what}{but}"));
    }
}

const PROGRAM: &str = "any: it is another program";

fn code(found: &mut Found, left: &Capture, right: &Capture) {
    let before = found.differences.len();
    if let Some((l, r)) = found.both("the commit", &left.code, &right.code) {
        if l.commit != r.commit {
            let told = |c: &crate::model::capture::Code| {
                let commit = c.commit.as_deref().map_or_else(|| "none".to_owned(), short);
                Some(c.branch.as_deref().map_or_else(|| commit.clone(), |b| format!("{commit} ({b})")))
            };
            found.put(Belongs::Asked, "commit", [told(l), told(r)], PROGRAM);
        } else if l.branch != r.branch {
            found.put(Belongs::Other, "branch", [l.branch.clone(), r.branch.clone()], "none: the commit is the same");
        }
        let patch = |c: &crate::model::capture::Code| {
            c.patch.as_ref().map(|p| {
                format!("{} changed since the commit ({})", plural(to_usize(c.changed), "file"), short(&p.digest))
            })
        };
        if l.patch.as_ref().map(|p| &p.digest) != r.patch.as_ref().map(|p| &p.digest) {
            found.put(Belongs::Asked, "uncommitted changes", [patch(l), patch(r)], PROGRAM);
        }
        if l.folder != r.folder {
            found.put(
                Belongs::Asked,
                "folder in the repository",
                [Some(l.folder.clone()), Some(r.folder.clone())],
                "any: names of files lead elsewhere",
            );
        }
        found.same(before, "code");
    }
    let before = found.differences.len();
    for (name, sides) in differing(&left.files, &right.files) {
        found.put(Belongs::Asked, format!("file {name}"), sides.map(|s| s.as_deref().map(short)), PROGRAM);
    }
    if !left.files.is_empty() {
        found.same(before, "files that the command names");
    }
}

fn to_usize(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn command(found: &mut Found, left: &Capture, right: &Capture) {
    let (l, r) = (placed_argv(left), placed_argv(right));
    let (named, other) = (arguments(&l), arguments(&r));
    let (before, secrets) = (found.differences.len(), found.secrets.len());
    for (name, sides) in found.differing("argument", &named, &other) {
        let (belongs, could) =
            if name == "program" || name.starts_with("argument ") { (Belongs::Asked, PROGRAM) } else { of_name(name) };
        found.put(belongs, format!("argument {}", name.trim_start_matches("argument ")), sides, could);
    }
    if before == found.differences.len() && l != r {
        let sides = [Some(l.join(" ")), Some(r.join(" "))];
        found.put(Belongs::Asked, "order of arguments", sides, "none, unless the program heeds their order");
    }
    found.same_but(before, secrets, "command");
    let (l, r) = (placed_parameters(left), placed_parameters(right));
    let (before, secrets) = (found.differences.len(), found.secrets.len());
    if l.is_none() && r.is_none() {
        return;
    }
    if let Some((l, r)) = found.both("hyperparameters of a file", &l, &r) {
        let owned = |of: &BTreeMap<&str, String>| of.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        let (l, r): (BTreeMap<String, String>, BTreeMap<String, String>) = (owned(l), owned(r));
        for (name, sides) in found.differing("hyperparameter", &l, &r) {
            let (belongs, could) = of_name(name);
            found.put(belongs, name.clone(), sides, could);
        }
        found.same_but(before, secrets, "hyperparameters");
    }
}

/// The entries of two trees that differ, in words.
fn entries(left: &Tree, right: &Tree) -> [Option<String>; 2] {
    let size = |t: &Tree| format!("{}, {}", plural(to_usize(t.files), "file"), plural(to_usize(t.bytes), "byte"));
    let (Some(l), Some(r)) = (&left.entries, &right.entries) else {
        return [left, right].map(|t| Some(format!("{} ({})", size(t), short(&t.digest))));
    };
    let (mut other, mut only) = (Vec::new(), [Vec::new(), Vec::new()]);
    for (name, sides) in differing(l, r) {
        match sides {
            [Some(_), Some(_)] => other.push(name.clone()),
            [Some(_), None] => only[0].push(name.clone()),
            _ => only[1].push(name.clone()),
        }
    }
    let told = |t: &Tree, alone: &[String]| {
        let mut parts = vec![size(t)];
        if !other.is_empty() {
            parts.push(format!("with other contents {}", list(&other, 4)));
        }
        if !alone.is_empty() {
            parts.push(format!("here alone {}", list(alone, 4)));
        }
        Some(parts.join("; "))
    };
    [told(left, &only[0]), told(right, &only[1])]
}

fn data(found: &mut Found, left: &Capture, right: &Capture) {
    if left.data.is_empty() && right.data.is_empty() {
        found.untested.push("data".to_owned());
        return;
    }
    if left.data.len() != right.data.len() {
        let told = |c: &Capture| Some(plural(c.data.len(), "place"));
        found.put(Belongs::Asked, "data", [told(left), told(right)], "any: other samples");
    }
    for (l, r) in left.data.iter().zip(&right.data) {
        let before = found.differences.len();
        let name = |t: &Tree| t.path.trim_end_matches('/').rsplit('/').next().unwrap_or(&t.path).to_owned();
        let what = format!("data ({})", name(l));
        if l.digest != r.digest && l.contents == r.contents {
            let could = "another order of samples, where the program reads the files in the order of their names";
            found.put(Belongs::Shuffling, format!("names of files of {what}"), entries(l, r), could);
        } else if l.digest != r.digest {
            found.put(Belongs::Asked, what.clone(), entries(l, r), "any: other samples");
        }
        found.same(before, &what);
    }
}

fn software(found: &mut Found, left: &Capture, right: &Capture) {
    let (l, r) = (&left.software, &right.software);
    let before = found.differences.len();
    if let (Some(l), Some(r)) = (&l.interpreter, &r.interpreter) {
        found.value(
            Belongs::Updates,
            "interpreter",
            l,
            r,
            "other random numbers and another order of sets, where it draws or orders",
        );
    }
    if let Some((l, r)) = found.both("packages", &l.packages, &r.packages) {
        for (name, sides) in differing(l, r) {
            let could = if is_numeric(name) { PACKAGE } else { OTHER_PACKAGE };
            found.put(Belongs::Updates, name.clone(), sides, could);
        }
        let what = format!("{} and the interpreter", plural(l.len(), "package"));
        found.same(before, &what);
    }
    let before = found.differences.len();
    for (name, sides) in differing(&l.locks, &r.locks) {
        let could = "none by itself: it says which libraries are to be installed";
        found.put(Belongs::Updates, format!("lock file {name}"), sides.map(|s| s.as_deref().map(short)), could);
    }
    if !l.locks.is_empty() {
        found.same(before, "lock files");
    }
    let (before, secrets) = (found.differences.len(), found.secrets.len());
    for (name, sides) in found.differing("variable", &left.variables, &right.variables) {
        let (belongs, could) = of_variable(name);
        found.put(belongs, format!("variable {name}"), sides, could);
    }
    found.same_but(before, secrets, "the known variables");
}

/// Accelerators by who tells and what they are, with how many there are.
fn cards(all: &[Accelerator], of: impl Fn(&Accelerator) -> String) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut out: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for a in all {
        *out.entry(a.told_by.clone()).or_default().entry(of(a)).or_default() += 1;
    }
    out
}

fn counted(of: Option<&BTreeMap<String, usize>>) -> Option<String> {
    let told = |(name, n): (&String, &usize)| if *n > 1 { format!("{n} × {name}") } else { name.clone() };
    of.map(|all| all.iter().map(told).collect::<Vec<_>>().join(", "))
}

fn machine(found: &mut Found, left: &Capture, right: &Capture) {
    const DRIVER: &str = "other machine code for the same kernels, which may round otherwise";
    const CARD: &str = "other kernels and other orders of sums, which round otherwise; masks drawn on the device may fall on other elements";
    let before = found.differences.len();
    let sources: BTreeSet<&String> = left.accelerators.iter().chain(&right.accelerators).map(|a| &a.told_by).collect();
    let compare = |found: &mut Found, what: &str, belongs, could, of: &dyn Fn(&Accelerator) -> String| {
        let (l, r) = (cards(&left.accelerators, of), cards(&right.accelerators, of));
        for source in &sources {
            let sides = [counted(l.get(*source)), counted(r.get(*source))];
            if sides[0] != sides[1] {
                found.put(belongs, format!("{what} ({source})"), sides, could);
            }
        }
    };
    compare(found, "driver", Belongs::Updates, DRIVER, &|a| a.driver.clone());
    compare(found, "accelerator", Belongs::Hardware, CARD, &|a| a.name.clone());
    let settings = |a: &Accelerator| a.settings.iter().map(|(n, v)| format!("{n} {v}")).collect::<Vec<_>>().join(", ");
    compare(found, "build or setting of the driver", Belongs::Updates, DRIVER, &settings);
    if !left.accelerators.is_empty() {
        found.same(before, "accelerators and their drivers");
    }
    let (l, r) = (&left.machine, &right.machine);
    let before = found.differences.len();
    const PATH: &str = "other code, chosen by libraries for this processor, which rounds otherwise";
    found.value(Belongs::Hardware, "processor", &l.cpu, &r.cpu, PATH);
    found.value(Belongs::Hardware, "architecture", &l.architecture, &r.architecture, PATH);
    found.value(
        Belongs::Hardware,
        "processor's instructions",
        &l.cpu_features.join(", "),
        &r.cpu_features.join(", "),
        PATH,
    );
    let could = "sums that are split over another number of threads, and round otherwise";
    found.value(Belongs::Hardware, "threads", &l.cpu_threads.to_string(), &r.cpu_threads.to_string(), could);
    found.same(before, "processor");
    let could = "other mathematical functions of the system's library, and other kernel modules of drivers";
    found.value(Belongs::Updates, "system", &l.os, &r.os, could);
    found.value(
        Belongs::Updates,
        "kernel of the system",
        &l.kernel,
        &r.kernel,
        "none by itself, but drivers are part of it",
    );
    found.value(Belongs::Other, "host", &l.host, &r.host, "none by itself");
}

fn results(left: &Capture, right: &Capture, untested: &mut Vec<String>) -> Results {
    let mut out = Results::default();
    let ended = [left, right].map(|c| c.command.exit.to_string());
    if ended[0] != ended[1] {
        out.exits = Some(ended);
    }
    let none = BTreeMap::new();
    let [l, r] = [left, right].map(|c| c.artifacts.as_ref().unwrap_or(&none));
    if left.artifacts.is_none() || right.artifacts.is_none() {
        untested.push("results (--artifact)".to_owned());
        return out;
    }
    let names: BTreeSet<&String> = l.keys().chain(r.keys()).collect();
    for name in names {
        let older = |a: Option<&Artifact>| a.is_some_and(|a| a.older);
        // What a command did not write is no result of it.
        if older(l.get(name)) || older(r.get(name)) {
            out.older.push(name.clone());
            continue;
        }
        match (l.get(name), r.get(name)) {
            (Some(a), Some(b)) if a.digest == b.digest => out.same.push(name.clone()),
            (Some(_), Some(_)) => out.differ.push(name.clone()),
            (Some(_), None) => out.left.push(name.clone()),
            (None, _) => out.right.push(name.clone()),
        }
    }
    out
}

fn side(name: &str, of: &Capture) -> Side {
    Side {
        name: name.to_owned(),
        started: of.command.started.clone(),
        host: of.machine.host.clone(),
        situation: of.ids.situation.clone(),
        with_machine: of.ids.with_machine.clone(),
        run: of.ids.run.clone(),
        audit: of.audit.as_ref().map(|a| a.id.clone()),
    }
}

/// Compares two captures, named as they were.
#[must_use]
pub fn compare([left_name, right_name]: [&str; 2], left: &Capture, right: &Capture) -> CaptureDiff {
    let mut found = Found::default();
    command(&mut found, left, right);
    code(&mut found, left, right);
    data(&mut found, left, right);
    software(&mut found, left, right);
    machine(&mut found, left, right);
    let results = results(left, right, &mut found.untested);
    for (side, notes) in [("left", &left.notes), ("right", &right.notes)] {
        found.untested.extend(notes.iter().map(|note| format!("on the {side}, {note}")));
    }
    // What computes comes before what may not, and otherwise the order in which it was found is kept.
    found.differences.sort_by_key(|d| (d.belongs, d.could == OTHER_PACKAGE));
    CaptureDiff {
        left: side(left_name, left),
        right: side(right_name, right),
        differences: found.differences,
        same: found.same,
        untested: found.untested,
        secrets: found.secrets,
        results,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_named_however_they_are_written() {
        let of = |text: &str| arguments(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let found = of("python train.py --lr 0.1 -b=32 --amp --seed -1 optim.wd=0.01 x");
        let wanted = [
            ("amp", "given"),
            ("argument 1", "train.py"),
            ("argument 2", "x"),
            ("b", "32"),
            ("lr", "0.1"),
            ("optim.wd", "0.01"),
            ("program", "python"),
            ("seed", "-1"),
        ];
        assert_eq!(found, wanted.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(), "names");
        assert_eq!(of("a --x 1 --x 2")["x"], "1, 2", "twice");
    }

    #[test]
    fn a_name_says_which_cause_it_belongs_to() {
        for (name, wanted) in [
            ("seed", Belongs::InitialWeights),
            ("data.shuffle_seed", Belongs::Shuffling),
            ("dropout_seed", Belongs::Dropout),
            ("model.init_scale", Belongs::InitialWeights),
            ("dropout", Belongs::Dropout),
            ("attention_dropout", Belongs::Dropout),
            ("num_workers", Belongs::Shuffling),
            ("shuffle", Belongs::Shuffling),
            ("lr", Belongs::Asked),
            ("epochs", Belongs::Asked),
            ("again", Belongs::Asked),
            ("warmup_init_lr", Belongs::Asked),
            ("pixel_shuffle", Belongs::Asked),
        ] {
            assert_eq!(of_name(name).0, wanted, "{name}");
        }
        assert_eq!(of_variable("OMP_NUM_THREADS").0, Belongs::Hardware, "threads");
        assert_eq!(of_variable("PYTHONHASHSEED").0, Belongs::Shuffling, "order");
        assert_eq!(of_variable("LP_NUM_THREADS").0, Belongs::Updates, "a driver's");
        assert!(is_numeric("nvidia-cudnn-cu12") && is_numeric("torch") && !is_numeric("requests"), "packages");
    }
}
