//! `cargo x scripts`: recorded shell scripts, run by any runner. A runner is a command prefix; what is appended is
//! `SHELL -c TEXT`, where the first line of the script names SHELL and TEXT is a prelude (fixed environment, fresh scratch
//! directory) and the whole script. Standard output and the exit status must equal the recording beside the script,
//! which came from this machine's own Linux (`bless`).

mod known;
mod set;

pub(crate) use known::Known;
pub(crate) use set::{Case, Set, record};

use crate::args::Args;
use crate::process::{self, Outcome};
use crate::{Failure, diff, repo};
use regex_lite::Regex;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Which scripts, and how to run them.
pub(crate) struct Options {
    pub(crate) sets: Vec<Set>,
    pub(crate) only: Option<Regex>,
    pub(crate) jobs: usize,
    pub(crate) limit: Duration,
    /// None: natively.
    pub(crate) runner: Option<String>,
    /// A preview 1 engine refuses exit statuses from 126 up; the module exits 125 for them.
    pub(crate) stock: bool,
}

impl Options {
    /// Take the options all script commands share.
    pub(crate) fn take(args: &mut Args) -> Result<Self, Failure> {
        let sets = args.value("--set")?.unwrap_or_else(|| "scripts".into());
        Ok(Options {
            sets: sets.split(',').map(Set::named).collect::<Result<_, _>>()?,
            only: args.value("--only")?.map(|re| Regex::new(&re)).transpose()?,
            jobs: args.number("--jobs", 2)?.max(1) as usize,
            limit: Duration::from_secs(args.number("--timeout", 60)?),
            runner: args.value("--runner")?,
            stock: args.flag("--stock"),
        })
    }

    /// The chosen scripts of one set, in order of their names.
    pub(crate) fn cases(&self, set: &Set) -> Result<Vec<Case>, Failure> {
        let wanted = |case: &Case| self.only.as_ref().is_none_or(|re| re.is_match(&case.name));
        Ok(set.cases()?.into_iter().filter(wanted).collect())
    }

    /// Run one script.
    pub(crate) fn execute(&self, set: &Set, case: &Case) -> std::io::Result<Outcome> {
        let native = || {
            format!(
                "'{}' '{}'",
                repo::top().join("testsuite/images/native").display(),
                repo::cache().join(set.image).display()
            )
        };
        let runner = self.runner.clone().unwrap_or_else(native);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("exec {runner} \"$@\"")).arg("sh").args(&case.shell).arg("-c").arg(case.text());
        process::run(command, self.limit)
    }
}

/// Run, compare, report.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    let options = Options::take(&mut args)?;
    let list = args.value("--known")?;
    args.finish()?;
    let (mut passed, mut failed, mut expected) = (0, 0, 0);
    for set in &options.sets {
        let known = match (&list, &options.runner) {
            (Some(file), _) if file == "none" => Known::default(),
            (Some(file), _) => Known::read(file.as_ref())?,
            (None, None) => Known::default(),
            (None, Some(_)) => Known::read(&set.dir.join("known-failures.txt"))?,
        };
        let cases = options.cases(set)?;
        for (case, verdict) in cases.iter().zip(judge_all(&options, set, &cases)) {
            match (verdict, known.has(&case.name)) {
                (Ok(()), false) => passed += 1,
                (Err(_), true) => expected += 1,
                (Ok(()), true) => {
                    failed += 1;
                    println!("FAIL {}: passes, but is on the list of known failures: take it off", case.name);
                }
                (Err(report), false) => {
                    failed += 1;
                    println!("FAIL {}: {report}", case.name);
                }
            }
        }
    }
    let tail = if expected > 0 { format!(", {expected} known failures") } else { String::new() };
    println!("{passed} passed, {failed} failed{tail}");
    Ok(failed == 0 && passed + expected > 0)
}

/// All verdicts, in the order of the cases; `jobs` at a time.
fn judge_all(options: &Options, set: &Set, cases: &[Case]) -> Vec<Result<(), String>> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(vec![Ok(()); cases.len()]);
    std::thread::scope(|scope| {
        for _ in 0..options.jobs {
            scope.spawn(|| {
                while let Some((i, case)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, cases.get(i)?)))
                {
                    let verdict = judge(options, set, case);
                    verdicts.lock().expect("no judge panics")[i] = verdict;
                }
            });
        }
    });
    verdicts.into_inner().expect("no judge panics")
}

/// Run one script and compare; the report says how it differs.
fn judge(options: &Options, set: &Set, case: &Case) -> Result<(), String> {
    let mut recorded = std::fs::read(&case.recording).map_err(|e| format!("{}: {e}", case.recording.display()))?;
    if options.stock {
        recorded = stock(recorded);
    }
    let got = options.execute(set, case).map_err(|e| format!("cannot run: {e}"))?;
    let now = record(&got);
    if now == recorded {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&got.stderr).into_owned();
    let last: Vec<&str> = stderr.lines().rev().take(5).collect();
    let said: String = last.iter().rev().map(|l| format!("  stderr: {l}\n")).collect();
    let time = if got.status.is_none() { "time is up; " } else { "" };
    Err(format!("{time}differs after {:.1} s\n{}{said}", got.took.as_secs_f64(), diff::lines(&recorded, &now)))
}

/// What a recording looks like where statuses from 126 up cannot be passed on.
fn stock(mut recorded: Vec<u8>) -> Vec<u8> {
    let mark = set::MARK.as_bytes();
    if let Some(at) = recorded.windows(mark.len()).rposition(|w| w == mark) {
        let status: i32 = String::from_utf8_lossy(&recorded[at + mark.len()..]).trim().parse().unwrap_or(0);
        if status >= 126 {
            recorded.truncate(at + mark.len());
            recorded.extend(b"125\n");
        }
    }
    recorded
}

#[cfg(test)]
mod tests {
    use super::stock;

    #[test]
    fn high_statuses_become_125_on_stock_engines() {
        assert_eq!(stock(b"a\n--- exit 143\n".to_vec()), b"a\n--- exit 125\n");
        assert_eq!(stock(b"a\n--- exit 3\n".to_vec()), b"a\n--- exit 3\n");
    }
}
