//! Trainings as cases, one an epoch: for all that relates results and does not ask where they came from.

use super::format::{CaseRecord, Comparison, Control, Record};
use super::result::{Dispersion, Distinct, Execution, Outcome, Status, TwinDigest};
use super::sweeps;
use crate::model::axis::AxisLevel;
use crate::model::bits::Dtype;
use crate::model::training::{CPU, Tier, Trained, TrainingFile};
use crate::model::{Accuracy, Arithmetic, Drift, Examination, Side};

/// What stands for the kernel in the id of a training's case:
/// `train/perceptron?data=871a762e&arithmetic=integer&seed=42&steps=44&wg=64`.
pub const TRAIN: &str = "train";

impl Record {
    /// The cases that are not among [`Record::cases`]: sweeps of functions, and trainings by epoch.
    #[must_use]
    pub fn derived_cases(&self) -> Vec<CaseRecord> {
        let mut all = self.sweep_cases();
        all.extend(cases(&self.trainings));
        all
    }

    /// The record with its sweeps and trainings among its cases, and no longer apart. Its id is of what it was. What keeps a
    /// training from being relied on keeps the record from it.
    #[must_use]
    pub fn with_derived_cases(mut self) -> Self {
        let cases = self.derived_cases();
        let unsound = self.trainings.iter().filter(|t| !t.is_sound());
        self.controls.extend(unsound.map(|training| Control {
            name: "of a training".to_owned(),
            engine: CPU.to_owned(),
            about: format!("the controls of {} did not hold", training_id(training, training.steps)),
            caught: false,
        }));
        self.cases.extend(cases);
        self.sweeps.clear();
        self.trainings.clear();
        self
    }
}

/// The trainings as cases: each ran once, its reference is the CPU's, and an engine that failed is in the case of the epoch in
/// which it did. An interpreter that was asked for fewer epochs is in no more cases.
pub(crate) fn cases(trainings: &[TrainingFile]) -> Vec<CaseRecord> {
    trainings.iter().flat_map(of_training).collect()
}

fn of_training(file: &TrainingFile) -> impl Iterator<Item = CaseRecord> + '_ {
    let mut from = 0;
    file.epochs.iter().map(move |epoch| {
        let mut case = outline(file, epoch.step);
        case.twins = vec![TwinDigest { arithmetic: Arithmetic::STRICT, digest: epoch.digest.clone() }];
        for engine in file.engines() {
            if let Some(made) = engine.epochs.iter().find(|e| e.step == epoch.step) {
                let equal = made.digest == epoch.digest;
                case.executions.push(ran(file.arithmetic, engine, made.digest.clone(), equal, made.drift.as_ref()));
                if let Some(drift) = made.drift.clone().filter(|_| !equal) {
                    let right = Side::Engine(engine.engine.clone());
                    case.comparisons.push(Comparison { axis: AxisLevel::Engine, left: Side::STRICT, right, drift });
                }
            } else if let Some(reason) = engine.failure.clone().filter(|_| (from..epoch.step).contains(&engine.steps)) {
                case.executions.push(sweeps::other(&engine.engine, Outcome::Failed { reason }, Status::Failed));
            }
        }
        from = epoch.step;
        case
    })
}

/// The digits of the digest of its data that a training's case is named by, so that trainings on other data are other cases.
#[must_use]
pub fn training_data(digest: &str) -> &str {
    digest.get(..8).unwrap_or(digest)
}

/// The id of a training's case after so many steps.
#[must_use]
pub fn training_id(file: &TrainingFile, steps: u32) -> String {
    let launch = file.launch;
    let parts = if launch.parts == 1 { String::new() } else { format!("&parts={}", launch.parts) };
    let order = if launch.reversed { "&order=reversed" } else { "" };
    let data = training_data(&file.data_digest);
    let problem = format!("data={data}&arithmetic={}&seed={}&steps={steps}", file.arithmetic.name(), file.seed);
    format!("{TRAIN}/{}?{problem}&wg={}{parts}{order}", file.network_name(), launch.workgroup)
}

fn outline(file: &TrainingFile, steps: u32) -> CaseRecord {
    let id = training_id(file, steps);
    CaseRecord {
        problem: id.clone(),
        id,
        kernel: TRAIN.to_owned(),
        variant: file.network_name().to_owned(),
        config: String::new(),
        dtype: if file.arithmetic == Tier::Integer { Dtype::I32 } else { Dtype::F32 },
        elements: file.weights,
        quantity: None,
        shader: None,
        twins: Vec::new(),
        twin_accuracy: None,
        origin: None,
        examination: Examination::default(),
        executions: Vec::new(),
        comparisons: Vec::new(),
    }
}

/// Of integers WGSL says everything, so another result is forbidden; of binary32 nobody knows what is allowed after so many
/// steps.
fn ran(tier: Tier, engine: &Trained, digest: String, equal: bool, drift: Option<&Drift>) -> Execution {
    let dispersion = Dispersion { entropy: 0.0, mode_share: 1.0, rate_below: 1.0, variability: 0.0 };
    let distinct = vec![Distinct { digest, runs: 1, bits: None }];
    let (status, accuracy) = match (equal, tier) {
        (true, _) => (Status::BitExact, None),
        (false, Tier::Integer) => (Status::OutsideSpecification, Some(forbidden(drift))),
        (false, Tier::Native | Tier::Portable) => (Status::Unjudged, None),
    };
    let outcome = Outcome::Ran { runs: 1, distinct, dispersion };
    Execution { accuracy, ..sweeps::other(&engine.engine, outcome, status) }
}

fn forbidden(drift: Option<&Drift>) -> Accuracy {
    Accuracy {
        max_ulp: f64::NAN,
        mean_ulp: f64::NAN,
        not_correctly_rounded: f64::NAN,
        worst: None,
        specification_ratio: f64::NAN,
        outside: drift.map_or(1, |d| d.differing.max(1)),
        first_outside: None,
        unconstrained: 0,
        vacuous: 0,
        undecided: false,
        not_finite: 0,
        first_not_finite: None,
        unmeasured: 0,
    }
}
