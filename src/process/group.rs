//! A process and whatever it starts: one group, which is ended whole.

use std::collections::BTreeSet;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::memory::Watch;

/// The leaders of all groups that run, for a signal that ends this program.
static LIVE: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn live() -> MutexGuard<'static, BTreeSet<u32>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a process leads a group that this program started.
#[cfg(unix)]
pub(super) fn leads(process: u32) -> bool {
    live().contains(&process)
}

/// Ends every group that runs.
#[cfg(unix)]
pub(super) fn kill_all() {
    // The lock is held meanwhile, so that no number that is freed is used.
    live().iter().for_each(|leader| kill_group(*leader));
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    if let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // It fails only where the group is already gone.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_leader: u32) {
    // A job ends with the last handle to it, which is this program's.
}

/// See the module.
#[derive(Debug)]
pub struct Group {
    child: Child,
    ended: Option<ExitStatus>,
    memory: Option<Watch>,
    #[cfg(windows)]
    _job: Option<win32job::Job>,
}

impl Group {
    /// Starts a command as the leader of a group of its own, which is ended where it takes more than `memory` bytes.
    ///
    /// # Errors
    /// Those of starting it.
    pub fn start(command: &mut Command, memory: Option<u64>) -> std::io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn()?;
        live().insert(child.id());
        #[cfg(windows)]
        let _job = job(&child);
        let mut group = Self {
            child,
            ended: None,
            memory: None,
            #[cfg(windows)]
            _job,
        };
        group.memory = memory.map(|limit| Watch::new(&group, limit));
        Ok(group)
    }

    /// The limit of its memory in bytes, where it was ended for going beyond.
    #[must_use]
    pub fn over_memory(&self) -> Option<u64> {
        self.memory.as_ref().and_then(Watch::over)
    }

    /// The process, to take its pipes from.
    pub fn leader(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The number of the leading process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the leading process ended, if it has. What it started may still run.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        if self.ended.is_some() {
            return Ok(self.ended);
        }
        if has_ended(&mut self.child)? {
            self.kill();
        }
        Ok(self.ended)
    }

    /// Ends the group, and tells how its leader ended.
    pub fn kill(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            // Before the leader is waited for: until then its number can't be another's.
            let mut live = live();
            kill_group(self.child.id());
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
            live.remove(&self.child.id());
        }
        self.ended
    }

    /// Ends the group from another thread, for as long as it runs.
    pub(super) fn killer(&self) -> impl Fn() + Send + 'static {
        let leader = self.child.id();
        move || {
            let live = live();
            if live.contains(&leader) {
                kill_group(leader);
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a process has ended; it is not waited for, so that its number stays its own.
#[cfg(unix)]
fn has_ended(child: &mut Child) -> std::io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return Ok(true) };
    let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), how)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> std::io::Result<bool> {
    child.try_wait().map(|status| status.is_some())
}

/// A job that ends when this program does, with the process in it. Where the system refuses, the process is alone.
#[cfg(windows)]
fn job(child: &Child) -> Option<win32job::Job> {
    use std::os::windows::io::AsRawHandle as _;
    let mut limits = win32job::ExtendedLimitInfo::new();
    limits.limit_kill_on_job_close();
    let job = win32job::Job::create_with_limit_info(&limits).ok()?;
    job.assign_process(child.as_raw_handle() as isize).ok()?;
    Some(job)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::process::Stdio;

    fn shell(script: &str) -> Group {
        Group::start(Command::new("sh").args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped()), None)
            .expect("a shell")
    }

    fn runs(process: u32) -> bool {
        // A process that nobody has waited for is in state Z.
        std::fs::read_to_string(format!("/proc/{process}/stat"))
            .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| !rest.starts_with('Z')))
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_process_started_ends_with_it() {
        use std::io::{BufRead as _, BufReader};
        let mut group = shell("sleep 600 & echo $!; exit 3");
        let mut line = String::new();
        BufReader::new(group.leader().stdout.take().unwrap()).read_line(&mut line).unwrap();
        let grandchild: u32 = line.trim().parse().unwrap();
        let status = loop {
            if let Some(status) = group.ended().unwrap() {
                break status;
            }
            std::thread::yield_now();
        };
        assert_eq!(status.code(), Some(3), "how the leader ended");
        let begun = std::time::Instant::now();
        while runs(grandchild) {
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "the grandchild outlives its group");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_group_is_known_while_it_runs_and_its_end_is_told_twice() {
        let mut group = shell("sleep 600");
        let id = group.id();
        assert!(leads(id), "it runs");
        assert!(group.ended().unwrap().is_none(), "it has not ended");
        let first = group.kill();
        assert!(first.is_some() && first == group.kill(), "killed, once");
        assert!(!leads(id), "it is gone");
    }
}
