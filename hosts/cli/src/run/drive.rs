//! The loop between the machine and the outside, over the module's `bw_*` exports (hosts/module's `driven.rs`).

use super::engine::Program;
use super::jit::{self, Jit, JitOptions};
use super::mounts::Mount;
use super::perf::PerfMap;
use super::renew::renew;
use super::signals::Signals;
use super::streams::{self, Streams};
use super::terminal::Terminal;
use super::wait;
use crate::aot::Block;
use crate::args::Cpu;
use crate::failure::{Failure, Outcome};
use brainworm_abi::WinSize;
use brainworm_abi::driven::{event, figure, option, pause, string};
use serde_json::json;
use signal_hook::consts::SIGWINCH;
use std::time::{Duration, Instant};
use wasmtime::{Engine, Instance, Linker, Module, Store, TypedFunc, WasmParams, WasmResults};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};

/// Guest instructions between two looks at the outside: a few milliseconds.
const BUDGET: u64 = 2_000_000;

/// Strings the module takes before boot, with its numbers for them.
#[derive(Clone, Copy)]
pub(crate) enum Text {
    Entrypoint = string::ENTRYPOINT as isize,
    WorkingDir = string::WORKING_DIR as isize,
    User = string::USER as isize,
    Hostname = string::HOSTNAME as isize,
    Term = string::TERM as isize,
}

/// What the user decided.
#[derive(Default)]
pub(crate) struct Options {
    /// 0: no limit but the address space's.
    pub(crate) memory_bytes: u64,
    pub(crate) strace: bool,
    /// Tell which bytes were refused as no instruction.
    pub(crate) log: bool,
    /// Leave code translated ahead of time alone.
    pub(crate) is_interpreted: bool,
    /// What CPUID shows, if not what the file was built with.
    pub(crate) cpu: Option<Cpu>,
    /// Count how often blocks are run.
    pub(crate) is_profiled: bool,
    /// Translate at run time, where the kernel can.
    pub(crate) jit: Option<JitOptions>,
    /// Tell perf where code lies.
    pub(crate) perf_map: bool,
    pub(crate) texts: Vec<(Text, Vec<u8>)>,
}

/// What imported functions reach.
pub(crate) struct Context {
    wasi: WasiP1Ctx,
    pub(crate) streams: Streams,
    pub(crate) jit: Option<Jit>,
    pub(crate) perf_map: Option<PerfMap>,
}

impl Context {
    /// For a store whose machine is still to come.
    pub(crate) fn none() -> Context {
        let streams = Streams::virtual_world(Vec::new(), Vec::new());
        Context { wasi: WasiCtxBuilder::new().build_p1(), streams, jit: None, perf_map: None }
    }
}

/// A machine and the functions that drive it.
pub(crate) struct Machine {
    store: Store<Context>,
    instance: Instance,
    linker: Linker<Context>,
    module: Module,
    run: TypedFunc<u64, u64>,
    until: TypedFunc<(), u64>,
    push: TypedFunc<(u32, u32, u32), ()>,
    signals: Signals,
    boot_status: u8,
}

impl Machine {
    /// Instantiates the module and boots it.
    pub(crate) fn new(
        program: Program,
        streams: Streams,
        mounts: &[Mount],
        options: &Options,
        terminal: Option<&Terminal>,
    ) -> Outcome<Machine> {
        let signals = Signals::catch()?;
        let engine: &Engine = program.module.engine();
        let mut linker: Linker<Context> = Linker::new(engine);
        let defined = p1::add_to_linker_sync(&mut linker, |context| &mut context.wasi);
        defined.and_then(|()| streams::define(&mut linker)).map_err(internal)?;
        jit::define(&mut linker).map_err(internal)?;
        if streams.is_virtual() {
            streams::define_entropy(&mut linker).map_err(internal)?;
        }
        let jit = options
            .jit
            .filter(|_| jit::is_wanted(&program.module))
            .map(|options| Jit::new(engine, options))
            .transpose()?;
        let mut perf_map = if options.perf_map { Some(PerfMap::create()?) } else { None };
        perf_map.iter_mut().for_each(|map| map.note(&program.module));
        let mut store = Store::new(engine, Context { wasi: wasi(mounts)?, streams, jit, perf_map });
        let instance = linker.instantiate(&mut store, &program.module).map_err(internal)?;
        program.image.place(&mut store, &instance)?;
        if store.data().jit.is_some() {
            Jit::attach(&mut store, &instance).map_err(internal)?;
        }
        let mut machine = Machine {
            run: function(&mut store, &instance, "bw_run")?,
            until: function(&mut store, &instance, "bw_until")?,
            push: function(&mut store, &instance, "bw_push")?,
            store,
            instance,
            linker,
            module: program.module,
            signals,
            boot_status: 0,
        };
        machine.configure(options, mounts, terminal)?;
        let boot: TypedFunc<(), u32> = function(&mut machine.store, &machine.instance, "bw_boot")?;
        machine.boot_status = boot.call(&mut machine.store, ()).or_else(exit_code)? as u8;
        Ok(machine)
    }

    fn configure(&mut self, options: &Options, mounts: &[Mount], terminal: Option<&Terminal>) -> Outcome<()> {
        let option: TypedFunc<(u32, u64), ()> = function(&mut self.store, &self.instance, "bw_option")?;
        let bits = |is: fn(&Mount) -> bool| mounts.iter().enumerate().map(|(i, mount)| (is(mount) as u64) << i).sum();
        let numbers = [
            (option::MEMORY, options.memory_bytes),
            (option::STRACE, options.strace as u64),
            (option::READ_ONLY_MOUNTS, bits(|mount| mount.is_read_only)),
            (option::FILE_MOUNTS, bits(|mount| mount.link.is_some())),
            (option::INTERPRET, options.is_interpreted as u64),
            (option::PROFILE, options.is_profiled as u64),
            (option::LOG, options.log as u64),
        ];
        let cpu = options.cpu.map(|cpu| (option::CPU, cpu as u64));
        let window = terminal.map(|terminal| (option::WINDOW, window(terminal) as u64));
        let jit = options.jit.filter(|_| self.store.data().jit.is_some());
        let place = Jit::table_len(&self.store);
        let jit = jit.map(|jit| [(option::JIT, jit.threshold as u64 + 1), (option::JIT_PLACE, place)]);
        for number in numbers.into_iter().chain(cpu).chain(window).chain(jit.into_iter().flatten()) {
            option.call(&mut self.store, number).map_err(internal)?;
        }
        let string: TypedFunc<(u32, u32), u32> = function(&mut self.store, &self.instance, "bw_string")?;
        for (key, text) in &options.texts {
            let at = string.call(&mut self.store, (*key as u32, text.len() as u32)).map_err(internal)? as usize;
            let memory = self.instance.get_memory(&mut self.store, "memory").ok_or_else(not_ours)?;
            let room = memory.data_mut(&mut self.store).get_mut(at..at + text.len());
            let room =
                room.filter(|_| at != 0).ok_or_else(|| Failure::new("a name on the command line is too long"))?;
            room.copy_from_slice(text);
        }
        Ok(())
    }

    /// Drives it to its end and answers the exit status.
    pub(crate) fn run(&mut self, terminal: Option<&Terminal>) -> Outcome {
        if self.boot_status != 0 {
            return Ok(self.boot_status);
        }
        loop {
            let pause = match self.run.call(&mut self.store, BUDGET) {
                Ok(pause) => pause,
                Err(error) => return exit_code(error).map(|code| code as u8),
            };
            self.load_code()?;
            let [kind, detail, ..] = pause.to_le_bytes();
            match kind {
                pause::EXITED => return Ok(detail),
                pause::BUDGET => self.look(self.store.data().streams.blocked, Some(Duration::ZERO))?,
                pause::IDLE => {
                    let mut streams = self.store.data().streams.blocked;
                    streams[0] |= detail & pause::INTEREST_STDIN != 0;
                    let timeout = self.timeout()?;
                    self.look(streams, timeout)?;
                }
                _ => return Err(not_ours()),
            }
            if let Some(status) = self.forward_signals(terminal)? {
                return Ok(status);
            }
        }
    }

    /// Puts compiled code in place, and keeps the store from growing without end.
    fn load_code(&mut self) -> Outcome<()> {
        let Some(jit) = &mut self.store.data_mut().jit else { return Ok(()) };
        for module in jit.take_made() {
            let id = module.id();
            let is_loaded = module.load(&mut self.store);
            self.push.call(&mut self.store, (event::CODE, id, is_loaded as u32)).map_err(internal)?;
        }
        if self.store.data().jit.as_ref().is_some_and(Jit::wants_fresh_store) {
            renew(&mut self.store, &mut self.instance, &self.linker, &self.module)?;
            self.run = function(&mut self.store, &self.instance, "bw_run")?;
            self.until = function(&mut self.store, &self.instance, "bw_until")?;
            self.push = function(&mut self.store, &self.instance, "bw_push")?;
        }
        Ok(())
    }

    /// Runs on the virtual clock of its streams to its end, until it waits for what never comes, or for about `budget`
    /// instructions; answers how often each block of the image's code was run, `None` if it could not be started.
    pub(crate) fn train(&mut self, budget: u64) -> Outcome<Option<Vec<Block>>> {
        if self.boot_status != 0 {
            return Ok(None);
        }
        for _ in 0..budget.div_ceil(BUDGET) {
            let pause = match self.run.call(&mut self.store, BUDGET) {
                Ok(pause) => pause,
                Err(error) => {
                    exit_code(error)?;
                    break;
                }
            };
            match pause as u8 {
                pause::BUDGET => {}
                pause::IDLE => {
                    let until = self.until.call(&mut self.store, ()).map_err(internal)?;
                    if until == u64::MAX {
                        break;
                    }
                    self.store.data_mut().streams.pass_time(until);
                }
                _ => break,
            }
        }
        self.profile().map(Some)
    }

    fn profile(&mut self) -> Outcome<Vec<Block>> {
        let profile: TypedFunc<(), u32> = function(&mut self.store, &self.instance, "bw_profile")?;
        let at = profile.call(&mut self.store, ()).map_err(internal)? as usize;
        let memory = self.instance.get_memory(&mut self.store, "memory").ok_or_else(not_ours)?;
        let bytes = memory.data(&self.store).get(at..).unwrap_or_default();
        let (count, rest) = bytes.split_first_chunk().ok_or_else(not_ours)?;
        // Three numbers: 4, 4 and 8 bytes.
        let block = |bytes: &[u8; 16]| {
            let number = u128::from_le_bytes(*bytes);
            Block { at: number as u32, is_target: (number >> 32) as u32 != 0, runs: (number >> 64) as u64 }
        };
        Ok(rest.as_chunks().0.iter().take(u32::from_le_bytes(*count) as usize).map(block).collect())
    }

    /// How long an idle machine may sleep.
    fn timeout(&mut self) -> Outcome<Option<Duration>> {
        let until = self.until.call(&mut self.store, ()).map_err(internal)?;
        let now = streams::clock(1).unwrap_or(0);
        Ok((until != u64::MAX).then(|| Duration::from_nanos(until.saturating_sub(now))))
    }

    /// Waits for the outside and tells the machine what happened.
    fn look(&mut self, streams: [bool; 3], timeout: Option<Duration>) -> Outcome<()> {
        let ready = wait::wait(streams, Some(self.signals.bell()), timeout);
        if ready.streams[0] {
            self.store.data_mut().streams.blocked[0] = false;
            self.tell(event::READABLE, 0)?;
        }
        if ready.streams[1] || ready.streams[2] {
            for fd in 1..3 {
                self.store.data_mut().streams.blocked[fd] &= !ready.streams[fd];
            }
            self.tell(event::WRITABLE, 0)?;
        }
        Ok(())
    }

    /// Hands signals on; the status when the user insists on an end.
    fn forward_signals(&mut self, terminal: Option<&Terminal>) -> Outcome<Option<u8>> {
        while let Some(signal) = self.signals.take() {
            if signal == SIGWINCH {
                if let Some(terminal) = terminal {
                    self.tell(event::RESIZE, window(terminal))?;
                }
            } else if self.signals.is_insisted(signal) {
                return Ok(Some(128 + signal as u8));
            } else {
                self.tell(event::SIGNAL, signal as u32)?;
            }
        }
        Ok(None)
    }

    fn tell(&mut self, event: u32, value: u32) -> Outcome<()> {
        self.push.call(&mut self.store, (event, value, 0)).map_err(internal)
    }

    /// Figures as JSON on standard error.
    pub(crate) fn report(&mut self, start: Instant, prepared: Duration, status: Option<u8>) {
        let memory = self.instance.get_memory(&mut self.store, "memory");
        let memory_bytes = memory.map_or(0, |memory| memory.data_size(&self.store));
        let seconds = |d: Duration| (d.as_secs_f64() * 1e6).round() / 1e6;
        let mut report = json!({
            "status": status,
            "wall_s": seconds(start.elapsed()),
            "prepare_s": seconds(prepared),
            "linear_memory_bytes": memory_bytes,
            "resident_bytes": resident_bytes(),
        });
        if let Ok(figure) = function::<u32, u64>(&mut self.store, &self.instance, "bw_figure") {
            for (which, name) in figure::NAMES {
                report[name] = json!(figure.call(&mut self.store, which).unwrap_or(0));
            }
        }
        if let Some(jit) = &self.store.data().jit {
            report["jit_compile_s"] = json!(seconds(jit.counts.compile));
            report["jit_code_bytes"] = json!(jit.counts.code_bytes);
            report["jit_modules_refused"] = json!(jit.counts.refused);
            report["jit_store_moves"] = json!(jit.counts.moves);
        }
        eprintln!("{report}");
    }
}

/// This process's memory, as proc(5) tells it.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let (_, rest) = text.split_once("VmRSS:")?;
    Some(rest.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

/// Preview 1 for the mounts, the clocks and entropy.
fn wasi(mounts: &[Mount]) -> Outcome<WasiP1Ctx> {
    let mut builder = WasiCtxBuilder::new();
    // Nothing else runs on this thread that could be held up.
    builder.allow_blocking_current_thread(true);
    for mount in mounts {
        let perms = if mount.is_read_only { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
        builder
            .preopened_dir(&mount.host, &mount.guest, perms)
            .map_err(|e| Failure::because(format_args!("-v {}: cannot be opened", mount.host.display()), e))?;
    }
    Ok(builder.build_p1())
}

fn window(terminal: &Terminal) -> u32 {
    let (rows, columns) = terminal.size();
    WinSize { rows, cols: columns }.pack()
}

fn function<P: WasmParams, R: WasmResults>(
    store: &mut Store<Context>,
    instance: &Instance,
    name: &str,
) -> Outcome<TypedFunc<P, R>> {
    instance.get_typed_func(store, name).map_err(|_| not_ours())
}

fn not_ours() -> Failure {
    Failure::new("the module was built by another version of brainworm: build it again")
}

fn internal(error: wasmtime::Error) -> Failure {
    Failure::because("the machine stopped", error)
}

/// The module ended by itself (`proc_exit`) after a line on standard error: its status.
fn exit_code(error: wasmtime::Error) -> Outcome<u32> {
    match error.downcast_ref::<I32Exit>() {
        Some(exit) => Ok(exit.0 as u32),
        None => Err(internal(error)),
    }
}
