//! The machine as one value: everything a container is, and the two calls that drive it.

use crate::inotify::Watches;
use crate::ipc::Ipc;
use crate::locks::{Locks, Owner};
use crate::mm::{Arena, Frames, UserMem};
use crate::poll::Subscriptions;
use crate::proc::NoProc;
use crate::sched::Sched;
use crate::slab::Slab;
use crate::task::{Dead, Descriptions, Slot};
use crate::world::World;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::Caller;
use brainworm_abi::{Bell, Effect, Host, Io, Timespec, WaitPoint};
use brainworm_cpu::Engine;
use brainworm_fs::{PathRef, Vfs};
use brainworm_net::Net;

/// What the embedder decides about a machine.
#[derive(Clone, Debug)]
pub struct BootConfig {
    /// Replaces the image's command as docker does; empty: the image's own.
    pub args: Vec<Vec<u8>>,
    /// `NAME=VALUE` over the image's environment.
    pub env: Vec<Vec<u8>>,
    /// Memory limit in bytes (frames of the guest; tables and kernel objects come on top).
    pub memory_bytes: u64,
    /// Print every system call through `Host::log`.
    pub strace: bool,
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
    pub(crate) engine: Engine,
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
    /// System V IPC and POSIX message queues.
    pub(crate) ipc: Ipc,
    pub(crate) effects: Vec<Effect>,
    /// Wall clock of the current slice: what timestamps are made of (Linux: current_time, a tick old at most).
    pub(crate) wall: Timespec,
    /// Last code tag given out.
    pub(crate) next_tag: u32,
    /// Ids of spaces, descriptor tables and shared objects.
    pub(crate) next_id: u64,
    /// Bounce buffer of read and write.
    pub(crate) scratch: Vec<u8>,
    pub(crate) config: BootConfig,
}

impl Kernel {
    /// A machine without a process: `boot` goes on from here.
    pub(crate) fn bare(mut host: Box<dyn Host>, arena: Arena, config: BootConfig) -> Option<Kernel> {
        let pages = (config.memory_bytes >> brainworm_abi::PAGE_SHIFT).min(1 << 20) as u32;
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
        let net = Net::new(&bell);
        let locks = Locks::new(&bell);
        let signal_point = Arc::new(WaitPoint::new(&bell));
        let ipc = Ipc::new(&bell);
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
        };
        Some(Kernel {
            host,
            engine: Engine::new(),
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
            ipc,
            effects,
            wall,
            next_tag: 0,
            next_id: 1,
            scratch: Vec::new(),
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
        UserMem {
            space: &mut self.world.spaces[space],
            frames: &mut self.frames,
            host: &mut *self.host,
            effects: &mut self.effects,
            now: self.wall,
            next_tag: &mut self.next_tag,
        }
    }
    /// What a call into a file may use, on behalf of a task.
    pub(crate) fn io(&mut self, ix: u32) -> Io<'_> {
        let caller = self.caller(ix);
        Io {
            host: &mut *self.host,
            frames: &mut self.frames,
            proc: &NoProc,
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
        let task = &self.world.tasks[ix];
        let process = &self.world.procs[task.process];
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
    /// Carries out what objects asked for and closes what nobody refers to any more.
    pub(crate) fn settle(&mut self, ix: u32) {
        loop {
            let dead = core::mem::take(&mut *self.descriptions.graveyard.lock());
            if dead.is_empty() {
                break;
            }
            for Dead { file, location, flags } in dead {
                if let Some(location) = &location {
                    self.inotify.closed(location, flags);
                }
                file.close(&mut self.io(ix));
            }
            // Descriptors that were on their way through a socket nobody reads any more.
            drop(self.net.take_orphans());
            let vfs = self.vfs.clone();
            vfs.reap(&mut self.frames);
        }
    }
}
