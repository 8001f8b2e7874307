//! stat(2), statx(2), statfs(2), getdents64(2), utimensat(2): layouts and flags.

use super::record::{c_check, c_consts, c_flags, c_struct};
use super::time::TimespecC;
use crate::{Stat, StatFs};

c_consts! {
    /// File type bits of `st_mode`, inode(7).
    TYPES: u32 {
        S_IFMT = 0o170000, S_IFIFO = 0o010000, S_IFCHR = 0o020000, S_IFDIR = 0o040000, S_IFBLK = 0o060000,
        S_IFREG = 0o100000, S_IFLNK = 0o120000, S_IFSOCK = 0o140000,
    }
}
c_consts! {
    /// Permission bits of `st_mode`, inode(7).
    PERMISSIONS: u32 {
        S_ISUID = 0o4000, S_ISGID = 0o2000, S_ISVTX = 0o1000, S_IRWXU = 0o700, S_IRUSR = 0o400, S_IWUSR = 0o200,
        S_IXUSR = 0o100, S_IRWXG = 0o70, S_IRGRP = 0o40, S_IWGRP = 0o20, S_IXGRP = 0o10, S_IRWXO = 0o7, S_IROTH = 0o4,
        S_IWOTH = 0o2, S_IXOTH = 0o1,
    }
}
c_consts! {
    /// Special `tv_nsec` of utimensat(2).
    TIMES: u64 { UTIME_NOW = 0x3fff_ffff, UTIME_OMIT = 0x3fff_fffe, }
}

c_struct! {
    /// `struct stat`.
    StatC: 144, "struct stat" {
        st_dev: u64, st_ino: u64, st_nlink: u64, st_mode: u32, st_uid: u32, st_gid: u32, _pad0: u32, st_rdev: u64,
        st_size: i64, st_blksize: i64, st_blocks: i64, st_atim: TimespecC, st_mtim: TimespecC, st_ctim: TimespecC,
        _pad_unused: [i64; 3],
    }
}

impl From<&Stat> for StatC {
    fn from(stat: &Stat) -> StatC {
        StatC {
            st_dev: stat.dev,
            st_ino: stat.ino,
            st_nlink: u64::from(stat.nlink),
            st_mode: stat.mode,
            st_uid: stat.uid,
            st_gid: stat.gid,
            st_rdev: stat.rdev,
            st_size: stat.size as i64,
            st_blksize: i64::from(stat.blksize),
            st_blocks: stat.blocks as i64,
            st_atim: stat.atime.into(),
            st_mtim: stat.mtime.into(),
            st_ctim: stat.ctime.into(),
            ..StatC::default()
        }
    }
}

c_flags! {
    /// What statx(2) is asked for and answers.
    StatxMask: u32 {
        STATX_TYPE = 1, STATX_MODE = 2, STATX_NLINK = 4, STATX_UID = 8, STATX_GID = 0x10, STATX_ATIME = 0x20,
        STATX_MTIME = 0x40, STATX_CTIME = 0x80, STATX_INO = 0x100, STATX_SIZE = 0x200, STATX_BLOCKS = 0x400,
        STATX_BASIC_STATS = 0x7ff, STATX_BTIME = 0x800, STATX_MNT_ID = 0x1000,
    }
}
/// A bit of the statx mask that is refused.
pub const STATX__RESERVED: u32 = 0x8000_0000;
c_struct! {
    /// `struct statx_timestamp`.
    StatxTimestamp: 16, "struct statx_timestamp" { tv_sec: i64, tv_nsec: u32, _pad: i32, }
}
c_struct! {
    /// `struct statx`.
    Statx: 256, "struct statx" {
        stx_mask: u32, stx_blksize: u32, stx_attributes: u64, stx_nlink: u32, stx_uid: u32, stx_gid: u32,
        stx_mode: u16, _pad0: u16, stx_ino: u64, stx_size: u64, stx_blocks: u64, stx_attributes_mask: u64,
        stx_atime: StatxTimestamp, stx_btime: StatxTimestamp, stx_ctime: StatxTimestamp, stx_mtime: StatxTimestamp,
        stx_rdev_major: u32, stx_rdev_minor: u32, stx_dev_major: u32, stx_dev_minor: u32, stx_mnt_id: u64,
        _pad_spare: [u64; 13],
    }
}

/// The major number of a device in Linux's encoding (makedev(3)).
pub const fn major(dev: u64) -> u32 {
    ((dev >> 8 & 0xfff) | (dev >> 32 & !0xfff)) as u32
}
/// The minor number of a device.
pub const fn minor(dev: u64) -> u32 {
    ((dev & 0xff) | (dev >> 12 & !0xff)) as u32
}
/// A device number, makedev(3).
pub const fn makedev(major: u32, minor: u32) -> u64 {
    let (major, minor) = (major as u64, minor as u64);
    (major & 0xfff) << 8 | (major & !0xfff) << 32 | (minor & 0xff) | (minor & !0xff) << 12
}

impl From<&Stat> for Statx {
    fn from(stat: &Stat) -> Statx {
        let time = |t: crate::Timespec| StatxTimestamp { tv_sec: t.sec, tv_nsec: t.nsec, _pad: 0 };
        Statx {
            stx_mask: (StatxMask::STATX_BASIC_STATS | StatxMask::STATX_BTIME).bits(),
            stx_blksize: stat.blksize,
            stx_nlink: stat.nlink,
            stx_uid: stat.uid,
            stx_gid: stat.gid,
            stx_mode: stat.mode as u16,
            stx_ino: stat.ino,
            stx_size: stat.size,
            stx_blocks: stat.blocks,
            stx_atime: time(stat.atime),
            stx_btime: time(stat.btime),
            stx_ctime: time(stat.ctime),
            stx_mtime: time(stat.mtime),
            stx_rdev_major: major(stat.rdev),
            stx_rdev_minor: minor(stat.rdev),
            stx_dev_major: major(stat.dev),
            stx_dev_minor: minor(stat.dev),
            ..Statx::default()
        }
    }
}

c_struct! {
    /// `struct statfs`.
    StatfsC: 120, "struct statfs" {
        f_type: u64, f_bsize: u64, f_blocks: u64, f_bfree: u64, f_bavail: u64, f_files: u64, f_ffree: u64,
        f_fsid: u64, f_namelen: u64, f_frsize: u64, f_flags: u64, _pad_spare: [u64; 4],
    }
}

impl From<&StatFs> for StatfsC {
    fn from(fs: &StatFs) -> StatfsC {
        StatfsC {
            f_type: fs.kind,
            f_bsize: fs.bsize,
            f_blocks: fs.blocks,
            f_bfree: fs.bfree,
            f_bavail: fs.bavail,
            f_files: fs.files,
            f_ffree: fs.ffree,
            f_namelen: fs.namelen,
            f_frsize: fs.bsize,
            f_flags: fs.flags,
            ..StatfsC::default()
        }
    }
}

c_consts! {
    /// `f_type` of statfs(2).
    MAGIC: u64 {
        TMPFS_MAGIC = 0x0102_1994, PROC_SUPER_MAGIC = 0x9fa0, OVERLAYFS_SUPER_MAGIC = 0x794c_7630,
        SYSFS_MAGIC = 0x6265_6572, DEVPTS_SUPER_MAGIC = 0x1cd1, PIPEFS_MAGIC = 0x5049_5045, SOCKFS_MAGIC = 0x534f_434b,
        ANON_INODE_FS_MAGIC = 0x0904_1934,
    }
}

/// Bytes of `struct linux_dirent64` before the name: ino u64, off i64, reclen u16, type u8.
pub const DIRENT64_NAME: usize = 19;
/// Bytes of `struct linux_dirent` (getdents(2)) before the name: ino u64, off u64, reclen u16.
pub const DIRENT_NAME: usize = 18;

c_check! { "sys/stat.h sys/vfs.h linux/magic.h", consts [TYPES, PERMISSIONS, TIMES, MAGIC],
    flags [StatxMask], structs [StatC, StatxTimestamp, Statx, StatfsC] }
