//! `cargo x sys`: the C programs of testsuite/sys, each about one subject of the system call interface. They are built
//! statically with gcc (and with musl-gcc where it is installed), put into a small image of their own under .cache/sys,
//! and run one by one. A program that ends with 0 has found everything as Linux does it.

use crate::args::Args;
use crate::scripts::Known;
use crate::{Failure, process, repo};
use regex_lite::Regex;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Both C libraries; musl's programs carry the suffix.
const COMPILERS: [(&str, &str); 2] = [("gcc", ""), ("musl-gcc", "-musl")];
/// The programs pass bad pointers and sizes on purpose.
const FLAGS: [&str; 10] = [
    "-O1",
    "-g",
    "-static",
    "-pthread",
    "-Wall",
    "-Wextra",
    "-Wno-stringop-overflow",
    "-Wno-stringop-overread",
    "-Wno-nonnull",
    "-Wno-missing-field-initializers",
];

/// Build, pack, run.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    let runner = args.value("--runner")?;
    let only = args.value("--only")?.map(|re| Regex::new(&re)).transpose()?;
    let limit = Duration::from_secs(args.number("--timeout", 60)?);
    let build_only = args.flag("--build");
    args.finish()?;
    let sources = repo::top().join("testsuite/sys");
    let root = repo::cache().join("sys");
    let names = build(&sources, &root)?;
    pack(&root)?;
    if build_only {
        println!("{} programs in {}.tar, under /t", names.len(), root.display());
        return Ok(true);
    }
    let known = if runner.is_some() { Known::read(&sources.join("known-failures.txt"))? } else { Known::default() };
    let native = format!("'{}' '{}'", repo::top().join("testsuite/images/native").display(), root.display());
    let runner = runner.unwrap_or(native);
    let (mut passed, mut failed, mut expected) = (0, 0, 0);
    for name in names.iter().filter(|n| only.as_ref().is_none_or(|re| re.is_match(n))) {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("exec {runner} \"$@\"")).arg("sh").arg(format!("/t/{name}"));
        let got = process::run(command, limit)?;
        match (got.status == Some(0), known.has(name)) {
            (true, false) => passed += 1,
            (false, true) => expected += 1,
            (true, true) => {
                failed += 1;
                println!("FAIL {name}: passes, but is on the list of known failures: take it off");
            }
            (false, false) => {
                failed += 1;
                let status = got.status.map_or("time is up".to_string(), |s| format!("status {s}"));
                println!("FAIL {name}: {status}");
                for text in [got.stdout, got.stderr] {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    let lines: Vec<_> = text.lines().collect();
                    lines[lines.len().saturating_sub(3)..].iter().for_each(|l| println!("  {l}"));
                }
            }
        }
    }
    let tail = if expected > 0 { format!(", {expected} known failures") } else { String::new() };
    println!("{passed} passed, {failed} failed{tail}");
    Ok(failed == 0 && passed + expected > 0)
}

/// Compile what is newer than its program; the names of all programs.
fn build(sources: &Path, root: &Path) -> Result<Vec<String>, Failure> {
    for dir in ["t", "tmp", "proc", "dev", "etc"] {
        std::fs::create_dir_all(root.join(dir))?;
    }
    std::fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")?;
    let mut names = Vec::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(sources)?.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|f| f.extension().is_some_and(|e| e == "c"));
    files.sort();
    let header = modified(&sources.join("check.h"));
    for source in &files {
        let stem = source.file_stem().and_then(|s| s.to_str()).ok_or("a source without a name")?;
        // What needs an extension of glibc's says so.
        let glibc_only = std::fs::read_to_string(source)?.lines().any(|l| l.starts_with("// needs glibc"));
        for (compiler, suffix) in COMPILERS {
            if !suffix.is_empty() && (glibc_only || !installed(compiler)) {
                continue;
            }
            let name = format!("{stem}{suffix}");
            let program = root.join("t").join(&name);
            if modified(&program) < modified(source).max(header) {
                let done = Command::new(compiler).args(FLAGS).arg("-o").arg(&program).arg(source).output()?;
                if !done.status.success() {
                    return Err(
                        format!("{compiler} {}: {}", source.display(), String::from_utf8_lossy(&done.stderr)).into()
                    );
                }
            }
            names.push(name);
        }
    }
    Ok(names)
}

pub(crate) fn modified(path: &Path) -> Option<std::time::SystemTime> {
    path.metadata().and_then(|m| m.modified()).ok()
}

fn installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|d| d.join(program).exists()))
}

/// The image, for runners that take a tar.
pub(crate) fn pack(root: &Path) -> Result<(), Failure> {
    let tar = root.with_extension("tar");
    let status = Command::new("tar")
        .args(["--sort=name", "--numeric-owner", "-C"])
        .arg(root)
        .arg("-cf")
        .arg(&tar)
        .arg(".")
        .status()?;
    if status.success() { Ok(()) } else { Err("tar failed".into()) }
}
