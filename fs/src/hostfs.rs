//! Directories of the host as mounts, over `HostFiles`: `--dir` of a WASI engine, `-v` of ours.
//!
//! The host is asked each time: somebody else may change the same files. Owners and modes the guest sets are kept here
//! as long as the machine runs, since the host may know neither. A host that needs time answers WouldBlock, which becomes
//! `EAGAIN`; the call is made again when `Event::FileReady` came.

use crate::PathRef;
use crate::inode::{Caching, EachEntry, Inode, NewInode, Rename, SetAttr};
use crate::mem::Graveyard;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{
    Effect, Errno, File, FileKind, Frame, HostError, HostFileId, HostStat, Io, OpenFlags, PAGE_SIZE, Readiness, Stat,
    StatFs, WaitPoint,
};
use core::any::Any;
use hashbrown::HashMap;
use spin::Mutex;

const PAGE: u64 = PAGE_SIZE as u64;
/// What a host that knows no permissions is taken to mean: it granted everything, and programs can be run.
const UNKNOWN_MODE: u32 = 0o777;
/// FUSE_SUPER_MAGIC of statfs(2): files that somebody else serves.
const FUSE_SUPER_MAGIC: u64 = 0x6573_5546;

/// One granted directory.
pub(crate) struct HostFs {
    mount: u32,
    dev: u64,
    graveyard: Arc<Graveyard>,
    wait: Arc<WaitPoint>,
    /// Owner and mode the guest gave to files, by inode number.
    owned: Mutex<HashMap<u64, Owned>>,
}

#[derive(Clone, Copy, Default)]
struct Owned {
    uid: Option<u32>,
    gid: Option<u32>,
    mode: Option<u32>,
}

/// A file, directory or link of the host.
pub(crate) struct HostInode {
    fs: Arc<HostFs>,
    me: alloc::sync::Weak<HostInode>,
    ino: u64,
    kind: FileKind,
    /// Where it is: follows renames of its directories.
    place: Mutex<(Option<Arc<HostInode>>, Vec<u8>)>,
    /// Pages handed out to mappings, and whether a mapping may write them.
    pages: Mutex<BTreeMap<u64, (Frame, bool)>>,
}

fn errno(error: HostError) -> Errno {
    match error {
        HostError::WouldBlock => Errno::EAGAIN,
        HostError::Closed => Errno::EIO,
        HostError::Errno(errno) => errno,
        HostError::Refused => Errno::EPERM,
    }
}

/// The root directories of all mounts the host grants: (guest path, read-only, inode).
pub(crate) fn mounts(
    io: &mut Io<'_>,
    graveyard: &Arc<Graveyard>,
    wait: &Arc<WaitPoint>,
    mut fresh_dev: impl FnMut() -> u64,
) -> Vec<(Vec<u8>, bool, Arc<HostInode>)> {
    let granted = io.host.files().mounts();
    let mut out = Vec::new();
    for (number, (path, is_read_only)) in granted.into_iter().enumerate() {
        let fs = Arc::new(HostFs {
            mount: number as u32,
            dev: fresh_dev(),
            graveyard: graveyard.clone(),
            wait: wait.clone(),
            owned: Mutex::default(),
        });
        let kind = match io.host.files().stat(number as u32, b".") {
            Ok(stat) => FileKind::from_mode(stat.mode).unwrap_or(FileKind::Directory),
            Err(_) => FileKind::Directory,
        };
        out.push((path, is_read_only, HostInode::new(&fs, 1, kind, None, b"")));
    }
    out
}

impl HostInode {
    fn new(fs: &Arc<HostFs>, ino: u64, kind: FileKind, parent: Option<Arc<HostInode>>, name: &[u8]) -> Arc<HostInode> {
        Arc::new_cyclic(|me| HostInode {
            fs: fs.clone(),
            me: me.clone(),
            ino,
            kind,
            place: Mutex::new((parent, name.to_vec())),
            pages: Mutex::default(),
        })
    }

    /// The path below the mount's root; `.` for the root itself.
    fn path(&self) -> Vec<u8> {
        let mut names = Vec::new();
        let (mut parent, mut name) = self.place.lock().clone();
        while let Some(dir) = parent {
            names.push(name);
            (parent, name) = dir.place.lock().clone();
        }
        if names.is_empty() {
            return b".".to_vec();
        }
        names.reverse();
        names.join(&b'/')
    }
    fn child_path(&self, name: &[u8]) -> Vec<u8> {
        match self.path() {
            path if path == b"." => name.to_vec(),
            path => [&path, &b"/"[..], name].concat(),
        }
    }
    fn child(&self, stat: &HostStat, name: &[u8]) -> Result<Arc<HostInode>, Errno> {
        let me = self.me.upgrade().ok_or(Errno::ENOENT)?;
        let kind = FileKind::from_mode(stat.mode).unwrap_or(FileKind::Regular);
        Ok(HostInode::new(&self.fs, ino_of(stat, &self.child_path(name)), kind, Some(me), name))
    }

    fn to_stat(&self, host: &HostStat) -> Stat {
        let owned = self.fs.owned.lock().get(&self.ino).copied().unwrap_or_default();
        let known = host.mode & 0o7777;
        let mode = owned.mode.unwrap_or(if known == 0 { UNKNOWN_MODE } else { known });
        Stat {
            dev: self.fs.dev,
            ino: self.ino,
            mode: self.kind as u32 | mode,
            nlink: host.nlink.max(1),
            uid: owned.uid.unwrap_or(0),
            gid: owned.gid.unwrap_or(0),
            rdev: 0,
            size: host.size,
            blksize: 4096,
            blocks: host.size.div_ceil(512),
            atime: host.atime,
            mtime: host.mtime,
            ctime: host.ctime,
            btime: host.ctime,
        }
    }
    fn own(&self, new: &NewInode<'_>) {
        let owned = Owned { uid: Some(new.uid), gid: Some(new.gid), mode: Some(new.mode & 0o7777) };
        self.fs.owned.lock().insert(self.ino, owned);
    }
    /// True when the host's directory `path` has this very file still.
    fn is_same(&self, stat: &HostStat, path: &[u8]) -> bool {
        ino_of(stat, path) == self.ino && FileKind::from_mode(stat.mode).unwrap_or(FileKind::Regular) == self.kind
    }

    /// Opens the host's file for one call.
    fn with_file<T>(
        &self,
        io: &mut Io<'_>,
        flags: OpenFlags,
        call: impl FnOnce(&mut Io<'_>, HostFileId) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let id = io.host.files().open(self.fs.mount, &self.path(), flags, 0).map_err(errno)?;
        let result = call(io, id);
        io.host.files().close(id);
        result
    }

    /// Writes pages back that a shared mapping may have written.
    fn write_back(&self, io: &mut Io<'_>, id: HostFileId) -> Result<(), Errno> {
        let dirty: Vec<(u64, Frame)> =
            self.pages.lock().iter().filter(|(_, (_, writable))| *writable).map(|(&p, &(f, _))| (p, f)).collect();
        if dirty.is_empty() {
            return Ok(());
        }
        let size = io.host.files().fstat(id).map_err(errno)?.size;
        for (page, frame) in dirty {
            let start = page * PAGE;
            if start < size {
                let len = (size - start).min(PAGE) as usize;
                let bytes = &io.frames.bytes(frame)[..len];
                io.host.files().write_at(id, start, bytes).map_err(errno)?;
            }
        }
        Ok(())
    }

    /// What mappings hold of a range goes into `buf` (`read`), or is overwritten by it.
    fn sync_pages(&self, io: &mut Io<'_>, pos: u64, buf: &mut [u8], read: bool) {
        let pages = self.pages.lock();
        if pages.is_empty() || buf.is_empty() {
            return;
        }
        let end = pos + buf.len() as u64;
        for (&page, &(frame, is_writable)) in pages.range(pos / PAGE..=(end - 1) / PAGE) {
            let (start, stop) = ((page * PAGE).max(pos), ((page + 1) * PAGE).min(end));
            let ours = (start % PAGE) as usize..(start % PAGE) as usize + (stop - start) as usize;
            let theirs = (start - pos) as usize..(stop - pos) as usize;
            if !read {
                io.frames.bytes_mut(frame)[ours].copy_from_slice(&buf[theirs]);
            } else if is_writable {
                buf[theirs].copy_from_slice(&io.frames.bytes(frame)[ours]);
            }
        }
    }
}

/// The host's inode number, or one made of the path where the host has none.
fn ino_of(stat: &HostStat, path: &[u8]) -> u64 {
    if stat.ino != 0 { stat.ino } else { hash(path) | 1 << 62 }
}

/// FNV-1a, for cookies and inode numbers.
fn hash(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, &b| (h ^ b as u64).wrapping_mul(0x100_0000_01b3));
    hash >> 2
}

impl Drop for HostInode {
    fn drop(&mut self) {
        let pages = core::mem::take(self.pages.get_mut());
        if !pages.is_empty() {
            self.fs.graveyard.bury(pages.into_values().map(|(frame, _)| frame).collect());
        }
        // Parents nobody else holds go one by one instead of recursively.
        let mut parent = self.place.get_mut().0.take();
        while let Some(dir) = parent.take() {
            parent = Arc::into_inner(dir).and_then(|mut dir| dir.place.get_mut().0.take());
        }
    }
}

impl Inode for HostInode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> FileKind {
        self.kind
    }
    fn id(&self) -> (u64, u64) {
        (self.fs.dev, self.ino)
    }
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        let stat = io.host.files().stat(self.fs.mount, &self.path()).map_err(errno)?;
        Ok(self.to_stat(&stat))
    }
    fn statfs(&self, _io: &mut Io<'_>) -> Result<StatFs, Errno> {
        let free = 1 << 24;
        Ok(StatFs {
            kind: FUSE_SUPER_MAGIC,
            bsize: 4096,
            blocks: free,
            bfree: free,
            bavail: free,
            files: 1 << 20,
            ffree: 1 << 20,
            namelen: 255,
            flags: 0,
        })
    }
    fn lookup(&self, io: &mut Io<'_>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let stat = io.host.files().stat(self.fs.mount, &self.child_path(name)).map_err(errno)?;
        Ok(self.child(&stat, name)?)
    }
    fn caching(&self) -> Caching {
        Caching::Revalidate
    }
    fn is_current(&self, io: &mut Io<'_>, name: &[u8], child: &Arc<dyn Inode>) -> bool {
        let path = self.child_path(name);
        match io.host.files().stat(self.fs.mount, &path) {
            Ok(stat) => child.as_any().downcast_ref::<HostInode>().is_some_and(|child| child.is_same(&stat, &path)),
            // The call that follows will hear it, and wait.
            Err(HostError::WouldBlock) => true,
            Err(_) => false,
        }
    }
    fn entries(&self, io: &mut Io<'_>, cookie: u64, each: EachEntry<'_>) -> Result<(), Errno> {
        let entries = io.host.files().read_dir(self.fs.mount, &self.path()).map_err(errno)?;
        // In the order of a hash of the name, which is the cookie: it stays when others come and go.
        let mut order: Vec<(u64, usize)> =
            entries.iter().enumerate().map(|(i, entry)| (hash(&entry.name).max(3), i)).collect();
        order.sort_unstable();
        for (at, i) in order {
            let entry = &entries[i];
            if at < cookie || entry.name == b"." || entry.name == b".." {
                continue;
            }
            let stat = HostStat { ino: entry.ino, ..HostStat::default() };
            let ino = ino_of(&stat, &self.child_path(&entry.name));
            if !each(ino, at + 1, entry.kind, &entry.name) {
                break;
            }
        }
        Ok(())
    }
    fn create(&self, io: &mut Io<'_>, name: &[u8], new: &NewInode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        let path = self.child_path(name);
        let (mount, files) = (self.fs.mount, io.host.files());
        match FileKind::from_mode(new.mode) {
            Some(FileKind::Regular) => {
                let flags = OpenFlags::O_RDWR | OpenFlags::O_CREAT | OpenFlags::O_EXCL;
                let id = files.open(mount, &path, flags, new.mode & 0o7777).map_err(errno)?;
                files.close(id);
            }
            Some(FileKind::Directory) => files.mkdir(mount, &path).map_err(errno)?,
            Some(FileKind::Symlink) => files.symlink(mount, new.target, &path).map_err(errno)?,
            _ => return Err(Errno::EPERM),
        }
        let stat = files.stat(mount, &path).map_err(errno)?;
        let child = self.child(&stat, name)?;
        child.own(new);
        Ok(child)
    }
    fn link(&self, io: &mut Io<'_>, name: &[u8], target: &Arc<dyn Inode>) -> Result<(), Errno> {
        let target = target.as_any().downcast_ref::<HostInode>().ok_or(Errno::EXDEV)?;
        io.host.files().link(self.fs.mount, &target.path(), &self.child_path(name)).map_err(errno)
    }
    fn unlink(&self, io: &mut Io<'_>, name: &[u8], child: &Arc<dyn Inode>) -> Result<(), Errno> {
        let path = self.child_path(name);
        let files = io.host.files();
        match child.kind() {
            FileKind::Directory => files.rmdir(self.fs.mount, &path),
            _ => files.unlink(self.fs.mount, &path),
        }
        .map_err(errno)?;
        if child.kind() == FileKind::Directory {
            self.fs.owned.lock().remove(&child.id().1);
        }
        Ok(())
    }
    fn rename(&self, io: &mut Io<'_>, how: &Rename<'_>) -> Result<(), Errno> {
        if how.exchange {
            return Err(Errno::EINVAL);
        }
        let to = how.new_dir.as_any().downcast_ref::<HostInode>().ok_or(Errno::EXDEV)?;
        let child = how.child.as_any().downcast_ref::<HostInode>().ok_or(Errno::EXDEV)?;
        let (from_path, to_path) = (self.child_path(how.old_name), to.child_path(how.new_name));
        io.host.files().rename(self.fs.mount, &from_path, &to_path).map_err(errno)?;
        let old = core::mem::replace(&mut *child.place.lock(), (to.me.upgrade(), how.new_name.to_vec()));
        drop(old);
        Ok(())
    }
    fn open(self: Arc<Self>, io: &mut Io<'_>, path: &PathRef, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        if self.kind != FileKind::Regular {
            return Err(Errno::ENXIO);
        }
        // Truncation, appending and exclusion were dealt with; the host keeps no position.
        let access = if flags.writes() { OpenFlags::O_RDWR } else { OpenFlags::empty() };
        let files = io.host.files();
        let id = match files.open(self.fs.mount, &self.path(), access, 0) {
            // A file that may be written but not read.
            Err(HostError::Errno(Errno::EACCES)) if flags.writes() && !flags.reads() => {
                files.open(self.fs.mount, &self.path(), OpenFlags::O_WRONLY, 0).map_err(errno)?
            }
            other => other.map_err(errno)?,
        };
        Ok(Arc::new(HostFile { inode: self, id, _path: path.clone() }))
    }
    fn readlink(&self, io: &mut Io<'_>) -> Result<Vec<u8>, Errno> {
        if self.kind != FileKind::Symlink {
            return Err(Errno::EINVAL);
        }
        io.host.files().readlink(self.fs.mount, &self.path()).map_err(errno)
    }
    fn truncate(&self, io: &mut Io<'_>, size: u64) -> Result<(), Errno> {
        self.with_file(io, OpenFlags::O_RDWR, |io, id| io.host.files().set_len(id, size).map_err(errno))?;
        self.drop_pages(io, size);
        Ok(())
    }
    fn set_attr(&self, io: &mut Io<'_>, attr: &SetAttr) -> Result<(), Errno> {
        if attr.atime.is_some() || attr.mtime.is_some() {
            io.host.files().set_times(self.fs.mount, &self.path(), attr.atime, attr.mtime).map_err(errno)?;
        }
        let mut owned = self.fs.owned.lock();
        let entry = owned.entry(self.ino).or_default();
        entry.uid = attr.uid.or(entry.uid);
        entry.gid = attr.gid.or(entry.gid);
        entry.mode = attr.mode.map(|mode| mode & 0o7777).or(entry.mode);
        Ok(())
    }
}

impl HostInode {
    /// The file has `size` bytes now: pages past them go, also from mappings.
    fn drop_pages(&self, io: &mut Io<'_>, size: u64) {
        let mut pages = self.pages.lock();
        let gone = pages.split_off(&(size / PAGE));
        if !gone.is_empty() {
            gone.values().for_each(|&(frame, _)| io.frames.release(frame));
            io.effects.push(Effect::Unmap { file: self.id(), first: size / PAGE, count: u64::MAX >> 16 });
        }
    }
}

/// An open file of the host.
struct HostFile {
    inode: Arc<HostInode>,
    id: HostFileId,
    /// Keeps the name, and with it the inode's path.
    _path: PathRef,
}

impl File for HostFile {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        let stat = io.host.files().fstat(self.id).map_err(errno)?;
        Ok(self.inode.to_stat(&stat))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn can_seek(&self) -> bool {
        true
    }
    fn read(&self, io: &mut Io<'_>, pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let n = io.host.files().read_at(self.id, pos, buf).map_err(errno)?.min(buf.len());
        self.inode.sync_pages(io, pos, &mut buf[..n], true);
        Ok(n)
    }
    fn write(&self, io: &mut Io<'_>, pos: u64, append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        let pos = if append { io.host.files().fstat(self.id).map_err(errno)?.size } else { pos };
        let n = io.host.files().write_at(self.id, pos, bytes).map_err(errno)?.min(bytes.len());
        if !self.inode.pages.lock().is_empty() {
            let mut copy = bytes[..n].to_vec();
            self.inode.sync_pages(io, pos, &mut copy, false);
        }
        Ok((n, pos + n as u64))
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        Readiness::IN | Readiness::OUT | Readiness::RDNORM | Readiness::WRNORM
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.inode.fs.wait)
    }
    fn frame(&self, io: &mut Io<'_>, page: u64, write: bool) -> Result<Frame, Errno> {
        let size = io.host.files().fstat(self.id).map_err(errno)?.size;
        if page >= size.div_ceil(PAGE) {
            return Err(Errno::ENXIO);
        }
        let mut pages = self.inode.pages.lock();
        if let Some((frame, is_writable)) = pages.get_mut(&page) {
            *is_writable |= write;
            io.frames.retain(*frame);
            return Ok(*frame);
        }
        let mut bytes = [0; PAGE_SIZE];
        let want = (size - page * PAGE).min(PAGE) as usize;
        let mut done = 0;
        while done < want {
            match io.host.files().read_at(self.id, page * PAGE + done as u64, &mut bytes[done..want]).map_err(errno)? {
                0 => break,
                n => done += n.min(want - done),
            }
        }
        let frame = io.frames.alloc().ok_or(Errno::ENOMEM)?;
        io.frames.bytes_mut(frame).copy_from_slice(&bytes);
        io.frames.retain(frame);
        pages.insert(page, (frame, write));
        Ok(frame)
    }
    fn map_id(&self) -> Option<(u64, u64)> {
        Some(self.inode.id())
    }
    fn truncate(&self, io: &mut Io<'_>, size: u64) -> Result<(), Errno> {
        io.host.files().set_len(self.id, size).map_err(errno)?;
        self.inode.drop_pages(io, size);
        Ok(())
    }
    fn allocate(&self, io: &mut Io<'_>, mode: u32, offset: u64, len: u64) -> Result<(), Errno> {
        let end = offset.checked_add(len).ok_or(Errno::EFBIG)?;
        if mode != 0 {
            return Err(Errno::EOPNOTSUPP);
        }
        if end > io.host.files().fstat(self.id).map_err(errno)?.size {
            io.host.files().set_len(self.id, end).map_err(errno)?;
        }
        Ok(())
    }
    fn sync(&self, io: &mut Io<'_>) -> Result<(), Errno> {
        self.inode.write_back(io, self.id)?;
        io.host.files().sync(self.id).map_err(errno)
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        Inode::statfs(&*self.inode, io)
    }
    fn close(&self, io: &mut Io<'_>) {
        // Nobody hears of a failure here, as with close(2) of a mapped file.
        let _ = self.inode.write_back(io, self.id);
        io.host.files().close(self.id);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, World, read_all};
    use alloc::vec::Vec;
    use brainworm_abi::{Errno, Event, FrameStore, OpenFlags};

    fn boot(is_read_only: bool) -> (World, Tree) {
        let mut w = World::new(Vec::new());
        w.host.files.mounts.push((b"/mnt/host".to_vec(), is_read_only));
        for (path, mode, text) in [("", 0o040755, ""), ("sub", 0o040755, ""), ("sub/f", 0o100000, "host file\n")] {
            w.host.files.tree.insert(path.into(), (mode, text.into()));
        }
        w.host.files.tree.insert(b"link".to_vec(), (0o120777, b"sub/f".to_vec()));
        w.with_tree()
    }

    #[test]
    fn files_are_the_hosts() {
        let (mut w, t) = boot(false);
        assert_eq!(t.read(&mut w, "/mnt/host/link").unwrap(), b"host file\n");
        assert_eq!(t.stat(&mut w, "/mnt/host/sub/f").unwrap().mode, 0o100777);
        t.write(&mut w, "/mnt/host/sub/new", "made here").unwrap();
        assert_eq!(w.host.files.tree[&b"sub/new"[..]].1, b"made here");
        assert_eq!(t.stat(&mut w, "/mnt/host/sub/new").unwrap().mode, 0o100644);
        w.host.files.tree.insert(b"sub/new".to_vec(), (0o100600, b"by somebody else".to_vec()));
        assert_eq!(t.read(&mut w, "/mnt/host/sub/new").unwrap(), b"by somebody else");
        w.host.files.tree.remove(&b"sub/new"[..]);
        assert_eq!(t.stat(&mut w, "/mnt/host/sub/new").err(), Some(Errno::ENOENT));
        t.mkdir(&mut w, "/mnt/host/d").unwrap();
        t.rename(&mut w, "/mnt/host/sub", "/mnt/host/d/moved").unwrap();
        assert_eq!(t.read(&mut w, "/mnt/host/d/moved/f").unwrap(), b"host file\n");
        assert_eq!(t.rename(&mut w, "/mnt/host/d", "/d"), Err(Errno::EXDEV));
        assert_eq!(t.rmdir(&mut w, "/mnt/host/d"), Err(Errno::ENOTEMPTY));
        t.unlink(&mut w, "/mnt/host/d/moved/f").unwrap();
        t.rmdir(&mut w, "/mnt/host/d/moved").unwrap();
        assert_eq!(t.list(&mut w, "/mnt/host/d").unwrap().len(), 0);
        let mut names = t.list(&mut w, "/mnt/host").unwrap();
        names.sort();
        assert_eq!(names, ["d", "link"]);
    }

    #[test]
    fn read_only_mounts_refuse_and_slow_hosts_are_waited_for() {
        let (mut w, t) = boot(true);
        assert_eq!(t.write(&mut w, "/mnt/host/sub/f", "x"), Err(Errno::EROFS));
        assert_eq!(t.mkdir(&mut w, "/mnt/host/x"), Err(Errno::EROFS));
        assert_eq!(t.unlink(&mut w, "/mnt/host/sub/f"), Err(Errno::EROFS));
        w.host.files.stalls = 2;
        assert_eq!(t.stat(&mut w, "/mnt/host/sub").err(), Some(Errno::EAGAIN));
        let before = t.vfs.wait_point().sequence();
        t.vfs.event(&mut w.io(), Event::FileReady(0));
        assert_ne!(t.vfs.wait_point().sequence(), before);
        assert!(t.stat(&mut w, "/mnt/host/sub").is_ok());
    }

    #[test]
    fn mapped_pages_and_the_file_agree() {
        let (mut w, t) = boot(false);
        let f = t.open(&mut w, "/mnt/host/sub/f", OpenFlags::O_RDWR).unwrap();
        let frame = f.file.frame(&mut w.io(), 0, true).unwrap();
        assert_eq!(&w.frames.bytes_mut(frame)[..10], b"host file\n");
        w.frames.bytes_mut(frame)[0] = b'H';
        assert_eq!(read_all(&mut w, &*f.file).unwrap(), b"Host file\n");
        f.file.sync(&mut w.io()).unwrap();
        assert_eq!(w.host.files.tree[&b"sub/f"[..]].1, b"Host file\n");
        f.file.write(&mut w.io(), 5, false, b"F").unwrap();
        assert_eq!(w.frames.bytes_mut(frame)[5], b'F');
        assert_eq!(f.file.frame(&mut w.io(), 1, false), Err(Errno::ENXIO));
        w.frames.release(frame);
        f.file.close(&mut w.io());
        drop(f);
        t.unlink(&mut w, "/mnt/host/sub/f").unwrap();
        t.vfs.reap(&mut w.frames);
        assert_eq!(w.frames.live, 0);
    }
}
