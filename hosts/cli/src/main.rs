//! The `brainworm` command: containers to wasm files, and a host to run them.
//!
//! `args` says what can be typed, `command/` does it. The kernel module is embedded (build.rs); everything about
//! images is `brainworm_pack`'s. Errors are one line and status 125, as docker's.

mod aot;
mod args;
mod build;
mod cache;
mod container;
mod failure;
mod inspect;
mod kernel;
mod output;
mod progress;
mod run;
mod serve;
mod web;

use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            // Asking for help is no error.
            return if error.use_stderr() { ExitCode::from(failure::OWN_ERROR) } else { ExitCode::SUCCESS };
        }
    };
    let result = match args.command {
        args::Command::Build(args) => build::build(&args),
        args::Command::Run(args) => run::run(&args),
        args::Command::Serve(args) => serve::serve(&args),
        args::Command::Web(args) => web::web(&args),
        args::Command::Inspect(args) => inspect::inspect(&args),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => report(&failure, args.verbose),
    }
}

fn report(failure: &Failure, is_verbose: bool) -> ExitCode {
    eprintln!("brainworm: {failure}");
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause.filter(|_| is_verbose) {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::from(failure::OWN_ERROR)
}
