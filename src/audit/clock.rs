//! Time: which cases are begun within a budget, how long each may take, and how long it all takes still.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pace::{LEAST, Pace, Speed};
use super::plan::{CONTROL, Plan};
use super::swept::Sweep;
use crate::kernels::case::Case;
use crate::kernels::work::{Place, Work, work};
use crate::record::{Engine, SWEEP};

/// One case of an audit, or one sweep.
#[derive(Debug)]
pub(super) struct Turn {
    variant: String,
    /// `None` where nothing is known, as of a user's own kernel.
    work: Option<Work>,
    control: bool,
}

impl Turn {
    /// That of a case.
    pub(super) fn of(case: &Case) -> Self {
        let variant = format!("{}/{}", case.kernel(), case.variant());
        Self { variant, work: work(case).ok(), control: case.kernel() == CONTROL }
    }

    /// That of a sweep.
    pub(super) fn sweep(sweep: &Sweep) -> Self {
        Self { variant: SWEEP.to_owned(), work: Some(sweep.work()), control: false }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Clock {
    turns: Vec<Turn>,
    speeds: Vec<Speed>,
    repeats: u32,
    /// How long a case may take, where that was said.
    timeout: Option<Duration>,
    deadline: Option<Instant>,
    /// How many engines work at a time.
    parallel: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Whether each case is run, once that is decided.
    run: Vec<Option<bool>>,
    /// Of each engine, what is expected of it, and how many cases it is done with; and of the judge, who comes last.
    paces: Vec<(Pace, usize)>,
}

impl Clock {
    /// A clock for these cases and sweeps, and engines.
    pub(super) fn new(plan: &Plan, turns: Vec<Turn>, engines: &[&Engine], parallel: usize, begun: Instant) -> Self {
        let speed = |engine: &&Engine| engine.adapter.as_ref().map_or(Speed::JUDGE, Speed::of);
        let speeds: Vec<Speed> = engines.iter().map(speed).collect();
        let repeats = plan.settings.repeats;
        let paces = speeds.iter().map(|speed| (Pace::new(*speed, repeats), 0));
        let judge = (Pace::new(Speed::JUDGE, 1), 0);
        let state = State { run: vec![None; turns.len()], paces: paces.chain([judge]).collect() };
        let deadline = plan.budget.and_then(|budget| begun.checked_add(budget));
        Self { turns, speeds, repeats, timeout: plan.timeout, deadline, parallel, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a case.
    pub(super) fn work(&self, turn: usize) -> Option<&Work> {
        self.turns[turn].work.as_ref()
    }

    /// How long an engine may take for a case.
    pub(super) fn limit(&self, engine: usize, turn: usize) -> Duration {
        let estimated = || self.work(turn).map_or(LEAST, |work| self.speeds[engine].limit(work, self.repeats));
        self.timeout.unwrap_or_else(estimated)
    }

    /// Whether a case is run: decided once, by the one who comes to it first. Without a budget all are.
    pub(super) fn runs(&self, turn: usize) -> bool {
        let Some(deadline) = self.deadline else { return true };
        let mut state = self.lock();
        if let Some(run) = state.run[turn] {
            return run;
        }
        // Without the controls a record says nothing.
        let left = deadline.saturating_duration_since(Instant::now());
        let run = self.turns[turn].control || self.expected(&state, turn + 1) < left.as_secs_f64();
        state.run[turn] = Some(run);
        run
    }

    /// Notes that an engine is done with a case, and what that took where it ran.
    pub(super) fn answered(&self, engine: usize, turn: usize, took: Option<Duration>) {
        let mut state = self.lock();
        let Some((pace, done)) = state.paces.get_mut(engine) else { return };
        *done = turn + 1;
        if let (Some(work), Some(took)) = (self.work(turn), took) {
            pace.learn(&self.turns[turn].variant, work, took);
        }
    }

    /// Notes that a case was judged.
    pub(super) fn judged(&self, turn: usize, took: Option<Duration>) {
        self.answered(self.speeds.len(), turn, took);
    }

    /// How long it takes still.
    pub(super) fn left(&self) -> Duration {
        let seconds = self.expected(&self.lock(), self.turns.len());
        let left = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        match self.deadline {
            Some(deadline) => left.min(deadline.saturating_duration_since(Instant::now())),
            None => left,
        }
    }

    /// How many seconds it takes until the cases before `end` are done. Engines wait for one another where there are more than
    /// processors, and for none where there are not; what is judged is judged meanwhile, by threads of its own.
    fn expected(&self, state: &State, end: usize) -> f64 {
        let of = |place: usize| -> f64 {
            let (pace, done) = &state.paces[place];
            let adapters = place < self.speeds.len();
            let turns = (*done..end).filter(|turn| state.run[*turn] != Some(false)).map(|turn| &self.turns[turn]);
            let seconds = |turn: &Turn| match &turn.work {
                Some(work) if adapters && work.place == Place::Threads => 0.0,
                Some(work) => pace.expect(&turn.variant, work),
                None => 0.0,
            };
            turns.map(seconds).sum()
        };
        let engines: Vec<f64> = (0..self.speeds.len()).map(of).collect();
        let longest = engines.iter().copied().fold(0.0, f64::max);
        let shared = engines.iter().sum::<f64>() / self.parallel.max(1) as f64;
        // The last case is judged when all have answered it.
        longest.max(shared).max(of(self.speeds.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Wanted;
    use crate::audit::queues::TOGETHER;
    use crate::kernels::Profile;
    use crate::model::AdapterIdentity;
    use crate::record::{EngineKind, EngineStatus};

    fn plan(budget: Option<Duration>, timeout: Option<Duration>) -> Plan {
        let wanted = Wanted {
            profile: Profile::Deep,
            kernels: Vec::new(),
            adapters: Vec::new(),
            planted: Vec::new(),
            repeats: 5,
            seed: 7,
            threads: vec![1],
            vary: Vec::new(),
            vary_all: false,
            timeout,
            memory: None,
            cases: Some(Vec::new()),
            store: 16,
            label: None,
            engines: Vec::new(),
        };
        Plan::new(wanted).unwrap().with_budget(budget)
    }

    fn engine(adapter: AdapterIdentity) -> Engine {
        Engine {
            id: adapter.id(),
            label: adapter.label(),
            kind: EngineKind::Adapter,
            adapter: Some(adapter),
            variables: std::collections::BTreeMap::new(),
            status: EngineStatus::Complete,
            limits: Vec::new(),
        }
    }

    fn software() -> Engine {
        engine(AdapterIdentity { device_type: "cpu".to_owned(), ..AdapterIdentity::unlisted("vulkan") })
    }

    /// A clock for these cases on a software adapter.
    fn clock(plan: &Plan, ids: &[&str]) -> Clock {
        let cases: Vec<Case> = ids.iter().map(|id| Case::parse(id).unwrap()).collect();
        Clock::new(plan, cases.iter().map(Turn::of).collect(), &[&software()], 1, Instant::now())
    }

    const LARGE: &str = "matmul/naive?m=4096&k=4096&n=4096";

    #[test]
    fn a_case_that_would_not_end_in_time_is_not_begun() {
        let ids = ["control/one_ulp", "matmul/naive", LARGE, "sum/serial_tree", LARGE];
        let minute = clock(&plan(Some(Duration::from_secs(60)), None), &ids);
        let runs: Vec<bool> = (0..4).map(|turn| minute.runs(turn)).collect();
        assert_eq!(runs, [true, true, false, true], "all but the large one, and what follows it");
        // What was left out is not waited for, and a measurement changes what follows.
        minute.answered(0, 3, Some(Duration::from_millis(10)));
        let before = minute.left();
        assert!(before <= Duration::from_secs(60), "no longer than the budget: {before:?}");
        minute.lock().paces[0].0.learn(
            "matmul/naive",
            &work(&Case::parse(LARGE).unwrap()).unwrap(),
            Duration::from_secs(2),
        );
        assert!(minute.runs(4), "an adapter that is faster than was thought");
        assert!(!minute.runs(2), "what was decided stays");
        let over = clock(&plan(Some(Duration::ZERO), None), &ids);
        assert_eq!([0, 1, 3].map(|turn| over.runs(turn)), [true, false, false], "the controls run in any case");
        let endless = clock(&plan(None, None), &ids);
        assert!((0..5).all(|turn| endless.runs(turn)), "without a budget");
        assert!(endless.left() > Duration::from_secs(600), "the large ones take long: {:?}", endless.left());
    }

    #[test]
    fn a_limit_that_was_given_is_kept() {
        let given = Duration::from_secs(7);
        assert_eq!(clock(&plan(None, Some(given)), &[LARGE]).limit(0, 0), given, "as it was given");
        let estimated = clock(&plan(None, None), &[LARGE, "sum/serial_tree"]);
        assert_eq!(estimated.limit(0, 1), LEAST, "a small case");
        assert!(estimated.limit(0, 0) > 10 * LEAST, "a large one has more: {:?}", estimated.limit(0, 0));
    }

    /// With three software adapters: what one case needs to be judged, and the next ones to be executed meanwhile.
    #[test]
    fn no_profile_needs_more_than_eight_gigabytes() {
        for profile in Profile::ALL {
            let (mut judge, mut child) = (0, TOGETHER);
            for case in crate::kernels::all().iter().flat_map(|k| k.plan(profile, 7)) {
                let work = work(&case).unwrap();
                judge = judge.max(work.judge_memory(5));
                child = child.max(work.child_memory(true));
            }
            assert!(judge + child <= 8_000_000_000, "{}: {judge} and {child} bytes", profile.name());
        }
        let planted = work(&Case::parse("matmul/splitk?m=4096&k=4096&n=4096&split=16").unwrap()).unwrap();
        assert!(planted.child_memory(true) > planted.bytes(), "its buffers are in it");
        assert!(planted.bytes() > 1_100_000_000, "sixteen partial results and the whole one: {}", planted.bytes());
    }
}
