//! /dev/pts (pts(4)): a node for each terminal that exists, and ptmx.

use super::{PTS_MAJOR, Tty, Ttys};
use crate::device::makedev;
use crate::inode::{Caching, EachEntry, Inode, SetAttr};
use alloc::format;
use alloc::sync::{Arc, Weak};
use brainworm_abi::{Errno, FileKind, Io, Stat, StatFs, Timespec};
use core::any::Any;

const DEVPTS_SUPER_MAGIC: u64 = 0x1cd1;

/// The directory.
pub(crate) struct DevPts {
    ttys: Arc<Ttys>,
    dev: u64,
    created: Timespec,
}

impl DevPts {
    pub(crate) fn new(ttys: &Arc<Ttys>, dev: u64, created: Timespec) -> Arc<DevPts> {
        Arc::new(DevPts { ttys: ttys.clone(), dev, created })
    }
}

fn statfs() -> StatFs {
    StatFs { kind: DEVPTS_SUPER_MAGIC, bsize: 4096, namelen: 255, ..StatFs::default() }
}

impl Inode for DevPts {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }
    fn id(&self) -> (u64, u64) {
        (self.dev, 1)
    }
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        let time = self.created;
        let mode = FileKind::Directory as u32 | 0o755;
        Ok(Stat {
            dev: self.dev,
            ino: 1,
            mode,
            nlink: 2,
            blksize: 1024,
            atime: time,
            mtime: time,
            ctime: time,
            ..Stat::default()
        })
    }
    fn statfs(&self, _io: &mut Io<'_>) -> Result<StatFs, Errno> {
        Ok(statfs())
    }
    fn lookup(&self, _io: &mut Io<'_>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        if name == b"ptmx" {
            return Ok(Arc::new(PtsNode { tty: None, dev: self.dev, created: self.created }));
        }
        let text = core::str::from_utf8(name).map_err(|_| Errno::ENOENT)?;
        let index: u32 = text.parse().map_err(|_| Errno::ENOENT)?;
        let tty = self.ttys.get(index).filter(|_| format!("{index}") == text).ok_or(Errno::ENOENT)?;
        Ok(Arc::new(PtsNode { tty: Some((index, Arc::downgrade(&tty))), dev: self.dev, created: self.created }))
    }
    fn caching(&self) -> Caching {
        Caching::Never
    }
    fn entries(&self, _io: &mut Io<'_>, cookie: u64, each: EachEntry<'_>) -> Result<(), Errno> {
        let kind = FileKind::CharDevice.dirent_type();
        if cookie <= 3 && !each(2, 4, kind, b"ptmx") {
            return Ok(());
        }
        for index in self.ttys.indices() {
            let at = 4 + index as u64;
            if at >= cookie && !each(3 + index as u64, at + 1, kind, format!("{index}").as_bytes()) {
                break;
            }
        }
        Ok(())
    }
}

/// /dev/pts/N, or /dev/pts/ptmx.
struct PtsNode {
    tty: Option<(u32, Weak<Tty>)>,
    dev: u64,
    created: Timespec,
}

impl Inode for PtsNode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> FileKind {
        FileKind::CharDevice
    }
    fn id(&self) -> (u64, u64) {
        (self.dev, self.tty.as_ref().map_or(2, |(index, _)| 3 + *index as u64))
    }
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        let (dev, ino) = self.id();
        let mut stat = Stat {
            dev,
            ino,
            mode: FileKind::CharDevice as u32 | 0o666,
            nlink: 1,
            blksize: 1024,
            rdev: makedev(5, 2),
            atime: self.created,
            mtime: self.created,
            ctime: self.created,
            ..Stat::default()
        };
        if let Some((index, tty)) = &self.tty {
            stat.rdev = makedev(PTS_MAJOR, *index as u64);
            // The node of a terminal that is gone keeps its number, as descriptors of it may be asked.
            if let Some(tty) = tty.upgrade() {
                let state = tty.state.lock();
                (stat.uid, stat.gid) = (state.uid, state.gid);
                stat.mode = FileKind::CharDevice as u32 | state.mode;
                (stat.atime, stat.mtime, stat.ctime) = (state.created, state.created, state.created);
            }
        }
        Ok(stat)
    }
    fn statfs(&self, _io: &mut Io<'_>) -> Result<StatFs, Errno> {
        Ok(statfs())
    }
    fn set_attr(&self, _io: &mut Io<'_>, attr: &SetAttr) -> Result<(), Errno> {
        let tty = self.tty.as_ref().and_then(|(_, tty)| tty.upgrade()).ok_or(Errno::EPERM)?;
        let mut state = tty.state.lock();
        state.uid = attr.uid.unwrap_or(state.uid);
        state.gid = attr.gid.unwrap_or(state.gid);
        state.mode = attr.mode.map_or(state.mode, |mode| mode & 0o7777);
        state.created = attr.mtime.unwrap_or(state.created);
        Ok(())
    }
}
