//! Terminal settings: struct termios (termios(3)) as ioctl_tty(2) passes it, and the flags the line discipline reads.

/// c_iflag.
pub(super) const ISTRIP: u32 = 0x20;
pub(super) const INLCR: u32 = 0x40;
pub(super) const IGNCR: u32 = 0x80;
pub(super) const ICRNL: u32 = 0x100;
pub(super) const IUCLC: u32 = 0x200;
pub(super) const IXON: u32 = 0x400;
pub(super) const IXANY: u32 = 0x800;
pub(super) const IMAXBEL: u32 = 0x2000;
pub(super) const IUTF8: u32 = 0x4000;

/// c_oflag.
pub(super) const OPOST: u32 = 1;
pub(super) const OLCUC: u32 = 2;
pub(super) const ONLCR: u32 = 4;
pub(super) const OCRNL: u32 = 8;
pub(super) const ONOCR: u32 = 0x10;
pub(super) const ONLRET: u32 = 0x20;
pub(super) const XTABS: u32 = 0x1800;

/// c_lflag.
pub(super) const ISIG: u32 = 1;
pub(super) const ICANON: u32 = 2;
pub(super) const ECHO: u32 = 8;
pub(super) const ECHOE: u32 = 0x10;
pub(super) const ECHOK: u32 = 0x20;
pub(super) const ECHONL: u32 = 0x40;
pub(super) const NOFLSH: u32 = 0x80;
pub(super) const TOSTOP: u32 = 0x100;
pub(super) const ECHOCTL: u32 = 0x200;
pub(super) const ECHOKE: u32 = 0x800;
pub(super) const IEXTEN: u32 = 0x8000;

/// Indices of c_cc.
pub(super) const VINTR: usize = 0;
pub(super) const VQUIT: usize = 1;
pub(super) const VERASE: usize = 2;
pub(super) const VKILL: usize = 3;
pub(super) const VEOF: usize = 4;
pub(super) const VTIME: usize = 5;
pub(super) const VMIN: usize = 6;
pub(super) const VSTART: usize = 8;
pub(super) const VSTOP: usize = 9;
pub(super) const VSUSP: usize = 10;
pub(super) const VEOL: usize = 11;
pub(super) const VREPRINT: usize = 12;
pub(super) const VWERASE: usize = 14;
pub(super) const VLNEXT: usize = 15;
pub(super) const VEOL2: usize = 16;

/// Bytes of struct termios and struct termios2 of the kernel's interface.
pub(super) const TERMIOS_LEN: usize = 36;
pub(super) const TERMIOS2_LEN: usize = 44;

/// The settings of a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Termios {
    pub(super) iflag: u32,
    pub(super) oflag: u32,
    pub(super) cflag: u32,
    pub(super) lflag: u32,
    line: u8,
    pub(super) cc: [u8; 19],
    speed: [u32; 2],
}

impl Default for Termios {
    /// What a fresh pseudoterminal has on Linux.
    fn default() -> Termios {
        const B38400_CS8_CREAD: u32 = 0xbf;
        Termios {
            iflag: ICRNL | IXON,
            oflag: OPOST | ONLCR,
            cflag: B38400_CS8_CREAD,
            lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
            line: 0,
            cc: [3, 0x1c, 0x7f, 0x15, 4, 0, 1, 0, 0x11, 0x13, 0x1a, 0, 0x12, 0x0f, 0x17, 0x16, 0, 0, 0],
            speed: [38400; 2],
        }
    }
}

impl Termios {
    pub(super) fn encode(&self) -> [u8; TERMIOS2_LEN] {
        let mut out = [0; TERMIOS2_LEN];
        for (i, word) in [self.iflag, self.oflag, self.cflag, self.lflag].iter().enumerate() {
            out[4 * i..4 * i + 4].copy_from_slice(&word.to_le_bytes());
        }
        out[16] = self.line;
        out[17..36].copy_from_slice(&self.cc);
        out[36..40].copy_from_slice(&self.speed[0].to_le_bytes());
        out[40..44].copy_from_slice(&self.speed[1].to_le_bytes());
        out
    }
    /// From either structure; the short one leaves the speeds alone.
    pub(super) fn decode(&self, bytes: &[u8]) -> Termios {
        let word = |at: usize| {
            let bytes = bytes.get(at..at + 4).and_then(|b| b.first_chunk::<4>());
            bytes.map(|b| u32::from_le_bytes(*b))
        };
        let mut new = *self;
        new.iflag = word(0).unwrap_or(self.iflag);
        new.oflag = word(4).unwrap_or(self.oflag);
        new.cflag = word(8).unwrap_or(self.cflag);
        new.lflag = word(12).unwrap_or(self.lflag);
        if let Some(rest) = bytes.get(16..36) {
            new.line = rest[0];
            new.cc.copy_from_slice(&rest[1..]);
        }
        new.speed = [word(36).unwrap_or(self.speed[0]), word(40).unwrap_or(self.speed[1])];
        new
    }

    pub(super) fn has_local(&self, flag: u32) -> bool {
        self.lflag & flag != 0
    }
    pub(super) fn has_input(&self, flag: u32) -> bool {
        self.iflag & flag != 0
    }
    /// True when `byte` is the special character `index`, which is not disabled.
    pub(super) fn is(&self, index: usize, byte: u8) -> bool {
        byte != 0 && self.cc[index] == byte
    }
}
