//! Preopened directories as mounts: `abi::HostFiles` over WASI's path calls.
//!
//! WASI itself never lets a path out of its directory and never follows a last symlink here (lookup flags 0).

use crate::mounts::mount_point;
use crate::wasi::{self, Fd, FileStat, filetype, rights};
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi::{DirEntry, FileKind, HostError, HostFileId, HostFiles, HostResult, HostStat, OpenFlags, Timespec};

const FIRST_PREOPEN: Fd = 3;
const OFLAGS_CREAT: u32 = 1;
const OFLAGS_DIRECTORY: u32 = 2;
const OFLAGS_EXCL: u32 = 4;
const OFLAGS_TRUNC: u32 = 8;
/// What our own host calls the file of a directory made for a mount of one file.
const ONE_FILE: &[u8] = b"file";

/// One preopened directory.
struct Mount {
    fd: Fd,
    path: Vec<u8>,
    is_read_only: bool,
    /// Only the file `ONE_FILE` in it is mounted.
    is_file: bool,
    /// Rights that files opened below may have.
    inheriting: u64,
}

/// All preopened directories.
pub(crate) struct Mounts {
    list: Vec<Mount>,
}

impl Mounts {
    /// Asks the engine. A relative name counts from the container's working directory; a directory that would cover
    /// the root goes to /mnt.
    pub(crate) fn find(working_dir: &[u8], read_only: u64, files: u64) -> Mounts {
        let preopens = (FIRST_PREOPEN..).map_while(|fd| Some((fd, wasi::preopen(fd)?)));
        let mount = |(index, (fd, name)): (usize, (Fd, Vec<u8>))| {
            let inheriting = wasi::fdstat(fd).map_or(u64::MAX, |stat| stat.2);
            let path = mount_point(working_dir, &name);
            let is_read_only = index < 64 && read_only >> index & 1 != 0 || inheriting & rights::FD_WRITE == 0;
            Mount { fd, path, is_read_only, is_file: index < 64 && files >> index & 1 != 0, inheriting }
        };
        Mounts { list: preopens.enumerate().map(mount).collect() }
    }

    /// WASI has no empty path: the mount's root is `.`, or the one file.
    fn relative<'a>(&self, mount: u32, path: &'a [u8]) -> &'a [u8] {
        match self.list.get(mount as usize) {
            Some(mount) if mount.is_file => ONE_FILE,
            _ if path.is_empty() => b".",
            _ => path,
        }
    }
    fn dir(&self, mount: u32) -> HostResult<Fd> {
        self.list.get(mount as usize).map(|m| m.fd).ok_or(HostError::Refused)
    }
}

fn kind(wasi: u8) -> Option<FileKind> {
    Some(match wasi {
        filetype::BLOCK_DEVICE => FileKind::BlockDevice,
        filetype::CHARACTER_DEVICE => FileKind::CharDevice,
        filetype::DIRECTORY => FileKind::Directory,
        filetype::REGULAR_FILE => FileKind::Regular,
        filetype::SOCKET_DGRAM | filetype::SOCKET_STREAM => FileKind::Socket,
        filetype::SYMBOLIC_LINK => FileKind::Symlink,
        _ => return None,
    })
}

fn host_stat(stat: FileStat) -> HostStat {
    HostStat {
        dev: stat.dev,
        ino: stat.ino,
        // Fifos have no type in WASI.
        mode: kind(stat.kind).unwrap_or(FileKind::Fifo) as u32,
        nlink: stat.nlink as u32,
        size: stat.size,
        atime: stat.times[0],
        mtime: stat.times[1],
        ctime: stat.times[2],
    }
}

impl HostFiles for Mounts {
    fn mounts(&mut self) -> Vec<(Vec<u8>, bool)> {
        self.list.iter().map(|m| (m.path.clone(), m.is_read_only)).collect()
    }
    fn stat(&mut self, mount: u32, path: &[u8]) -> HostResult<HostStat> {
        wasi::stat(self.dir(mount)?, self.relative(mount, path)).map(host_stat)
    }
    fn open(&mut self, mount: u32, path: &[u8], flags: OpenFlags, _mode: u32) -> HostResult<HostFileId> {
        let path = self.relative(mount, path);
        let mount = self.list.get(mount as usize).ok_or(HostError::Refused)?;
        let oflags = [
            (OpenFlags::O_CREAT, OFLAGS_CREAT),
            (OpenFlags::O_DIRECTORY, OFLAGS_DIRECTORY),
            (OpenFlags::O_EXCL, OFLAGS_EXCL),
            (OpenFlags::O_TRUNC, OFLAGS_TRUNC),
        ];
        let oflags = oflags.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, oflag)| oflag).sum();
        let mut wanted = rights::FD_FILESTAT_GET | rights::FD_SEEK | rights::FD_TELL | rights::FD_SYNC;
        if flags.reads() {
            wanted |= rights::FD_READ | rights::FD_READDIR;
        }
        if flags.writes() || flags.contains(OpenFlags::O_TRUNC) {
            wanted |= rights::FD_WRITE | rights::FD_FILESTAT_SET_SIZE;
        }
        wasi::open(mount.fd, path, oflags, wanted & mount.inheriting)
    }
    fn close(&mut self, file: HostFileId) {
        wasi::close(file);
    }
    fn fstat(&mut self, file: HostFileId) -> HostResult<HostStat> {
        wasi::fstat(file).map(host_stat)
    }
    fn read_at(&mut self, file: HostFileId, pos: u64, buf: &mut [u8]) -> HostResult<usize> {
        wasi::pread(file, pos, buf)
    }
    fn write_at(&mut self, file: HostFileId, pos: u64, bytes: &[u8]) -> HostResult<usize> {
        wasi::pwrite(file, pos, bytes)
    }
    fn set_len(&mut self, file: HostFileId, size: u64) -> HostResult<()> {
        wasi::set_size(file, size)
    }
    fn sync(&mut self, file: HostFileId) -> HostResult<()> {
        wasi::sync(file)
    }
    fn read_dir(&mut self, mount: u32, path: &[u8]) -> HostResult<Vec<DirEntry>> {
        let wanted = rights::FD_READ | rights::FD_READDIR;
        let path = self.relative(mount, path);
        let mount = self.list.get(mount as usize).ok_or(HostError::Refused)?;
        let fd = wasi::open(mount.fd, path, OFLAGS_DIRECTORY, wanted & (mount.inheriting | rights::FD_READDIR))?;
        let entries = list(fd);
        wasi::close(fd);
        entries
    }
    fn mkdir(&mut self, mount: u32, path: &[u8]) -> HostResult<()> {
        wasi::mkdir(self.dir(mount)?, path)
    }
    fn unlink(&mut self, mount: u32, path: &[u8]) -> HostResult<()> {
        wasi::unlink(self.dir(mount)?, path)
    }
    fn rmdir(&mut self, mount: u32, path: &[u8]) -> HostResult<()> {
        wasi::rmdir(self.dir(mount)?, path)
    }
    fn rename(&mut self, mount: u32, from: &[u8], to: &[u8]) -> HostResult<()> {
        wasi::rename(self.dir(mount)?, from, to)
    }
    fn link(&mut self, mount: u32, from: &[u8], to: &[u8]) -> HostResult<()> {
        wasi::link(self.dir(mount)?, from, to)
    }
    fn symlink(&mut self, mount: u32, target: &[u8], path: &[u8]) -> HostResult<()> {
        wasi::symlink(target, self.dir(mount)?, path)
    }
    fn readlink(&mut self, mount: u32, path: &[u8]) -> HostResult<Vec<u8>> {
        const PATH_MAX: usize = 4096;
        let mut target = vec![0; PATH_MAX];
        let len = wasi::readlink(self.dir(mount)?, path, &mut target)?;
        target.truncate(len);
        Ok(target)
    }
    fn set_times(
        &mut self,
        mount: u32,
        path: &[u8],
        atime: Option<Timespec>,
        mtime: Option<Timespec>,
    ) -> HostResult<()> {
        let (atime, mtime) = (atime.map(Timespec::to_nanos), mtime.map(Timespec::to_nanos));
        wasi::set_times(self.dir(mount)?, self.relative(mount, path), atime, mtime)
    }
}

/// All entries of an open directory but `.` and `..`. `dirent`: next cookie u64, inode u64, name length u32, type u8.
fn list(fd: Fd) -> HostResult<Vec<DirEntry>> {
    const HEAD: usize = 24;
    let mut entries = Vec::new();
    let (mut buf, mut cookie) = (vec![0; 16384], 0);
    loop {
        let used = wasi::readdir(fd, &mut buf, cookie)?;
        let mut rest = &buf[..used];
        let mut taken = 0;
        while let Some((head, after)) = rest.split_at_checked(HEAD) {
            let word = |at: usize| u64::from_le_bytes(core::array::from_fn(|i| head[at + i]));
            let name_len = word(16) as u32 as usize;
            // The last entry may be cut: it comes again, whole, from the next call.
            let Some((name, after)) = after.split_at_checked(name_len) else { break };
            if name != b"." && name != b".." {
                let kind = kind(head[20]).map_or(0, FileKind::dirent_type);
                entries.push(DirEntry { ino: word(8), kind, name: name.to_vec() });
            }
            (rest, cookie, taken) = (after, word(0), taken + 1);
        }
        if used < buf.len() {
            return Ok(entries);
        }
        if taken == 0 {
            // Not even one name fits; none is longer than this.
            if buf.len() >= 1 << 20 {
                return Err(HostError::Errno(brainworm_abi::Errno::EIO));
            }
            buf.resize(buf.len() * 2, 0);
        }
    }
}
