//! The tree of a fresh machine: the packed root with a writable layer, /dev, /proc, /sys and the host's directories.

use super::{DENTRY_LIMIT, MS_NOSUID, Opened, Vfs};
use crate::dentry::{Dentry, Mount, PathRef};
use crate::device::makedev;
use crate::image::Root;
use crate::inode::{Inode, NewInode};
use crate::mem::{Graveyard, MemFs, MemFsConfig, MemInode};
use crate::stream::{HostStream, StreamInode};
use crate::tty::{DevPts, TtyFile, Ttys};
use crate::walk::At;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::Caller;
use brainworm_abi::{Bell, Errno, Event, FileKind, Io, OpenFlags, Pid, Stream, WaitPoint};
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use spin::Mutex;

/// What the tree of a machine depends on.
#[derive(Clone, Debug)]
pub struct BootConfig {
    /// size= of /dev/shm.
    pub shm_bytes: u64,
}

impl Default for BootConfig {
    fn default() -> BootConfig {
        BootConfig { shm_bytes: 64 << 20 }
    }
}

/// Device nodes of /dev: name, mode, major, minor.
const NODES: [(&[u8], u32, u64, u64); 8] = [
    (b"null", 0o666, 1, 3),
    (b"zero", 0o666, 1, 5),
    (b"full", 0o666, 1, 7),
    (b"random", 0o666, 1, 8),
    (b"urandom", 0o666, 1, 9),
    (b"tty", 0o666, 5, 0),
    (b"console", 0o620, 5, 1),
    (b"ptmx", 0o666, 5, 2),
];

/// Links of /dev, as in every container.
const LINKS: [(&[u8], &[u8]); 5] = [
    (b"fd", b"/proc/self/fd"),
    (b"stdin", b"/proc/self/fd/0"),
    (b"stdout", b"/proc/self/fd/1"),
    (b"stderr", b"/proc/self/fd/2"),
    (b"core", b"/proc/kcore"),
];

impl Vfs {
    /// Builds the tree. Without an image the root is an empty tmpfs. `io.caller` does not matter here.
    pub fn boot(io: &mut Io<'_>, bell: &Arc<Bell>, config: &BootConfig) -> Result<(Arc<Vfs>, PathRef), Errno> {
        let root_caller = Caller { is_privileged: true, file_size_limit: u64::MAX, umask: 0, ..Caller::default() };
        let caller = core::mem::replace(&mut io.caller, root_caller);
        let result = Vfs::build(io, bell, config);
        io.caller = caller;
        result
    }

    fn build(io: &mut Io<'_>, bell: &Arc<Bell>, config: &BootConfig) -> Result<(Arc<Vfs>, PathRef), Errno> {
        let graveyard = Arc::new(Graveyard::default());
        let memory = |minor| MemFsConfig {
            dev: makedev(0, minor),
            bell: bell.clone(),
            graveyard: graveyard.clone(),
            limit_bytes: u64::MAX,
        };
        let (image, fs_type) = match Root::open(io.frames) {
            Some(image) => (Some(image?), "overlay"),
            None => (None, "tmpfs"),
        };
        let root_inode = match image {
            Some(image) => MemFs::overlay(memory(ROOT_MINOR), image, io.frames)?,
            None => MemFs::tmpfs(memory(ROOT_MINOR), 0o755, io.now),
        };
        let shm = MemFs::tmpfs(memory(SHM_MINOR), 0o1777, io.now);
        let mut boot_id = [0; 16];
        io.host.entropy(&mut boot_id);
        let vfs = Arc::new(Vfs {
            boot_id,
            bell: bell.clone(),
            graveyard: graveyard.clone(),
            mounts: Mutex::new(Vec::new()),
            next_mount: AtomicU32::new(21),
            next_dev: AtomicU64::new(FIRST_FREE_MINOR),
            anon: anonymous_mount(&shm),
            anon_dev: makedev(0, ANON_MINOR),
            next_anon_ino: AtomicU64::new(1),
            shm: shm.fs().clone(),
            dentries: AtomicUsize::new(0),
            dentry_limit: AtomicUsize::new(DENTRY_LIMIT),
            host_wait: Arc::new(WaitPoint::new(bell)),
            streams: Mutex::new(Vec::new()),
            ttys: Ttys::new(bell),
        });
        let root = vfs.attach(None, Dentry::root(root_inode), fs_type, fs_type.as_bytes(), 0);
        vfs.build_dev(io, &root, config)?;
        vfs.build_host_mounts(io, &root)?;
        Ok((vfs, root))
    }

    fn build_host_mounts(&self, io: &mut Io<'_>, root: &PathRef) -> Result<(), Errno> {
        let mounts = crate::hostfs::mounts(io, &self.graveyard, &self.host_wait, || self.fresh_dev());
        for (path, is_read_only, inode) in mounts {
            let flags = if is_read_only { super::MS_RDONLY } else { 0 };
            if inode.kind() == FileKind::Directory {
                self.mount_new(io, root, &path, inode, "fuse", b"host", flags)?;
                continue;
            }
            // A single file: the place it is mounted on has to be one.
            let dir = path.iter().rposition(|&b| b == b'/').map_or(&b"/"[..], |at| &path[..at.max(1)]);
            self.make_dirs(io, root, dir)?;
            let made = self.open(io, At::new(root, root), &path, OpenFlags::O_CREAT | OpenFlags::O_RDWR, 0o644)?;
            self.attach(Some(&made.path), Dentry::root(inode), "fuse", b"host", flags);
        }
        Ok(())
    }

    fn build_dev(&self, io: &mut Io<'_>, root: &PathRef, config: &BootConfig) -> Result<(), Errno> {
        let dev = MemFs::tmpfs(self.mem_config(), 0o755, io.now);
        for (name, mode, major, minor) in NODES {
            let new = NewInode { mode: 0o020000 | mode, uid: 0, gid: 0, rdev: makedev(major, minor), target: b"" };
            dev.create(io, name, &new)?;
        }
        for (name, target) in LINKS {
            dev.create(io, name, &NewInode { mode: 0o120777, uid: 0, gid: 0, rdev: 0, target })?;
        }
        self.mount_new(io, root, b"/dev", dev, "tmpfs", b"tmpfs", MS_NOSUID)?;
        let shm = MemFsConfig { limit_bytes: config.shm_bytes, ..self.mem_config() };
        let shm = MemFs::tmpfs(shm, 0o1777, io.now);
        let flags = MS_NOSUID | super::MS_NODEV | super::MS_NOEXEC;
        self.mount_new(io, root, b"/dev/shm", shm, "tmpfs", b"shm", flags)?;
        let pts = DevPts::new(&self.ttys, self.fresh_dev(), io.now);
        self.mount_new(io, root, b"/dev/pts", pts, "devpts", b"devpts", MS_NOSUID | super::MS_NOEXEC)?;
        let proc = crate::procfs::root(self.fresh_dev(), io.now, self.boot_id);
        self.mount_new(io, root, b"/proc", proc, "proc", b"proc", flags)?;
        let sys = crate::sysfs::root(self.fresh_dev(), io.now);
        self.mount_new(io, root, b"/sys", sys, "sysfs", b"sysfs", flags | super::MS_RDONLY)
    }

    /// Mounts a filesystem at a path whose directories are made where the image has none.
    #[expect(clippy::too_many_arguments, reason = "the arguments of mount(2) and a root to walk from")]
    pub(super) fn mount_new(
        &self,
        io: &mut Io<'_>,
        root: &PathRef,
        path: &[u8],
        inode: Arc<dyn Inode>,
        fs_type: &'static str,
        source: &[u8],
        flags: u32,
    ) -> Result<(), Errno> {
        let place = self.make_dirs(io, root, path)?;
        self.attach(Some(&place), Dentry::root(inode), fs_type, source, flags);
        Ok(())
    }

    /// mkdir -p: the directory at an absolute path; directories that are missing are made with mode 0755.
    pub fn make_dirs(&self, io: &mut Io<'_>, root: &PathRef, path: &[u8]) -> Result<PathRef, Errno> {
        let at = At::new(root, root);
        let mut end = 0;
        while end < path.len() {
            end += 1 + path[end + 1..].iter().position(|&b| b == b'/').unwrap_or(path.len() - end - 1);
            match self.mkdir(io, at, &path[..end], 0o755) {
                Ok(()) | Err(Errno::EEXIST) => {}
                Err(e) => return Err(e),
            }
        }
        let place = self.walk(io, at, path, true)?;
        if place.kind() == FileKind::Directory { Ok(place) } else { Err(Errno::ENOTDIR) }
    }

    /// Writes a small file as a whole, replacing what is there: /etc/hostname, /etc/hosts, /etc/resolv.conf.
    pub fn write_file(
        &self,
        io: &mut Io<'_>,
        root: &PathRef,
        path: &[u8],
        mode: u32,
        bytes: &[u8],
    ) -> Result<(), Errno> {
        let flags = OpenFlags::O_WRONLY | OpenFlags::O_CREAT | OpenFlags::O_TRUNC;
        let opened = self.open(io, At::new(root, root), path, flags, mode)?;
        let mut done = 0;
        while done < bytes.len() {
            match opened.file.write(io, done as u64, false, &bytes[done..])?.0 {
                0 => return Err(Errno::EIO),
                n => done += n,
            }
        }
        opened.file.close(io);
        Ok(())
    }
}

const ROOT_MINOR: u64 = 30;
const SHM_MINOR: u64 = 1;
const ANON_MINOR: u64 = 14;
const FIRST_FREE_MINOR: u64 = 31;

/// The mount objects without a directory belong to; it has no place and no list shows it.
fn anonymous_mount(shm: &Arc<MemInode>) -> Arc<Mount> {
    Arc::new(Mount {
        id: 1,
        root: Dentry::root(shm.clone()),
        at: None,
        fs_type: "anon",
        source: Vec::new(),
        flags: AtomicU32::new(0),
    })
}

impl Vfs {
    /// The standard streams of the container's first process: descriptors 0, 1 and 2. Those the host has a terminal
    /// for are that terminal, which becomes the controlling one of the caller's session; the others are byte-exact.
    pub fn stdio(&self, io: &mut Io<'_>, root: &PathRef) -> Result<[Opened; 3], Errno> {
        let streams = [Stream::Stdin, Stream::Stdout, Stream::Stderr];
        let is_terminal = streams.map(|stream| io.host.is_terminal(stream));
        if is_terminal == [false; 3] {
            return Ok(streams.map(|stream| self.open_stream(io, stream)));
        }
        let output = if is_terminal[1] || !is_terminal[2] { Stream::Stdout } else { Stream::Stderr };
        let tty = self.ttys.open_console(io, output)?;
        let name = format!("/dev/pts/{}", tty.id() & 0xff);
        let path = self.walk(io, At::new(root, root), name.as_bytes(), false)?;
        let mut open = |i: usize| {
            if is_terminal[i] {
                let file = TtyFile::open(io, &tty, &path, OpenFlags::O_RDWR)?;
                return Ok(Opened::new(file, path.clone()));
            }
            Ok(self.open_stream(io, streams[i]))
        };
        Ok([open(0)?, open(1)?, open(2)?])
    }

    fn open_stream(&self, io: &mut Io<'_>, stream: Stream) -> Opened {
        let stream = HostStream::new(&self.bell, stream, self.anon_dev, self.fresh_ino(), io.now);
        self.streams.lock().push(stream.clone());
        let inode = Arc::new(StreamInode(stream.clone()));
        let name = format!("pipe:[{}]", inode.id().1);
        Opened::new(stream, self.anonymous_inode(inode, name.as_bytes()))
    }

    /// Something happened outside: wakes who waits for it, and makes signals of what was typed.
    pub fn event(&self, io: &mut Io<'_>, event: Event) {
        let streams = self.streams.lock().clone();
        streams.iter().for_each(|stream| stream.event(event));
        self.ttys.event(io, event);
        if matches!(event, Event::FileReady(_) | Event::ChunkReady(_)) {
            self.host_wait.notify();
        }
    }

    /// The leader of a session exits: its controlling terminal (`Caller::tty`) is free again, and the foreground group
    /// gets SIGHUP (credentials(7)).
    pub fn session_ended(&self, io: &mut Io<'_>, tty: u32, session: Pid) {
        self.ttys.session_ended(io, tty, session);
    }
}
