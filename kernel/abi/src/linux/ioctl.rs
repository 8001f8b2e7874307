//! Requests of ioctl(2), by what they are asked of.

use super::record::{c_check, c_consts};

c_consts! {
    /// Requests to terminals, ioctl_tty(2).
    TTY: u32 {
        TCGETS = 0x5401, TCSETS = 0x5402, TCSETSW = 0x5403, TCSETSF = 0x5404, TCGETA = 0x5405, TCSETA = 0x5406,
        TCSETAW = 0x5407, TCSETAF = 0x5408, TCSBRK = 0x5409, TCXONC = 0x540a, TCFLSH = 0x540b, TIOCEXCL = 0x540c,
        TIOCNXCL = 0x540d, TIOCSCTTY = 0x540e, TIOCGPGRP = 0x540f, TIOCSPGRP = 0x5410, TIOCOUTQ = 0x5411,
        TIOCSTI = 0x5412, TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414, TIOCCONS = 0x541d, TIOCPKT = 0x5420,
        TIOCNOTTY = 0x5422, TIOCSETD = 0x5423, TIOCGETD = 0x5424, TCSBRKP = 0x5425, TIOCGSID = 0x5429,
        TIOCGPTN = 0x8004_5430, TIOCSPTLCK = 0x4004_5431, TIOCGPKT = 0x8004_5438, TIOCGPTLCK = 0x8004_5439,
        TIOCGPTPEER = 0x5441,
    }
}
/// TCGETS2 and TCSETS2, whose definition needs the kernel's own termios.
pub const TCGETS2: u32 = 0x802c_542a;
/// See [`TCGETS2`].
pub const TCSETS2: u32 = 0x402c_542b;
/// See [`TCGETS2`].
pub const TCSETSW2: u32 = 0x402c_542c;
/// See [`TCGETS2`].
pub const TCSETSF2: u32 = 0x402c_542d;

c_consts! {
    /// Requests to any file.
    ANY: u32 {
        FIONREAD = 0x541b, FIONBIO = 0x5421, FIONCLEX = 0x5450, FIOCLEX = 0x5451, FIOASYNC = 0x5452,
        FIOQSIZE = 0x5460, FIOSETOWN = 0x8901, FIOGETOWN = 0x8903, SIOCSPGRP = 0x8902, SIOCGPGRP = 0x8904,
        FS_IOC_GETFLAGS = 0x8008_6601, FS_IOC_SETFLAGS = 0x4008_6602, FICLONE = 0x4004_9409,
        FICLONERANGE = 0x4020_940d, FS_IOC_FIEMAP = 0xc020_660b, FIBMAP = 1, FIGETBSZ = 2,
    }
}
c_consts! {
    /// Requests to block devices.
    BLOCK: u32 { BLKGETSIZE = 0x1260, BLKGETSIZE64 = 0x8008_1272, BLKSSZGET = 0x1268, }
}
c_consts! {
    /// Requests to sockets, netdevice(7).
    SOCKET: u32 {
        SIOCATMARK = 0x8905, SIOCGIFNAME = 0x8910, SIOCGIFCONF = 0x8912, SIOCGIFFLAGS = 0x8913, SIOCGIFADDR = 0x8915,
        SIOCGIFDSTADDR = 0x8917, SIOCGIFBRDADDR = 0x8919, SIOCGIFNETMASK = 0x891b, SIOCGIFMETRIC = 0x891d,
        SIOCGIFMTU = 0x8921, SIOCGIFHWADDR = 0x8927, SIOCGIFINDEX = 0x8933, SIOCGIFTXQLEN = 0x8942,
        SIOCGSTAMP_OLD = 0x8906,
    }
}
/// Bytes queued to send.
pub const SIOCOUTQ: u32 = 0x5411;
/// Bytes queued to read.
pub const SIOCINQ: u32 = 0x541b;

c_check! { "sys/ioctl.h asm/ioctls.h linux/fs.h linux/fiemap.h linux/sockios.h asm/sockios.h",
    consts [TTY, ANY, BLOCK, SOCKET], flags [], structs [] }
