//! `cargo x march`: the C programs of testsuite/march, each built with gcc -O3 for every level of x86-64, run on this
//! machine's processor and by a runner, and compared. In the runner's words LEVEL stands for the level, as `--cpu` has it.

use crate::args::Args;
use crate::sys::{modified, pack};
use crate::{Failure, process, repo};
use regex_lite::Regex;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// As `brainworm run --cpu` names them, and as gcc does.
const LEVELS: [(&str, &str); 3] = [("x86-64", "x86-64"), ("v2", "x86-64-v2"), ("v3", "x86-64-v3")];
const FLAGS: [&str; 6] = ["-O3", "-static", "-Wall", "-Wextra", "-Wno-type-limits", "-Wno-psabi"];

/// Build, pack, compare.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    let runner = args.value("--runner")?;
    let only = args.value("--only")?.map(|re| Regex::new(&re)).transpose()?;
    let limit = Duration::from_secs(args.number("--timeout", 120)?);
    args.finish()?;
    let root = repo::cache().join("march");
    let programs = build(&repo::top().join("testsuite/march"), &root)?;
    pack(&root)?;
    let Some(runner) = runner else {
        println!("{} programs in {}.tar, under /t", programs.len(), root.display());
        return Ok(true);
    };
    let (mut passed, mut failed) = (0, 0);
    for (name, level) in programs.iter().filter(|(name, _)| only.as_ref().is_none_or(|re| re.is_match(name))) {
        let native = process::run(Command::new(root.join("t").join(name)), limit)?;
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("exec {} /t/{name}", runner.replace("LEVEL", level)));
        let guest = process::run(command, limit)?;
        if native.status == Some(0)
            && !native.stdout.is_empty()
            && (native.status, &native.stdout) == (guest.status, &guest.stdout)
        {
            passed += 1;
            continue;
        }
        failed += 1;
        println!("FAIL {name}: {:?} natively, {:?} in the guest", native.status, guest.status);
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(String::from).collect::<Vec<_>>();
        let (ours, theirs) = (lines(&guest.stdout), lines(&native.stdout));
        theirs.iter().filter(|line| !ours.contains(line)).take(5).for_each(|line| println!("  natively: {line}"));
        ours.iter().filter(|line| !theirs.contains(line)).take(5).for_each(|line| println!("  guest:    {line}"));
        lines(&guest.stderr).iter().take(3).for_each(|line| println!("  {line}"));
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed == 0 && passed > 0)
}

/// Compile what is newer than its program; the names of all programs and their levels.
fn build(sources: &Path, root: &Path) -> Result<Vec<(String, &'static str)>, Failure> {
    for dir in ["t", "tmp", "proc", "dev", "etc"] {
        std::fs::create_dir_all(root.join(dir))?;
    }
    std::fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(sources)?.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|f| f.extension().is_some_and(|e| e == "c"));
    files.sort();
    let header = modified(&sources.join("check.h"));
    let mut programs = Vec::new();
    for source in &files {
        let stem = source.file_stem().and_then(|s| s.to_str()).ok_or("a source without a name")?;
        for (level, march) in LEVELS {
            let name = format!("{stem}-{level}");
            let program = root.join("t").join(&name);
            if modified(&program) < modified(source).max(header) {
                let mut gcc = Command::new("gcc");
                gcc.args(FLAGS).arg(format!("-march={march}")).arg("-o").arg(&program).arg(source).arg("-lm");
                let done = gcc.output()?;
                if !done.status.success() {
                    return Err(format!("{}: {}", source.display(), String::from_utf8_lossy(&done.stderr)).into());
                }
            }
            programs.push((name, level));
        }
    }
    Ok(programs)
}
