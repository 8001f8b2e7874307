//! termios(3), ioctl_tty(2): the kernel's layout, which has 19 control characters and no speeds.

use super::record::{c_check, c_consts, c_flags, c_struct};

c_flags! {
    /// Input modes.
    InputModes: u32 {
        IGNBRK = 1, BRKINT = 2, IGNPAR = 4, PARMRK = 0o10, INPCK = 0o20, ISTRIP = 0o40, INLCR = 0o100, IGNCR = 0o200,
        ICRNL = 0o400, IUCLC = 0o1000, IXON = 0o2000, IXANY = 0o4000, IXOFF = 0o10000, IMAXBEL = 0o20000,
        IUTF8 = 0o40000,
    }
}
c_flags! {
    /// Output modes.
    OutputModes: u32 {
        OPOST = 1, OLCUC = 2, ONLCR = 4, OCRNL = 0o10, ONOCR = 0o20, ONLRET = 0o40, OFILL = 0o100, OFDEL = 0o200,
        XTABS = 0o14000,
    }
}
c_flags! {
    /// Control modes.
    ControlModes: u32 {
        CS6 = 0o20, CS7 = 0o40, CS8 = 0o60, CSTOPB = 0o100, CREAD = 0o200, PARENB = 0o400, PARODD = 0o1000,
        HUPCL = 0o2000, CLOCAL = 0o4000, B9600 = 0o15, B38400 = 0o17, CBAUD = 0o10017, CRTSCTS = 0o20000000000,
    }
}
c_flags! {
    /// Local modes.
    LocalModes: u32 {
        ISIG = 1, ICANON = 2, ECHO = 0o10, ECHOE = 0o20, ECHOK = 0o40, ECHONL = 0o100, NOFLSH = 0o200, TOSTOP = 0o400,
        ECHOCTL = 0o1000, ECHOPRT = 0o2000, ECHOKE = 0o4000, FLUSHO = 0o10000, PENDIN = 0o40000, IEXTEN = 0o100000,
    }
}
c_consts! {
    /// Indices of the control characters.
    CHARACTERS: usize {
        VINTR = 0, VQUIT = 1, VERASE = 2, VKILL = 3, VEOF = 4, VTIME = 5, VMIN = 6, VSWTC = 7, VSTART = 8, VSTOP = 9,
        VSUSP = 10, VEOL = 11, VREPRINT = 12, VDISCARD = 13, VWERASE = 14, VLNEXT = 15, VEOL2 = 16,
    }
}
/// Control characters in the kernel's structure (libc's has 32).
pub const NCCS: usize = 19;
c_consts! {
    /// Queues of tcflush(3) and actions of tcflow(3).
    QUEUES: u32 {
        TCIFLUSH = 0, TCOFLUSH = 1, TCIOFLUSH = 2, TCOOFF = 0, TCOON = 1, TCIOFF = 2, TCION = 3,
    }
}
c_struct! {
    /// The kernel's `struct termios`, TCGETS.
    Termios: 36, "" { c_iflag: u32, c_oflag: u32, c_cflag: u32, c_lflag: u32, c_line: u8, c_cc: [u8; 19], }
}
c_struct! {
    /// The kernel's `struct termios2`, TCGETS2.
    Termios2: 44, "" {
        c_iflag: u32, c_oflag: u32, c_cflag: u32, c_lflag: u32, c_line: u8, c_cc: [u8; 19], c_ispeed: u32,
        c_ospeed: u32,
    }
}
c_struct! {
    /// `struct winsize`.
    WinSizeC: 8, "struct winsize" { ws_row: u16, ws_col: u16, ws_xpixel: u16, ws_ypixel: u16, }
}

c_check! { "termios.h sys/ioctl.h", consts [CHARACTERS, QUEUES],
    flags [InputModes, OutputModes, ControlModes, LocalModes], structs [WinSizeC] }
