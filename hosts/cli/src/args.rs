//! The command line (a contract: scripts depend on it). Letters and habits are docker's.

use crate::aot::AotArgs;
use crate::container::ContainerArgs;
use crate::failure::{Failure, Outcome};
use brainworm_abi::image::{ContainerConfig, Http};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Containers as wasm files.
#[derive(Parser)]
#[command(name = "brainworm", version, about, max_term_width = 110)]
pub(crate) struct Args {
    /// Show the causes behind an error
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Turn a container image into one wasm file
    Build(BuildArgs),
    /// Run a container image or a built wasm file
    Run(Box<RunArgs>),
    /// Answer HTTP requests with a container image or a wasm file built with --target http
    Serve(Box<ServeArgs>),
    /// Turn a container image or a built wasm file into a static site with a terminal
    Web(WebArgs),
    /// Show what an image or a built wasm file holds
    Inspect(InspectArgs),
}

const IMAGE_HELP: &str =
    "OCI layout or docker save archive, root directory or tar (rootfs:PATH), each also gzip or zstd";

/// `brainworm build`.
#[derive(ClapArgs)]
pub(crate) struct BuildArgs {
    #[arg(help = IMAGE_HELP)]
    pub(crate) image: OsString,
    /// Where to write it
    #[arg(short, long, value_name = "FILE", default_value = "app.wasm")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
    /// Print what was built as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// What it is for: any WASI preview 1 engine, or as a WASI 0.2 component a command or an HTTP handler
    #[arg(long, value_name = "KIND", default_value = "wasi")]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) http: HttpArgs,
    /// What the guest's CPUID shows wherever the file is run (what it does not show runs all the same)
    #[arg(long, value_name = "LEVEL")]
    pub(crate) cpu: Option<Cpu>,
    #[command(flatten)]
    pub(crate) aot: AotArgs,
    #[arg(long, hide = true, value_name = "WHEN")]
    snapshot: Option<String>,
    #[arg(long, hide = true)]
    precompile: bool,
}

impl BuildArgs {
    /// Flags whose features come later are refused, never ignored.
    pub(crate) fn check(&self) -> Outcome<()> {
        match () {
            _ if self.target != Target::Http && self.http.is_used() => {
                Err(Failure::new("--http, --timeout and -m are for --target http"))
            }
            _ if self.snapshot.is_some() => Err(Failure::not_yet("--snapshot")),
            _ if self.precompile => Err(Failure::not_yet("--precompile")),
            _ => Ok(()),
        }
    }
}

/// What a built file is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Target {
    Wasi,
    Component,
    Http,
}

/// How a container answers HTTP requests.
#[derive(ClapArgs, Default, Debug)]
pub(crate) struct HttpArgs {
    /// Answer with the command, one process a request (CGI), or with the image's own server, on the port it listens on
    /// (default: server when the image exposes a port)
    #[arg(long, value_name = "command|server[:PORT]")]
    http: Option<HttpKind>,
    /// An answer may take so long (seconds, or with ms, s, m) [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    timeout: Option<u32>,
    /// Limit the container's memory (bytes, or with k, m, g)
    #[arg(short, long, value_name = "SIZE")]
    memory: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum HttpKind {
    Command,
    Server(Option<u16>),
}

impl std::str::FromStr for HttpKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<HttpKind, &'static str> {
        match text.split_once(':') {
            None if text == "command" => Ok(HttpKind::Command),
            None if text == "server" => Ok(HttpKind::Server(None)),
            Some(("server", port)) => match port.parse() {
                Ok(port @ 1..) => Ok(HttpKind::Server(Some(port))),
                _ => Err("the port is a number from 1 to 65535"),
            },
            _ => Err("write command, server or server:PORT"),
        }
    }
}

impl HttpArgs {
    /// True when any of it was given.
    pub(crate) fn is_used(&self) -> bool {
        self.http.is_some() || self.timeout.is_some() || self.memory.is_some()
    }
    /// Milliseconds an answer may take, if that was said.
    pub(crate) fn time_limit_ms(&self) -> Option<u32> {
        self.timeout
    }
    /// Writes it into the configuration of an image that exposes what it exposes.
    pub(crate) fn configure(&self, config: &mut ContainerConfig) -> Outcome<()> {
        let exposed = config.exposed_ports.iter().filter_map(|port| tcp_port(port)).min();
        let port = match (self.http, exposed) {
            (Some(HttpKind::Command), _) | (None, None) => None,
            (Some(HttpKind::Server(Some(port))), _) => Some(port),
            (Some(HttpKind::Server(None)) | None, Some(port)) => Some(port),
            (Some(HttpKind::Server(None)), None) => {
                return Err(Failure::new("--http server: the image exposes no TCP port: name it, --http server:PORT"));
            }
        };
        let memory_limit = self.memory.as_deref().map_or(Ok(0), size)?;
        config.http = Http { port, time_limit_ms: self.timeout.unwrap_or(0), memory_limit }.encode();
        Ok(())
    }
}

/// `80/tcp`, `80`.
fn tcp_port(exposed: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(exposed).ok()?;
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    port.parse().ok().filter(|&port| port > 0 && protocol == "tcp")
}

/// A time as people write it: `10`, `10s`, `1.5m`, `300ms`.
fn milliseconds(text: &str) -> Result<u32, &'static str> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" => 60e3,
        _ => return Err("write seconds, or a number with ms, s or m"),
    };
    let number: f64 = digits.parse().map_err(|_| "write seconds, or a number with ms, s or m")?;
    match number * unit {
        ms if (1.0..=u32::MAX as f64).contains(&ms) => Ok(ms as u32),
        _ => Err("it is too short or too long"),
    }
}

/// `brainworm run`. `-h` is the host's name, as docker has it.
#[derive(ClapArgs)]
#[command(disable_help_flag = true)]
pub(crate) struct RunArgs {
    /// Connect standard input
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Give the container a terminal, with this one's keys
    #[arg(short, long)]
    pub(crate) tty: bool,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
    /// Read variables from a file, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Vec<PathBuf>,
    /// The container's host name
    #[arg(short = 'h', long, value_name = "NAME")]
    pub(crate) hostname: Option<OsString>,
    /// Mount a directory
    #[arg(short, long, value_name = "HOST:GUEST[:ro]")]
    pub(crate) volume: Vec<OsString>,
    /// Limit the container's memory (bytes, or with k, m, g)
    #[arg(short, long, value_name = "SIZE")]
    pub(crate) memory: Option<String>,
    /// Only none is there: the container talks to itself
    #[arg(long, value_name = "KIND")]
    network: Option<String>,
    #[arg(short, long, hide = true, value_name = "H:G")]
    publish: Vec<String>,
    /// Remove the container afterwards: nothing is ever kept
    #[arg(long)]
    rm: bool,
    /// What executes the guest's code: interp (the interpreter alone), aot (with what the file was built with), jit (with
    /// what is hot, translated at run time) or auto (all of it)
    #[arg(long, value_name = "KIND", default_value = "auto", hide_possible_values = true)]
    engine: Engine,
    /// What the guest's CPUID shows (what it does not show runs all the same) [default: what the file was built with]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) cpu: Option<Cpu>,
    /// How often a function of up to 128 instructions is met (once in 16,384 that are interpreted) before it is translated,
    /// longer ones proportionally more often; 0 translates all code before it is run for the first time
    #[arg(long, value_name = "TIMES", default_value_t = 128)]
    jit_threshold: u32,
    /// Machine code that translation at run time may hold, in use or not (bytes, or with k, m, g)
    #[arg(long, value_name = "SIZE", default_value = "64m")]
    jit_code: String,
    /// Print every system call
    #[arg(long)]
    pub(crate) strace: bool,
    /// Tell which bytes were refused as no instruction
    #[arg(long, hide = true)]
    pub(crate) log: bool,
    /// Print figures as JSON on standard error at exit
    #[arg(long)]
    pub(crate) stats: bool,
    /// Write where translated functions lie to /tmp/perf-PID.map, for perf
    #[arg(long)]
    pub(crate) perf_map: bool,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// The image, then the command that replaces the image's own and its arguments
    #[arg(
        value_name = "IMAGE [COMMAND [ARG...]]",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<OsString>,
}

/// `cpuid::Level` of the kernel's engine, by its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Cpu {
    /// Up to SSE2
    #[value(name = "x86-64", alias = "v1", alias = "x86-64-v1")]
    V1,
    /// Up to SSE4.2, with AES, PCLMULQDQ and SHA
    #[value(name = "v2", alias = "x86-64-v2")]
    V2,
    /// v2 with BMI, LZCNT, MOVBE and ADX
    Default,
    /// Also AVX, AVX2, FMA and F16C
    #[value(name = "v3", alias = "x86-64-v3")]
    V3,
}

impl Cpu {
    /// Of its number.
    pub(crate) fn name(number: u8) -> Option<String> {
        let value = Cpu::value_variants().iter().find(|cpu| **cpu as u8 == number)?.to_possible_value()?;
        Some(value.get_name().to_owned())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Engine {
    Auto,
    Interp,
    Aot,
    Jit,
}

impl RunArgs {
    /// The image: the first word that is no flag.
    pub(crate) fn image(&self) -> &OsString {
        &self.words[0]
    }
    /// Everything after it is the guest's.
    pub(crate) fn command(&self) -> &[OsString] {
        &self.words[1..]
    }
    /// Leave code translated ahead of time alone.
    pub(crate) fn is_interpreted(&self) -> bool {
        matches!(self.engine, Engine::Interp | Engine::Jit)
    }
    /// Something is wanted that the kernel in a built file may not have.
    pub(crate) fn needs_our_kernel(&self) -> bool {
        self.strace || self.engine == Engine::Jit
    }
    /// When to translate at run time; `None`: never.
    pub(crate) fn jit_threshold(&self) -> Option<u32> {
        matches!(self.engine, Engine::Auto | Engine::Jit).then_some(self.jit_threshold)
    }
    /// Bytes of code that may take.
    pub(crate) fn code_bytes(&self) -> Outcome<usize> {
        Ok(size(&self.jit_code)? as usize)
    }
    /// Flags whose features come later are refused, never ignored.
    pub(crate) fn check(&self) -> Outcome<()> {
        match () {
            _ if !self.publish.is_empty() => Err(Failure::not_yet("--publish")),
            _ if self.network.as_deref().is_some_and(|n| n != "none") => {
                Err(Failure::not_yet("--network other than none"))
            }
            _ => Ok(()),
        }
    }
}

/// `brainworm serve`.
#[derive(ClapArgs)]
pub(crate) struct ServeArgs {
    #[arg(value_name = "IMAGE|APP.wasm", help = IMAGE_HELP)]
    pub(crate) image: OsString,
    /// Listen here
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) addr: String,
    #[command(flatten)]
    pub(crate) http: HttpArgs,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
    /// What the guest's CPUID shows (what it does not show runs all the same)
    #[arg(long, value_name = "LEVEL")]
    pub(crate) cpu: Option<Cpu>,
    /// Requests answered at the same time; more wait for their turn
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(crate) concurrency: u32,
    /// Requests an instance answers, one after the other, before it is replaced [default: 1; 1000 with --http server]
    #[arg(long, value_name = "N")]
    pub(crate) reuse: Option<u32>,
}

impl ServeArgs {
    /// Numbers that make no sense.
    pub(crate) fn check(&self) -> Outcome<()> {
        match self.concurrency == 0 || self.concurrency > CONCURRENCY_MAX || self.reuse == Some(0) {
            true => Err(Failure::new(format!("--concurrency is from 1 to {CONCURRENCY_MAX}, --reuse from 1"))),
            false => Ok(()),
        }
    }
    /// True when anything was given that `build` writes into a file.
    pub(crate) fn is_configured(&self) -> bool {
        self.http.is_used() || self.container.is_used() || self.cpu.is_some()
    }
}

/// More instances than this find no room in the addresses of a process: each has 4 GiB of them, and guards.
const CONCURRENCY_MAX: u32 = 10_000;

/// `brainworm web`.
#[derive(ClapArgs)]
pub(crate) struct WebArgs {
    #[arg(value_name = "IMAGE|APP.wasm", help = IMAGE_HELP)]
    pub(crate) image: OsString,
    /// Folder to write; one that is there is replaced if it holds a site of brainworm's and nothing else
    #[arg(short, long, value_name = "DIR", default_value = "site")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
    /// What the guest's CPUID shows (what it does not show runs all the same)
    #[arg(long, value_name = "LEVEL")]
    pub(crate) cpu: Option<Cpu>,
    #[command(flatten)]
    pub(crate) aot: AotArgs,
    /// Print what was built as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `brainworm inspect`.
#[derive(ClapArgs)]
pub(crate) struct InspectArgs {
    #[arg(value_name = "APP.wasm|IMAGE", help = IMAGE_HELP)]
    pub(crate) image: OsString,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A size as docker reads it: `64m`, `1.5g`, plain bytes.
pub(crate) fn size(text: &str) -> Outcome<u64> {
    let bad = || Failure::new(format!("'{text}' is no size: write bytes, or a number with k, m or g"));
    let lower = text.to_ascii_lowercase();
    let lower = lower.strip_suffix('b').unwrap_or(&lower);
    let (digits, shift) = match lower.as_bytes().last() {
        Some(b'k') => (&lower[..lower.len() - 1], 10),
        Some(b'm') => (&lower[..lower.len() - 1], 20),
        Some(b'g') => (&lower[..lower.len() - 1], 30),
        _ => (lower, 0),
    };
    let number: f64 = digits.parse().map_err(|_| bad())?;
    let bytes = number * (1u64 << shift) as f64;
    if bytes.is_finite() && bytes >= 1.0 { Ok(bytes as u64) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Args {
        Args::try_parse_from([&["brainworm"], words].concat()).unwrap_or_else(|e| panic!("{e}"))
    }
    fn run(words: &[&str]) -> Box<RunArgs> {
        match parse(words).command {
            Command::Run(args) => args,
            _ => unreachable!("the words begin with run"),
        }
    }

    #[test]
    fn everything_after_the_image_is_the_guests() {
        let args = run(&["run", "-it", "-h", "box", "-e", "A=b", "img", "-e", "--", "sh", "-i", "--help"]);
        assert!(args.interactive && args.tty);
        assert_eq!((args.image(), args.hostname.as_ref().unwrap()), (&OsString::from("img"), &OsString::from("box")));
        assert_eq!(args.command(), ["-e", "--", "sh", "-i", "--help"].map(OsString::from));
        assert_eq!(args.container.env, ["A=b"]);
        let args = run(&["run", "img", "--", "x"]);
        assert_eq!(args.command(), ["--", "x"].map(OsString::from));
        assert!(run(&["run", "--rm", "--network", "none", "--engine", "interp", "img"]).check().is_ok());
    }

    #[test]
    fn what_comes_later_is_refused_and_not_ignored() {
        for words in [&["-p", "80:80"][..], &["--network", "host"], &["--network=bridge"]] {
            assert!(run(&[&["run"], words, &["img"]].concat()).check().is_err(), "{words:?}");
        }
        for words in [&["--http", "command"][..], &["--timeout", "1"], &["--snapshot", "x"], &["--precompile"]] {
            let Command::Build(args) = parse(&[&["build", "img"], words].concat()).command else { panic!("{words:?}") };
            assert!(args.check().is_err(), "{words:?}");
        }
    }

    #[test]
    fn what_serve_takes() {
        let serve = |words: &[&str]| match parse(&[&["serve", "img"], words].concat()).command {
            Command::Serve(args) => args,
            _ => unreachable!("the words begin with serve"),
        };
        assert!(serve(&[]).check().is_ok() && !serve(&["--reuse", "5", "--addr", "[::1]:0"]).is_configured());
        for words in [["--concurrency", "0"], ["--concurrency", "10001"], ["--reuse", "0"]] {
            assert!(serve(&words).check().is_err(), "{words:?}");
        }
        for words in [
            ["-e", "A=b"],
            ["-w", "/"],
            ["-u", "1"],
            ["-m", "1m"],
            ["--entrypoint", ""],
            ["--http", "command"],
            ["--timeout", "1"],
        ] {
            assert!(serve(&words).is_configured(), "{words:?}");
        }
    }

    #[test]
    fn how_requests_are_answered() {
        let check = |words: &[&str], exposed: &[&str], expect: Option<Option<u16>>| {
            let words = [&["build", "--target", "http", "img"], words].concat();
            let Command::Build(args) = parse(&words).command else { panic!("{words:?}") };
            args.check().unwrap();
            let exposed_ports = exposed.iter().map(|port| port.as_bytes().to_vec()).collect();
            let mut config = ContainerConfig { exposed_ports, ..ContainerConfig::default() };
            let done = args.http.configure(&mut config);
            let port = done.ok().and_then(|()| Http::decode(&config.http)).map(|http| http.port);
            assert_eq!(port, expect, "{words:?} {exposed:?}");
        };
        check(&[], &[], Some(None));
        check(&[], &["53/udp"], Some(None));
        check(&[], &["443/tcp", "80/tcp", "53/udp"], Some(Some(80)));
        check(&["--http", "command"], &["80/tcp"], Some(None));
        check(&["--http", "server"], &["8080"], Some(Some(8080)));
        check(&["--http", "server:81"], &["80/tcp"], Some(Some(81)));
        check(&["--http", "server"], &[], None);
        for words in [&["--http", "server:0"], &["--http", "server:x"], &["--http", "cgi"], &["--timeout", "0"]] {
            let words = [&["brainworm", "build", "--target", "http", "img"][..], words].concat();
            assert!(Args::try_parse_from(words.clone()).is_err(), "{words:?}");
        }
        for (text, expect) in [("10", 10_000), ("1.5m", 90_000), ("300ms", 300), ("2s", 2000)] {
            assert_eq!(milliseconds(text), Ok(expect));
        }
    }

    #[test]
    fn sizes() {
        for (text, expect) in [("4096", 4096), ("64k", 65536), ("512m", 512 << 20), ("1.5G", 3 << 29), ("2gb", 2 << 30)]
        {
            assert_eq!(size(text).unwrap(), expect, "{text}");
        }
        for text in ["", "m", "-1m", "x", "0", "nan", "1t"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
