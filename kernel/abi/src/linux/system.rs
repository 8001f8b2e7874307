//! uname(2), sysinfo(2), capget(2), mount(2), xattr(7), reboot(2).

use super::record::{c_check, c_consts, c_flags, c_struct};

c_struct! {
    /// `struct utsname`.
    Utsname: 390, "struct utsname" {
        sysname: [u8; 65], nodename: [u8; 65], release: [u8; 65], version: [u8; 65], machine: [u8; 65],
        domainname: [u8; 65],
    }
}
c_struct! {
    /// `struct sysinfo`.
    SysInfo: 112, "struct sysinfo" {
        uptime: i64, loads: [u64; 3], totalram: u64, freeram: u64, sharedram: u64, bufferram: u64, totalswap: u64,
        freeswap: u64, procs: u16, _pad: u16, totalhigh: u64, freehigh: u64, mem_unit: u32,
    }
}
/// Version 1 of capget(2): 32 bits.
pub const LINUX_CAPABILITY_VERSION_1: u32 = 0x1998_0330;
/// Version 2 of capget(2): 64 bits, deprecated.
pub const LINUX_CAPABILITY_VERSION_2: u32 = 0x2007_1026;
/// Version 3 of capget(2): 64 bits.
pub const LINUX_CAPABILITY_VERSION_3: u32 = 0x2008_0522;
/// Number of the last capability.
pub const CAP_LAST_CAP: u32 = 40;
c_struct! {
    /// `struct __user_cap_header_struct`.
    CapHeader: 8, "struct __user_cap_header_struct" { version: u32, pid: i32, }
}
c_struct! {
    /// `struct __user_cap_data_struct`.
    CapData: 12, "struct __user_cap_data_struct" { effective: u32, permitted: u32, inheritable: u32, }
}
c_flags! {
    /// Flags of mount(2).
    MountFlags: u64 {
        MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_SYNCHRONOUS = 16, MS_REMOUNT = 32,
        MS_MANDLOCK = 64, MS_DIRSYNC = 128, MS_NOATIME = 1024, MS_NODIRATIME = 2048, MS_BIND = 4096, MS_MOVE = 8192,
        MS_REC = 16384, MS_SILENT = 32768, MS_PRIVATE = 1 << 18, MS_SLAVE = 1 << 19, MS_SHARED = 1 << 20,
        MS_RELATIME = 1 << 21, MS_STRICTATIME = 1 << 24, MS_LAZYTIME = 1 << 25,
    }
}
c_flags! {
    /// Flags of umount2(2).
    UmountFlags: u32 { MNT_FORCE = 1, MNT_DETACH = 2, MNT_EXPIRE = 4, UMOUNT_NOFOLLOW = 8, }
}
c_flags! {
    /// Flags of setxattr(2).
    XattrFlags: u32 { XATTR_CREATE = 1, XATTR_REPLACE = 2, }
}
c_consts! {
    /// Limits of xattr(7).
    XATTR_LIMITS: usize { XATTR_NAME_MAX = 255, XATTR_SIZE_MAX = 65536, XATTR_LIST_MAX = 65536, }
}

c_check! { "sys/utsname.h sys/sysinfo.h linux/capability.h sys/mount.h sys/xattr.h linux/limits.h",
    consts [XATTR_LIMITS], flags [MountFlags, UmountFlags, XattrFlags], structs [Utsname, SysInfo, CapHeader, CapData] }
