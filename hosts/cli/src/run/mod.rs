//! `brainworm run`: our own host. Packs and compiles to a cache first, then drives the module's `bw_*` exports.
//!
//! `engine` finds or makes the compiled module, `streams` gives it descriptors 0 to 2 and the command line, `drive` is
//! the loop between the machine and the outside, `terminal` and `signals` are what their names say. Mounts are
//! wasmtime-wasi's preview 1.

mod drive;
mod engine;
mod jit;
mod mounts;
mod perf;
mod renew;
mod signals;
mod streams;
mod terminal;
pub(crate) mod train;
mod wait;

use crate::args::{self, RunArgs};
use crate::failure::{Failure, Outcome};
use crate::kernel;
use drive::{Machine, Options, Text};
use jit::JitOptions;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::time::Instant;
use streams::Streams;
use terminal::Terminal;

/// Runs a container and answers its exit status.
pub(crate) fn run(args: &RunArgs) -> Outcome {
    args.check()?;
    let start = Instant::now();
    let options = options(args)?;
    let mounts = mounts::parse(&args.volume)?;
    let environment = environment(args)?;
    let program = engine::program(args.image(), args.needs_our_kernel())?;
    let prepared = start.elapsed();

    let words = [OsString::from("brainworm")];
    let command = words.iter().chain(args.command()).map(|word| word.as_bytes().to_vec()).collect();
    let terminal = if args.tty { Some(Terminal::open(args.interactive)?) } else { None };
    // A terminal that nobody can type on serves nobody: unlike docker's, `-t` alone takes its keys too.
    let is_interactive = args.interactive || terminal.as_ref().is_some_and(Terminal::has_keys);
    let streams = Streams::new(command, environment, is_interactive, args.tty);
    let mut machine = Machine::new(program, streams, &mounts, &options, terminal.as_ref())?;
    let status = machine.run(terminal.as_ref());
    drop(terminal);
    if args.stats {
        machine.report(start, prepared, status.as_ref().ok().copied());
    }
    status
}

fn options(args: &RunArgs) -> Outcome<Options> {
    let code_bytes = args.code_bytes()?;
    let jit = args.jit_threshold().map(|threshold| JitOptions { threshold, code_bytes });
    let (strace, log, is_interpreted, cpu, perf_map) =
        (args.strace, args.log, args.is_interpreted(), args.cpu, args.perf_map);
    let mut options = Options { strace, log, is_interpreted, cpu, jit, perf_map, ..Options::default() };
    if let Some(size) = &args.memory {
        options.memory_bytes = args::size(size)?;
    }
    let texts = [
        (Text::Entrypoint, &args.container.entrypoint),
        (Text::WorkingDir, args.container.workdir()?),
        (Text::User, &args.container.user),
        (Text::Hostname, &args.hostname),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            options.texts.push((key, value.as_bytes().to_vec()));
        }
    }
    if args.tty {
        options.texts.push((Text::Term, b"xterm".to_vec()));
    }
    Ok(options)
}

/// Files first, then the flags, as docker orders them.
fn environment(args: &RunArgs) -> Outcome<Vec<Vec<u8>>> {
    let mut variables = Vec::new();
    for path in &args.env_file {
        let text =
            std::fs::read(path).map_err(|e| Failure::because(format_args!("--env-file {}", path.display()), e))?;
        let lines = text.split(|&b| b == b'\n').map(|line| line.trim_ascii_start());
        let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let words: Vec<OsString> = lines
            .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
            .map(|line| std::ffi::OsStr::from_bytes(line).to_owned())
            .collect();
        variables.extend(kernel::environment(&words)?);
    }
    variables.extend(args.container.environment()?);
    Ok(variables)
}
