//! `cargo x bench`: makes what the benchmark runs in where it is missing, and hands over to testsuite/bench/bench.py.

use crate::{Failure, repo};
use std::process::Command;

/// All words are the runner's own.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let folder = repo::top().join("testsuite/bench");
    let root = repo::cache().join("bench");
    let is_reading = words.iter().any(|word| word == "--table" || word == "--help");
    if !is_reading && !root.with_extension("tar").exists() {
        let made = Command::new(folder.join("make-root.sh")).env("BRAINWORM_CACHE", repo::cache()).status()?;
        if !made.success() {
            return Err("make-root.sh failed".into());
        }
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repo::top().join("target"), Into::into);
    let mut command = Command::new("python3");
    command.arg("-B").arg(folder.join("bench.py"));
    if !is_reading {
        command.arg("--root").arg(&root).arg("--brainworm").arg(target.join("release/brainworm"));
    }
    Ok(command.args(words).status()?.success())
}
