//! /proc: the tree's shape, permissions and links. What files say comes from the kernel through `ProcInfo`.
//!
//! Nothing is cached: each lookup asks whether the process is there. Links to open objects (exe, cwd, root, fd/N) are
//! magic: following one leads to the object, reading it gives a name.

mod mem;
mod sysctl;
mod table;
#[cfg(test)]
mod tests;

use crate::PathRef;
use crate::fixed::{FixedInode, FixedTree};
use crate::inode::{Caching, EachEntry, Inode, SetAttr};
use crate::text_file::{Accept, Render, TextFile};
use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Effect, Errno, File, FileKind, Io, OpenFlags, Pid, ProcNode, Stat, StatFs, Timespec};
use core::any::Any;
pub use mem::ProcMem;
use table::{Entry, PidEntry};

const PROC_SUPER_MAGIC: u64 = 0x9fa0;
/// Cookies of processes follow those of the fixed names.
const FIRST_PID_COOKIE: u64 = 1000;

/// A mounted /proc.
struct ProcFs {
    dev: u64,
    boot: Timespec,
    sys: Arc<FixedInode>,
}

/// What an inode of /proc is. A `Pid` may be a thread's where the path went through task/.
#[derive(Clone, Copy)]
enum Node {
    Root,
    /// A name of the fixed tables, with its number for the inode.
    Fixed(Entry, u32),
    /// /proc/PID, or /proc/PID/task/TID when `is_thread`.
    Pid {
        pid: Pid,
        is_thread: bool,
    },
    /// A name in a process's directory.
    OfPid(Pid, PidEntry, u32),
    /// fd/N.
    FdLink(Pid, u32),
    /// fdinfo/N.
    FdInfo(Pid, u32),
    /// A name in net/ of a process.
    OfNet(Pid, Entry, u32),
    /// A name in ns/ of a process.
    OfNs(Pid, u32),
}

struct ProcInode {
    fs: Arc<ProcFs>,
    node: Node,
}

/// The root directory of a new /proc. The boot id is the same for all of them.
pub(crate) fn root(dev: u64, boot: Timespec, boot_id: [u8; 16]) -> Arc<dyn Inode> {
    let sys = FixedTree { lines: sysctl::SYSCTL, dev, magic: PROC_SUPER_MAGIC, first_ino: 0x1_0000, boot, boot_id };
    let fs = ProcFs { dev, boot, sys: FixedInode::root(sys) };
    Arc::new(ProcInode { fs: Arc::new(fs), node: Node::Root })
}

/// A decimal number as the kernel writes it: no sign, no leading zero.
fn number(name: &[u8]) -> Option<u32> {
    if name.is_empty() || name.len() > 10 || name[0] == b'0' && name.len() > 1 {
        return None;
    }
    core::str::from_utf8(name).ok().filter(|s| s.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

impl PathRef {
    /// The process whose directory /proc/PID this is.
    pub fn proc_pid(&self) -> Option<Pid> {
        match self.inode().as_any().downcast_ref::<ProcInode>()?.node {
            Node::Pid { pid, is_thread: false } => Some(pid),
            _ => None,
        }
    }
}

impl ProcInode {
    fn make(&self, node: Node) -> Arc<dyn Inode> {
        if let Node::Fixed(Entry::Sys, _) = node {
            return self.fs.sys.clone();
        }
        Arc::new(ProcInode { fs: self.fs.clone(), node })
    }
    fn pid(&self) -> Option<Pid> {
        match self.node {
            Node::Root | Node::Fixed(..) => None,
            Node::Pid { pid, .. } => Some(pid),
            Node::OfPid(pid, ..) | Node::FdLink(pid, _) | Node::FdInfo(pid, _) => Some(pid),
            Node::OfNet(pid, ..) | Node::OfNs(pid, _) => Some(pid),
        }
    }
    fn kind_of(node: &Node) -> FileKind {
        match node {
            Node::Root | Node::Pid { .. } => FileKind::Directory,
            Node::Fixed(entry, _) | Node::OfNet(_, entry, _) => match entry {
                Entry::File(_) | Entry::Text(_) => FileKind::Regular,
                Entry::Link(_) | Entry::Current | Entry::CurrentThread => FileKind::Symlink,
                Entry::Sysvipc | Entry::Tty | Entry::Sys => FileKind::Directory,
            },
            Node::OfPid(_, entry, _) => match entry {
                PidEntry::File(..) | PidEntry::Text(..) => FileKind::Regular,
                PidEntry::Memory(..) | PidEntry::Mem => FileKind::Regular,
                PidEntry::Magic(_) => FileKind::Symlink,
                _ => FileKind::Directory,
            },
            Node::FdLink(..) | Node::OfNs(..) => FileKind::Symlink,
            Node::FdInfo(..) => FileKind::Regular,
        }
    }
    fn ino(node: &Node) -> u64 {
        let of = |pid: Pid, low: u64| (pid as u64) << 32 | low;
        match *node {
            Node::Root => 1,
            Node::Fixed(_, index) => 0x100 + index as u64,
            Node::Pid { pid, is_thread } => of(pid, 1 + u64::from(is_thread)),
            Node::OfPid(pid, _, index) => of(pid, 0x100 + index as u64),
            Node::OfNet(pid, _, index) => of(pid, 0x200 + index as u64),
            Node::OfNs(pid, index) => of(pid, 0x300 + index as u64),
            Node::FdLink(pid, fd) => of(pid, 0x8000_0000 | (fd as u64) << 1 & 0x7fff_fffe),
            Node::FdInfo(pid, fd) => of(pid, 0x8000_0001 | (fd as u64) << 1 & 0x7fff_fffe),
        }
    }
    fn mode(&self) -> u32 {
        match self.node {
            Node::OfPid(_, PidEntry::File(_, mode) | PidEntry::Text(_, mode) | PidEntry::Memory(_, mode), _) => mode,
            Node::OfPid(_, PidEntry::Mem, _) => 0o600,
            Node::OfPid(_, PidEntry::Fd, _) => 0o500,
            _ => match ProcInode::kind_of(&self.node) {
                FileKind::Directory => 0o555,
                FileKind::Symlink if matches!(self.node, Node::FdLink(..)) => 0o700,
                FileKind::Symlink => 0o777,
                _ => 0o444,
            },
        }
    }

    /// Names of one of the fixed directories.
    fn fixed_names(&self) -> Option<(&'static [(&'static str, Entry)], u32)> {
        match self.node {
            Node::Root => Some((table::ROOT, 0)),
            Node::Fixed(Entry::Sysvipc, _) => Some((table::SYSVIPC, 0x40)),
            Node::Fixed(Entry::Tty, _) => Some((table::TTY, 0x60)),
            Node::OfPid(_, PidEntry::Net, _) => Some((table::NET, 0)),
            _ => None,
        }
    }
    fn fixed_child(&self, entry: Entry, index: u32) -> Node {
        match self.node {
            Node::OfPid(pid, ..) => Node::OfNet(pid, entry, index),
            _ => Node::Fixed(entry, index),
        }
    }

    /// Only the process's own user and root look at what it has open (ptrace(2), PTRACE_MODE_READ).
    fn check_peek(&self, io: &mut Io<'_>, pid: Pid) -> Result<(), Errno> {
        let (uid, ..) = io.proc.owner(pid)?;
        if io.caller.is_privileged || io.caller.fsuid == uid { Ok(()) } else { Err(Errno::EACCES) }
    }
    /// The node of a magic link.
    fn magic_node(&self) -> Option<(Pid, ProcNode)> {
        match self.node {
            Node::OfPid(pid, PidEntry::Magic(node), _) => Some((pid, node(pid))),
            Node::FdLink(pid, fd) => Some((pid, ProcNode::PidFd(pid, fd))),
            _ => None,
        }
    }

    fn lookup_node(&self, io: &mut Io<'_>, name: &[u8]) -> Result<Node, Errno> {
        if let Some((names, base)) = self.fixed_names()
            && let Some(index) = names.iter().position(|(n, _)| n.as_bytes() == name)
        {
            return Ok(self.fixed_child(names[index].1, base + index as u32));
        }
        let number = number(name);
        match self.node {
            Node::Root => {
                let pid = number.ok_or(Errno::ENOENT)?;
                io.proc.owner(pid).map_err(|_| Errno::ENOENT)?;
                Ok(Node::Pid { pid, is_thread: false })
            }
            Node::Pid { pid, is_thread } => {
                io.proc.owner(pid).map_err(|_| Errno::ENOENT)?;
                let index = table::PID.iter().position(|(n, _)| n.as_bytes() == name).ok_or(Errno::ENOENT)?;
                match table::PID[index].1 {
                    PidEntry::Task if is_thread => Err(Errno::ENOENT),
                    entry => Ok(Node::OfPid(pid, entry, index as u32)),
                }
            }
            Node::OfPid(pid, PidEntry::Task, _) => {
                let mut tids = Vec::new();
                io.proc.tids(pid, &mut tids).map_err(|_| Errno::ENOENT)?;
                let tid = number.filter(|tid| tids.contains(tid)).ok_or(Errno::ENOENT)?;
                Ok(Node::Pid { pid: tid, is_thread: true })
            }
            Node::OfPid(pid, PidEntry::Fd | PidEntry::Fdinfo, _) => {
                self.check_peek(io, pid).map_err(|e| if e == Errno::ESRCH { Errno::ENOENT } else { e })?;
                let mut fds = Vec::new();
                io.proc.fds(pid, &mut fds).map_err(|_| Errno::ENOENT)?;
                let fd = number.filter(|fd| fds.binary_search(fd).is_ok()).ok_or(Errno::ENOENT)?;
                let is_info = matches!(self.node, Node::OfPid(_, PidEntry::Fdinfo, _));
                Ok(if is_info { Node::FdInfo(pid, fd) } else { Node::FdLink(pid, fd) })
            }
            Node::OfPid(pid, PidEntry::Ns, _) => {
                let index = table::NS.iter().position(|(n, _)| n.as_bytes() == name).ok_or(Errno::ENOENT)?;
                Ok(Node::OfNs(pid, index as u32))
            }
            _ => Err(Errno::ENOENT),
        }
    }

    /// Entries with numbers for names; cookies are `first + number`.
    fn list_numbers(
        &self,
        numbers: &[u32],
        first: u64,
        cookie: u64,
        make: impl Fn(u32) -> Node,
        each: EachEntry<'_>,
    ) -> Result<(), Errno> {
        for &number in numbers {
            let (at, node) = (first + number as u64, make(number));
            let kind = ProcInode::kind_of(&node).dirent_type();
            if at >= cookie && !each(ProcInode::ino(&node), at + 1, kind, format!("{number}").as_bytes()) {
                break;
            }
        }
        Ok(())
    }

    fn render(node: ProcNode) -> Render {
        Box::new(move |io, out| io.proc.render(node, out))
    }

    fn accept(&self) -> Option<Accept> {
        let Node::OfPid(pid, PidEntry::File(node, 0o644), _) = self.node else { return None };
        let node = node(pid);
        Some(Box::new(move |io, bytes| {
            let bytes = match node {
                // A newline is part of the name (corresponds to fs/proc/base.c:comm_write).
                ProcNode::PidComm(_) => {
                    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
                    bytes[..end.min(15)].to_vec()
                }
                _ => {
                    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?.trim();
                    let value: i32 = text.parse().map_err(|_| Errno::EINVAL)?;
                    if !(-1000..=1000).contains(&value) {
                        return Err(Errno::EINVAL);
                    }
                    text.as_bytes().to_vec()
                }
            };
            io.effects.push(Effect::WriteProc { node, bytes });
            Ok(())
        }))
    }
}

impl Inode for ProcInode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> FileKind {
        ProcInode::kind_of(&self.node)
    }
    fn id(&self) -> (u64, u64) {
        (self.fs.dev, ProcInode::ino(&self.node))
    }
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        let (dev, ino) = self.id();
        let kind = self.kind();
        let (mut uid, mut gid, mut nlink) = (0, 0, if kind == FileKind::Directory { 2 } else { 1 });
        let mut time = self.fs.boot;
        match self.node {
            Node::Root => {
                let mut pids = Vec::new();
                io.proc.pids(&mut pids);
                nlink = pids.len() as u32 + 6;
            }
            Node::Pid { is_thread, .. } => nlink = if is_thread { 7 } else { 9 },
            _ => {}
        }
        if let Some(pid) = self.pid() {
            let (owner, group, start) = io.proc.owner(pid).map_err(|_| Errno::ENOENT)?;
            (uid, gid) = (owner, group);
            time = Timespec::from_nanos(self.fs.boot.to_nanos().saturating_add(start));
        }
        let mode = kind as u32 | self.mode();
        // proc(5): a link of fd/ is 64 bytes long, other links and files 0.
        let size = if matches!(self.node, Node::FdLink(..)) { 64 } else { 0 };
        let blksize = 1024;
        Ok(Stat {
            dev,
            ino,
            mode,
            nlink,
            uid,
            gid,
            size,
            blksize,
            atime: time,
            mtime: time,
            ctime: time,
            ..Stat::default()
        })
    }
    fn statfs(&self, _io: &mut Io<'_>) -> Result<StatFs, Errno> {
        Ok(StatFs { kind: PROC_SUPER_MAGIC, bsize: 4096, namelen: 255, ..StatFs::default() })
    }
    fn lookup(&self, io: &mut Io<'_>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        if self.kind() != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        let node = self.lookup_node(io, name)?;
        Ok(self.make(node))
    }
    fn caching(&self) -> Caching {
        Caching::Never
    }
    fn entries(&self, io: &mut Io<'_>, cookie: u64, each: EachEntry<'_>) -> Result<(), Errno> {
        let cookie = cookie.max(3);
        if let Some((names, base)) = self.fixed_names() {
            for (index, (name, entry)) in names.iter().enumerate() {
                let node = self.fixed_child(*entry, base + index as u32);
                let at = 3 + index as u64;
                let kind = ProcInode::kind_of(&node).dirent_type();
                if at >= cookie && !each(self.make(node).id().1, at + 1, kind, name.as_bytes()) {
                    return Ok(());
                }
            }
        }
        let mut numbers = Vec::new();
        match self.node {
            Node::Root => {
                io.proc.pids(&mut numbers);
                let make = |pid| Node::Pid { pid, is_thread: false };
                self.list_numbers(&numbers, FIRST_PID_COOKIE, cookie, make, each)
            }
            Node::Pid { pid, is_thread } => {
                for (index, (name, entry)) in table::PID.iter().enumerate() {
                    let (at, node) = (3 + index as u64, Node::OfPid(pid, *entry, index as u32));
                    let is_hidden = is_thread && matches!(entry, PidEntry::Task);
                    let kind = ProcInode::kind_of(&node).dirent_type();
                    let ino = ProcInode::ino(&node);
                    if at >= cookie && !is_hidden && !each(ino, at + 1, kind, name.as_bytes()) {
                        break;
                    }
                }
                Ok(())
            }
            Node::OfPid(pid, PidEntry::Task, _) => {
                io.proc.tids(pid, &mut numbers).map_err(|_| Errno::ENOENT)?;
                self.list_numbers(&numbers, 3, cookie, |pid| Node::Pid { pid, is_thread: true }, each)
            }
            Node::OfPid(pid, PidEntry::Fd, _) => {
                self.check_peek(io, pid)?;
                io.proc.fds(pid, &mut numbers)?;
                self.list_numbers(&numbers, 3, cookie, |fd| Node::FdLink(pid, fd), each)
            }
            Node::OfPid(pid, PidEntry::Fdinfo, _) => {
                self.check_peek(io, pid)?;
                io.proc.fds(pid, &mut numbers)?;
                self.list_numbers(&numbers, 3, cookie, |fd| Node::FdInfo(pid, fd), each)
            }
            Node::OfPid(pid, PidEntry::Ns, _) => {
                for (index, (name, _)) in table::NS.iter().enumerate() {
                    let (at, node) = (3 + index as u64, Node::OfNs(pid, index as u32));
                    if at >= cookie && !each(ProcInode::ino(&node), at + 1, 10, name.as_bytes()) {
                        break;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
    /// Whoever may write to a read-only file for its mode alone (root) opens it, and each write fails.
    fn open(self: Arc<Self>, io: &mut Io<'_>, path: &PathRef, _flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        let accept = self.accept();
        if let Node::OfPid(pid, ..) | Node::FdInfo(pid, _) = self.node {
            io.proc.owner(pid)?;
        }
        let render: Render = match self.node {
            Node::Fixed(Entry::File(node), _) | Node::OfNet(_, Entry::File(node), _) => ProcInode::render(node),
            Node::Fixed(Entry::Text(text), _)
            | Node::OfNet(_, Entry::Text(text), _)
            | Node::OfPid(_, PidEntry::Text(text, _), _) => Box::new(move |_, out| {
                out.extend_from_slice(text.as_bytes());
                Ok(())
            }),
            Node::OfPid(pid, PidEntry::File(node, _), _) => ProcInode::render(node(pid)),
            Node::OfPid(pid, PidEntry::Memory(node, _), _) => {
                self.check_peek(io, pid)?;
                ProcInode::render(node(io.proc.memory(pid)?))
            }
            Node::OfPid(pid, PidEntry::Mem, _) => {
                self.check_peek(io, pid)?;
                return Ok(Arc::new(ProcMem::new(path, io.proc.memory(pid)?)));
            }
            Node::FdInfo(pid, fd) => ProcInode::render(ProcNode::PidFdinfo(pid, fd)),
            _ => return Err(Errno::EISDIR),
        };
        let refusal = if self.pid().is_some() { Errno::EINVAL } else { Errno::EIO };
        let refuse: Accept = Box::new(move |_, _| Err(refusal));
        let file = TextFile::new(path, render, Some(accept.unwrap_or(refuse)));
        let is_live = matches!(self.node, Node::OfPid(_, PidEntry::Memory(..), _));
        Ok(Arc::new(if is_live { file.live() } else { file }))
    }
    fn readlink(&self, io: &mut Io<'_>) -> Result<Vec<u8>, Errno> {
        if let Some((pid, node)) = self.magic_node() {
            self.check_peek(io, pid)?;
            let mut text = Vec::new();
            io.proc.render(node, &mut text)?;
            return Ok(text);
        }
        let (pid, tid) = io.proc.current();
        match self.node {
            Node::Fixed(Entry::Link(target), _) => Ok(target.as_bytes().to_vec()),
            Node::Fixed(Entry::Current, _) => Ok(format!("{pid}").into_bytes()),
            Node::Fixed(Entry::CurrentThread, _) => Ok(format!("{pid}/task/{tid}").into_bytes()),
            Node::OfNs(_, index) => Ok(table::NS[index as usize].1.as_bytes().to_vec()),
            _ => Err(Errno::EINVAL),
        }
    }
    fn magic(&self, io: &mut Io<'_>) -> Option<Result<PathRef, Errno>> {
        let (pid, node) = self.magic_node()?;
        Some(self.check_peek(io, pid).and_then(|()| io.proc.target(node)).and_then(|target| {
            // Only our own places are handed to the kernel, so nothing else comes back.
            target.downcast::<PathRef>().map(|place| *place).map_err(|_| Errno::ENXIO)
        }))
    }
    fn truncate(&self, _io: &mut Io<'_>, _size: u64) -> Result<(), Errno> {
        Ok(())
    }
    fn set_attr(&self, _io: &mut Io<'_>, _attr: &SetAttr) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }
}
