//! Running a command in this program's place: with its streams and its process group, so that a terminal's signals and stops reach
//! the command as they would without this program; and with the signals that are sent to this program alone passed on.

use std::ffi::OsString;
use std::process::Command;

use crate::model::capture::Ended;

/// Runs a command to its end.
///
/// # Errors
/// Where it can't be started.
pub(super) fn run(argv: &[OsString]) -> std::io::Result<Ended> {
    let (program, arguments) = argv.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments);
    wait(command)
}

#[cfg(unix)]
fn wait(mut command: Command) -> std::io::Result<Ended> {
    use std::os::unix::process::ExitStatusExt as _;
    let passing = passing::Passing::listen();
    let mut child = command.spawn().inspect_err(|_| passing.end())?;
    passing.to(child.id());
    // Until it is waited for, its number is no other's.
    passing::has_ended(child.id());
    passing.end();
    let status = child.wait()?;
    Ok(Ended { code: status.code(), signal: status.signal() })
}

#[cfg(not(unix))]
fn wait(mut command: Command) -> std::io::Result<Ended> {
    // A console's interrupt reaches both; what the command makes of it is in its status.
    let status = command.spawn()?.wait()?;
    Ok(Ended { code: status.code(), signal: None })
}

#[cfg(unix)]
mod passing {
    use std::sync::{Arc, Condvar, Mutex, PoisonError};

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
    use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::low_level::emulate_default_handler;
    use signal_hook::low_level::siginfo::{Cause, Origin};

    /// The signals that are passed on: what asks a program to end or to do something, and can be caught.
    const SIGNALS: [i32; 7] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM];

    /// Where signals go.
    #[derive(Debug, Default, Clone, Copy, PartialEq)]
    enum State {
        /// The command is yet to start, and signals wait for it.
        #[default]
        Before,
        /// To this process.
        Runs(u32),
        /// The command has ended, and so many signals came since.
        Ended(u32),
    }

    #[derive(Default)]
    struct Target {
        state: Mutex<State>,
        changed: Condvar,
    }

    /// Signals that are passed on.
    pub(super) struct Passing(Arc<Target>);

    /// Waits until a child has ended, without taking its status.
    pub(super) fn has_ended(child: u32) {
        let Some(pid) = i32::try_from(child).ok().and_then(Pid::from_raw) else { return };
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(pid), how).is_err_and(|e| e == rustix::io::Errno::INTR) {}
    }

    /// The signals that this process was started with as ignored, as by `nohup`: the command inherits that, unless a handler is
    /// set here. Only Linux tells.
    fn is_ignored(signal: i32) -> bool {
        let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask =
            told.lines().find_map(|l| l.strip_prefix("SigIgn:")).and_then(|m| u64::from_str_radix(m.trim(), 16).ok());
        mask.is_some_and(|mask| signal > 0 && mask >> (signal - 1) & 1 == 1)
    }

    /// Whether a terminal sent it: to every process of the group in its foreground, the command among them.
    fn is_of_terminal(origin: &Origin) -> bool {
        origin.cause == Cause::Kernel
    }

    impl Passing {
        /// Takes the signals. Those that come before there is a child wait for it.
        pub(super) fn listen() -> Self {
            let target = Arc::new(Target::default());
            let wanted: Vec<i32> = SIGNALS.into_iter().filter(|s| !is_ignored(*s)).collect();
            // Where a signal can't be listened for, it does what it does without this.
            if let Ok(mut signals) = SignalsInfo::<WithOrigin>::new(wanted) {
                let target = Arc::clone(&target);
                std::thread::spawn(move || signals.forever().for_each(|origin| target.pass(&origin)));
            }
            Self(target)
        }

        /// Says where they go.
        pub(super) fn to(&self, child: u32) {
            self.0.set(State::Runs(child));
        }

        /// Nothing is passed on any more.
        pub(super) fn end(&self) {
            self.0.set(State::Ended(0));
        }
    }

    impl Target {
        fn set(&self, state: State) {
            *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
            self.changed.notify_all();
        }

        fn pass(&self, origin: &Origin) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            while *state == State::Before {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            match *state {
                // While the state is held, the child is not waited for.
                State::Runs(child) if !is_of_terminal(origin) => {
                    let child = i32::try_from(child).ok().and_then(Pid::from_raw);
                    if let (Some(child), Some(signal)) = (child, Signal::from_named_raw(origin.signal)) {
                        // It fails only where the command has ended.
                        let _ = kill_process(child, signal);
                    }
                }
                // One that was sent to the group may come when the command has ended of it.
                State::Ended(0) => *state = State::Ended(1),
                State::Ended(_) => {
                    let _ = emulate_default_handler(origin.signal);
                }
                State::Before | State::Runs(_) => {}
            }
        }
    }
}
