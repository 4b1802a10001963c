//! What is audited: the settings, checked before any work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::caches::Caches;
use super::listing::Listing;
use super::pace::LEAST;
use super::resume::{Earlier, ResumeError};
use super::swept::{self, Sweep};
use crate::engines::interpreter::Mode;
use crate::kernels::case::{Case, CaseError};
use crate::kernels::user;
use crate::kernels::work::work;
use crate::kernels::{self, Kernel, Problem, Profile};
use crate::model::adapter_model::AdapterModel;
use crate::model::pattern::instead;
use crate::model::sweep::EngineSweep;
use crate::model::text::line_fault;
use crate::model::{CaseIdError, CasePattern};
use crate::process::Limits;
use crate::record::{self, CaseRecord, Record, Settings};

/// The kernel whose cases are the controls; part of every audit.
pub const CONTROL: &str = "control";

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The profile.
    pub profile: Profile,
    /// Kernel filters, as [`CasePattern`]: a case is taken where one of them names it. Empty for all.
    pub kernels: Vec<String>,
    /// Adapter filters, as [`crate::model::AdapterIdentity::matches`]. Empty for all.
    pub adapters: Vec<String>,
    /// Modes of further embedded adapters.
    pub planted: Vec<Mode>,
    /// Runs of every case.
    pub repeats: u32,
    /// The seed.
    pub seed: u64,
    /// CPU thread counts.
    pub threads: Vec<usize>,
    /// `NAME=a,b,c`.
    pub vary: Vec<String>,
    /// Whether variables are varied on drivers too that are not known to read them.
    pub vary_all: bool,
    /// How long one case may take on one adapter; `None` for two minutes, and more where it is estimated to be large.
    pub timeout: Option<Duration>,
    /// How much memory one child may take, in bytes; `None` for all there is.
    pub memory: Option<u64>,
    /// Just these cases, instead of the profile's.
    pub cases: Option<Vec<Case>>,
    /// Outputs of up to so many elements are stored whole.
    pub store: u64,
    /// A name for the audit.
    pub label: Option<String>,
    /// Commands of remote engines.
    pub engines: Vec<String>,
}

impl Wanted {
    /// All of a profile, twice, with one thread of the CPU and nothing varied.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            kernels: Vec::new(),
            adapters: Vec::new(),
            planted: Vec::new(),
            repeats: 2,
            seed: 7,
            threads: vec![1],
            vary: Vec::new(),
            vary_all: false,
            timeout: None,
            memory: None,
            cases: None,
            store: record::STORE,
            label: None,
            engines: Vec::new(),
        }
    }
}

/// What is wrong with the settings, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No kernel or variant has this text in its name.
    #[error("--kernel {filter} matches nothing that the profile {profile} runs; {instead}")]
    NoKernel {
        /// What was asked for.
        filter: String,
        /// The profile.
        profile: &'static str,
        /// What could have been meant, or what there is.
        instead: String,
    },
    /// A filter that is no pattern.
    #[error("--kernel: {0}")]
    Filter(#[source] CaseIdError),
    /// Zero repeats.
    #[error("--repeats 0 would run nothing; at least 1 is needed, and 2 or more say something of repeatability")]
    NoRepeats,
    /// Zero threads.
    #[error("--threads needs counts of 1 to 1024, such as --threads 1,2,4")]
    Threads,
    /// Not `NAME=a,b`.
    #[error("--vary {0} is not of the form NAME=a,b,c with at least one value")]
    Vary(String),
    /// The strict mode is there already.
    #[error("--planted strict plants nothing: the strict interpreter is in every audit")]
    Strict,
    /// A control by name.
    #[error("the controls run in every audit and cannot be asked for; name a case of another kernel")]
    Control,
    /// A case that cannot be built.
    #[error(transparent)]
    Case(#[from] CaseError),
}

/// Checked settings and the cases they give.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The settings, as they go into the record.
    pub settings: Settings,
    /// The controls, then the cases.
    pub cases: Vec<Case>,
    /// The functions that are swept when the cases are done.
    pub sweeps: Vec<Sweep>,
    /// How long one case may take on one adapter; `None` for two minutes, and more where it is estimated to be large.
    pub timeout: Option<Duration>,
    /// How much memory one child may take, in bytes; `None` for all there is.
    pub memory: Option<u64>,
    /// The adapters, where they were listed before.
    pub listing: Option<Listing>,
    /// Modes of the embedded adapters after the strict one.
    pub planted: Vec<Mode>,
    /// Where drivers keep compiled shaders.
    pub caches: Caches,
    /// Whether variables are varied on drivers too that are not known to read them.
    pub vary_all: bool,
    /// How long the audit may take: no case is begun that is expected to end later.
    pub budget: Option<Duration>,
    /// An audit that was cut off, whose cases are kept.
    pub earlier: Option<Earlier>,
    /// The kernel of the user's own whose cases these are, besides the controls.
    pub own: Option<Arc<user::Kernel>>,
    /// Adapters that the interpreter computes as.
    pub models: Vec<AdapterModel>,
}

impl Plan {
    /// Checks the settings and lists the cases.
    ///
    /// # Errors
    /// When a setting cannot be met; the message says what to type instead.
    pub fn new(wanted: Wanted) -> Result<Self, PlanError> {
        if wanted.repeats == 0 {
            return Err(PlanError::NoRepeats);
        }
        if wanted.threads.is_empty() || wanted.threads.iter().any(|t| !(1..=1024).contains(t)) {
            return Err(PlanError::Threads);
        }
        let mut planted: Vec<Mode> = Vec::new();
        for mode in wanted.planted {
            if mode == Mode::default() {
                return Err(PlanError::Strict);
            }
            if !planted.contains(&mode) {
                planted.push(mode);
            }
        }
        let vary = varied(&wanted.vary)?;
        let mut cases: Vec<Case> =
            kernels::find(CONTROL).map(|k| k.plan(wanted.profile, wanted.seed)).unwrap_or_default();
        let mut sweeps = Vec::new();
        match wanted.cases {
            Some(chosen) => {
                for case in chosen {
                    if case.kernel() == CONTROL {
                        return Err(PlanError::Control);
                    }
                    kernels::problem(&case)?;
                    // Twice the same case would be compared with itself as another configuration.
                    if !cases.contains(&case) {
                        cases.push(case);
                    }
                }
            }
            None => {
                let filters = filters(&wanted.kernels)?;
                cases.extend(chosen(wanted.profile, wanted.seed, &filters)?);
                sweeps = swept::planned(wanted.profile, &filters);
            }
        }
        let mut threads = wanted.threads;
        threads.sort_unstable();
        threads.dedup();
        Ok(Self {
            settings: Settings {
                profile: wanted.profile,
                kernels: wanted.kernels,
                adapters: wanted.adapters,
                repeats: wanted.repeats,
                seed: wanted.seed,
                threads,
                vary,
                planted: planted.iter().map(ToString::to_string).collect(),
                engines: wanted.engines,
                models: Vec::new(),
                store: wanted.store,
                label: wanted.label,
            },
            cases,
            sweeps,
            timeout: wanted.timeout,
            memory: wanted.memory,
            listing: None,
            planted,
            caches: Caches::off(),
            vary_all: wanted.vary_all,
            budget: None,
            earlier: None,
            own: None,
            models: Vec::new(),
        })
    }

    /// The same with cases of a kernel of the user's own.
    #[must_use]
    pub fn with_own(mut self, kernel: Arc<user::Kernel>, cases: Vec<Case>) -> Self {
        self.cases.extend(cases);
        self.sweeps.clear();
        self.own = Some(kernel);
        self
    }

    /// The same, with the interpreter computing as these adapters too. `files` are where their models are.
    #[must_use]
    pub fn with_models(mut self, models: Vec<AdapterModel>, files: Vec<String>) -> Self {
        self.models = models;
        self.settings.models = files;
        self
    }

    /// The same with the sweeps whose ids, as [`crate::record::sweep_id`] has them, are wanted, of any profile.
    #[must_use]
    pub fn with_sweeps(mut self, wanted: impl Fn(&str) -> bool) -> Self {
        let all = swept::planned(Profile::Standard, &[]);
        self.sweeps = all.into_iter().filter(|sweep| wanted(&sweep.id())).collect();
        self
    }

    /// The same within a time: the cases come in turns, of each variant the smallest problem first, so that what is left out
    /// is the largest.
    #[must_use]
    pub fn with_budget(mut self, budget: Option<Duration>) -> Self {
        self.budget = budget;
        self
    }

    /// The same, where an audit that was cut off has done a part.
    ///
    /// # Errors
    /// When it was another audit, or is finished.
    pub fn resuming(mut self, record: Record) -> Result<Self, ResumeError> {
        self.earlier = Some(Earlier::new(record, &self)?);
        Ok(self)
    }

    /// The places in [`Plan::cases`] in the order in which they are run, but for those whose ids are `kept`.
    pub(super) fn order(&self, kept: &[CaseRecord]) -> Vec<usize> {
        let kept: BTreeSet<&str> = kept.iter().map(|c| c.id.as_str()).collect();
        let mut order: Vec<usize> = (0..self.cases.len()).collect();
        if self.budget.is_some() {
            let turns = turns(&self.cases);
            order.sort_by_key(|place| turns[*place]);
        }
        order.retain(|place| !kept.contains(self.cases[*place].to_string().as_str()));
        order
    }

    /// The sweeps that are not among those `kept` of any engine that is swept.
    pub(super) fn sweeps_left(&self, kept: &[EngineSweep]) -> Vec<Sweep> {
        self.sweeps.iter().filter(|sweep| !kept.iter().any(|engine| sweep.is_in(engine))).copied().collect()
    }

    /// The same where drivers keep compiled shaders there.
    #[must_use]
    pub fn with_caches(mut self, caches: Caches) -> Self {
        self.caches = caches;
        self
    }

    /// The same with the adapters that were listed before, with the same planted ones.
    #[must_use]
    pub fn with_listing(mut self, listing: Listing) -> Self {
        self.listing = Some(listing);
        self
    }

    /// What a child may take.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { time: self.timeout.unwrap_or(LEAST), memory: self.memory }
    }

    /// The problem of one of the cases.
    ///
    /// # Errors
    /// As [`kernels::problem`].
    pub fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        problem(self.own.as_deref(), &case.to_string())
    }
}

/// The problem of a case of the user's own kernel, where there is one and it has this case, or of the registry.
///
/// # Errors
/// As [`Case::parse`] and [`kernels::problem`].
pub(super) fn problem(own: Option<&user::Kernel>, id: &str) -> Result<Box<dyn Problem>, CaseError> {
    match own.filter(|kernel| kernel.cases().any(|c| c.to_string() == id)) {
        Some(kernel) => kernel.problem(id),
        None => kernels::problem(&Case::parse(id)?),
    }
}

/// Of each case, how many problems of its variant come before, 0 for the controls too; then how much work its problem is. The
/// configurations of a problem stay together.
fn turns(cases: &[Case]) -> Vec<(usize, u64, usize)> {
    let mut seen: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let mut first: BTreeMap<String, (usize, u64, usize)> = BTreeMap::new();
    let mut out = Vec::with_capacity(cases.len());
    for (place, case) in cases.iter().enumerate() {
        let problem = case.problem();
        let turn = *first.entry(problem.clone()).or_insert_with(|| {
            let problems = seen.entry((case.kernel(), case.variant())).or_default();
            problems.push(problem);
            (problems.len() - 1, work(case).map_or(0, |work| work.operations), place)
        });
        out.push(if case.kernel() == CONTROL { (0, 0, 0) } else { turn });
    }
    out
}

fn filters(texts: &[String]) -> Result<Vec<CasePattern>, PlanError> {
    texts.iter().map(|f| CasePattern::parse(f)).collect::<Result<_, _>>().map_err(PlanError::Filter)
}

/// The cases of a profile that a filter names.
fn chosen(profile: Profile, seed: u64, filters: &[CasePattern]) -> Result<Vec<Case>, PlanError> {
    let all: Vec<Case> = audited().flat_map(|k| k.plan(profile, seed)).collect();
    let named = |filter: &CasePattern, case: &Case| case.id().is_ok_and(|id| filter.matches(&id));
    for filter in filters {
        if !all.iter().any(|case| named(filter, case)) {
            let (filter, instead) = (filter.to_string(), suggested(filter, profile));
            return Err(PlanError::NoKernel { filter, profile: profile.name(), instead });
        }
    }
    let wanted = |case: &Case| filters.is_empty() || filters.iter().any(|f| named(f, case));
    Ok(all.into_iter().filter(wanted).collect())
}

/// The kernels that audits are of.
fn audited() -> impl Iterator<Item = &'static &'static dyn Kernel> {
    kernels::all().iter().filter(|k| k.name() != CONTROL)
}

/// What may have been meant by a filter that matches nothing: where what it names is listed, or a name that is there.
fn suggested(filter: &CasePattern, profile: Profile) -> String {
    let text = filter.to_string();
    let path = crate::model::case_id::path(&text);
    if audited().any(|k| k.variants().iter().any(|v| filter.names(k.name(), v.name))) {
        return format!("what it runs is listed by repro-audit kernels '{path}' --profile {}", profile.name());
    }
    let variants: Vec<String> =
        audited().flat_map(|k| k.variants().iter().map(|v| format!("{}/{}", k.name(), v.name))).collect();
    if let Some((kernel, _)) = path.split_once('/').filter(|(kernel, _)| kernels::find(kernel).is_some()) {
        let of = variants.iter().map(String::as_str).filter(|v| v.starts_with(&format!("{kernel}/")));
        return instead(path, "variants", of);
    }
    // A variant's name alone may be meant.
    let same: Vec<&str> =
        variants.iter().map(String::as_str).filter(|v| v.ends_with(&format!("/{path}"))).take(2).collect();
    match same.is_empty() {
        true => instead(path, "kernels", audited().map(|k| k.name())),
        false => format!("did you mean {}?", same.join(" or ")),
    }
}

/// The variables of `--vary NAME=a,b`, and the values of each, once.
///
/// # Errors
/// When a text is not of that form.
pub fn varied(texts: &[String]) -> Result<BTreeMap<String, Vec<String>>, PlanError> {
    let mut vary: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in texts {
        let (name, values) = text.split_once('=').ok_or_else(|| PlanError::Vary(text.clone()))?;
        let values: Vec<_> = values.split(',').map(str::to_owned).collect();
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(good) || values.iter().any(|v| v.is_empty() || line_fault(v).is_some())
        {
            return Err(PlanError::Vary(text.clone()));
        }
        // A value that is given twice would be one engine twice, under one id.
        let known = vary.entry(name.to_owned()).or_default();
        for value in values {
            if !known.contains(&value) {
                known.push(value);
            }
        }
    }
    Ok(vary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_twice() {
        let case = |id: &str| Case::parse(id).unwrap();
        let wanted = Wanted {
            planted: ["flush", "contract", "flush"].map(|m| m.parse().unwrap()).to_vec(),
            vary: vec!["A=1,2,1".to_owned(), "A=2,3".to_owned()],
            cases: Some(vec![case("sum/serial_tree?n=4"), case("sum/serial_tree?n=4")]),
            store: 16,
            ..Wanted::of(Profile::Quick)
        };
        let plan = Plan::new(wanted).unwrap();
        let count = |kernel: &str| plan.cases.iter().filter(|c| c.kernel() == kernel).count();
        assert_eq!(count("sum"), 1, "one case is no two configurations");
        assert_eq!(count("control"), kernels::find(CONTROL).map_or(0, |k| k.variants().len()), "controls are there");
        assert_eq!(plan.settings.vary["A"], ["1", "2", "3"], "values");
        assert_eq!(plan.settings.planted, ["flush", "contract"], "modes");
    }
}
