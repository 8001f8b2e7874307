//! `cargo x`: everything one does to this repository besides building it. Each subject is a module; this one only reads
//! the first words of the command line. It deliberately knows nothing of the emulator: runners are command prefixes.

#![forbid(unsafe_code)]

mod args;
mod bench;
mod bless;
mod check;
mod diff;
mod docs;
mod images;
mod march;
mod memory;
mod process;
mod repo;
mod scripts;
mod size;
mod sys;
mod tidy;

use std::process::ExitCode;

/// What went wrong, as one line for people.
type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "\
usage: cargo x COMMAND
  check [--quick] [--only STEP]
                             everything CI runs: fmt, clippy, tidy, unit tests, isa oracle, fuzzers, sys, scripts, sizes
  tidy                       crate edges, unsafe, long files and lines, words that do not belong
  docs                       write the pages under docs/ that are made from tables
  size [--kernel FILE] [--wasm FILE --tree DIR]
                             sizes that may not grow unseen
  memory [--brainworm FILE] [--image FILE]
                             what processes and forks take of linear memory, under wasm
  images [--all]             make the images the tests run in, into .cache/ (root, network, Debian's packages); with --all
                             also what only recorded runs need: the set `heavy`, v86, a server in Go
  scripts [--runner 'CMD PREFIX'] [--set NAME,..] [--only REGEX] [--jobs N] [--timeout S] [--stock] [--known FILE|none]
                             run recorded shell scripts with a runner (default: this machine's Linux) and compare
  sys [--runner 'CMD PREFIX'] [--only REGEX] [--timeout S] [--build]
                             build the C programs of testsuite/sys into .cache/sys.tar and run each: /t/NAME
  march [--runner 'CMD PREFIX with LEVEL'] [--only REGEX] [--timeout S]
                             build the C programs of testsuite/march for each level of x86-64, compare with native
  bench [--runner 'NAME=CMD PREFIX'].. [--scale F].. [--groups int,k] [--only REGEX] [--repeat N] [--table FILE..]
                             time against native: the table of docs/benchmarks.md (bench.py --help says more)
  bless --golden             write down anew what functions are translated to
  bless --scripts            record the scripts' outputs anew from this machine's Linux (--set, --only as above)";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    let done = match command.as_str() {
        "images" => images::run(&rest),
        "scripts" => scripts::run(&rest),
        "sys" => sys::run(&rest),
        "bench" => bench::run(&rest),
        "march" => march::run(&rest),
        "docs" => docs::run(&rest),
        "tidy" => tidy::run(&rest),
        "size" => size::run(&rest),
        "memory" => memory::run(&rest),
        "check" => check::run(&rest),
        "bless" => bless::run(&rest),
        "" | "help" | "-h" | "--help" => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => Err(format!("no such command: {other}\n{USAGE}").into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("cargo x {command}: {why}");
            ExitCode::from(2)
        }
    }
}
