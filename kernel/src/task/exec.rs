//! execve(2), execveat(2): a process becomes another program.
//!
//! Everything that can fail happens first, on a new address space that nobody runs in; then the old program is left
//! behind in one go (`commit`), and nothing can fail any more.

use super::creds::{ALL_CAPS, Creds};
use super::{Description, Location};
use crate::Kernel;
use crate::mm::{Backing, MapLimits, ProgramInfo, Request, Space, UserMem, VmaFlags, layout};
use crate::signal::{FRAME_MAX, SigNum};
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::mman::Prot;
use brainworm_abi::linux::resource::{RLIMIT_AS, RLIMIT_STACK};
use brainworm_abi::{Errno, GuestAddr, OpenFlags, PAGE_SHIFT, PAGE_SIZE};
use brainworm_cpu::Cpu;
use brainworm_fs::At;
use brainworm_loader::elf::{self, Elf, Kind, SegmentFlags};
use brainworm_loader::{auxv, script};

/// What to run.
pub(crate) struct ExecRequest {
    /// Where a relative path starts.
    pub(crate) base: Location,
    pub(crate) path: Vec<u8>,
    /// AT_EMPTY_PATH: an empty path is `base` itself.
    pub(crate) allow_empty: bool,
    /// False with AT_SYMLINK_NOFOLLOW.
    pub(crate) follow: bool,
    /// The name scripts and AT_EXECFN see: the path, or /dev/fd/N/path.
    pub(crate) shown_path: Vec<u8>,
    pub(crate) argv: Vec<Vec<u8>>,
    pub(crate) envp: Vec<Vec<u8>>,
}

/// Scripts may name scripts, this deep (corresponds to fs/exec.c:exec_binprm).
const SCRIPT_DEPTH: usize = 5;
const PAGE: u64 = PAGE_SIZE as u64;
const S_ISUID: u32 = 0o4000;
const S_ISGID: u32 = 0o2000;

/// A program ready to run.
struct Loaded {
    space: Space,
    entry: u64,
    rsp: u64,
    comm: Vec<u8>,
    creds: Creds,
    /// The program gained rights over its caller.
    is_secure: bool,
}

impl Kernel {
    /// Runs another program in the calling process. After `Ok` the registers are the new program's.
    pub(crate) fn exec(&mut self, ix: u32, want: ExecRequest) -> Result<(), Errno> {
        let loaded = self.load(ix, want)?;
        self.commit(ix, loaded);
        Ok(())
    }

    fn load(&mut self, ix: u32, want: ExecRequest) -> Result<Loaded, Errno> {
        let comm = basename(&want.shown_path);
        let (program, argv) = self.find_program(ix, &want)?;
        let elf = self.read_elf(ix, &program)?;
        let linker = match &elf.interpreter {
            Some(path) => {
                let (root, cwd) = self.directories(ix);
                let opened = self.vfs.clone().open_exec(&mut self.io(ix), At::new(&root, &cwd), path, true)?;
                let desc = self.descriptions.make(opened.file, OpenFlags::empty(), Some(opened.path));
                // A broken linker is ELIBBAD.
                let elf = self.read_elf(ix, &desc).map_err(|_| Errno::ELIBBAD)?;
                Some((desc, elf))
            }
            None => None,
        };
        let (creds, is_secure) = self.exec_creds(ix, &program)?;
        let id = self.new_id();
        self.next_tag += 1;
        let mut space = Space::new(id, self.next_tag);
        let result = self.fill_space(ix, &mut space, &want, &argv, &program, &elf, linker.as_ref(), &creds, is_secure);
        match result {
            Ok((entry, rsp)) => Ok(Loaded { space, entry, rsp, comm, creds, is_secure }),
            Err(errno) => {
                space.destroy(&mut self.frames);
                Err(errno)
            }
        }
    }

    /// Opens the file to run, through `#!` lines; answers it with the arguments it gets.
    fn find_program(&mut self, ix: u32, want: &ExecRequest) -> Result<(Arc<Description>, Vec<Vec<u8>>), Errno> {
        let (root, cwd) = self.directories(ix);
        let mut argv = want.argv.clone();
        if argv.is_empty() {
            // Linux gives a program without arguments an empty first one.
            argv.push(Vec::new());
        }
        let mut path = want.path.clone();
        let mut shown = want.shown_path.clone();
        for depth in 0..=SCRIPT_DEPTH {
            let at = if depth == 0 {
                let at = At::new(&root, &want.base);
                if want.allow_empty { at.or_empty() } else { at }
            } else {
                At::new(&root, &cwd)
            };
            let follow = depth > 0 || want.follow;
            let opened = self.vfs.clone().open_exec(&mut self.io(ix), at, &path, follow)?;
            let is_written = self.is_open_for_writing(opened.path.id());
            let desc = self.descriptions.make(opened.file, OpenFlags::empty(), Some(opened.path));
            if is_written {
                return Err(Errno::ETXTBSY);
            }
            let mut head = [0; script::HEAD_LEN];
            let n = desc.file.read(&mut self.io(ix), 0, &mut head)?;
            let head = &head[..n];
            if !script::is_script(head) {
                return Ok((desc, argv));
            }
            let line = script::parse(head)?;
            path = line.interpreter.to_vec();
            let mut new_argv = alloc::vec![path.clone()];
            new_argv.extend(line.argument.map(<[u8]>::to_vec));
            new_argv.push(core::mem::replace(&mut shown, path.clone()));
            new_argv.extend(argv.into_iter().skip(1));
            argv = new_argv;
        }
        Err(Errno::ELOOP)
    }

    /// Some task has the file open for writing.
    fn is_open_for_writing(&self, id: (u64, u64)) -> bool {
        self.world.tasks.iter().any(|(_, task)| {
            task.files.lock().iter().any(|(_, slot)| {
                slot.desc.flags().writes() && slot.desc.location.as_ref().is_some_and(|place| place.id() == id)
            })
        })
    }

    fn read_elf(&mut self, ix: u32, desc: &Arc<Description>) -> Result<Elf, Errno> {
        elf::parse(|offset, buf: &mut [u8]| {
            let mut done = 0;
            while done < buf.len() {
                let n = desc.file.read(&mut self.io(ix), offset.wrapping_add(done as u64), &mut buf[done..])?;
                if n == 0 {
                    break;
                }
                done += n;
            }
            Ok::<usize, Errno>(done)
        })
    }

    /// Root and working directory of a task.
    pub(crate) fn directories(&self, ix: u32) -> (Location, Location) {
        let fs = self.world.tasks[ix].fs.lock();
        (fs.root.clone(), fs.cwd.clone())
    }

    /// Identity after execve(2): set-user-ID files, and what becomes of capabilities (capabilities(7)).
    fn exec_creds(&mut self, ix: u32, program: &Description) -> Result<(Creds, bool), Errno> {
        let stat = program.file.stat(&mut self.io(ix))?;
        let task = &self.world.tasks[ix];
        let old = task.creds.clone();
        let mut creds = (*old).clone();
        let is_honoured = !task.no_new_privs && !program.location.as_ref().is_some_and(|l| l.is_nosuid());
        if is_honoured && stat.mode & S_ISUID != 0 {
            creds.euid = stat.uid;
        }
        if is_honoured && stat.mode & S_ISGID != 0 && stat.mode & 0o10 != 0 {
            creds.egid = stat.gid;
        }
        (creds.suid, creds.fsuid) = (creds.euid, creds.euid);
        (creds.sgid, creds.fsgid) = (creds.egid, creds.egid);
        let gains = creds.euid != old.euid || creds.egid != old.egid;
        if gains {
            creds.ambient = 0;
        }
        const SECBIT_NOROOT: u32 = 1;
        let as_root = creds.securebits & SECBIT_NOROOT == 0 && (creds.uid == 0 || creds.euid == 0);
        if as_root {
            creds.permitted = (ALL_CAPS & creds.bounding) | creds.inheritable;
            creds.effective = if creds.euid == 0 { creds.permitted } else { 0 };
        } else {
            creds.permitted = creds.ambient;
            creds.effective = creds.ambient;
        }
        const SECBIT_KEEP_CAPS: u32 = 16;
        creds.securebits &= !SECBIT_KEEP_CAPS;
        let is_secure = gains || creds.uid != creds.euid || creds.gid != creds.egid;
        Ok((creds, is_secure))
    }

    #[expect(clippy::too_many_arguments, reason = "one program's parts, each found by its own step")]
    fn fill_space(
        &mut self,
        ix: u32,
        space: &mut Space,
        want: &ExecRequest,
        argv: &[Vec<u8>],
        program: &Arc<Description>,
        elf: &Elf,
        linker: Option<&(Arc<Description>, Elf)>,
        creds: &Creds,
        is_secure: bool,
    ) -> Result<(u64, u64), Errno> {
        let limits = &self.world.procs[self.world.tasks[ix].process].limits;
        let stack_limit = limits[RLIMIT_STACK as usize].rlim_cur;
        let map_limits =
            MapLimits { total: limits[RLIMIT_AS as usize].rlim_cur >> PAGE_SHIFT, data: u64::MAX, locked: u64::MAX };
        let mut random = [0; 16];
        self.host.entropy(&mut random);
        let mut mem = UserMem {
            space,
            frames: &mut self.frames,
            host: &mut *self.host,
            effects: &mut self.effects,
            now: self.wall,
            next_tag: &mut self.next_tag,
            postponed: &mut self.postponed,
        };
        let bias = match elf.kind {
            Kind::Fixed => 0,
            Kind::Relocatable => {
                let base = if linker.is_some() { layout::PIE_BASE } else { layout::LOADER_BASE };
                (base - elf.span.0.min(base)).next_multiple_of(elf.align)
            }
        };
        // Where the heap, the stack and the mmap area go is known before anything is mapped.
        let plan = layout::Plan::new(bias + elf.span.1, elf.memory_end() + bias, stack_limit);
        mem.space.apply_plan(&plan);
        map_elf(&mut mem, program, elf, bias, map_limits)?;
        let mut base = 0;
        let mut entry = elf.entry.wrapping_add(bias);
        if let Some((desc, linker)) = linker {
            base = match linker.kind {
                Kind::Fixed => 0,
                Kind::Relocatable => {
                    let pages = (linker.span_len() + linker.align - PAGE) >> PAGE_SHIFT;
                    let hole = mem.space.find_hole(pages).ok_or(Errno::ENOMEM)? << PAGE_SHIFT;
                    hole.next_multiple_of(linker.align).wrapping_sub(linker.span.0)
                }
            };
            map_elf(&mut mem, desc, linker, base, map_limits)?;
            entry = linker.entry.wrapping_add(base);
        }
        let contents = auxv::Contents {
            argv,
            envp: &want.envp,
            execfn: &want.shown_path,
            aux: auxv::Aux {
                phdr: elf.phdr.map_or(0, |at| at.wrapping_add(bias)),
                phnum: u64::from(elf.phnum),
                base,
                entry: elf.entry.wrapping_add(bias),
                uid: creds.uid,
                euid: creds.euid,
                gid: creds.gid,
                egid: creds.egid,
                secure: is_secure,
                hwcap: u64::from(brainworm_cpu::cpuid::leaf(self.world.facts.cpu, 1, 0)[3]),
                hwcap2: 2,
                minsigstksz: FRAME_MAX,
                sysinfo_ehdr: None,
            },
            random,
        };
        let limit = (stack_limit / 4).clamp(128 << 10, 6 << 20) as usize;
        let stack = auxv::build(&contents, plan.stack_top, limit)?;
        map_stack(&mut mem, &plan, stack.rsp, elf.executable_stack, map_limits)?;
        mem.copy_out(GuestAddr(stack.rsp), &stack.bytes).map_err(|_| Errno::ENOMEM)?;
        let part = |flag: SegmentFlags| {
            let wanted = elf.segments.iter().filter(move |s| s.flags.contains(flag));
            let start = wanted.clone().map(|s| s.vaddr).min().unwrap_or(0);
            let end = wanted.map(|s| s.vaddr + s.file_size).max().unwrap_or(0);
            (start.wrapping_add(bias), end.wrapping_add(bias))
        };
        let ((start_code, end_code), (start_data, end_data)) = (part(SegmentFlags::EXEC), part(SegmentFlags::WRITE));
        mem.space.program = ProgramInfo {
            exe: program.location.clone(),
            start_code,
            end_code,
            start_data,
            end_data,
            start_stack: stack.rsp,
            args: stack.args,
            env: stack.environ,
            auxv: stack.auxv,
        };
        Ok((entry, stack.rsp))
    }

    /// The point of no return: other threads end, the old memory goes, the new program's state is set up.
    fn commit(&mut self, ix: u32, loaded: Loaded) {
        let process = self.world.tasks[ix].process;
        let others: Vec<u32> = self.world.procs[process].tasks.iter().copied().filter(|&t| t != ix).collect();
        others.into_iter().for_each(|other| self.exit_task(other, 0));
        self.take_leader_id(ix);
        self.leave_memory(ix);
        let space = self.world.spaces.insert(loaded.space);
        let files_id = self.new_id();
        let task = &mut self.world.tasks[ix];
        task.space = Some(space);
        *task.cpu = Cpu { shown: self.world.facts.cpu, ..Cpu::new() };
        task.cpu.rip = loaded.entry;
        task.cpu.gpr[4] = loaded.rsp;
        task.comm = loaded.comm;
        task.creds = Arc::new(loaded.creds);
        task.clear_tid = GuestAddr::NULL;
        task.robust_list = GuestAddr::NULL;
        task.keeps_caps = false;
        task.signals.altstack = None;
        task.signals.altstack_autodisarm = false;
        if loaded.is_secure {
            task.death_signal = None;
        }
        if Arc::strong_count(&task.actions) > 1 {
            let copy = task.actions.lock().clone();
            task.actions = Arc::new(spin::Mutex::new(copy));
        }
        task.actions.lock().reset_for_exec();
        if Arc::strong_count(&task.files) > 1 {
            let copy = task.files.lock().fork(files_id);
            task.files = Arc::new(spin::Mutex::new(copy));
        }
        let closed = task.files.lock().take_cloexec();
        let comm = task.comm.clone();
        for slot in closed {
            self.close_slot(ix, slot);
        }
        let proc = &mut self.world.procs[process];
        proc.has_execed = true;
        proc.comm = comm;
        proc.exit_signal = proc.exit_signal.map(|_| SigNum::SIGCHLD);
        proc.dumpable = u32::from(!loaded.is_secure);
        self.delete_posix_timers(process);
    }

    /// A thread that execs becomes the leader: it takes over the process id.
    fn take_leader_id(&mut self, ix: u32) {
        let task = &self.world.tasks[ix];
        let (tid, process) = (task.tid, task.process);
        let pid = self.world.procs[process].pid;
        if tid == pid {
            return;
        }
        self.world.pids.remove(&tid);
        if let Some(entry) = self.world.pids.get_mut(&pid) {
            entry.task = Some(ix);
        }
        self.world.tasks[ix].tid = pid;
    }
}

/// Maps the segments of an ELF file.
fn map_elf(
    mem: &mut UserMem<'_>,
    desc: &Arc<Description>,
    elf: &Elf,
    bias: u64,
    limits: MapLimits,
) -> Result<(), Errno> {
    for segment in &elf.segments {
        let m = segment.mapping();
        let mut prot = Prot::empty();
        prot.set(Prot::PROT_READ, m.flags.contains(SegmentFlags::READ));
        prot.set(Prot::PROT_WRITE, m.flags.contains(SegmentFlags::WRITE));
        prot.set(Prot::PROT_EXEC, m.flags.contains(SegmentFlags::EXEC));
        let start = m.start.checked_add(bias).ok_or(Errno::ENOMEM)?;
        let mut map = |at: u64, len: u64, prot, backing| {
            let request = Request {
                page: at >> PAGE_SHIFT,
                pages: len >> PAGE_SHIFT,
                prot,
                flags: VmaFlags::MAY_WRITE,
                backing,
                is_fixed: true,
                keeps_others: false,
                is_low: false,
            };
            mem.map(request, limits).map_err(|_| Errno::ENOMEM)
        };
        if m.file_len > 0 {
            map(start, m.file_len, prot, Backing::File { desc: desc.clone(), first: m.file_offset >> PAGE_SHIFT })?;
        }
        if m.anon_len > 0 {
            map(start + m.file_len, m.anon_len, prot, Backing::Anonymous)?;
        }
        if m.zero_len > 0 {
            mem.zero(GuestAddr(m.zero_from.wrapping_add(bias)), m.zero_len).map_err(|_| Errno::ENOMEM)?;
        }
    }
    Ok(())
}

/// Maps the initial stack: what is on it, and some room; the rest grows.
fn map_stack(
    mem: &mut UserMem<'_>,
    plan: &layout::Plan,
    rsp: u64,
    is_executable: bool,
    limits: MapLimits,
) -> Result<(), Errno> {
    const FIRST_BYTES: u64 = 128 << 10;
    let start = (rsp.saturating_sub(FIRST_BYTES)) >> PAGE_SHIFT;
    let mut prot = Prot::PROT_READ | Prot::PROT_WRITE;
    prot.set(Prot::PROT_EXEC, is_executable);
    let request = Request {
        page: start,
        pages: (plan.stack_top >> PAGE_SHIFT) - start,
        prot,
        flags: VmaFlags::GROWS_DOWN | VmaFlags::STACK | VmaFlags::MAY_WRITE,
        backing: Backing::Anonymous,
        is_fixed: true,
        keeps_others: false,
        is_low: false,
    };
    mem.map(request, limits).map(|_| ()).map_err(|_| Errno::ENOMEM)
}

/// The name of a task after execve(2): the last component, at most 15 bytes.
fn basename(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or(path);
    name[..name.len().min(15)].to_vec()
}
