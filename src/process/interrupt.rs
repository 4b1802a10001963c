//! Signals that ask this program to end: what runs is ended first, and nothing temporary stays behind.
//!
//! Work that has something to put away holds a [`Held`]. While there is one, a signal only says that the work should stop,
//! and the work ends as it would after an error; without one the program ends at once. Either way it ends of the signal, as
//! a shell expects.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

static STOP: AtomicI32 = AtomicI32::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);
/// The signals that children sent to this program.
static SENT: Mutex<BTreeMap<u32, i32>> = Mutex::new(BTreeMap::new());

/// Work that is to be ended in order, for as long as it lives.
#[derive(Debug)]
pub struct Held(());

/// See [`Held`].
#[must_use]
pub fn hold() -> Held {
    HELD.fetch_add(1, Ordering::SeqCst);
    Held(())
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The signal that asked this program to end, if one did.
#[must_use]
pub fn stopped() -> Option<i32> {
    Some(STOP.load(Ordering::SeqCst)).filter(|s| *s != 0)
}

/// The signal that a child sent to this program, if it did. A driver that wants to end its parent is at fault.
#[must_use]
pub fn sent_by(process: u32) -> Option<i32> {
    SENT.lock().unwrap_or_else(PoisonError::into_inner).get(&process).copied()
}

/// Ends this program of the signal that asked for it, if one did.
pub fn end() {
    #[cfg(unix)]
    if let Some(signal) = stopped() {
        // Where it fails the exit status tells of the error that the stop caused.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
}

/// Listens for the signals, in a thread of its own. A file that grows beyond the limit of its size is an error from here on,
/// and not a signal.
#[cfg(unix)]
pub fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::time::{Duration, Instant};

    /// How long work may take to end in order.
    const PATIENCE: Duration = Duration::from_secs(4);

    // Where a signal can't be listened for, it does what it does without this.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    let Ok(mut signals) = SignalsInfo::<WithOrigin>::new([SIGHUP, SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for origin in signals.forever() {
            let sender = origin.process.and_then(|p| u32::try_from(p.pid).ok());
            if let Some(child) = sender.filter(|p| super::group::leads(*p)) {
                SENT.lock().unwrap_or_else(PoisonError::into_inner).insert(child, origin.signal);
                continue;
            }
            // A second one is impatience.
            let again = STOP.swap(origin.signal, Ordering::SeqCst) != 0;
            let begun = Instant::now();
            while !again && HELD.load(Ordering::SeqCst) > 0 && begun.elapsed() < PATIENCE {
                super::group::kill_all();
                std::thread::sleep(Duration::from_millis(10));
            }
            super::group::kill_all();
            end();
        }
    });
}

/// Nothing here: a console's interrupt ends the program, and the jobs of its children with it.
#[cfg(not(unix))]
pub fn listen() {}
