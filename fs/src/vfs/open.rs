//! open(2), openat(2), and objects that are opened without a path.

use super::{MS_NODEV, MS_NOEXEC, Vfs};
use crate::dentry::{Dentry, PathRef};
use crate::dir_file::DirFile;
use crate::inode::{Inode, NewInode};
use crate::perm;
use crate::pipe::{Pipe, PipeEnd, PipeInode};
use crate::tty::{PtyMaster, TtyFile};
use crate::walk::{At, Last, Links};
use alloc::borrow::Cow;
use alloc::format;
use alloc::sync::Arc;
use brainworm_abi::{Errno, File, FileKind, Io, OpenFlags, Stat};
use core::any::Any;

/// A freshly opened description, for the kernel to wrap.
pub struct Opened {
    /// What reads and writes go to.
    pub file: Arc<dyn File>,
    /// What fchdir(2), fchmod(2), openat(2) and /proc/PID/fd go to. Keep both.
    pub path: PathRef,
    /// O_CREAT made the file.
    pub is_new: bool,
}

impl Opened {
    pub(crate) fn new(file: Arc<dyn File>, path: PathRef) -> Opened {
        Opened { file, path, is_new: false }
    }
    /// False while opening a FIFO without O_NONBLOCK has to wait for the other side: keep this, park at
    /// `file.wait_point()`, ask again; on a signal call `file.close` and answer `EINTR`.
    pub fn is_ready(&self) -> bool {
        self.file.as_any().downcast_ref::<PipeEnd>().is_none_or(PipeEnd::is_connected)
    }
}

impl Vfs {
    /// open(2). `mode` is that of a new file before the umask. With O_PATH the file knows only its metadata.
    pub fn open(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], flags: OpenFlags, mode: u32) -> Result<Opened, Errno> {
        if flags.contains(OpenFlags::O_PATH) {
            let place = self.walk(io, at, path, !flags.contains(OpenFlags::O_NOFOLLOW))?;
            if flags.contains(OpenFlags::O_DIRECTORY) && place.kind() != FileKind::Directory {
                return Err(Errno::ENOTDIR);
            }
            return Ok(Opened::new(Arc::new(PathFile { path: place.clone() }), place));
        }
        if flags.contains(OpenFlags::O_TMPFILE) {
            return self.open_tmpfile(io, at, path, flags, mode);
        }
        if flags.contains(OpenFlags::O_CREAT) {
            return self.open_create(io, at, path, flags, mode);
        }
        let place = self.walk(io, at, path, !flags.contains(OpenFlags::O_NOFOLLOW))?;
        self.open_place(io, &place, flags)
    }

    fn open_create(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        path: &[u8],
        flags: OpenFlags,
        mode: u32,
    ) -> Result<Opened, Errno> {
        if flags.contains(OpenFlags::O_DIRECTORY) {
            return Err(Errno::EINVAL);
        }
        let is_exclusive = flags.contains(OpenFlags::O_EXCL);
        let mut links = Links::default();
        let mut text = Cow::Borrowed(path);
        let mut base = at.base.clone();
        loop {
            let parent = self.walk_parent(io, At { base: &base, ..at }, &text, &mut links)?;
            let Last::Name(name) = &parent.last else {
                return Err(if is_exclusive { Errno::EEXIST } else { Errno::EISDIR });
            };
            if parent.has_slash {
                return Err(Errno::EISDIR);
            }
            self.check_dir(io, &parent.dir, perm::EXEC)?;
            let child = match self.child(io, &parent.dir, name) {
                Err(Errno::ENOENT) => return self.create_and_open(io, &parent.dir, name, flags, mode),
                other => other?,
            };
            if is_exclusive {
                return Err(Errno::EEXIST);
            }
            if child.kind() != FileKind::Symlink {
                if child.kind() == FileKind::Directory {
                    return Err(Errno::EISDIR);
                }
                return self.open_place(io, &child, flags);
            }
            if flags.contains(OpenFlags::O_NOFOLLOW) {
                return Err(Errno::ELOOP);
            }
            // A dangling link makes the file it points at.
            match self.follow_last(io, at, &parent.dir, &child, &mut links)? {
                Ok(place) => return self.open_place(io, &place, flags),
                Err(target) => (text, base) = (Cow::Owned(target), parent.dir),
            }
        }
    }

    fn create_and_open(
        &self,
        io: &mut Io<'_>,
        dir: &PathRef,
        name: &[u8],
        flags: OpenFlags,
        mode: u32,
    ) -> Result<Opened, Errno> {
        let place = self.make(io, dir, name, FileKind::Regular, mode & 0o7777, 0, b"")?;
        // The one who makes a file may open it whatever its mode says.
        let opened = self.open_granted(io, &place, flags)?;
        Ok(Opened { is_new: true, ..opened })
    }

    /// O_TMPFILE: a file without a name in the filesystem of a directory.
    fn open_tmpfile(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        path: &[u8],
        flags: OpenFlags,
        mode: u32,
    ) -> Result<Opened, Errno> {
        if !flags.writes() {
            return Err(Errno::EINVAL);
        }
        let dir = self.walk(io, at, path, true)?;
        if dir.kind() != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        self.check_writable(&dir)?;
        self.check_dir(io, &dir, perm::WRITE | perm::EXEC)?;
        let new = self.new_inode(io, &dir, FileKind::Regular, mode & 0o7777, 0, b"")?;
        let inode = dir.inode().tmpfile(io, &new, !flags.contains(OpenFlags::O_EXCL))?;
        let name = format!("#{}", inode.id().1);
        let dentry = Dentry::child(&dir.dentry, name.as_bytes(), inode);
        dentry.mark_deleted();
        self.open_granted(io, &dir.with(dentry), flags)
    }

    /// Opens a place that was walked to before (or a link of /proc leads to) with all checks of open(2).
    pub fn open_place(&self, io: &mut Io<'_>, place: &PathRef, flags: OpenFlags) -> Result<Opened, Errno> {
        let kind = place.kind();
        match kind {
            FileKind::Symlink if flags.contains(OpenFlags::O_DIRECTORY) => return Err(Errno::ENOTDIR),
            FileKind::Symlink => return Err(Errno::ELOOP),
            FileKind::Directory if flags.writes() || flags.contains(OpenFlags::O_TRUNC) => return Err(Errno::EISDIR),
            FileKind::Directory => {}
            _ if flags.contains(OpenFlags::O_DIRECTORY) => return Err(Errno::ENOTDIR),
            _ => {}
        }
        let is_device = matches!(kind, FileKind::CharDevice | FileKind::BlockDevice);
        if is_device && place.mount.has_flag(MS_NODEV) {
            return Err(Errno::EACCES);
        }
        let truncates = flags.contains(OpenFlags::O_TRUNC);
        let access = flags.bits() & 3;
        let mut want = if access == 1 { 0 } else { perm::READ };
        if access != 0 || truncates {
            want |= perm::WRITE;
        }
        let permissions = place.inode().perm(io)?;
        perm::check(&io.caller, permissions, want)?;
        if flags.contains(OpenFlags::O_NOATIME) && !perm::is_owner(&io.caller, permissions) {
            return Err(Errno::EPERM);
        }
        if want & perm::WRITE != 0 && kind == FileKind::Regular {
            self.check_writable(place)?;
            if io.proc.is_running(place.id()) {
                return Err(Errno::ETXTBSY);
            }
        }
        let opened = self.open_granted(io, place, flags)?;
        if truncates && kind == FileKind::Regular {
            place.inode().truncate(io, 0)?;
        }
        Ok(opened)
    }

    /// The last step of opening; permissions were checked.
    fn open_granted(&self, io: &mut Io<'_>, place: &PathRef, flags: OpenFlags) -> Result<Opened, Errno> {
        let inode = place.inode();
        let file: Arc<dyn File> = match place.kind() {
            FileKind::Directory => Arc::new(DirFile::new(place)),
            FileKind::Fifo => match inode.fifo() {
                Some(pipe) => pipe.open(inode.clone(), flags)?,
                None => inode.clone().open(io, place, flags)?,
            },
            FileKind::CharDevice => self.open_device(io, place, flags)?,
            FileKind::BlockDevice => return Err(Errno::ENXIO),
            _ => inode.clone().open(io, place, flags)?,
        };
        Ok(Opened::new(file, place.clone()))
    }

    fn open_device(&self, io: &mut Io<'_>, place: &PathRef, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        let rdev = place.inode().stat(io)?.rdev;
        let no_ctty = flags | OpenFlags::O_NOCTTY;
        match crate::device::split_dev(rdev) {
            (1, minor) => crate::device::open_mem(minor, place),
            (5, 0) => {
                let tty = io.caller.tty.and_then(|id| self.ttys.by_id(id)).ok_or(Errno::ENXIO)?;
                Ok(TtyFile::open(io, &tty, place, no_ctty)?)
            }
            (5, 1) => {
                let tty = self.ttys.console().ok_or(Errno::ENXIO)?;
                Ok(TtyFile::open(io, &tty, place, no_ctty)?)
            }
            (5, 2) => Ok(PtyMaster::open(io, &self.ttys, place)?),
            (136, minor) => {
                let tty = self.ttys.get(minor as u32).ok_or(Errno::EIO)?;
                let flags = if flags.reads() { flags } else { no_ctty };
                Ok(TtyFile::open(io, &tty, place, flags)?)
            }
            _ => Err(Errno::ENXIO),
        }
    }

    /// TIOCGPTPEER of ioctl_tty(2): the terminal side of the pseudoterminal whose master side `file` is.
    pub fn open_pty_peer(
        &self,
        io: &mut Io<'_>,
        root: &PathRef,
        file: &dyn File,
        flags: OpenFlags,
    ) -> Result<Opened, Errno> {
        let master = file.as_any().downcast_ref::<PtyMaster>().ok_or(Errno::ENOTTY)?;
        let name = format!("/dev/pts/{}", master.index());
        let path = self.walk(io, At::new(root, root), name.as_bytes(), false)?;
        Ok(Opened::new(master.open_peer(io, &path, flags)?, path))
    }

    /// Opens a program for execve(2): a regular file the caller may execute, else `EACCES`.
    pub fn open_exec(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], follow: bool) -> Result<Opened, Errno> {
        let place = self.walk(io, at, path, follow)?;
        if place.kind() == FileKind::Symlink {
            return Err(Errno::ELOOP);
        }
        if place.kind() != FileKind::Regular || place.mount.has_flag(MS_NOEXEC) {
            return Err(Errno::EACCES);
        }
        let permissions = place.inode().perm(io)?;
        perm::check(&io.caller, permissions, perm::EXEC)?;
        self.open_granted(io, &place, OpenFlags::empty())
    }

    /// pipe2(2): the reading and the writing end.
    pub fn pipe(&self, io: &mut Io<'_>) -> (Opened, Opened) {
        let pipe = Pipe::new(&self.bell);
        let ino = self.fresh_ino();
        let (uid, gid) = (io.caller.fsuid, io.caller.fsgid);
        let inode = PipeInode { pipe: pipe.clone(), dev: self.anon_dev, ino, uid, gid, created: io.now };
        let inode: Arc<dyn Inode> = Arc::new(inode);
        let (reader, writer) = pipe.ends(&inode);
        let path = self.anonymous_inode(inode, format!("pipe:[{ino}]").as_bytes());
        (Opened::new(reader, path.clone()), Opened::new(writer, path))
    }

    /// memfd_create(2), the name without its prefix. `seals`: F_SEAL_* to begin with, `None` when MFD_ALLOW_SEALING
    /// was not given.
    pub fn memfd(&self, io: &mut Io<'_>, name: &[u8], seals: Option<u32>) -> Opened {
        const F_SEAL_SEAL: u32 = 1;
        let opened = self.unnamed(io, &[b"memfd:", name].concat(), 0o777);
        if let Some(file) = opened.file.as_any().downcast_ref::<crate::mem::MemInode>() {
            file.allow_seals(seals.unwrap_or(F_SEAL_SEAL));
        }
        opened
    }

    /// A file for shared anonymous memory (mmap(2), shmget(2)); `name` as /proc/PID/maps shows it: `/dev/zero`,
    /// `SYSV00000000`.
    pub fn shared_memory(&self, io: &mut Io<'_>, name: &[u8], size: u64) -> Result<Opened, Errno> {
        let opened = self.unnamed(io, name, 0o600);
        // RLIMIT_FSIZE is about files, and this is none.
        let limit = core::mem::replace(&mut io.caller.file_size_limit, u64::MAX);
        let result = opened.file.truncate(io, size);
        io.caller.file_size_limit = limit;
        result.map(|()| opened)
    }

    fn unnamed(&self, io: &mut Io<'_>, name: &[u8], mode: u32) -> Opened {
        let (uid, gid) = (io.caller.fsuid, io.caller.fsgid);
        let new = NewInode { mode: FileKind::Regular as u32 | mode, uid, gid, rdev: 0, target: b"" };
        let inode = self.shm.detached(&new, io.now);
        let path = self.anonymous_inode(inode.clone(), &[b"/", name, b" (deleted)"].concat());
        Opened::new(inode, path)
    }

    /// F_GET_SEALS of fcntl(2).
    pub fn seals(&self, file: &dyn File) -> Result<u32, Errno> {
        file.as_any().downcast_ref::<crate::mem::MemInode>().ok_or(Errno::EINVAL)?.seals()
    }
    /// F_ADD_SEALS of fcntl(2); `is_mapped_shared` says that a writable shared mapping of the file exists.
    pub fn add_seals(&self, file: &dyn File, seals: u32, is_mapped_shared: bool) -> Result<(), Errno> {
        file.as_any().downcast_ref::<crate::mem::MemInode>().ok_or(Errno::EINVAL)?.add_seals(seals, is_mapped_shared)
    }

    /// A place for an object of another crate (socket, eventfd, epoll ...), as /proc/PID/fd shows it:
    /// `anon_inode:[eventpoll]`. A name that ends in `:` gets the inode number: `socket:` becomes `socket:[12]`.
    pub fn anonymous(&self, file: &Arc<dyn File>, kind: FileKind, name: &[u8]) -> PathRef {
        let ino = self.fresh_ino();
        let inode = Arc::new(AnonInode { file: Arc::downgrade(file), kind, dev: self.anon_dev, ino });
        match name.last() {
            Some(b':') => self.anonymous_inode(inode, &[name, format!("[{ino}]").as_bytes()].concat()),
            _ => self.anonymous_inode(inode, name),
        }
    }

    pub(super) fn anonymous_inode(&self, inode: Arc<dyn Inode>, name: &[u8]) -> PathRef {
        PathRef { mount: self.anon.clone(), dentry: Dentry::anonymous(inode, name) }
    }
}

/// The inode of an object another crate made.
struct AnonInode {
    /// Weak: the description holds both the file and this.
    file: alloc::sync::Weak<dyn File>,
    kind: FileKind,
    dev: u64,
    ino: u64,
}

impl Inode for AnonInode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> FileKind {
        self.kind
    }
    fn id(&self) -> (u64, u64) {
        (self.dev, self.ino)
    }
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        let file = self.file.upgrade().ok_or(Errno::ENXIO)?;
        file.stat(io)
    }
    fn statfs(&self, _io: &mut Io<'_>) -> Result<brainworm_abi::StatFs, Errno> {
        const ANON_INODE_FS_MAGIC: u64 = 0x0904_1934;
        Ok(brainworm_abi::StatFs { kind: ANON_INODE_FS_MAGIC, bsize: 4096, namelen: 255, ..Default::default() })
    }
}

/// A description made with O_PATH: a place, nothing to read.
pub(crate) struct PathFile {
    path: PathRef,
}

impl File for PathFile {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        self.path.inode().stat(io)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, _buf: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::EBADF)
    }
    fn write(&self, _io: &mut Io<'_>, _pos: u64, _append: bool, _bytes: &[u8]) -> Result<(usize, u64), Errno> {
        Err(Errno::EBADF)
    }
    fn ioctl(
        &self,
        _io: &mut Io<'_>,
        _mem: &mut dyn brainworm_abi::IoctlMem,
        _request: u32,
        _arg: u64,
    ) -> Result<u64, Errno> {
        Err(Errno::EBADF)
    }
    fn truncate(&self, _io: &mut Io<'_>, _size: u64) -> Result<(), Errno> {
        Err(Errno::EBADF)
    }
    fn allocate(&self, _io: &mut Io<'_>, _mode: u32, _offset: u64, _len: u64) -> Result<(), Errno> {
        Err(Errno::EBADF)
    }
    fn frame(&self, _io: &mut Io<'_>, _page: u64, _write: bool) -> Result<brainworm_abi::Frame, Errno> {
        Err(Errno::EBADF)
    }
    fn read_dir(
        &self,
        _io: &mut Io<'_>,
        _pos: u64,
        _each: &mut dyn FnMut(u64, u64, u8, &[u8]) -> bool,
    ) -> Result<(), Errno> {
        Err(Errno::EBADF)
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<brainworm_abi::StatFs, Errno> {
        self.path.inode().statfs(io)
    }
}
