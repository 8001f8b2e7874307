//! open(2), fcntl(2), flock(2), renameat2(2), fallocate(2), splice(2), openat2(2). The flags of open(2) themselves are
//! [`crate::OpenFlags`].

use super::record::{c_check, c_consts, c_flags, c_struct};

/// openat(2): the current directory instead of a descriptor.
pub const AT_FDCWD: i32 = -100;

c_flags! {
    /// Flags of the *at(2) calls. faccessat2(2) uses the bit of AT_REMOVEDIR for `AT_EACCESS`.
    AtFlags: u32 {
        AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800,
        AT_EMPTY_PATH = 0x1000, AT_STATX_FORCE_SYNC = 0x2000, AT_STATX_DONT_SYNC = 0x4000,
    }
}
impl AtFlags {
    /// faccessat2(2): check with the effective ids.
    pub const AT_EACCESS: AtFlags = AtFlags::AT_REMOVEDIR;
}

c_consts! {
    /// Commands of fcntl(2).
    COMMANDS: u32 {
        F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, F_GETLK = 5, F_SETLK = 6, F_SETLKW = 7,
        F_SETOWN = 8, F_GETOWN = 9, F_SETSIG = 10, F_GETSIG = 11, F_SETOWN_EX = 15, F_GETOWN_EX = 16,
        F_OFD_GETLK = 36, F_OFD_SETLK = 37, F_OFD_SETLKW = 38, F_SETLEASE = 1024, F_GETLEASE = 1025, F_NOTIFY = 1026,
        F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ = 1031, F_GETPIPE_SZ = 1032, F_ADD_SEALS = 1033, F_GET_SEALS = 1034,
        F_GET_RW_HINT = 1035, F_SET_RW_HINT = 1036, F_GET_FILE_RW_HINT = 1037, F_SET_FILE_RW_HINT = 1038,
    }
}
/// F_SETFD: close on exec.
pub const FD_CLOEXEC: u32 = 1;
c_consts! {
    /// `l_type` of struct flock.
    LOCK_TYPES: i16 { F_RDLCK = 0, F_WRLCK = 1, F_UNLCK = 2, }
}
c_consts! {
    /// `type` of struct f_owner_ex.
    OWNER_TYPES: i32 { F_OWNER_TID = 0, F_OWNER_PID = 1, F_OWNER_PGRP = 2, }
}
c_flags! {
    /// Seals of a memfd, F_ADD_SEALS.
    Seals: u32 {
        F_SEAL_SEAL = 1, F_SEAL_SHRINK = 2, F_SEAL_GROW = 4, F_SEAL_WRITE = 8, F_SEAL_FUTURE_WRITE = 0x10,
        F_SEAL_EXEC = 0x20,
    }
}
c_struct! {
    /// `struct flock`, record locks.
    Flock: 32, "struct flock" { l_type: i16, l_whence: i16, l_start: i64, l_len: i64, l_pid: i32, }
}
c_struct! {
    /// `struct f_owner_ex`.
    OwnerEx: 8, "struct f_owner_ex" { r#type: i32, pid: i32, }
}
c_consts! {
    /// Operations of flock(2).
    FLOCK: u32 { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8, }
}
c_consts! {
    /// `whence` of lseek(2).
    WHENCE: u32 { SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2, SEEK_DATA = 3, SEEK_HOLE = 4, }
}
c_consts! {
    /// Modes of access(2).
    ACCESS: u32 { F_OK = 0, X_OK = 1, W_OK = 2, R_OK = 4, }
}
c_flags! {
    /// Flags of renameat2(2).
    RenameFlags: u32 { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2, RENAME_WHITEOUT = 4, }
}
c_flags! {
    /// Mode of fallocate(2).
    FallocMode: u32 {
        FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2, FALLOC_FL_COLLAPSE_RANGE = 8, FALLOC_FL_ZERO_RANGE = 0x10,
        FALLOC_FL_INSERT_RANGE = 0x20, FALLOC_FL_UNSHARE_RANGE = 0x40,
    }
}
c_flags! {
    /// Flags of splice(2), tee(2), vmsplice(2).
    SpliceFlags: u32 { SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4, SPLICE_F_GIFT = 8, }
}
c_consts! {
    /// Advice of posix_fadvise(2).
    FADVICE: u32 {
        POSIX_FADV_NORMAL = 0, POSIX_FADV_RANDOM = 1, POSIX_FADV_SEQUENTIAL = 2, POSIX_FADV_WILLNEED = 3,
        POSIX_FADV_DONTNEED = 4, POSIX_FADV_NOREUSE = 5,
    }
}
c_flags! {
    /// `resolve` of openat2(2).
    ResolveFlags: u64 {
        RESOLVE_NO_XDEV = 1, RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_BENEATH = 8,
        RESOLVE_IN_ROOT = 0x10, RESOLVE_CACHED = 0x20,
    }
}
c_struct! {
    /// `struct open_how`, openat2(2).
    OpenHow: 24, "struct open_how" { flags: u64, mode: u64, resolve: u64, }
}
c_flags! {
    /// Flags of preadv2(2) and pwritev2(2).
    RwFlags: u32 { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4, RWF_NOWAIT = 8, RWF_APPEND = 0x10, }
}
c_flags! {
    /// Flags of close_range(2).
    CloseRangeFlags: u32 { CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4, }
}
c_struct! {
    /// `struct iovec`, readv(2).
    IoVec: 16, "struct iovec" { iov_base: u64, iov_len: u64, }
}
/// Most iovecs in one call.
pub const IOV_MAX: usize = 1024;
/// Most bytes one read or write transfers (`MAX_RW_COUNT`).
pub const MAX_RW_COUNT: u64 = 0x7fff_f000;
/// Longest path with its NUL.
pub const PATH_MAX: usize = 4096;
/// Longest name.
pub const NAME_MAX: usize = 255;

c_check! { "fcntl.h sys/file.h sys/uio.h stdio.h unistd.h linux/openat2.h linux/close_range.h linux/falloc.h",
    consts [COMMANDS, LOCK_TYPES, OWNER_TYPES, FLOCK, WHENCE, ACCESS, FADVICE],
    flags [crate::OpenFlags, AtFlags, Seals, RenameFlags, FallocMode, SpliceFlags, ResolveFlags, RwFlags, CloseRangeFlags],
    structs [Flock, OwnerEx, OpenHow, IoVec] }
