//! Preopened directories as mounts: `abi::HostFiles` over `wasi:filesystem`.
//!
//! WASI itself never lets a path out of its directory and never follows a last symlink here (no path flags).

use crate::mounts::mount_point;
use alloc::string::String;
use alloc::vec::Vec;
use brainworm_abi::{
    DirEntry, Errno, FileKind, HostError, HostFileId, HostFiles, HostResult, HostStat, OpenFlags, Timespec,
};
use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, ErrorCode, NewTimestamp, OpenFlags as WasiOpen,
    PathFlags,
};

/// 0.2 has no device numbers: one for all, with an inode number that is unique among them.
const DEVICE: u64 = 1;

struct Mount {
    dir: Descriptor,
    path: Vec<u8>,
    is_read_only: bool,
}

/// All preopened directories, and the files opened in them.
pub(super) struct Mounts {
    list: Vec<Mount>,
    files: Vec<Option<Descriptor>>,
}

impl Mounts {
    /// Asks the engine. A relative name counts from the container's working directory; a directory that would cover
    /// the root goes to /mnt.
    pub(super) fn find(working_dir: &[u8]) -> Mounts {
        let preopens = wasip2::filesystem::preopens::get_directories().into_iter();
        let mount = |(dir, name): (Descriptor, String)| {
            let is_read_only = dir.get_flags().is_ok_and(|flags| !flags.contains(DescriptorFlags::MUTATE_DIRECTORY));
            Mount { dir, path: mount_point(working_dir, name.as_bytes()), is_read_only }
        };
        Mounts { list: preopens.map(mount).collect(), files: Vec::new() }
    }
    fn dir(&self, mount: u32) -> HostResult<&Descriptor> {
        self.list.get(mount as usize).map(|mount| &mount.dir).ok_or(HostError::Refused)
    }
    fn file(&self, file: HostFileId) -> HostResult<&Descriptor> {
        let file = self.files.get(file as usize).and_then(Option::as_ref);
        file.ok_or(HostError::Errno(Errno::EBADF))
    }
}

/// WASI has no empty path, and names are UTF-8.
fn name(path: &[u8]) -> HostResult<&str> {
    match path {
        [] => Ok("."),
        path => core::str::from_utf8(path).map_err(|_| HostError::Errno(Errno::EILSEQ)),
    }
}

fn kind(kind: DescriptorType) -> Option<FileKind> {
    Some(match kind {
        DescriptorType::BlockDevice => FileKind::BlockDevice,
        DescriptorType::CharacterDevice => FileKind::CharDevice,
        DescriptorType::Directory => FileKind::Directory,
        DescriptorType::Fifo => FileKind::Fifo,
        DescriptorType::SymbolicLink => FileKind::Symlink,
        DescriptorType::RegularFile => FileKind::Regular,
        DescriptorType::Socket => FileKind::Socket,
        DescriptorType::Unknown => return None,
    })
}

fn time(time: Option<Datetime>) -> Timespec {
    let nanos = |time: Datetime| time.seconds.saturating_mul(1_000_000_000).saturating_add(time.nanoseconds as u64);
    Timespec::from_nanos(time.map_or(0, nanos))
}

fn host_stat(stat: DescriptorStat, ino: u64) -> HostStat {
    HostStat {
        dev: DEVICE,
        ino,
        mode: kind(stat.type_).unwrap_or(FileKind::Fifo) as u32,
        nlink: u32::try_from(stat.link_count).unwrap_or(u32::MAX),
        size: stat.size,
        atime: time(stat.data_access_timestamp),
        mtime: time(stat.data_modification_timestamp),
        ctime: time(stat.status_change_timestamp),
    }
}

fn new_time(time: Option<Timespec>) -> NewTimestamp {
    match time.map(Timespec::to_nanos) {
        None => NewTimestamp::NoChange,
        Some(nanos) => NewTimestamp::Timestamp(Datetime {
            seconds: nanos / 1_000_000_000,
            nanoseconds: (nanos % 1_000_000_000) as u32,
        }),
    }
}

fn failure(error: ErrorCode) -> HostError {
    use Errno::*;
    HostError::Errno(match error {
        ErrorCode::WouldBlock => return HostError::WouldBlock,
        ErrorCode::Pipe => return HostError::Closed,
        ErrorCode::Access => EACCES,
        ErrorCode::Already => EALREADY,
        ErrorCode::BadDescriptor => EBADF,
        ErrorCode::Busy => EBUSY,
        ErrorCode::Deadlock => EDEADLK,
        ErrorCode::Quota => EDQUOT,
        ErrorCode::Exist => EEXIST,
        ErrorCode::FileTooLarge => EFBIG,
        ErrorCode::IllegalByteSequence => EILSEQ,
        ErrorCode::InProgress => EINPROGRESS,
        ErrorCode::Interrupted => EINTR,
        ErrorCode::Invalid => EINVAL,
        ErrorCode::Io => EIO,
        ErrorCode::IsDirectory => EISDIR,
        ErrorCode::Loop => ELOOP,
        ErrorCode::TooManyLinks => EMLINK,
        ErrorCode::MessageSize => EMSGSIZE,
        ErrorCode::NameTooLong => ENAMETOOLONG,
        ErrorCode::NoDevice => ENODEV,
        ErrorCode::NoEntry => ENOENT,
        ErrorCode::NoLock => ENOLCK,
        ErrorCode::InsufficientMemory => ENOMEM,
        ErrorCode::InsufficientSpace => ENOSPC,
        ErrorCode::NotDirectory => ENOTDIR,
        ErrorCode::NotEmpty => ENOTEMPTY,
        ErrorCode::NotRecoverable => ENOTRECOVERABLE,
        ErrorCode::Unsupported => EOPNOTSUPP,
        ErrorCode::NoTty => ENOTTY,
        ErrorCode::NoSuchDevice => ENXIO,
        ErrorCode::Overflow => EOVERFLOW,
        ErrorCode::NotPermitted => EPERM,
        ErrorCode::ReadOnly => EROFS,
        ErrorCode::InvalidSeek => ESPIPE,
        ErrorCode::TextFileBusy => ETXTBSY,
        ErrorCode::CrossDevice => EXDEV,
    })
}

impl HostFiles for Mounts {
    fn mounts(&mut self) -> Vec<(Vec<u8>, bool)> {
        self.list.iter().map(|m| (m.path.clone(), m.is_read_only)).collect()
    }
    fn stat(&mut self, mount: u32, path: &[u8]) -> HostResult<HostStat> {
        let (dir, path) = (self.dir(mount)?, name(path)?);
        let stat = dir.stat_at(PathFlags::empty(), path).map_err(failure)?;
        let hash = dir.metadata_hash_at(PathFlags::empty(), path).map_err(failure)?;
        Ok(host_stat(stat, hash.lower))
    }
    fn open(&mut self, mount: u32, path: &[u8], flags: OpenFlags, _mode: u32) -> HostResult<HostFileId> {
        let chosen = [
            (OpenFlags::O_CREAT, WasiOpen::CREATE),
            (OpenFlags::O_DIRECTORY, WasiOpen::DIRECTORY),
            (OpenFlags::O_EXCL, WasiOpen::EXCLUSIVE),
            (OpenFlags::O_TRUNC, WasiOpen::TRUNCATE),
        ];
        let open = chosen.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, open)| *open).collect();
        let mut access = DescriptorFlags::empty();
        access.set(DescriptorFlags::READ, flags.reads());
        access.set(DescriptorFlags::WRITE, flags.writes() || flags.contains(OpenFlags::O_TRUNC));
        let file = self.dir(mount)?.open_at(PathFlags::empty(), name(path)?, open, access).map_err(failure)?;
        let id = match self.files.iter().position(Option::is_none) {
            Some(free) => free,
            None => {
                self.files.push(None);
                self.files.len() - 1
            }
        };
        self.files[id] = Some(file);
        Ok(id as HostFileId)
    }
    fn close(&mut self, file: HostFileId) {
        if let Some(slot) = self.files.get_mut(file as usize) {
            *slot = None;
        }
    }
    fn fstat(&mut self, file: HostFileId) -> HostResult<HostStat> {
        let file = self.file(file)?;
        let stat = file.stat().map_err(failure)?;
        let hash = file.metadata_hash().map_err(failure)?;
        Ok(host_stat(stat, hash.lower))
    }
    fn read_at(&mut self, file: HostFileId, pos: u64, buf: &mut [u8]) -> HostResult<usize> {
        let (bytes, _) = self.file(file)?.read(buf.len().min(super::CHUNK) as u64, pos).map_err(failure)?;
        let len = bytes.len().min(buf.len());
        buf[..len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }
    fn write_at(&mut self, file: HostFileId, pos: u64, bytes: &[u8]) -> HostResult<usize> {
        let bytes = &bytes[..bytes.len().min(super::CHUNK)];
        let len = self.file(file)?.write(bytes, pos).map_err(failure)?;
        Ok((len as usize).min(bytes.len()))
    }
    fn set_len(&mut self, file: HostFileId, size: u64) -> HostResult<()> {
        self.file(file)?.set_size(size).map_err(failure)
    }
    fn sync(&mut self, file: HostFileId) -> HostResult<()> {
        self.file(file)?.sync().map_err(failure)
    }
    fn read_dir(&mut self, mount: u32, path: &[u8]) -> HostResult<Vec<DirEntry>> {
        let (top, flags) = (self.dir(mount)?, (PathFlags::empty(), WasiOpen::DIRECTORY));
        let dir = top.open_at(flags.0, name(path)?, flags.1, DescriptorFlags::READ).map_err(failure)?;
        let stream = dir.read_directory().map_err(failure)?;
        let mut entries = Vec::new();
        while let Some(entry) = stream.read_directory_entry().map_err(failure)? {
            // A name that has gone since is no entry any more.
            let Ok(hash) = dir.metadata_hash_at(PathFlags::empty(), &entry.name) else { continue };
            let kind = kind(entry.type_).map_or(0, FileKind::dirent_type);
            entries.push(DirEntry { ino: hash.lower, kind, name: entry.name.into_bytes() });
        }
        Ok(entries)
    }
    fn mkdir(&mut self, mount: u32, path: &[u8]) -> HostResult<()> {
        self.dir(mount)?.create_directory_at(name(path)?).map_err(failure)
    }
    fn unlink(&mut self, mount: u32, path: &[u8]) -> HostResult<()> {
        self.dir(mount)?.unlink_file_at(name(path)?).map_err(failure)
    }
    fn rmdir(&mut self, mount: u32, path: &[u8]) -> HostResult<()> {
        self.dir(mount)?.remove_directory_at(name(path)?).map_err(failure)
    }
    fn rename(&mut self, mount: u32, from: &[u8], to: &[u8]) -> HostResult<()> {
        let dir = self.dir(mount)?;
        dir.rename_at(name(from)?, dir, name(to)?).map_err(failure)
    }
    fn link(&mut self, mount: u32, from: &[u8], to: &[u8]) -> HostResult<()> {
        let dir = self.dir(mount)?;
        dir.link_at(PathFlags::empty(), name(from)?, dir, name(to)?).map_err(failure)
    }
    fn symlink(&mut self, mount: u32, target: &[u8], path: &[u8]) -> HostResult<()> {
        self.dir(mount)?.symlink_at(name(target)?, name(path)?).map_err(failure)
    }
    fn readlink(&mut self, mount: u32, path: &[u8]) -> HostResult<Vec<u8>> {
        self.dir(mount)?.readlink_at(name(path)?).map(String::into_bytes).map_err(failure)
    }
    fn set_times(
        &mut self,
        mount: u32,
        path: &[u8],
        atime: Option<Timespec>,
        mtime: Option<Timespec>,
    ) -> HostResult<()> {
        let (dir, path) = (self.dir(mount)?, name(path)?);
        dir.set_times_at(PathFlags::empty(), path, new_time(atime), new_time(mtime)).map_err(failure)
    }
}
