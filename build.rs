//! Puts the git commit and the versions of the libraries that decide bits into the binary, for the record.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-changed=.git/HEAD");
    println!("cargo:rerun-if-changed=.git/refs/heads");
    println!("cargo:rustc-env=REPRO_AUDIT_COMMIT={}", commit().unwrap_or_default());
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    for name in ["wgpu", "naga", "metallic", "libm", "half"] {
        let header = format!("name = \"{name}\"\nversion = \"");
        let version = lock.split(&header).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("unknown");
        println!("cargo:rustc-env=REPRO_AUDIT_{}={version}", name.to_uppercase());
    }
}

/// The commit, with `+` where the checkout had changes.
fn commit() -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
        String::from_utf8(output.stdout).ok().map(|s| s.trim().to_owned())
    };
    let hash = git(&["rev-parse", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|s| !s.is_empty());
    Some(if changed { format!("{hash}+") } else { hash })
}
