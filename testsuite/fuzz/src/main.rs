//! Feeds mutated bytes to everything that reads bytes from outside: no input may panic or hang it.
//!
//!     cargo run -p brainworm-fuzz -- TARGET [--seconds N] [--seed S]
//!     cargo run -p brainworm-fuzz -- TARGET --file INPUT
//!
//! A target (`targets/`) is a list of well-formed inputs and a plain function that takes bytes. Inputs follow from the
//! seed alone; one that fails is written to `fuzz-TARGET.bin` and its seed is printed. What once failed is kept in
//! `regressions/TARGET-*.bin`, and a test runs it again.

mod mutate;
mod targets;
mod watch;

use mutate::Random;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use targets::{TARGETS, Target};

fn main() -> ExitCode {
    watch::start();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
    let number = |name: &str, default: u64| option(name).map_or(Some(default), |n| n.parse().ok());
    let target = args.first().and_then(|name| TARGETS.iter().find(|t| t.name == name));
    let (Some(target), Some(seconds), Some(seed)) = (target, number("--seconds", 60), number("--seed", 1)) else {
        let names: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
        eprintln!("usage: brainworm-fuzz {} [--seconds N] [--seed S] [--file INPUT]", names.join("|"));
        return ExitCode::from(2);
    };
    match option("--file") {
        Some(path) => match std::fs::read(path) {
            Ok(bytes) => {
                watch::IS_REPLAY.store(true, std::sync::atomic::Ordering::Relaxed);
                verdict(target, &bytes, 0)
            }
            Err(error) => {
                eprintln!("{path}: {error}");
                ExitCode::from(2)
            }
        },
        None => fuzz(target, Duration::from_secs(seconds), seed),
    }
}

fn fuzz(target: &Target, time: Duration, seed: u64) -> ExitCode {
    let seeds = (target.seeds)();
    let start = Instant::now();
    let mut count = 0u64;
    while start.elapsed() < time {
        let mut random = Random::new(seed.wrapping_add(count));
        let mut bytes = seeds[random.below(seeds.len())].clone();
        mutate::mutate(&mut random, &mut bytes, &seeds);
        (target.repair)(&mut random, &mut bytes);
        if verdict(target, &bytes, seed.wrapping_add(count)) != ExitCode::SUCCESS {
            return ExitCode::FAILURE;
        }
        count += 1;
    }
    println!("{}: {count} inputs{}, none failed", target.name, (target.told)());
    ExitCode::SUCCESS
}

fn verdict(target: &Target, bytes: &[u8], seed: u64) -> ExitCode {
    watch::begin(target.name, bytes, seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes)));
    watch::end();
    if outcome.is_ok() {
        return ExitCode::SUCCESS;
    }
    watch::save(target.name, bytes, seed, "panicked");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_once_does_not_fail_again() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
        for file in std::fs::read_dir(folder).expect("the folder is checked in").flatten() {
            let name = file.file_name().into_string().expect("a plain name");
            let target = TARGETS.iter().find(|t| name.starts_with(&format!("{}-", t.name))).expect("TARGET-what.bin");
            println!("{name}");
            (target.run)(&std::fs::read(file.path()).expect("it can be read"));
        }
    }
}
