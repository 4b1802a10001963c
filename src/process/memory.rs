//! How much memory a process may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sysinfo::Pid;

use super::group::Group;

/// How often it is looked at: a process that fills memory as fast as it can takes a few hundred MiB meanwhile.
const EVERY: Duration = Duration::from_millis(50);

/// The part of this machine's memory, or of the container's, that a process may take when nothing else is said: half.
/// `None` where the system does not tell.
#[must_use]
pub fn default_limit() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let total = system.cgroup_limits().map_or(system.total_memory(), |c| c.total_memory.min(system.total_memory()));
    (total > 0).then_some(total / 2)
}

/// A number of bytes in MiB.
#[must_use]
pub fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

/// After how many looks it is asked again which processes there are: that takes longer than to look at those that are known.
const LOOKS: u32 = 5;

/// The processes of a group, which are those that its leader started and what they started.
#[cfg(target_os = "linux")]
fn members(leader: Pid) -> Vec<Pid> {
    let group = leader.to_string();
    // The name of a process is in parentheses, and may have some of its own; then come its state, its parent and its group.
    let is_in = |stat: String| stat.rsplit(") ").next().is_some_and(|rest| rest.split(' ').nth(2) == Some(&group));
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    pids.filter(|(_, path)| std::fs::read_to_string(path.join("stat")).is_ok_and(is_in))
        .map(|(pid, _)| Pid::from_u32(pid))
        .collect()
}

/// Elsewhere the leader alone.
#[cfg(not(target_os = "linux"))]
fn members(leader: Pid) -> Vec<Pid> {
    vec![leader]
}

/// Ends a group whose processes together have more resident memory than a limit.
#[derive(Debug)]
pub(super) struct Watch {
    limit: u64,
    over: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// Watches a group until this is dropped. `limit` in bytes.
    pub(super) fn new(group: &Group, limit: u64) -> Self {
        let watch = Self { limit, over: Arc::default(), stop: Arc::default() };
        let (over, stop) = (Arc::clone(&watch.over), Arc::clone(&watch.stop));
        let (leader, kill) = (Pid::from_u32(group.id()), group.killer());
        std::thread::spawn(move || {
            let Ok(mut system) = sysinfo::System::new() else { return };
            let what = sysinfo::ProcessRefreshKind::nothing().with_memory().without_tasks();
            let mut known = Vec::new();
            for look in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                if look % LOOKS == 0 {
                    known = members(leader);
                }
                system.refresh_processes_specifics(sysinfo::ProcessesToUpdate::Some(&known), true, what);
                let taken: u64 = known.iter().filter_map(|p| system.process(*p)).map(sysinfo::Process::memory).sum();
                if taken > limit {
                    over.store(true, Ordering::Relaxed);
                    kill();
                    // A job ends with its last handle, which another thread has.
                    #[cfg(not(unix))]
                    known.iter().filter_map(|p| system.process(*p)).for_each(|p| {
                        p.kill();
                    });
                    return;
                }
                std::thread::sleep(EVERY);
            }
        });
        watch
    }

    /// The limit, where the process went beyond it.
    pub(super) fn over(&self) -> Option<u64> {
        self.over.load(Ordering::Relaxed).then_some(self.limit)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_that_fills_memory_is_ended() {
        // A shell that doubles a string has no other end than the limit.
        let script = "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; [ ${#x} -gt 268435456 ] && sleep 600; done";
        let forked = format!("({script}) & wait");
        let scripts = if cfg!(target_os = "linux") { vec![script, &forked] } else { vec![script] };
        for script in scripts {
            let mut command = Command::new("sh");
            command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut group = Group::start(&mut command, Some(64 << 20)).unwrap();
            while group.ended().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(group.over_memory(), Some(64 << 20), "ended for its memory: {script}");
        }
        let mut small = Group::start(Command::new("true").stdin(Stdio::null()), Some(1 << 30)).unwrap();
        while small.ended().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(small.over_memory(), None, "one that takes little is not");
    }

    #[test]
    fn the_limit_when_nothing_is_said_is_a_part_of_the_machine() {
        let limit = default_limit().expect("this system tells");
        assert!(limit > 64 << 20, "{limit} bytes");
    }
}
