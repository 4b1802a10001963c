//! A kernel of the user's own: any WGSL compute shader, with settings that say what its buffers hold.
//!
//! The interpreter is its reference. What the specification allows of it is known only where integers are all it
//! computes with, in one order; elsewhere it is not judged. See "A kernel of one's own" in `docs/numerics.md`.

mod error;
mod fill;
mod given;
mod infer;
mod layout;
mod problem;
mod settings;
mod shader;
mod specified;
mod view;

use std::path::Path;
use std::sync::{Arc, OnceLock};

pub use error::UserError;
pub use infer::{LENGTH, SEED};
pub use layout::{Kind, Layout, Leaf, Tail};
pub use problem::{Reference, Unrun};
pub use settings::{Config, Contents, Drawn, FileOf, Number, PassSettings, Scalars, Settings};

use crate::engines::RunError;
use crate::kernels::case::{Case, CaseError};
use crate::kernels::{Buffer, Pass, Problem, Program};
use crate::model::bits::Bits;
use crate::model::record::OwnKernel;
use crate::model::text::{line_fault, lines_fault, shown};
use crate::process::file::{TEXT, read_text, read_up_to};
use crate::wgsl::translate::Language;
use infer::{Resolved, resolve};
use problem::{OwnProblem, Shared};
use shader::Shader;
pub use specified::Folded;

/// A shader with its settings, as cases.
#[derive(Debug)]
pub struct Kernel {
    shader: Shader,
    resolved: Resolved,
    cases: Vec<(Case, Arc<Shared>)>,
    arguments: Vec<String>,
    /// What the file is written in, where that is not WGSL.
    language: Option<&'static str>,
}

impl Kernel {
    /// Reads a shader's file, and the TOML file of the same stem beside it where there is one and `settings` is `None`.
    /// `flags` go before what the file says. `arguments` are kept, to name it again.
    ///
    /// # Errors
    /// As [`Kernel::new`], and files that cannot be read.
    pub fn open(
        file: &Path,
        settings: Option<&Path>,
        flags: &dyn Fn(Settings) -> Result<Settings, UserError>,
        arguments: Vec<String>,
    ) -> Result<Self, UserError> {
        let name = file.display().to_string();
        // They are in the record, which is read on other machines.
        if let Some((text, fault)) =
            [&name].into_iter().chain(&arguments).find_map(|text| line_fault(text).map(|fault| (text, fault)))
        {
            return Err(UserError::of(&shown(text, 80), format!("this name or argument has {fault}; use another")));
        }
        let read = |path: &Path| {
            let wrong = |why: String| UserError::of(&path.display().to_string(), why);
            let text = read_text(path).map_err(|e| wrong(format!("can't be read: {e}")))?;
            match lines_fault(&text) {
                Some(fault) => Err(wrong(format!("has {fault}, which would show another text than is run; remove it"))),
                None => Ok(text),
            }
        };
        let unreadable = |e: std::io::Error| UserError::of(&name, format!("can't be read: {e}"));
        let content = read_up_to(file, TEXT).map_err(unreadable)?;
        let language = Language::of(&content);
        let source = match language {
            None => read(file)?,
            Some(language) => language.translate(&content).map_err(|fault| UserError::shader(&name, &fault))?,
        };
        let beside = file.with_extension("toml");
        let from = settings.or_else(|| beside.exists().then_some(beside.as_path()));
        let (said, from) = match from {
            Some(path) => {
                let from = path.display().to_string();
                let mut said = Settings::read(&from, &read(path)?)?;
                let folder = path.parent().unwrap_or(Path::new(""));
                let of_buffers = said.buffers.values_mut().flat_map(|c| [&mut c.data, &mut c.expect]);
                for file in of_buffers.chain([&mut said.expect]).flatten() {
                    file.file = folder.join(&file.file).display().to_string();
                }
                (said, from)
            }
            None => (Settings::default(), name.clone()),
        };
        let mut kernel = Self::new(&name, &source, &flags(said)?, &from, arguments)?;
        kernel.language = language.map(Language::name);
        Ok(kernel)
    }

    /// The WGSL that runs.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.shader.source
    }

    /// A shader with these settings. `file` names it in errors and in the cases' ids, `from` the settings in errors.
    ///
    /// # Errors
    /// A shader that is not valid, or is bound to more than buffers; settings that do not fit it.
    pub fn new(
        file: &str,
        source: &str,
        settings: &Settings,
        from: &str,
        arguments: Vec<String>,
    ) -> Result<Self, UserError> {
        let shader = Shader::new(file, source)?;
        let resolved = resolve(&shader, settings, from)?;
        let buffers: Vec<Buffer> = resolved
            .held
            .iter()
            .map(|held| {
                let (binding, len) = (&held.binding, held.len);
                let Some(filling) = &held.filling else {
                    let words = binding.layout.bytes(len).div_ceil(4);
                    return Ok(Buffer::Output(usize::try_from(words).unwrap_or(usize::MAX)));
                };
                let words = fill::words(&binding.layout, len, filling, binding.slot, resolved.seed)
                    .map_err(|what| UserError::of(from, format!("buffer '{}': {what}", binding.name)))?;
                Ok(match (binding.uniform, binding.writable) {
                    (true, _) => Buffer::Uniform(words),
                    (false, true) => Buffer::InOut(words),
                    (false, false) => Buffer::Input(words),
                })
            })
            .collect::<Result<_, UserError>>()?;
        let cases = cases(&shader, &resolved, &buffers);
        Ok(Self { shader, resolved, cases, arguments, language: None })
    }

    /// The kernel that a record, or an audit's scratch folder, holds.
    ///
    /// # Errors
    /// As [`Kernel::new`].
    pub fn again(own: &OwnKernel) -> Result<Self, UserError> {
        let settings = Settings::read(&own.file, &own.settings)?;
        Self::new(&own.file, &own.source, &settings, &own.file, own.arguments.clone())
    }

    /// Its cases: for each output, every configuration.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().map(|(case, _)| case)
    }

    /// The cases with this id, or of this problem.
    ///
    /// # Errors
    /// An id of none of them; the message says why, as far as the id tells.
    pub fn find(&self, id: &str) -> Result<Vec<Case>, UserError> {
        let found: Vec<Case> = self.cases().filter(|c| c.to_string() == id || c.problem() == id).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let part = |name: &str, id: &str| {
            let query = id.split_once('?').map_or("", |(_, q)| q).to_owned();
            query.split('&').find_map(|p| p.strip_prefix(&format!("{name}="))).map(str::to_owned)
        };
        let all: Vec<String> = self.cases().map(ToString::to_string).collect();
        for (name, what) in [("shader", "the shader"), ("settings", "its settings")] {
            let now = all.first().and_then(|first| part(name, first));
            if let (Some(then), Some(now)) = (part(name, id), now)
                && then != now
            {
                return Err(self.shader.error(format!(
                    "{what} changed since: the case has {name}={then}, and it is {now} now; leave --case out to audit what \
                     is there"
                )));
            }
        }
        Err(self.shader.error(format!("'{id}' is none of its cases; they are: {}", all.join(" "))))
    }

    /// The problem of one of its cases.
    ///
    /// # Errors
    /// A case that is none of its own.
    pub fn problem(&self, id: &str) -> Result<Box<dyn Problem>, CaseError> {
        match self.cases.iter().find(|(case, _)| case.to_string() == id) {
            Some((_, shared)) => Ok(Box::new(OwnProblem(Arc::clone(shared)))),
            None => Err(CaseError::new(format!("'{id}' is not a case of {}", self.shader.file))),
        }
    }

    /// Whether a case's id is of this kernel.
    #[must_use]
    pub fn has(&self, case: &Case) -> bool {
        self.cases().any(|c| c == case)
    }

    /// What the interpreter says of a case, computed once.
    ///
    /// # Errors
    /// What keeps it from running, in one line with the place, and what to do.
    pub fn reference(&self, case: &Case) -> Result<&Reference, UserError> {
        let Some((_, shared)) = self.cases.iter().find(|(c, _)| c == case) else {
            return Err(self.shader.error(format!("'{case}' is none of its cases")));
        };
        let failed = match shared.reference() {
            Ok(reference) => {
                // A race between workgroups that nobody asked for is no defect of the shader.
                let race = reference.findings.iter().find(|f| f.is_between_workgroups());
                if let (Some([x, y, z]), Some(race)) = (shared.guessed, race) {
                    return Err(self.shader.error_on(
                        race.line.unwrap_or(0),
                        format!(
                            "nobody said how many workgroups there are, and in the dispatch that was inferred, {x},{y},{z}, \
                             {}; say --groups, 1 where it is meant for one",
                            race.message
                        ),
                    ));
                }
                return Ok(reference);
            }
            Err(Unrun::Skip(skip)) => {
                return Err(self.shader.error(format!("the interpreter can't run it: {skip}")));
            }
            Err(Unrun::Failed(error)) => error,
        };
        let output = case.text("output");
        Err(match failed {
            RunError::Unwritten { .. } => self.shader.error(format!(
                "{failed} of '{output}': dispatch more workgroups (--groups), make it shorter (--buffer NAME:len=…), or say \
                 what it holds before (--buffer NAME:dist=zeros)"
            )),
            RunError::Stopped(why) => {
                let line = line_in(why);
                let hint = if why.contains("did not end") { "; let it end, or give it less to do" } else { "" };
                self.shader.error_on(line, format!("{why}{hint}"))
            }
            other => self.shader.error(other.to_string().split_whitespace().collect::<Vec<_>>().join(" ")),
        })
    }

    /// What a reader of an audit of these cases should know. `findings` says those of the interpreter too, where it is not
    /// among the engines.
    #[must_use]
    pub fn notes(&self, cases: &[Case], findings: bool) -> Vec<String> {
        let file = &self.shader.file;
        let mut reasons: Vec<&str> = Vec::new();
        let mut found: Vec<String> = Vec::new();
        let mut which = "Results";
        for case in cases.iter().filter(|c| self.has(c)) {
            let Ok(reference) = self.reference(case) else { continue };
            if reference.unjudged.is_none() {
                which = "Some results";
            }
            if let Some(why) = reference.unjudged.as_deref().filter(|why| !reasons.contains(why)) {
                reasons.push(why);
            }
            for finding in reference.findings.iter().filter(|_| findings) {
                let line = finding.line.map(|l| format!(":{l}")).unwrap_or_default();
                let said = format!("{file}{line}: {}: {}.", finding.kind.name(), finding.message);
                if !found.contains(&said) {
                    found.push(said);
                }
            }
        }
        let mut notes = vec![format!("{file} is a kernel of your own; its strict reference is the interpreter.")];
        if let Some(language) = self.language {
            notes.push(format!(
                "{file} is {language}: naga's translation to WGSL is what runs, and lines are its lines; --wgsl prints it."
            ));
        }
        notes.extend(found);
        if !reasons.is_empty() {
            notes.push(format!(
                "{which} of {file} are not judged against the WGSL specification, because what it allows of them is not known \
                 here: {}.",
                reasons.join("; ")
            ));
        }
        notes
    }

    /// Of two outputs that are to be compared, the other one's case of the same configuration, where `case` is the later one.
    #[must_use]
    pub fn compared_with(&self, case: &Case) -> Option<Compared<'_>> {
        let mut pair = self.resolved.compare?;
        // Cases are audited in this order.
        pair.sort_unstable();
        let titles = pair.map(|place| self.resolved.outputs[place].title.as_str());
        let output = |case: &Case| case.text("output").to_owned();
        if output(case) != titles[1] {
            return None;
        }
        let same = |c: &Case| output(c) == titles[0] && c.config() == case.config();
        let place = self.cases.iter().position(|(c, _)| same(c))?;
        let (other, _) = self.cases.get(place)?;
        // Every output has the cases of all configurations, in their order.
        let config = self.resolved.configs.get(place % self.resolved.configs.len().max(1))?;
        let folded = titles.map(|title| {
            let buffer = title.split(':').next().unwrap_or(title);
            let passes = config.passes.iter();
            passes.flat_map(|(e, _)| specified::folded(&e.checked, buffer, &self.shader.prepared)).collect()
        });
        Some(Compared { other, titles, folded })
    }

    /// What a file says that a case's output is to be, and the file. Of no case of several configurations is it another.
    #[must_use]
    pub fn expected(&self, case: &Case) -> Option<(&Bits, &str)> {
        let title = case.text("output");
        let output = self.resolved.outputs.iter().find(|o| o.title == title)?;
        let expected = self.resolved.expected.iter().find(|e| e.buffer == output.buffer)?;
        Some((&expected.bits, &expected.file.file))
    }

    /// The line of the loop that the interpreter is in while it works out the reference of a case.
    #[must_use]
    pub fn loop_now(&self, case: &Case) -> Option<u32> {
        let (_, shared) = self.cases.iter().find(|(c, _)| c == case)?;
        Some(shared.at.load(std::sync::atomic::Ordering::Relaxed)).filter(|line| *line > 0)
    }

    /// What a record holds of it.
    #[must_use]
    pub fn own(&self) -> OwnKernel {
        let settings = self.resolved.settings.write(&|_| None);
        OwnKernel {
            file: self.shader.file.clone(),
            shader: digest(&self.shader.source),
            settings_digest: digest(&settings),
            settings,
            source: self.shader.source.clone(),
            arguments: self.arguments.clone(),
            unseeded: !self.resolved.held.iter().any(infer::Held::is_drawn),
        }
    }

    /// The settings in force as TOML, with a comment that says what each buffer is.
    #[must_use]
    pub fn settings(&self) -> String {
        let about = |name: &str| {
            let held = self.resolved.held.iter().find(|h| h.binding.name == name)?;
            let binding = &held.binding;
            let kinds: Vec<_> = binding.layout.kinds().iter().map(|k| k.name()).collect();
            let what = match (binding.uniform, held.filling.is_some(), binding.writes) {
                (true, ..) => "uniform",
                (_, false, _) => "output, poisoned before each run",
                (_, true, true) => "read and written, restored before each run",
                _ => "input",
            };
            let place = format!("@group({}) @binding({})", binding.slot.group, binding.slot.binding);
            Some(format!("{place}, {}: {what}, {} bytes", kinds.join(" and "), binding.layout.bytes(held.len)))
        };
        self.resolved.settings.write(&about)
    }
}

/// Two outputs of one run that are compared, the earlier one first.
#[derive(Debug)]
pub struct Compared<'k> {
    /// The case of the earlier one.
    pub other: &'k Case,
    /// What the outputs are called.
    pub titles: [&'k str; 2],
    /// What naga worked out of each when it read the shader.
    pub folded: [Vec<Folded>; 2],
}

fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// The line that a message names; 0 where it names none.
fn line_in(message: &str) -> u32 {
    let after = message.split_once("line ").map_or("", |(_, rest)| rest);
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

fn cases(shader: &Shader, resolved: &Resolved, buffers: &[Buffer]) -> Vec<(Case, Arc<Shared>)> {
    // What the other parts of an id say is not in the digest: the seed, the output, the configuration.
    let mut rest = Settings { seed: None, outputs: None, config: Vec::new(), ..resolved.settings.clone() };
    // What is expected changes no result.
    rest.buffers.values_mut().for_each(|contents| contents.expect = None);
    let digests = [digest(&shader.source), digest(&rest.write(&|_| None))];
    let mut out = Vec::new();
    for output in &resolved.outputs {
        for config in &resolved.configs {
            let mut values: Vec<(String, String, bool)> = vec![
                ("shader".to_owned(), digests[0][..12].to_owned(), false),
                ("settings".to_owned(), digests[1][..12].to_owned(), false),
                ("output".to_owned(), output.title.clone(), false),
                ("seed".to_owned(), resolved.seed.to_string(), false),
            ];
            values.extend(config.params.iter().map(|(n, v)| (n.clone(), v.clone(), true)));
            let entries = || config.passes.iter().map(|(entry, _)| entry);
            let variant: Vec<&str> = entries().map(|entry| entry.name.as_str()).collect();
            let case = Case::own(OwnKernel::kernel(&shader.file), variant.join("-"), values);
            let held = &resolved.held[output.buffer];
            let features = shader.features(entries());
            let subgroups = features.contains(&crate::kernels::Feature::Subgroup);
            let unspecified = entries().find_map(|entry| specified::unspecified(&entry.checked, subgroups));
            let passes = config.passes.iter().map(|(entry, groups)| Pass::new(entry.name.clone(), *groups)).collect();
            let view = view::view(&held.binding.layout, held.len, output.kind, output.buffer);
            let program = Program {
                slots: resolved.held.iter().map(|h| h.binding.slot).collect(),
                overrides: entries().next().map(|entry| entry.overrides.clone()).unwrap_or_default(),
                ..Program::new(shader.prepared.clone(), buffers.to_vec(), passes, view).needing(features)
            };
            let has_fma = entries().any(|entry| specified::has_fma(&entry.checked));
            let guessed = config.passes.first().map(|(_, groups)| *groups).filter(|_| config.inferred);
            let reference = OnceLock::new();
            out.push((
                case,
                Arc::new(Shared { program, unspecified, has_fma, guessed, reference, at: Arc::default() }),
            ));
        }
    }
    out
}
