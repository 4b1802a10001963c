//! A child's own side: pipes that its driver does not know, and an end when its parent is gone.

use std::io::{Read, Write};

#[cfg(unix)]
use rustix::process::{Signal, getpgrp, getpid, getppid, kill_current_process_group, kill_process};

/// The pipes to the parent.
pub struct Pipes {
    /// What the parent asks.
    pub requests: Box<dyn Read>,
    /// What it is answered.
    pub answers: Box<dyn Write>,
}

/// The least number of the descriptors: some drivers close all low ones.
#[cfg(unix)]
const ABOVE: i32 = 200;

/// Takes standard input and output for the messages with the parent. A driver that is loaded later finds an empty standard
/// input, and its standard output is standard error.
///
/// # Errors
/// Those of the system.
#[cfg(unix)]
pub fn detach() -> std::io::Result<Pipes> {
    use rustix::io::fcntl_dupfd_cloexec;
    use rustix::stdio::{dup2_stdin, dup2_stdout, stderr, stdin, stdout};
    // A process that may not have as many files takes the first number that is free.
    let requests = fcntl_dupfd_cloexec(stdin(), ABOVE).or_else(|_| fcntl_dupfd_cloexec(stdin(), 3))?;
    let answers = fcntl_dupfd_cloexec(stdout(), ABOVE).or_else(|_| fcntl_dupfd_cloexec(stdout(), 3))?;
    dup2_stdin(std::fs::File::open("/dev/null")?)?;
    dup2_stdout(stderr())?;
    Ok(Pipes { requests: Box::new(std::fs::File::from(requests)), answers: Box::new(std::fs::File::from(answers)) })
}

/// Takes standard input and output for the messages with the parent. Here a driver that writes to standard output too makes
/// a message that is refused.
///
/// # Errors
/// None on this system.
#[cfg(not(unix))]
pub fn detach() -> std::io::Result<Pipes> {
    Ok(Pipes { requests: Box::new(std::io::stdin()), answers: Box::new(std::io::stdout()) })
}

/// Whether `parent` is still this process's parent.
#[cfg(unix)]
#[must_use]
pub fn has_parent(parent: u32) -> bool {
    getppid().is_some_and(|p| p.as_raw_nonzero().get().unsigned_abs() == parent)
}

/// Here the job ends with the parent, this process included.
#[cfg(not(unix))]
#[must_use]
pub fn has_parent(_parent: u32) -> bool {
    true
}

/// Ends this process and whatever its driver started when `parent` is no longer its parent, once it has put away what the
/// parent left. A driver may hang or spin in any other thread.
#[cfg(unix)]
pub fn end_with_parent(parent: u32, put_away: impl FnOnce() + Send + 'static) {
    const EVERY: std::time::Duration = std::time::Duration::from_millis(200);
    let (sender, running) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Nobody listens where the thread was not waited for.
        let _ = sender.send(());
        while has_parent(parent) {
            std::thread::sleep(EVERY);
        }
        put_away();
        end();
    });
    // A thread that starts while a driver's constructor runs waits for the loader's lock, and that constructor may never end.
    let _ = running.recv();
}

/// Ends this process and whatever its driver started, without asking the driver.
#[cfg(unix)]
pub fn end() {
    // Its own group alone: one that was started by hand is in the group of a shell.
    let _ = if getpgrp() == getpid() {
        kill_current_process_group(Signal::KILL)
    } else {
        kill_process(getpid(), Signal::KILL)
    };
}

/// Here the job ends with the parent.
#[cfg(not(unix))]
pub fn end() {}

/// Here the job that the process is in ends with its parent.
#[cfg(not(unix))]
pub fn end_with_parent(_parent: u32, _put_away: impl FnOnce() + Send + 'static) {}
