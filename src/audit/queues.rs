//! A queue an engine: each takes the cases at its own pace, and none waits for a slower one. What all have answered of a
//! case is handed on in the order of the cases.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::worker::Response;
use crate::record::Engine;

/// What an engine answered to a case; nothing where it was given up or has no part in it.
pub(super) type Reply = Option<(Engine, Response)>;

/// See the module.
#[derive(Debug)]
pub(super) struct Queues {
    cases: usize,
    /// How many engines work at a time: compiling takes one processor for each, and on software adapters that is most of
    /// the time.
    parallel: usize,
    /// Bytes of an engine's outputs of all cases before each, and of all.
    bytes: Vec<u64>,
    /// Bytes of memory that each case needs where it is executed.
    memory: Vec<u64>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// Of the cases from `taken` on: a place for each engine, `None` where it has not answered.
    replies: VecDeque<Vec<Option<Reply>>>,
    /// How many cases are handed on.
    taken: usize,
    working: usize,
    /// Bytes of memory that those need.
    needed: u64,
    /// Engines that wait for a processor, those that are behind first.
    waiting: BTreeSet<(usize, usize)>,
    /// No more cases are wanted.
    closed: bool,
    /// An engine's thread ended before its last case.
    broken: bool,
}

/// An engine's thread while it lives. One that panics would be waited for without end.
struct Alive<'q> {
    queues: &'q Queues,
    done: bool,
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.queues.lock().broken = true;
            self.queues.changed.notify_all();
        }
    }
}

/// How many cases an engine may be ahead of what is handed on.
const AHEAD: usize = 64;

/// Bytes of outputs on disk that an engine may be ahead of what is handed on, besides those of the next two cases.
const LYING: u64 = 128 << 20;

/// Bytes of memory that engines need together, where one does not need more by itself.
pub(super) const TOGETHER: u64 = 5 << 30;

/// What one case takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    /// Bytes of an engine's output.
    pub(super) output: u64,
    /// Bytes of memory where it is executed.
    pub(super) memory: u64,
}

impl Queues {
    /// Queues for so many engines and these cases.
    pub(super) fn new(sizes: &[Size], engines: usize, parallel: usize) -> Self {
        let cases = sizes.len();
        let sum = |before: &mut u64, size: &Size| {
            *before = before.saturating_add(size.output);
            Some(*before)
        };
        let bytes = std::iter::once(0).chain(sizes.iter().scan(0, sum)).collect();
        let memory = sizes.iter().map(|size| size.memory).collect();
        let state = State {
            replies: VecDeque::from(vec![vec![None; engines]; AHEAD.min(cases)]),
            taken: 0,
            working: 0,
            needed: 0,
            waiting: BTreeSet::new(),
            closed: false,
            broken: false,
        };
        Self { cases, parallel: parallel.max(1), bytes, memory, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Whether a case may be begun while so many are handed on.
    fn fits(&self, case: usize, taken: usize) -> bool {
        let lying = self.bytes[case + 1].saturating_sub(self.bytes[taken.min(case)]);
        case < taken + 2 || (case < taken + AHEAD && lying <= LYING)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets engine number `place` go through all cases, until no more are wanted.
    pub(super) fn serve<E>(&self, place: usize, engine: &mut E, ask: impl Fn(&mut E, usize) -> Reply) {
        let mut alive = Alive { queues: self, done: false };
        for case in 0..self.cases {
            if !self.begin(place, case) {
                break;
            }
            let reply = ask(engine, case);
            let mut state = self.lock();
            state.working -= 1;
            state.needed -= self.memory[case];
            let at = case - state.taken;
            if let Some(to) = state.replies.get_mut(at).and_then(|one| one.get_mut(place)) {
                *to = Some(reply);
            }
            drop(state);
            self.changed.notify_all();
        }
        alive.done = true;
    }

    /// Waits for this engine's turn. Those that are furthest behind go first.
    fn begin(&self, place: usize, case: usize) -> bool {
        let mut state = self.lock();
        state.waiting.insert((case, place));
        loop {
            if state.closed {
                return false;
            }
            let is_next = state.waiting.first() == Some(&(case, place));
            let has_room = state.working == 0 || state.needed.saturating_add(self.memory[case]) <= TOGETHER;
            if is_next && has_room && state.working < self.parallel && self.fits(case, state.taken) {
                state.waiting.remove(&(case, place));
                state.working += 1;
                state.needed += self.memory[case];
                // The next one may have a turn too.
                drop(state);
                self.changed.notify_all();
                return true;
            }
            state = self.wait(state);
        }
    }

    /// The answers to the next case, once all engines gave theirs. `None` where an engine's thread is gone, or when
    /// `stop` says so.
    pub(super) fn take(&self, stop: impl Fn() -> bool) -> Option<Vec<(Engine, Response)>> {
        let mut state = self.lock();
        loop {
            if state.broken || stop() {
                return None;
            }
            if state.replies.front().is_some_and(|one| one.iter().all(Option::is_some)) {
                break;
            }
            // A signal wakes nobody here.
            let (woken, _) = self
                .changed
                .wait_timeout(state, std::time::Duration::from_millis(100))
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
        }
        let replies = state.replies.pop_front()?;
        state.taken += 1;
        if state.taken + state.replies.len() < self.cases {
            let engines = replies.len();
            state.replies.push_back(vec![None; engines]);
        }
        drop(state);
        self.changed.notify_all();
        Some(replies.into_iter().flatten().flatten().collect())
    }

    /// While this lives the engines go on; then they end with the case that they are at.
    pub(super) fn open(&self) -> Open<'_> {
        Open(self)
    }
}

/// See [`Queues::open`].
pub(super) struct Open<'q>(&'q Queues);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

    use super::*;

    /// Engines that count their cases, and what was handed on of each case.
    fn go(cases: usize, engines: usize, take: usize, ask: impl Fn(usize, usize) + Sync) -> (Vec<usize>, usize) {
        let size = Size { output: LYING / 8, memory: 1 };
        let queues = Queues::new(&vec![size; cases], engines, 2);
        let mut counts = vec![0; engines];
        let taken = std::thread::scope(|scope| {
            let _open = queues.open();
            for (place, count) in counts.iter_mut().enumerate() {
                let (queues, ask) = (&queues, &ask);
                scope.spawn(move || {
                    queues.serve(place, count, |count, case| {
                        *count += 1;
                        ask(place, case);
                        None
                    });
                });
            }
            (0..take).map_while(|_| queues.take(|| false)).count()
        });
        (counts, taken)
    }

    #[test]
    fn every_engine_answers_every_case() {
        assert_eq!(go(100, 3, 100, |_, _| ()), (vec![100; 3], 100), "more than the queues hold");
        assert_eq!(go(1, 1, 1, |_, _| ()), (vec![1], 1), "one");
        assert_eq!(go(0, 3, 0, |_, _| ()), (vec![0; 3], 0), "nothing to do");
        assert_eq!(go(5, 0, 5, |_, _| ()).1, 5, "cases of the CPU alone");
    }

    #[test]
    fn no_engine_is_further_ahead_than_the_outputs_may_lie() {
        let behind = AtomicUsize::new(0);
        let ahead = AtomicUsize::new(0);
        go(50, 2, 50, |place, case| match place {
            0 => behind.store(case, SeqCst),
            _ => {
                ahead.fetch_max(case - behind.load(SeqCst).min(case), SeqCst);
            }
        });
        assert!(ahead.load(SeqCst) <= 9, "{}", ahead.load(SeqCst));
    }

    #[test]
    fn large_outputs_lie_two_cases_long() {
        let sizes = [2 * LYING, LYING, 1, 1, LYING, 0].map(|output| Size { output, memory: 0 });
        let queues = Queues::new(&sizes, 1, 1);
        let fits = |taken: usize| (taken..6).filter(|case| queues.fits(*case, taken)).collect::<Vec<_>>();
        assert_eq!(fits(0), [0, 1], "one that fits nowhere");
        assert_eq!(fits(1), [1, 2], "a large one and the next");
        assert_eq!(fits(2), [2, 3], "two small ones, and not the large one after them");
        assert_eq!(fits(4), [4, 5], "the last");
    }

    #[test]
    fn engines_share_the_memory() {
        let sizes = [TOGETHER / 2, TOGETHER / 2 + 1, u64::MAX, 0, 0].map(|memory| Size { output: 0, memory });
        let queues = Queues::new(&sizes, 3, 3);
        let (needed, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let answered = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let _open = queues.open();
            for place in 0..3 {
                let (queues, needed, most, answered) = (&queues, &needed, &most, &answered);
                scope.spawn(move || {
                    queues.serve(place, &mut (), |(), case| {
                        let memory = sizes[case].memory;
                        let together = needed.fetch_add(memory / 2, SeqCst).saturating_add(memory / 2);
                        if case != 2 {
                            most.fetch_max(together, SeqCst);
                        } else {
                            assert_eq!(together, memory / 2, "one that needs more than there is runs alone");
                        }
                        std::thread::yield_now();
                        needed.fetch_sub(memory / 2, SeqCst);
                        answered.fetch_add(1, SeqCst);
                        None
                    });
                });
            }
            assert_eq!((0..5).map_while(|_| queues.take(|| false)).count(), 5, "all are answered");
        });
        assert_eq!(answered.into_inner(), 15, "by every engine");
        assert!(most.into_inner() <= TOGETHER / 2, "and never more than there is");
    }

    #[test]
    fn engines_end_when_no_more_is_wanted() {
        let (counts, taken) = go(1000, 2, 3, |_, _| ());
        assert_eq!(taken, 3, "as many as were wanted");
        assert!(counts.iter().all(|n| *n < 20), "{counts:?}");
    }

    #[test]
    fn a_panic_in_an_engines_thread_is_waited_for_by_nobody() {
        let queues = Queues::new(&[Size::default(); 10], 2, 2);
        let taken = std::thread::scope(|scope| {
            let open = queues.open();
            let well = scope.spawn(|| queues.serve(0, &mut (), |(), _| None));
            let ill = scope
                .spawn(|| queues.serve(1, &mut (), |(), case| if case == 4 { panic!("on purpose") } else { None }));
            let taken = (0..10).map_while(|_| queues.take(|| false)).count();
            drop(open);
            assert!(well.join().is_ok() && ill.join().is_err(), "one of them");
            taken
        });
        assert!(taken <= 4, "{taken}");
    }
}
