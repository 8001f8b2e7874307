//! The machine as one value: everything a container is, and the two calls that drive it.

use crate::inotify::Watches;
use crate::ipc::Ipc;
use crate::locks::{Locks, Owner};
use crate::mm::{Arena, Frames, UserMem};
use crate::poll::Subscriptions;
use crate::proc::{Facts, NoProc};
use crate::running::Lent;
use crate::sched::Sched;
use crate::slab::Slab;
use crate::sys::trace::Traced;
use crate::task::{Dead, Descriptions, Slot};
use crate::world::World;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::Caller;
use brainworm_abi::linux::signal::{SI_KERNEL, SIGCONT, SIGHUP, SigInfo};
use brainworm_abi::{
    Bell, Effect, ExitStatus, Frame, Host, Io, Nanos, PAGE_SHIFT, ProcNode, Publish, Timespec, WaitPoint,
};
use brainworm_cpu::ahead::{Call, Index};
use brainworm_cpu::cpuid::Level;
use brainworm_cpu::interp::{Counted, JitCounts, JitSettings, RegionCounts, Unpublished};
use brainworm_cpu::{Cpu, Engine, MemFaultKind};
use brainworm_fs::{PathRef, Vfs};
use brainworm_net::Net;

/// What the embedder decides about a machine.
#[derive(Clone, Debug)]
pub struct BootConfig {
    /// Command, environment, user and so on over the image's own configuration, as docker does.
    pub wishes: brainworm_loader::start::Wishes,
    /// Memory limit in bytes (frames of the guest; tables and kernel objects come on top).
    pub memory_bytes: u64,
    /// Most bytes of tables and kernel objects on top; past it processes are killed as past the memory limit.
    pub kernel_bytes: u64,
    /// Print every system call through `Host::log`; nothing without the feature `strace`.
    pub strace: bool,
    /// Tell through `Host::log` which bytes were refused as no instruction.
    pub log: bool,
    /// What CPUID shows; `None`: what the image says, or the usual.
    pub cpu: Option<Level>,
}

/// Why a machine could not start: one line for the user, and docker's exit code (125, 126, 127).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BootError {
    /// What and where.
    pub message: String,
    /// The exit code.
    pub code: u8,
}

/// A machine.
pub struct Kernel {
    pub(crate) host: Box<dyn Host>,
    pub(crate) engine: Lent<Engine>,
    /// What lies in the running task while its registers are in use.
    pub(crate) stand_in: Lent<Cpu>,
    pub(crate) frames: Frames,
    pub(crate) world: World,
    pub(crate) sched: Sched,
    pub(crate) bell: Arc<Bell>,
    pub(crate) descriptions: Descriptions,
    /// Files, and the directory `/` of the container.
    pub(crate) vfs: Arc<Vfs>,
    pub(crate) root: PathRef,
    /// Sockets.
    pub(crate) net: Arc<Net>,
    /// flock(2) and fcntl(2) locks.
    pub(crate) locks: Arc<Locks>,
    /// Who watches which file.
    pub(crate) inotify: Watches,
    /// Which epoll instances listen to which wait points.
    pub(crate) epolls: Arc<Subscriptions>,
    /// Notified when a signal is queued: where readers of a signalfd wait.
    pub(crate) signal_point: Arc<WaitPoint>,
    pub(crate) effects: Vec<Effect>,
    /// Wall clock of the current slice: what timestamps are made of (Linux: current_time, a tick old at most).
    pub(crate) wall: Timespec,
    /// Monotonic clock of the current slice, and when the machine started.
    pub(crate) mono: Nanos,
    pub(crate) boot_time: Nanos,
    /// Instructions run since the clocks were read.
    pub(crate) unread_work: i64,
    /// The host wants `run` to return.
    pub(crate) has_to_pause: bool,
    /// Instructions and system calls since boot.
    pub(crate) instructions: u64,
    pub(crate) calls: u64,
    /// How the first process ended.
    pub(crate) exited: Option<ExitStatus>,
    /// Room for descriptions on their way out of the graveyard.
    pub(crate) closing: Vec<Dead>,
    /// Slots of threads that ended during the current turn.
    pub(crate) dead: Vec<u32>,
    /// Last code tag given out.
    pub(crate) next_tag: u32,
    /// See `UserMem::postponed`; of the call under way.
    pub(crate) postponed: Option<MemFaultKind>,
    /// Ids of spaces, descriptor tables and shared objects.
    pub(crate) next_id: u64,
    /// Bounce buffer of read and write.
    pub(crate) scratch: Vec<u8>,
    pub(crate) config: BootConfig,
    /// What `--strace` said so far.
    pub(crate) traced: Traced,
    /// `Host::heap_bytes` may come up to here.
    pub(crate) heap_limit: u64,
}

impl Kernel {
    /// True when calls and signals are printed. Constant without the feature, so that nothing of it is in the module.
    pub(crate) fn is_traced(&self) -> bool {
        cfg!(any(test, feature = "strace")) && self.config.strace
    }

    /// A machine without a process: `boot` goes on from here.
    pub(crate) fn bare(mut host: Box<dyn Host>, arena: Arena, config: BootConfig) -> Option<Kernel> {
        let pages = (config.memory_bytes >> brainworm_abi::PAGE_SHIFT).min(1 << 20) as u32;
        let image_pages = arena.image_bytes().div_ceil(brainworm_abi::PAGE_SIZE as u64);
        let mut frames = Frames::new(arena, pages)?;
        let bell = Bell::new();
        let mut effects = Vec::new();
        let wall = Timespec::from_nanos(host.wall());
        let mut io = Io {
            host: &mut *host,
            frames: &mut frames,
            proc: &NoProc,
            now: wall,
            caller: Caller::default(),
            effects: &mut effects,
        };
        let (vfs, root) = Vfs::boot(&mut io, &bell, &brainworm_fs::BootConfig::default()).ok()?;
        let heap_limit = host.heap_bytes().saturating_add(config.kernel_bytes);
        let net = Net::new(&bell);
        let locks = Locks::new(&bell);
        let signal_point = Arc::new(WaitPoint::new(&bell));
        let world = World {
            tasks: Slab::new(),
            procs: Slab::new(),
            spaces: Slab::new(),
            pids: BTreeMap::new(),
            ttys: BTreeMap::new(),
            last_pid: 0,
            current: (0, 0),
            peek: frames.peek(),
            forks: 0,
            hostname: b"localhost".to_vec(),
            domainname: b"(none)".to_vec(),
            ipc: Ipc::new(&bell),
            facts: Facts {
                vfs: vfs.clone(),
                net: net.clone(),
                root: root.clone(),
                memory: frames.usage(),
                boot: 0,
                mono: 0,
                boot_wall: wall.to_nanos(),
                image_pages,
                switches: 0,
                cpu: config.cpu.unwrap_or_default(),
            },
        };
        Some(Kernel {
            host,
            engine: Lent::new(Engine::new()),
            stand_in: Lent::new(Cpu::new()),
            frames,
            world,
            sched: Sched::default(),
            bell,
            descriptions: Descriptions::default(),
            vfs,
            root,
            net,
            locks,
            inotify: Watches::default(),
            epolls: Arc::default(),
            signal_point,
            effects,
            wall,
            mono: 0,
            boot_time: 0,
            unread_work: 0,
            has_to_pause: false,
            instructions: 0,
            calls: 0,
            exited: None,
            closing: Vec::new(),
            dead: Vec::new(),
            next_tag: 0,
            postponed: None,
            next_id: 1,
            scratch: Vec::new(),
            heap_limit,
            traced: Traced::default(),
            config,
        })
    }
    /// A number unique for the machine's life.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
    /// The address space of a task, to copy from and to. A task without one (a dying one) gets EFAULT from all of it.
    pub(crate) fn user_mem(&mut self, ix: u32) -> UserMem<'_> {
        let space = self.world.tasks[ix].space.expect("a task without memory made a call");
        self.space_mem(space)
    }
    /// The same for an address space, whoever uses it.
    pub(crate) fn space_mem(&mut self, space: u32) -> UserMem<'_> {
        UserMem {
            space: &mut self.world.spaces[space],
            frames: &mut self.frames,
            host: &mut *self.host,
            effects: &mut self.effects,
            now: self.wall,
            next_tag: &mut self.next_tag,
            postponed: &mut self.postponed,
        }
    }
    /// What /proc shows and the tables do not hold.
    fn note_facts(&mut self) {
        let facts = &mut self.world.facts;
        facts.memory = self.frames.usage();
        (facts.boot, facts.mono) = (self.boot_time, self.mono);
        facts.switches = self.calls;
    }
    /// What a call into a file may use, on behalf of a task.
    pub(crate) fn io(&mut self, ix: u32) -> Io<'_> {
        let caller = self.caller(ix);
        self.note_facts();
        Io {
            host: &mut *self.host,
            frames: &mut self.frames,
            proc: &self.world,
            now: self.wall,
            caller,
            effects: &mut self.effects,
        }
    }
    /// Who a task is, for permission checks.
    pub(crate) fn caller(&self, ix: u32) -> Caller {
        use crate::signal::SigNum;
        use crate::task::cap;
        use brainworm_abi::linux::resource::RLIMIT_FSIZE;
        let task = self.world.tasks.get(ix);
        let Some((task, process)) = task.and_then(|task| Some((task, self.world.procs.get(task.process)?))) else {
            // A task whose process nobody waited for is settled after both are gone: its files close as root's.
            return Caller { is_privileged: true, file_size_limit: u64::MAX, ..Caller::default() };
        };
        let tty = self.world.ttys.get(&process.sid).copied();
        let ignores = |signal| task.signals.mask.has(signal) || task.actions.lock().ignores(signal);
        Caller {
            pid: process.pid,
            tid: task.tid,
            pgid: process.pgid,
            sid: process.sid,
            tty,
            fsuid: task.creds.fsuid,
            fsgid: task.creds.fsgid,
            groups: task.creds.groups.clone(),
            is_privileged: task.creds.can(cap::DAC_OVERRIDE),
            ignores_ttou: tty.is_some() && ignores(SigNum::SIGTTOU),
            ignores_ttin: tty.is_some() && ignores(SigNum::SIGTTIN),
            is_orphaned: tty.is_some() && self.world.is_orphaned(process.pgid),
            umask: task.fs.lock().umask,
            file_size_limit: process.limits[RLIMIT_FSIZE as usize].rlim_cur,
        }
    }
    /// A descriptor of a task is gone: record locks of its table on that file go, and the description if it was the last.
    pub(crate) fn close_slot(&mut self, ix: u32, slot: Slot) {
        let table = self.world.tasks[ix].files.lock();
        if table.has_locks()
            && let Some(location) = &slot.desc.location
        {
            self.locks.release_records(location.id(), Owner::Table(table.id));
        }
        drop(table);
        drop(slot);
    }
    /// The same for the kernel's own account: root, in no process.
    pub(crate) fn kernel_io(&mut self) -> Io<'_> {
        self.note_facts();
        Io {
            host: &mut *self.host,
            frames: &mut self.frames,
            proc: &self.world,
            now: self.wall,
            caller: Caller { is_privileged: true, file_size_limit: u64::MAX, umask: 0, ..Caller::default() },
            effects: &mut self.effects,
        }
    }
    /// Closes what nobody refers to any more, carries out what objects asked for, wakes whom they rang for.
    #[inline(always)]
    pub(crate) fn settle(&mut self, ix: u32) {
        if !self.effects.is_empty() || self.bell.is_rung() || !self.descriptions.graveyard.lock().is_empty() {
            self.settle_what_is_due(ix);
        }
    }
    #[inline(never)]
    fn settle_what_is_due(&mut self, ix: u32) {
        loop {
            // The two lists change places, so that closing a file allocates nothing.
            let mut dead = core::mem::take(&mut self.closing);
            core::mem::swap(&mut dead, &mut *self.descriptions.graveyard.lock());
            if dead.is_empty() {
                self.closing = dead;
                break;
            }
            for Dead { file, location, flags } in dead.drain(..) {
                if let Some(location) = &location {
                    self.inotify.closed(location, flags);
                }
                file.close(&mut self.io(ix));
            }
            self.closing = dead;
            // Descriptors that were on their way through a socket nobody reads any more.
            drop(self.net.take_orphans());
            self.vfs.reap(&mut self.frames);
        }
        if !self.effects.is_empty() {
            self.carry_out_effects();
        }
        self.answer_bell();
    }
    /// What objects asked for that only the kernel can do.
    pub(crate) fn carry_out_effects(&mut self) {
        for effect in core::mem::take(&mut self.effects) {
            match effect {
                Effect::SignalGroup { pgid, signal } => {
                    self.signal_group(pgid, SigInfo::sent(signal, SI_KERNEL, 0, 0));
                }
                Effect::SignalProcess { pid, signal } => {
                    if let Some(process) = self.world.process_of(pid) {
                        self.signal_process(process, SigInfo::sent(signal, SI_KERNEL, 0, 0));
                    }
                }
                Effect::AcquireTty { tty, steal } => self.acquire_tty(tty, steal),
                Effect::ReleaseTty { tty } => self.release_tty(tty),
                Effect::WriteProc { node, bytes } => self.write_proc(node, &bytes),
                Effect::Unmap { file, first, count } => {
                    for (_, space) in self.world.spaces.iter_mut() {
                        if space.unmap_file(&mut self.frames, file, first, count) {
                            self.next_tag += 1;
                            space.code_tag = self.next_tag;
                        }
                    }
                }
            }
        }
    }
    /// A file of /proc/PID was written (proc(5)).
    fn write_proc(&mut self, node: ProcNode, bytes: &[u8]) {
        match node {
            ProcNode::PidComm(pid) => {
                if let Some(ix) = self.world.task_of(pid) {
                    self.world.tasks[ix].comm = bytes[..bytes.len().min(15)].to_vec();
                }
            }
            ProcNode::PidOomScoreAdj(pid) => {
                let value = core::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok());
                if let (Some(process), Some(value)) = (self.world.process_mut(pid), value) {
                    process.oom_score_adj = value;
                }
            }
            _ => {}
        }
    }
    /// The terminal becomes the controlling one of the caller's session (TIOCSCTTY): only for a leader without one, and
    /// only a terminal nobody has, unless it is stolen.
    fn acquire_tty(&mut self, tty: u32, steal: bool) {
        let sid = match self.world.process(self.world.current.0) {
            Some(process) if process.sid == process.pid => process.sid,
            _ => return,
        };
        if self.world.ttys.contains_key(&sid) || (!steal && self.world.ttys.values().any(|&t| t == tty)) {
            return;
        }
        self.world.ttys.retain(|_, t| *t != tty);
        self.world.ttys.insert(sid, tty);
    }
    /// TIOCNOTTY: the leader's whole session loses the terminal, and its foreground group hears of it.
    fn release_tty(&mut self, tty: u32) {
        let Some(process) = self.world.process(self.world.current.0) else { return };
        let (sid, pgid, is_leader) = (process.sid, process.pgid, process.sid == process.pid);
        if is_leader && self.world.ttys.get(&sid) == Some(&tty) {
            self.world.ttys.remove(&sid);
            for signal in [SIGHUP, SIGCONT] {
                self.signal_group(pgid, SigInfo::sent(signal, SI_KERNEL, 0, 0));
            }
        }
    }
    /// Code was translated from frames that other address spaces may write to: they must not any more without notice.
    pub(crate) fn guard_shared_code(&mut self) {
        for frame in self.frames.take_shared_code() {
            self.deny_writes_everywhere(frame);
        }
    }
    fn deny_writes_everywhere(&mut self, frame: Frame) {
        for (_, space) in self.world.spaces.iter_mut() {
            space.deny_all_writes_to(frame);
        }
    }
    /// Tells the person who debugs which bytes were no instruction of ours.
    pub(crate) fn log_refused(&mut self, ix: u32) {
        let Some(refused) = self.engine.refused().filter(|_| self.config.log) else { return };
        let mut line = alloc::format!("pid {}: no such instruction at {:#x}:", self.world.tasks[ix].tid, refused.rip);
        for byte in refused.bytes {
            line.push_str(&alloc::format!(" {byte:02x}"));
        }
        self.host.log(&line);
    }
    /// Memory in use, in pages.
    pub fn memory(&self) -> crate::MemoryUse {
        self.frames.usage()
    }
    /// (guest instructions, system calls, forks) since boot.
    pub fn counts(&self) -> (u64, u64, u64) {
        (self.instructions, self.calls, self.world.forks)
    }
    /// Code of the image translated ahead of time, and how it is called.
    pub fn set_ahead(&mut self, index: Index, call: Call) {
        self.engine.set_ahead(index, call);
    }
    /// Translates hot code at run time from now on; the host is asked to load it (`Host::publish`).
    pub fn set_jit(&mut self, settings: JitSettings, call: Call) {
        self.engine.set_jit(settings, call);
    }
    /// What translated code did since boot: ahead of time, and at run time.
    pub fn region_counts(&self) -> [RegionCounts; 2] {
        self.engine.region_counts()
    }
    /// What was translated at run time.
    pub fn jit_counts(&self) -> JitCounts {
        self.engine.jit_counts()
    }
    /// Hands modules to the host, and tells which ones are not needed any more.
    #[cold]
    #[inline(never)]
    pub(crate) fn publish_code(&mut self) {
        while let Some(id) = self.engine.take_retired() {
            self.host.retire(id);
        }
        while let Some(Unpublished { id, wasm, table_len }) = self.engine.take_unpublished() {
            match self.host.publish(id, &wasm, table_len) {
                Publish::Accepted => {}
                Publish::Ready => self.engine.code_ready(id, true),
                Publish::Last => {
                    self.engine.code_ready(id, true);
                    self.has_to_pause = true;
                }
                Publish::Full => {
                    self.engine.code_ready(id, false);
                    self.engine.retire_code();
                }
                Publish::Refused => {
                    self.engine.code_ready(id, false);
                    self.engine.stop_jit();
                }
            }
        }
    }
    /// Counts from now on how often the blocks of code are run.
    pub fn start_profile(&mut self) {
        self.engine.start_profile();
    }
    /// Blocks that ran since `start_profile`.
    pub fn profile(&self) -> impl Iterator<Item = Counted> + '_ {
        self.engine.profile()
    }
    /// Bytes of page tables of all address spaces.
    pub fn table_bytes(&self) -> usize {
        self.world.spaces.iter().map(|(_, space)| space.tables.table_bytes()).sum()
    }
}

const _: () = assert!(PAGE_SHIFT == 12, "the CPU's tables are made for pages of 4 KiB");
