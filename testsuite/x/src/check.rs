//! `cargo x check`: everything that must hold before a change goes in, and exactly what CI runs. The steps are a table
//! (`steps`); all of them run, even after one has failed, and the last line counts.

mod steps;

use crate::{Failure, args::Args, repo};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;
use steps::{Row, STAGES, Step, When};

/// Run the steps.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    let quick = args.flag("--quick");
    let only = args.value("--only")?;
    args.finish()?;
    let chosen = |s: &&Step| only.as_ref().map_or(!quick || s.when == When::Quick, |o| o == s.name);
    let results = Mutex::new(Vec::new());
    let one = |step: &Step| {
        let started = Instant::now();
        let ran = run_step(step).unwrap_or_else(|why| {
            eprintln!("{}: {why}", step.name);
            false
        });
        let word = if ran { "ok" } else { "FAILED" };
        println!("check: {}: {word} ({:.0} s)", step.name, started.elapsed().as_secs_f64());
        results.lock().expect("nothing panics with it").push((step.name, ran));
    };
    for stage in STAGES {
        let row = |row: Row| stage.iter().filter(chosen).filter(move |s| s.row == row);
        thread::scope(|scope| {
            scope.spawn(|| row(Row::Beside).for_each(one));
            row(Row::Main).for_each(one);
        });
    }
    let results = results.into_inner().expect("nothing panics with it");
    let failed: Vec<_> = results.iter().filter(|(_, ran)| !ran).map(|(name, _)| *name).collect();
    if !failed.is_empty() {
        println!("check: failed: {}", failed.join(", "));
    }
    println!("{} passed, {} failed", results.len() - failed.len(), failed.len());
    Ok(failed.is_empty() && !results.is_empty())
}

/// Whether it ended well. What a step of the second row prints comes when it has ended, so that it stands together.
fn run_step(step: &Step) -> Result<bool, Failure> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repo::top().join("target"), Into::into);
    let x = std::env::current_exe()?;
    let place = |word: &str| {
        let word = word.replace("{bin}", &target.join("release").to_string_lossy());
        word.replace("{cache}", &repo::cache().to_string_lossy())
    };
    let words = words(step.command)?;
    let mut words = words.iter().map(|word| match word.as_str() {
        "cargo" => std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()),
        "x" => x.to_string_lossy().into_owned(),
        other => place(other),
    });
    let mut command = Command::new(words.next().ok_or("an empty step")?);
    command.args(words).current_dir(repo::top()).stdin(Stdio::null());
    if step.row == Row::Main {
        return Ok(command.status()?.success());
    }
    // One pipe for both, so that they stay in order.
    let (mut output, input) = std::io::pipe()?;
    let mut child = command.stdout(input.try_clone()?).stderr(input).spawn()?;
    drop(command);
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut output, &mut bytes)?;
    let status = child.wait()?;
    print!("{}", String::from_utf8_lossy(&bytes));
    Ok(status.success())
}

/// The words of a line: quotes of both kinds keep what is between them together and are not nested.
fn words(line: &str) -> Result<Vec<String>, Failure> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), _) if c == open => quote = None,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err(format!("a quote is open: {line}").into()) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::{STAGES, words};

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(words("a  'b c' \"d 'e' f\"g ''").unwrap(), ["a", "b c", "d 'e' fg", ""]);
        assert!(words("a 'b").is_err());
    }

    #[test]
    fn every_step_has_a_name_of_its_own_and_a_command() {
        let mut names: Vec<_> = STAGES.iter().flat_map(|s| s.iter()).map(|s| s.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(STAGES.iter().flat_map(|s| s.iter()).all(|s| words(s.command).is_ok_and(|w| w.len() > 1)));
    }
}
