//! A dispatch: all its workgroups, in the order of a schedule, on several threads where the order cannot matter.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::code::Code;
use super::machine::{Buffer, Machine, Seen, Stopped, Watch, Way};
use super::mode::Schedule;

/// About this many lanes run together: enough that a step's own cost is small, few enough that rows stay in the
/// processor's first caches.
const LANES: usize = 256;

/// Lanes' words in all rows of a machine are at most this many, where several workgroups run together.
const WORDS: usize = 1 << 21;

/// How a dispatch is executed.
pub(super) struct How {
    pub(super) schedule: Schedule,
    pub(super) way: Way,
    /// Threads, for code whose workgroups are known not to conflict.
    pub(super) threads: usize,
    /// Watch for races: then workgroups run one at a time.
    pub(super) watch: Option<Watch>,
}

/// What a dispatch left.
#[derive(Default)]
pub(super) struct Dispatched {
    /// What was watched.
    pub(super) watch: Option<Watch>,
    /// What was kept of atomics.
    pub(super) seen: Option<Seen>,
    /// Steps that all invocations made together.
    pub(super) steps: u64,
}

/// Executes `code` for `groups` workgroups in x, y and z.
///
/// # Errors
/// Where a workgroup does not end.
pub(super) fn dispatch(code: &Code, buffers: &[&Buffer], groups: [u32; 3], how: How) -> Result<Dispatched, Stopped> {
    let [x, y, z] = groups;
    let total = x as usize * y as usize * z as usize;
    if total == 0 {
        return Ok(Dispatched { watch: how.watch, ..Dispatched::default() });
    }
    let size = code.invocations().max(1);
    // The order of workgroups can show in atomics of buffers. Those that run in lockstep with others could wait for each
    // other through them for ever; where lanes may go apart, that is noticed, and they are tried across workgroups.
    let ordered = how.watch.is_some() || code.storage_atomics;
    let alone = how.watch.is_some() || code.storage_atomics && !how.way.apart;
    let fitting = (LANES / size).min(WORDS / (size * code.rows as usize).max(1)).max(1);
    let together = if alone { 1 } else { fitting.min(total) };
    let order = Order::new(how.schedule, total);
    let batches = total.div_ceil(together);
    let coordinates = |batch: usize| -> Vec<[u32; 3]> {
        let end = ((batch + 1) * together).min(total);
        (batch * together..end).map(|turn| split(order.workgroup(turn), groups)).collect()
    };
    let threads = if ordered || how.way.keep { 1 } else { how.threads.clamp(1, batches) };
    if threads == 1 {
        let mut machine = Machine::new(code, buffers, together, how.way);
        if let Some(watch) = how.watch {
            machine.watch(watch);
        }
        for batch in 0..batches {
            machine.run(&coordinates(batch), groups, order.lanes(batch, size * together))?;
        }
        let steps = machine.executed();
        let (watch, seen) = machine.into_findings();
        return Ok(Dispatched { watch, seen, steps });
    }
    let next = AtomicUsize::new(0);
    let steps = AtomicU64::new(0);
    // Of several failures the one of the first workgroup, so that the message does not depend on the threads.
    let failed: Mutex<Option<(usize, Stopped)>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut machine = Machine::new(code, buffers, together, how.way);
                loop {
                    let batch = next.fetch_add(1, Relaxed);
                    if batch >= batches {
                        break;
                    }
                    let done = machine.run(&coordinates(batch), groups, order.lanes(batch, size * together));
                    if let (Err(stopped), Ok(mut first)) = (done, failed.lock()) {
                        if first.as_ref().is_none_or(|(b, _)| batch < *b) {
                            *first = Some((batch, stopped));
                        }
                        next.store(batches, Relaxed);
                    }
                }
                steps.fetch_add(machine.executed(), Relaxed);
            });
        }
    });
    match failed.into_inner() {
        Ok(Some((_, stopped))) => Err(stopped),
        _ => Ok(Dispatched { steps: steps.into_inner(), ..Dispatched::default() }),
    }
}

/// The coordinates of a workgroup.
fn split(index: usize, [x, y, _]: [u32; 3]) -> [u32; 3] {
    let (width, height) = (x as usize, y as usize);
    [index % width, index / width % height, index / (width * height)].map(|c| u32::try_from(c).unwrap_or(u32::MAX))
}

/// The order of workgroups, and of lanes within them.
struct Order {
    schedule: Schedule,
    total: usize,
    shuffled: Vec<u32>,
}

impl Order {
    fn new(schedule: Schedule, total: usize) -> Self {
        let shuffled = match schedule {
            Schedule::Random(seed) => shuffle(total, seed),
            _ => Vec::new(),
        };
        Self { schedule, total, shuffled }
    }

    /// The workgroup whose turn it is.
    fn workgroup(&self, turn: usize) -> usize {
        match self.schedule {
            Schedule::InOrder => turn,
            Schedule::Reversed => self.total - 1 - turn,
            Schedule::Random(_) => self.shuffled[turn] as usize,
        }
    }

    /// The order of lanes; `None` for their own.
    fn lanes(&self, batch: usize, lanes: usize) -> Option<Vec<u32>> {
        match self.schedule {
            Schedule::InOrder => None,
            Schedule::Reversed => Some((0..u32::try_from(lanes).unwrap_or(u32::MAX)).rev().collect()),
            Schedule::Random(seed) => {
                Some(shuffle(lanes, seed ^ (batch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            }
        }
    }
}

/// The numbers below `count`, shuffled (Fisher and Yates) by SplitMix64 from a seed.
fn shuffle(count: usize, seed: u64) -> Vec<u32> {
    let mut all: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
    let mut state = seed;
    for i in (1..all.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        let bound = i as u64 + 1;
        // The bias of a remainder is of no matter to a schedule.
        let other = usize::try_from(word % bound).unwrap_or(0);
        all.swap(i, other);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_permutations() {
        for schedule in [Schedule::InOrder, Schedule::Reversed, Schedule::Random(5)] {
            let order = Order::new(schedule, 1000);
            let mut seen: Vec<usize> = (0..1000).map(|turn| order.workgroup(turn)).collect();
            let first = seen[0];
            seen.sort_unstable();
            assert_eq!(seen, (0..1000).collect::<Vec<_>>(), "{schedule:?} starts with {first}");
        }
        assert_ne!(shuffle(1000, 1), shuffle(1000, 2), "seeds matter");
    }
}
