//! What /proc shows: `ProcInfo` over the kernel's tables (proc(5)). `brainworm_fs::procfs` owns the tree's shape, this the
//! words. `machine` renders what is true of the whole machine, `process` and `maps` what is true of one process.

mod machine;
mod maps;
mod none;
mod process;

pub(crate) use none::NoProc;

use crate::mm::MemoryUse;
use crate::task::{Process, Task};
use crate::world::World;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Errno, Nanos, Pid, ProcInfo, ProcNode};
use brainworm_cpu::cpuid::Level;
use brainworm_fs::{MountFormat, PathRef, Vfs};
use brainworm_net::Net;
use core::any::Any;

/// What a rendering needs besides the tables; the kernel brings it up to date before each call into a file.
pub(crate) struct Facts {
    pub(crate) vfs: Arc<Vfs>,
    pub(crate) net: Arc<Net>,
    /// `/` of the container: paths are shown from here.
    pub(crate) root: PathRef,
    pub(crate) memory: MemoryUse,
    /// Monotonic clock at boot and now, wall clock at boot.
    pub(crate) boot: Nanos,
    pub(crate) mono: Nanos,
    pub(crate) boot_wall: Nanos,
    /// Pages of the packed image.
    pub(crate) image_pages: u64,
    /// Switches from one task to another, and system calls.
    pub(crate) switches: u64,
    /// What CPUID shows.
    pub(crate) cpu: Level,
}

impl World {
    /// The process with this pid; the caller's own error when it is gone.
    fn shown_process(&self, pid: Pid) -> Result<&Process, Errno> {
        // A path through task/ names a thread: its process is meant.
        match self.process(pid) {
            Some(process) => Ok(process),
            None => {
                let task = self.task_of(pid).and_then(|ix| self.tasks.get(ix)).ok_or(Errno::ESRCH)?;
                self.procs.get(task.process).ok_or(Errno::ESRCH)
            }
        }
    }
    /// The thread with this tid, or the first living one of the process; `None` for a zombie.
    fn shown_task(&self, pid: Pid) -> Option<&Task> {
        let by_tid = self.task_of(pid).and_then(|ix| self.tasks.get(ix));
        by_tid.or_else(|| self.process(pid)?.tasks.iter().find_map(|&ix| self.tasks.get(ix)))
    }
    /// Slot of the address space with this id, while somebody uses it.
    pub(crate) fn space_with_id(&self, id: u64) -> Option<u32> {
        self.spaces.iter().find(|(_, space)| space.id == id).map(|(ix, _)| ix)
    }
    /// The place a link leads to.
    fn place(&self, node: ProcNode) -> Result<PathRef, Errno> {
        let task = |pid| self.shown_process(pid).and_then(|_| self.shown_task(pid).ok_or(Errno::ENOENT));
        match node {
            ProcNode::PidExe(pid) => {
                let space = task(pid)?.space.and_then(|space| self.spaces.get(space));
                space.and_then(|space| space.program.exe.clone()).ok_or(Errno::ENOENT)
            }
            ProcNode::PidCwd(pid) => Ok(task(pid)?.fs.lock().cwd.clone()),
            ProcNode::PidRoot(pid) => Ok(task(pid)?.fs.lock().root.clone()),
            ProcNode::PidFd(pid, fd) => {
                let files = task(pid)?.files.lock();
                let slot = files.get(i32::try_from(fd).map_err(|_| Errno::ENOENT)?).map_err(|_| Errno::ENOENT)?;
                slot.desc.location.clone().ok_or(Errno::ENOENT)
            }
            _ => Err(Errno::EINVAL),
        }
    }
}

impl ProcInfo for World {
    fn render(&self, node: ProcNode, out: &mut Vec<u8>) -> Result<(), Errno> {
        match node {
            ProcNode::Stat => self.machine_stat(out),
            ProcNode::Meminfo => self.meminfo(out),
            ProcNode::Cpuinfo => machine::cpuinfo(self.facts.cpu, out),
            ProcNode::Uptime => self.uptime(out),
            ProcNode::Loadavg => self.loadavg(out),
            ProcNode::Version => machine::version(out),
            ProcNode::Filesystems => machine::filesystems(out),
            ProcNode::Cmdline => out.extend_from_slice(b"brainworm\n"),
            ProcNode::SysvipcShm => out.extend_from_slice(self.render_segments().as_bytes()),
            ProcNode::SysvipcSem => out.extend_from_slice(self.ipc.render_semaphores().as_bytes()),
            ProcNode::SysvipcMsg => out.extend_from_slice(self.ipc.render_queues().as_bytes()),
            ProcNode::PidStat(pid) => self.pid_stat(pid, out)?,
            ProcNode::PidStatus(pid) => self.pid_status(pid, out)?,
            ProcNode::PidStatm(pid) => self.pid_statm(pid, out)?,
            ProcNode::PidCmdline(pid) => self.pid_cmdline(pid, out)?,
            ProcNode::PidComm(pid) => self.pid_comm(pid, out)?,
            ProcNode::PidLimits(pid) => self.pid_limits(pid, out)?,
            ProcNode::PidIo(pid) => self.pid_io(pid, out)?,
            ProcNode::PidMounts(pid) | ProcNode::PidMountinfo(pid) => {
                let format = match node {
                    ProcNode::PidMounts(_) => MountFormat::Mounts,
                    _ => MountFormat::Mountinfo,
                };
                let root = self.place(ProcNode::PidRoot(pid)).map_err(|_| Errno::EINVAL)?;
                self.facts.vfs.render_mounts(&root, format, out);
            }
            ProcNode::PidCgroup(pid) => {
                self.shown_process(pid)?;
                out.extend_from_slice(b"0::/\n");
            }
            ProcNode::PidOomScore(pid) => self.pid_oom_score(pid, out)?,
            ProcNode::PidOomScoreAdj(pid) => {
                let adjustment = self.shown_process(pid)?.oom_score_adj;
                process::line(out, format_args!("{adjustment}\n"));
            }
            ProcNode::PidWchan(pid) => {
                self.shown_process(pid)?;
                out.push(b'0');
            }
            ProcNode::Environ(memory) | ProcNode::Maps(memory) | ProcNode::Smaps(memory) | ProcNode::Auxv(memory) => {
                let Some(space) = self.space_with_id(memory).and_then(|ix| self.spaces.get(ix)) else { return Ok(()) };
                match node {
                    ProcNode::Environ(_) => self.strings(space, space.program.env, out),
                    ProcNode::Auxv(_) => out.extend_from_slice(&space.program.auxv),
                    _ => self.maps(space, matches!(node, ProcNode::Smaps(_)), out),
                }
            }
            ProcNode::PidLoginuid(pid) => {
                self.shown_process(pid)?;
                process::line(out, format_args!("{}", u32::MAX));
            }
            ProcNode::PidExe(_) | ProcNode::PidCwd(_) | ProcNode::PidRoot(_) | ProcNode::PidFd(..) => {
                let place = self.place(node)?;
                let seen_from = self.shown_task(self.current.1).map(|task| task.fs.lock().root.clone());
                let root = seen_from.as_ref().unwrap_or(&self.facts.root);
                out.extend_from_slice(&self.facts.vfs.link_text(root, &place));
            }
            ProcNode::PidFdinfo(pid, fd) => self.pid_fdinfo(pid, fd, out)?,
            ProcNode::NetTcp | ProcNode::NetUdp | ProcNode::NetUnix | ProcNode::NetDev | ProcNode::NetRoute => {
                if !self.facts.net.render(node, out) {
                    return Err(Errno::ENOENT);
                }
            }
            ProcNode::Sys(name) => self.sysctl(name, out)?,
        }
        Ok(())
    }
    fn target(&self, node: ProcNode) -> Result<Box<dyn Any>, Errno> {
        Ok(Box::new(self.place(node)?))
    }
    fn current(&self) -> (Pid, Pid) {
        self.current
    }
    fn pids(&self, out: &mut Vec<Pid>) {
        out.extend(self.pids.iter().filter(|(_, entry)| entry.process.is_some()).map(|(&pid, _)| pid));
    }
    fn tids(&self, pid: Pid, out: &mut Vec<Pid>) -> Result<(), Errno> {
        let process = self.process(pid).ok_or(Errno::ESRCH)?;
        let from = out.len();
        out.extend(process.tasks.iter().filter_map(|&ix| self.tasks.get(ix)).map(|task| task.tid));
        if out.len() == from {
            // A zombie still shows its leader.
            out.push(pid);
        }
        out[from..].sort_unstable();
        Ok(())
    }
    fn fds(&self, pid: Pid, out: &mut Vec<u32>) -> Result<(), Errno> {
        self.shown_process(pid)?;
        if let Some(task) = self.shown_task(pid) {
            out.extend(task.files.lock().iter().map(|(fd, _)| fd as u32));
        }
        Ok(())
    }
    fn owner(&self, pid: Pid) -> Result<(u32, u32, Nanos), Errno> {
        let process = self.shown_process(pid)?;
        Ok(match self.shown_task(pid) {
            Some(task) if process.dumpable == 1 => (task.creds.euid, task.creds.egid, task.start),
            Some(task) => (0, 0, task.start),
            None => (process.uid, 0, process.start),
        })
    }
    fn memory(&self, pid: Pid) -> Result<u64, Errno> {
        self.shown_process(pid)?;
        Ok(self.shown_task(pid).and_then(|task| self.spaces.get(task.space?)).map_or(0, |space| space.id))
    }
    fn is_running(&self, file: (u64, u64)) -> bool {
        self.spaces.iter().any(|(_, space)| space.program.exe.as_ref().is_some_and(|exe| exe.id() == file))
    }
    fn group_session(&self, pgid: Pid) -> Result<Pid, Errno> {
        self.procs.iter().find(|(_, process)| process.pgid == pgid).map(|(_, process)| process.sid).ok_or(Errno::ESRCH)
    }
}
