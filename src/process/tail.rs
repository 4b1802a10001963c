//! What another process writes that nobody asked for: read without end, so that it never waits, and only the end is kept.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How many of the last lines are kept, and how many bytes of each.
const LINES: usize = 8;
const BYTES: usize = 512;

/// Lines that drivers write on every start and that explain nothing.
const NOISE: [&str; 4] = ["XDG_RUNTIME_DIR", "lavapipe is not a conformant", "MESA-INTEL: warning", "RUST_BACKTRACE"];

/// The last lines of a pipe.
#[derive(Debug, Clone, Default)]
pub struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Reads a pipe until it ends, in a thread of its own.
    #[must_use]
    pub fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let tail = Self::default();
        let kept = tail.clone();
        std::thread::spawn(move || {
            let (mut buffer, mut line) = (vec![0; 1 << 16], Vec::with_capacity(BYTES));
            loop {
                let read = match pipe.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(read) => read,
                    Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                    Err(_) => break,
                };
                let mut pieces = buffer[..read].split(|byte| *byte == b'\n').peekable();
                while let Some(piece) = pieces.next() {
                    line.extend_from_slice(&piece[..piece.len().min(BYTES - line.len())]);
                    if pieces.peek().is_some() {
                        kept.push(&line);
                        line.clear();
                    }
                }
            }
            kept.push(&line);
        });
        tail
    }

    fn push(&self, line: &[u8]) {
        let line = super::shown(&String::from_utf8_lossy(line));
        if line.is_empty() || NOISE.iter().any(|n| line.contains(n)) {
            return;
        }
        if let Ok(mut kept) = self.0.lock() {
            kept.push_back(line);
            while kept.len() > LINES {
                kept.pop_front();
            }
        }
    }

    /// Waits until the pipe has ended, no longer than `limit`.
    pub fn wait(&self, limit: Duration) {
        let begun = Instant::now();
        // The thread that reads has the other handle.
        while Arc::strong_count(&self.0) > 1 && begun.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The last line that says something.
    #[must_use]
    pub fn last(&self) -> Option<String> {
        self.0.lock().ok().and_then(|kept| kept.back().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail_of(bytes: Vec<u8>) -> Tail {
        let tail = Tail::of(std::io::Cursor::new(bytes));
        tail.wait(Duration::from_secs(60));
        tail
    }

    #[test]
    fn the_end_is_kept_however_much_there_is() {
        assert_eq!(
            tail_of(b"a\nb\n\nwarning: XDG_RUNTIME_DIR is not set\n".to_vec()).last().as_deref(),
            Some("b"),
            "noise is not told"
        );
        assert_eq!(tail_of(b"a\nno newline".to_vec()).last().as_deref(), Some("no newline"), "an open end");
        let flood = tail_of(vec![b'x'; 32 << 20]);
        assert_eq!(flood.last().map(|l| l.len()), Some(160), "one endless line");
        let lines = tail_of("y\n".repeat(1 << 20).into_bytes());
        assert_eq!(lines.0.lock().unwrap().len(), LINES, "endless lines");
        assert_eq!(tail_of(Vec::new()).last(), None, "nothing");
    }
}
