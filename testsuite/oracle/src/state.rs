//! The machine's state before and after an instruction, in one form for the real CPU and for the engine.
//!
//! Neighbours: `native` and `engine` translate to and from it, `gen` makes random ones, `compare` looks for differences.

use std::fmt::Write;

/// CF PF AF ZF SF OF.
pub const STATUS_FLAGS: u64 = 0x8d5;
/// Status flags plus those user mode can set and that are state: DF, AC, ID (SDM Vol. 1 3.4.3).
pub const USER_FLAGS: u64 = STATUS_FLAGS | 0x400 | 0x4_0000 | 0x20_0000;

/// All registers of one hardware thread that user mode sees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8..r15.
    pub gpr: [u64; 16],
    /// Next instruction.
    pub rip: u64,
    /// The bits of `USER_FLAGS`.
    pub rflags: u64,
    /// FS and GS segment bases.
    pub seg_base: [u64; 2],
    /// ymm0..ymm15, low quadword first.
    pub ymm: [[u64; 4]; 16],
    /// MXCSR.
    pub mxcsr: u32,
    /// x87 control word.
    pub fcw: u16,
    /// x87 status word with TOP.
    pub fsw: u16,
    /// x87 tags in FXSAVE's abridged form: bit n set when physical register n is not empty.
    pub ftw: u8,
    /// Physical x87 registers: significand, sign and exponent.
    pub fpr: [(u64, u16); 8],
}

impl State {
    /// All zero, with the control words of a fresh process.
    pub fn new() -> State {
        State {
            gpr: [0; 16],
            rip: 0,
            rflags: 0,
            seg_base: [0; 2],
            ymm: [[0; 4]; 16],
            mxcsr: 0x1f80,
            fcw: 0x37f,
            fsw: 0,
            ftw: 0,
            fpr: [(0, 0); 8],
        }
    }

    /// Names and values of all registers in a fixed order, as hex words: for listing, storing and comparing.
    pub fn words(&self) -> Vec<(String, u64)> {
        const NAMES: [&str; 16] = [
            "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
            "r15",
        ];
        let mut all: Vec<(String, u64)> = NAMES.iter().map(|n| n.to_string()).zip(self.gpr).collect();
        all.push(("rip".into(), self.rip));
        all.push(("rflags".into(), self.rflags));
        all.push(("fs_base".into(), self.seg_base[0]));
        all.push(("gs_base".into(), self.seg_base[1]));
        for (n, ymm) in self.ymm.iter().enumerate() {
            all.extend(ymm.iter().enumerate().map(|(q, word)| (format!("ymm{n}.{q}"), *word)));
        }
        all.push(("mxcsr".into(), u64::from(self.mxcsr)));
        all.push(("fcw".into(), u64::from(self.fcw)));
        all.push(("fsw".into(), u64::from(self.fsw)));
        all.push(("ftw".into(), u64::from(self.ftw)));
        for (n, fpr) in self.fpr.iter().enumerate() {
            all.push((format!("fpr{n}.m"), fpr.0));
            all.push((format!("fpr{n}.e"), u64::from(fpr.1)));
        }
        all
    }

    /// Sets the word that `words` calls `name`; false when there is none.
    pub fn set_word(&mut self, name: &str, value: u64) -> bool {
        let Some(slot) = self.words().iter().position(|(n, _)| n == name) else { return false };
        match slot {
            0..16 => self.gpr[slot] = value,
            16 => self.rip = value,
            17 => self.rflags = value & USER_FLAGS,
            18 | 19 => self.seg_base[slot - 18] = value,
            20..84 => self.ymm[(slot - 20) / 4][(slot - 20) % 4] = value,
            84 => self.mxcsr = value as u32,
            85 => self.fcw = value as u16,
            86 => self.fsw = value as u16,
            87 => self.ftw = value as u8,
            _ if slot % 2 == 0 => self.fpr[(slot - 88) / 2].0 = value,
            _ => self.fpr[(slot - 88) / 2].1 = value as u16,
        }
        true
    }

    /// False for what no instruction could have left behind, and no trampoline can load: segment bases that are not
    /// canonical, reserved bits of MXCSR and of the x87 control word, an x87 summary bit that contradicts flags and masks.
    pub fn is_loadable(&self) -> bool {
        let pending = self.fsw & !self.fcw & 0x3f != 0;
        self.seg_base.iter().all(|base| (*base as i64) << 16 >> 16 == *base as i64)
            && self.mxcsr & !0xffff == 0
            && self.fcw & !0x1f3f == 0x40
            && self.fsw & 0x8080 == if pending { 0x8080 } else { 0 }
    }

    /// The words that differ from `base`, one `name=value` each.
    pub fn diff_text(&self, base: &State) -> String {
        let mut text = String::new();
        for ((name, value), (_, old)) in self.words().iter().zip(base.words()) {
            if *value != old {
                let _ = write!(text, " {name}={value:#x}");
            }
        }
        text
    }
}

impl Default for State {
    fn default() -> State {
        State::new()
    }
}

/// What a memory access wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Want {
    /// A load.
    Read,
    /// A store, or the load of a read-modify-write.
    Write,
    /// The instruction itself.
    Fetch,
}

/// How an execution ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Control reached `State::rip` (the next instruction, a jump's target, mapped or not).
    Landed,
    /// A page fault on data.
    Page {
        /// First byte that could not be accessed.
        addr: u64,
        /// The access.
        want: Want,
        /// There is a mapping, but it does not allow the access (SEGV_ACCERR against SEGV_MAPERR).
        mapped: bool,
    },
    /// Any other exception by its vector (SDM Vol. 3A 6.15).
    Vector(u8),
    /// The engine stopped in a way that hardware knows not.
    Odd(String),
}
