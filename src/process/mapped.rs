//! Files that are mapped. Where one is cut short while it is read, or its disk fails, the system sends a signal that nothing can be
//! returned from: this program then ends with one line and a status, as it does of a file that can't be read.

/// Ends this process with a status where a mapped file can't be read any more, from here on.
#[cfg(unix)]
pub fn end_where_cut(status: i32) {
    use signal_hook::consts::SIGBUS;
    use signal_hook::low_level::{exit, register};
    const SAID: &[u8] = b"error: a file was cut short while it was read, or its disk failed; nothing is told of it\n";
    let end = move || {
        // Where nobody can be told, the status says it.
        let _ = rustix::io::write(rustix::stdio::stderr(), SAID);
        exit(status)
    };
    // SAFETY: the action makes two system calls, takes no lock and no memory, and does not come back.
    let registered = unsafe { register(SIGBUS, end) };
    // Where a signal can't be listened for, it does what it does without this.
    drop(registered);
}

/// Here a mapped file can't be cut.
#[cfg(not(unix))]
pub fn end_where_cut(_status: i32) {}
