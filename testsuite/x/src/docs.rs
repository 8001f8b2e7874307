//! `cargo x docs`: the generated pages. The work is done by the crate testsuite/docs, which knows the kernel's tables; this
//! program stays quick to build.

use crate::{Failure, args::Args, repo};
use std::process::Command;

/// Write them.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    Args::new(words).finish()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .args(["run", "--quiet", "--package", "brainworm-docs"])
        .current_dir(repo::top())
        .status()?;
    Ok(done.success())
}
