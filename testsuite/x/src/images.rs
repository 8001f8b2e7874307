//! `cargo x images`: the images the tests run in, made by the scripts of testsuite/images from the package registries.

use crate::{Failure, args::Args, repo};
use std::process::Command;

/// Make what is missing.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    let all = args.flag("--all");
    args.finish()?;
    let more: &[&str] = if all { &["make-heavy.sh", "make-v86.sh", "make-go.sh"] } else { &[] };
    let usual = ["make-debian.sh", "make-musl.sh", "make-tools.sh", "make-luajit.sh", "make-web.sh", "make-http.sh"];
    for script in usual.iter().chain(more) {
        let path = repo::top().join("testsuite/images").join(script);
        let status = Command::new(&path).env("BRAINWORM_CACHE", repo::cache()).status()?;
        if !status.success() {
            return Err(format!("{script} failed").into());
        }
    }
    Ok(true)
}
