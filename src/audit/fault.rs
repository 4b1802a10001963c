//! Faults on purpose, so that what the audit does about a broken driver can be tested without one.
//!
//! `REPRO_AUDIT_FAULT=<adapter text>|<kind>|<case text>` makes the child of the adapter whose label has the first text
//! misbehave when it meets the first case whose id has the third: `abort` (a signal), `exit` (silently, status 7),
//! `hang`, `panic`, `garbage` (a message that is no answer), `chatter` (lines that nobody asked for), `flood` (standard output
//! without an end or a newline), `memory` (all there is), or `open` (no device).

use crate::process::frame;

/// A planned fault.
#[derive(Debug, Clone)]
pub struct Fault {
    kind: String,
    case: String,
}

impl Fault {
    /// The fault planned for the adapter with this label, if any.
    #[must_use]
    pub fn planned(label: &str) -> Option<Self> {
        let text = std::env::var("REPRO_AUDIT_FAULT").ok()?;
        let mut parts = text.splitn(3, '|');
        let (adapter, kind) = (parts.next()?, parts.next()?);
        let case = parts.next().unwrap_or_default();
        label.contains(adapter).then(|| Self { kind: kind.to_owned(), case: case.to_owned() })
    }

    /// Whether the adapter pretends not to open.
    #[must_use]
    pub fn no_device(&self) -> bool {
        self.kind == "open"
    }

    /// Misbehaves, if this is the case for it.
    pub fn strike(&self, case: &str, answers: &mut dyn std::io::Write) {
        if !case.contains(&self.case) {
            return;
        }
        match self.kind.as_str() {
            "abort" => std::process::abort(),
            "exit" => std::process::exit(7),
            "hang" => loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            },
            "panic" => std::panic::panic_any("a fault on purpose"),
            "garbage" => drop(frame::write(answers, &"this is not an answer")),
            "chatter" => {
                println!("\u{1b}[2J::error::a driver's own words");
                eprintln!("\u{1b}[2Jmore of them");
            }
            "flood" => loop {
                print!("{:1024}", "x");
            },
            "memory" => {
                let mut all = Vec::new();
                loop {
                    all.push(vec![1u8; 16 << 20]);
                    std::hint::black_box(&all);
                }
            }
            _ => {}
        }
    }
}
