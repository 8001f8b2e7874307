//! `cargo run -p brainworm-oracle --release -- [--states N] [--seed S] [--only TEXT]... [--part K/N]
//! [--report FILE] [--docs FILE | --check-docs FILE]`,
//! or `--sequences N` for short programs instead of single forms, `--damaged N` for encodings that nobody means. `--cases FILE` stores the failures
//! with the truth; `--record FILE` fills in or renews the truth of the cases in FILE.
//!
//! Longer runs are noted in `records.md`.

use brainworm_oracle::bench::Bench;
use brainworm_oracle::case::Case;
use brainworm_oracle::report::document;
use brainworm_oracle::run::{Options, Outcome, run};
use std::fmt::Write;

fn main() {
    if let Err(error) = go() {
        eprintln!("oracle: {error}");
        std::process::exit(2);
    }
}

fn go() -> Result<(), String> {
    let mut options = Options { states: 1000, seed: 1, only: Vec::new(), missing: false, part: (1, 1) };
    let (mut report, mut docs, mut cases) = (None, None, None);
    let mut check_docs = None;
    let mut record = None;
    let (mut sequences, mut damaged) = (0, 0);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--states" => options.states = value()?.parse().map_err(|_| "--states needs a number")?,
            "--seed" => options.seed = value()?.parse().map_err(|_| "--seed needs a number")?,
            "--only" => options.only.push(value()?),
            "--sequences" => sequences = value()?.parse().map_err(|_| "--sequences needs a number")?,
            "--damaged" => damaged = value()?.parse().map_err(|_| "--damaged needs a number")?,
            "--part" => options.part = part(&value()?).ok_or("--part needs K/N, K from 1 to N")?,
            "--report" => report = Some(value()?),
            "--record" => record = Some(value()?),
            "--check-docs" => check_docs = Some(value()?),
            "--docs" => docs = Some(value()?),
            "--cases" => cases = Some(value()?),
            _ => return Err(format!("unknown argument {arg}")),
        }
    }
    let mut bench = Bench::new()?;
    if let Some(path) = record {
        return record_cases(&mut bench, &path);
    }
    if sequences > 0 {
        return run_sequences(&mut bench, sequences, options.seed);
    }
    if damaged > 0 {
        return run_damaged(&mut bench, damaged, options.seed);
    }
    println!("seed {}, {} states a form", options.seed, options.states);
    let outcomes = run(&mut bench, &options, |outcome| {
        if let Some(text) = failure_text(outcome) {
            println!("{text}");
        }
    });
    if let Some(path) = report {
        let mut text: String = outcomes.iter().filter_map(digest).collect();
        text.push('\n');
        text.extend(outcomes.iter().filter_map(failure_text));
        std::fs::write(&path, text).map_err(|error| format!("{path}: {error}"))?;
    }
    let command =
        format!("cargo run --release -p brainworm-oracle -- --states {} --seed {}", options.states, options.seed);
    if let Some(path) = docs {
        std::fs::write(&path, document(&outcomes, &command)).map_err(|error| format!("{path}: {error}"))?;
    }
    if let Some(path) = check_docs {
        let there = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        if there != document(&outcomes, &command) {
            return Err(format!("{path} is stale: {command} --docs {path}"));
        }
    }
    if let Some(path) = cases {
        let failures = outcomes.iter().flat_map(|outcome| &outcome.failures);
        let text: Vec<String> = failures.map(|f| f.case.to_text(Some(&bench.truth(&f.case)))).collect();
        std::fs::write(&path, text.join("\n")).map_err(|error| format!("{path}: {error}"))?;
    }
    let missing: Vec<String> =
        outcomes.iter().filter(|o| !o.implemented).map(|o| format!("{:?}", o.form.code)).collect();
    println!("not implemented: {} forms: {}", missing.len(), missing.join(" "));
    let states: u64 = outcomes.iter().map(|o| o.states).sum();
    let passed = outcomes.iter().filter(|o| o.passed()).count();
    let failed = outcomes.iter().filter(|o| o.implemented && !o.passed()).count();
    println!("{states} states");
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}

fn part(text: &str) -> Option<(usize, usize)> {
    let (part, parts) = text.split_once('/')?;
    let (part, parts) = (part.parse().ok()?, parts.parse().ok()?);
    (1..=parts).contains(&part).then_some((part, parts))
}

fn record_cases(bench: &mut Bench, path: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let cases = Case::read_all(&text).map_err(|error| format!("{path}: {error}"))?;
    let texts: Vec<String> = cases.iter().map(|(case, _)| case.to_text(Some(&bench.truth(case)))).collect();
    std::fs::write(path, texts.join("\n")).map_err(|error| format!("{path}: {error}"))
}

fn run_sequences(bench: &mut Bench, count: u64, seed: u64) -> Result<(), String> {
    println!("seed {seed}, {count} sequences");
    let all = brainworm_oracle::sequence::run(bench, count, seed);
    for (case, lines) in &all.failures {
        println!("FAIL\n  {}\n{}", lines.join("\n  "), case.to_text(None));
    }
    println!("{} passed, {} failed", all.programs - all.failures.len() as u64, all.failures.len());
    if !all.failures.is_empty() {
        std::process::exit(1);
    }
    Ok(())
}

fn run_damaged(bench: &mut Bench, count: u64, seed: u64) -> Result<(), String> {
    println!("seed {seed}, {count} damaged encodings");
    let all = brainworm_oracle::damaged::run(bench, count, seed);
    for (case, lines) in &all.failures {
        println!("FAIL\n  {}\n{}", lines.join("\n  "), case.to_text(None));
    }
    println!("{} compared, {} of them no instruction, {} failed", all.compared, all.invalid, all.failures.len());
    if !all.failures.is_empty() {
        std::process::exit(1);
    }
    Ok(())
}

/// One line for a failing form.
fn digest(outcome: &Outcome) -> Option<String> {
    let kinds: Vec<&str> = outcome.failures.iter().filter_map(|f| f.lines.first()).map(String::as_str).collect();
    (!kinds.is_empty())
        .then(|| format!("{:?} {}/{}: {}\n", outcome.form.code, outcome.mismatches, outcome.states, kinds.join(" | ")))
}

fn failure_text(outcome: &Outcome) -> Option<String> {
    let mut text = String::new();
    for failure in &outcome.failures {
        let (form, of) = (outcome.form, outcome.states);
        let _ = writeln!(text, "FAIL {:?} ({}): {} of {of} states", form.code, form.level, outcome.mismatches);
        for line in &failure.lines {
            let _ = writeln!(text, "  {line}");
        }
        let _ = writeln!(text, "{}", failure.case.to_text(None));
    }
    (!text.is_empty()).then_some(text)
}
