//! `cargo x bless --scripts`: record outputs anew from this machine's own Linux. A script that does not say the same
//! thing every time cannot be recorded, so each is run several times, the last ones beside others. `--golden`: write down
//! what functions are translated to (`testsuite/tiers/golden`).

use crate::args::Args;
use crate::scripts::{Options, record};
use crate::{Failure, diff, repo};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs that must agree.
const ROUNDS: usize = 3;

/// Their test writes them, and says what changed.
fn golden() -> Result<bool, Failure> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let words = ["test", "--quiet", "--release", "--workspace", "--test", "golden", "--", "--nocapture"];
    let mut command = std::process::Command::new(cargo);
    command.args(words).current_dir(repo::top()).env("BRAINWORM_BLESS", "1");
    Ok(command.status()?.success())
}

/// Record, and say what changed.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    if args.flag("--golden") {
        args.finish()?;
        return golden();
    }
    if !args.flag("--scripts") {
        return Err("say what: --scripts or --golden".into());
    }
    let options = Options::take(&mut args)?;
    args.finish()?;
    if options.runner.is_some() {
        return Err("recordings come from the native runner only".into());
    }
    let (mut written, mut refused) = (0, 0);
    for set in &options.sets {
        let cases = options.cases(set)?;
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..options.jobs {
                scope.spawn(|| {
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let runs: Vec<_> =
                            (0..ROUNDS).map(|_| options.execute(set, case).map(|o| (record(&o), o))).collect();
                        results.lock().expect("no worker panics").push((case, runs));
                    }
                });
            }
        });
        let mut results = results.into_inner().expect("no worker panics");
        results.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        for (case, runs) in results {
            let runs = runs.into_iter().collect::<Result<Vec<_>, _>>()?;
            let (first, outcome) = &runs[0];
            if let Some((other, _)) = runs.iter().find(|r| r.0 != *first) {
                println!("NOT RECORDED {}: differs between runs\n{}", case.name, diff::lines(first, other));
                refused += 1;
            } else if outcome.status.is_none() {
                println!("NOT RECORDED {}: time is up", case.name);
                refused += 1;
            } else if std::fs::read(&case.recording).ok().as_ref() != Some(first) {
                std::fs::write(&case.recording, first)?;
                let stderr = String::from_utf8_lossy(&outcome.stderr).into_owned();
                println!(
                    "recorded {} ({:.1} s){}",
                    case.name,
                    outcome.took.as_secs_f64(),
                    if stderr.is_empty() {
                        String::new()
                    } else {
                        format!(", stderr: {}", stderr.lines().take(3).collect::<Vec<_>>().join(" | "))
                    }
                );
                written += 1;
            }
        }
    }
    println!("{written} recorded, {refused} refused");
    Ok(refused == 0)
}
