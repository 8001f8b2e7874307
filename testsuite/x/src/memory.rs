//! `cargo x memory`: what processes and forks take of the machine's linear memory, measured where it counts, under wasm,
//! by the figures of `run --stats`. How long a fork takes is told, not judged: a busy machine has no say here.

use crate::{Failure, args::Args, process, repo};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const MIB: u64 = 1 << 20;
/// `sh -c true`: all there is beyond the image, the kernel's own data included.
const SHELL_BYTES: u64 = 24 * MIB;
/// 2,000 processes that sleep, each a program of its own behind a fork and an execve.
const SLEEPERS_BYTES: u64 = 512 * MIB;
/// A fork copies tables: 8 bytes a page, and as much again while they grow. What it touches is copied page by page.
const FORK_BYTES: u64 = 2 * MIB;

const SLEEPERS: &str = "i=0; p=; while [ $i -lt 2000 ]; do sleep 1000 & p=\"$p $!\"; i=$((i+1)); done; \
    echo $i asleep; kill $p; wait";
/// A process that writes a string of so many MiB, forks so often, and prints the microseconds a fork(2) takes it. perl,
/// because a shell needs minutes to make such a string.
const FORKS: &str = "use Time::HiRes 'clock_gettime'; my ($mib, $forks) = @ARGV; my $x = 'x' x ($mib << 20); my $t = 0; \
    for (1..$forks) { my $s = clock_gettime(1); my $p = fork; kill KILL => $$ if !$p; $t += clock_gettime(1) - $s; \
    waitpid $p, 0 } printf '%d', $t / ($forks || 1) * 1e6";

/// What `run --stats` told, and what the guest printed.
struct Run {
    stdout: String,
    stats: String,
}

/// Measure.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    let brainworm =
        args.value("--brainworm")?.map_or_else(|| repo::top().join("target/release/brainworm"), PathBuf::from);
    let image = args.value("--image")?.map_or_else(|| repo::cache().join("debian.tar"), PathBuf::from);
    args.finish()?;
    let measure = |guest: &[&str]| measure(&brainworm, &image, guest);

    let shell = measure(&["sh", "-c", "true"])?;
    let mut is_good = report("sh -c true, beyond the image", shell.beyond_image()?, SHELL_BYTES);
    let sleepers = measure(&["sh", "-c", SLEEPERS])?;
    if sleepers.stdout.trim() != "2000 asleep" {
        return Err(format!("the sleepers said: {}", sleepers.stdout).into());
    }
    is_good &= report("2,000 sleeping processes, beyond the image", sleepers.beyond_image()?, SLEEPERS_BYTES);

    let forks = |mib: &str, count: &str| measure(&["perl", "-e", FORKS, mib, count]);
    let (alone, forked) = (forks("100", "0")?, forks("100", "100")?);
    for figure in ["linear_memory_bytes", "peak_memory_bytes"] {
        let growth = forked.figure(figure)?.saturating_sub(alone.figure(figure)?);
        is_good &= report(&format!("fork of a process with 100 MiB, {figure}"), growth, FORK_BYTES);
    }
    let small = forks("1", "100")?;
    println!("fork: {} us with 100 MiB written, {} us with 1 MiB (told, not judged)", forked.stdout, small.stdout);
    Ok(is_good)
}

fn measure(brainworm: &Path, image: &Path, guest: &[&str]) -> Result<Run, Failure> {
    let mut command = Command::new(brainworm);
    command.args(["run", "--stats"]).arg(image).args(guest);
    let outcome = process::run(command, Duration::from_secs(300))?;
    let stderr = String::from_utf8_lossy(&outcome.stderr).into_owned();
    if outcome.status != Some(0) {
        return Err(format!("{}: status {:?}: {stderr}", guest.join(" "), outcome.status).into());
    }
    let stats = stderr.lines().last().unwrap_or_default().to_string();
    Ok(Run { stdout: String::from_utf8_lossy(&outcome.stdout).into_owned(), stats })
}

impl Run {
    fn figure(&self, name: &str) -> Result<u64, Failure> {
        let key = format!("\"{name}\":");
        let (_, rest) = self.stats.split_once(&key).ok_or_else(|| format!("no {name} in: {}", self.stats))?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Ok(rest[..end].parse()?)
    }
    fn beyond_image(&self) -> Result<u64, Failure> {
        Ok(self.figure("linear_memory_bytes")? - self.figure("image_bytes")?)
    }
}

fn report(what: &str, bytes: u64, limit: u64) -> bool {
    let verdict = if bytes <= limit { "ok" } else { "TOO MUCH" };
    println!("{what}: {:.1} of {} MiB, {verdict}", bytes as f64 / MIB as f64, limit / MIB);
    bytes <= limit
}
