//! The decoded instruction: what `decode` makes, what the meanings in `isa` read.
//!
//! Position independent: rip-relative operands are relative to the page of code ([`Gpr::CODE_PAGE`]) and branch targets
//! to the next instruction, so that translations of one frame serve every process that maps it.

use crate::Gpr;
pub use crate::isa::table::Mn;

/// Size of an integer operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "8, 16, 32 and 64 bits")]
#[repr(u8)]
pub enum Width {
    W8 = 0,
    W16 = 1,
    W32 = 2,
    W64 = 3,
}

impl Width {
    /// From a size in bytes (1, 2, 4, 8); anything else is a quadword.
    #[inline(always)]
    pub const fn of_bytes(bytes: u32) -> Width {
        match bytes {
            1 => Width::W8,
            2 => Width::W16,
            4 => Width::W32,
            _ => Width::W64,
        }
    }
    /// From its number, 0..=3 (other bits ignored).
    #[inline(always)]
    pub const fn of_index(index: u32) -> Width {
        match index & 3 {
            0 => Width::W8,
            1 => Width::W16,
            2 => Width::W32,
            _ => Width::W64,
        }
    }
    /// Bytes.
    #[inline(always)]
    pub const fn bytes(self) -> u32 {
        1 << self as u32
    }
    /// Bits.
    #[inline(always)]
    pub const fn bits(self) -> u32 {
        8 << self as u32
    }
    /// All ones of this width.
    #[inline(always)]
    pub const fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits())
    }
    /// The low bits of `v`, zero-extended.
    #[inline(always)]
    pub const fn trunc(self, v: u64) -> u64 {
        v & self.mask()
    }
    /// The low bits of `v`, sign-extended to 64.
    #[inline(always)]
    pub const fn sext(self, v: u64) -> i64 {
        match self {
            Width::W8 => v as i8 as i64,
            Width::W16 => v as i16 as i64,
            Width::W32 => v as i32 as i64,
            Width::W64 => v as i64,
        }
    }
    /// The top bit of this width.
    #[inline(always)]
    pub const fn sign(self, v: u64) -> bool {
        v >> (self.bits() - 1) & 1 != 0
    }
}

/// An operand by place; which fields of [`Insn`] it stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// There is no such operand.
    None,
    /// A general-purpose register.
    Reg(Gpr),
    /// Bits 8..15 of a general-purpose register (ah, ch, dh, bh).
    High(Gpr),
    /// The memory operand, `Insn::mem`.
    Mem,
    /// The immediate, `Insn::imm`.
    Imm,
    /// An xmm register.
    Xmm(u8),
    /// A ymm register.
    Ymm(u8),
    /// An mmx register.
    Mmx(u8),
    /// An x87 register by position from the top.
    St(u8),
    /// A segment register by encoding: es, cs, ss, ds, fs, gs.
    Seg(u8),
    /// Something user mode never gets (control, debug, bound registers).
    Other,
}

/// A memory operand: segment + base + index * 2^scale + disp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mem {
    /// Base register, or [`Gpr::ZERO`], or [`Gpr::CODE_PAGE`].
    pub base: Gpr,
    /// Index register, or [`Gpr::ZERO`].
    pub index: Gpr,
    /// log2 of the scale.
    pub scale: u8,
    /// [`Gpr::FS_BASE`], [`Gpr::GS_BASE`] or [`Gpr::ZERO`].
    pub segment: Gpr,
    /// 0x67: the offset is cut to 32 bits before the segment base is added.
    pub addr32: bool,
    /// Displacement.
    pub disp: i64,
}

/// REP prefixes of string instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the prefixes' names")]
pub enum Rep {
    None,
    Rep,
    Repne,
}

/// How a vector instruction is encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vex {
    /// Not by VEX, or not a vector instruction.
    None,
    /// 128 bits or a scalar: the destination's upper half is cleared.
    L128,
    /// 256 bits: the instruction of 128 bits on both halves.
    Pair,
    /// 256 bits, all at once.
    L256,
}

/// Condition codes by encoding (SDM Vol. 1 appendix B.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the manual's suffixes")]
#[repr(u8)]
pub enum Cond {
    O = 0,
    No,
    B,
    Ae,
    E,
    Ne,
    Be,
    A,
    S,
    Ns,
    P,
    Np,
    L,
    Ge,
    Le,
    G,
}

impl Cond {
    /// All conditions by encoding.
    pub const ALL: [Cond; 16] = [
        Cond::O,
        Cond::No,
        Cond::B,
        Cond::Ae,
        Cond::E,
        Cond::Ne,
        Cond::Be,
        Cond::A,
        Cond::S,
        Cond::Ns,
        Cond::P,
        Cond::Np,
        Cond::L,
        Cond::Ge,
        Cond::Le,
        Cond::G,
    ];
}

/// One decoded instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Insn {
    /// Its row of the table.
    pub mn: Mn,
    /// Size of the operation (of the destination where source and destination differ).
    pub width: Width,
    /// Size of the source where it differs (movzx, movsx, movsxd, cvtsi2sd ...); else the same.
    pub src_width: Width,
    /// Length in bytes.
    pub len: u8,
    /// Condition of jcc, setcc, cmovcc.
    pub cond: Cond,
    /// REP or REPNE (string instructions only).
    pub rep: Rep,
    /// LOCK, or an implied one.
    pub lock: bool,
    /// Size of the memory operand in bytes (0: none or not an access).
    pub mem_bytes: u8,
    /// Encoding by VEX.
    pub vex: Vex,
    /// Operands, destination first. Of VEX instructions the last one is the first source, and the others are where the
    /// SSE instruction has them: `vpaddb a, b, c` is [a, c, none, b].
    pub ops: [Operand; 4],
    /// The memory operand, if one of `ops` is [`Operand::Mem`].
    pub mem: Mem,
    /// Immediate (sign-extended to the width, as the instruction uses it), or branch displacement from the next
    /// instruction. A second immediate (`enter`) sits in bits 16..23.
    pub imm: i64,
}

impl Mem {
    /// No operand.
    pub const NONE: Mem =
        Mem { base: Gpr::ZERO, index: Gpr::ZERO, scale: 0, segment: Gpr::ZERO, addr32: false, disp: 0 };
}

impl Insn {
    /// An instruction without operands: the base the others are built from.
    pub const EMPTY: Insn = Insn {
        mn: Mn::Nop,
        width: Width::W64,
        src_width: Width::W64,
        len: 0,
        cond: Cond::O,
        rep: Rep::None,
        lock: false,
        mem_bytes: 0,
        vex: Vex::None,
        ops: [Operand::None; 4],
        mem: Mem::NONE,
        imm: 0,
    };
    /// First operand.
    #[inline(always)]
    pub const fn dst(&self) -> Operand {
        self.ops[0]
    }
    /// Second operand.
    #[inline(always)]
    pub const fn src(&self) -> Operand {
        self.ops[1]
    }
    /// The first source of a vector instruction: the destination, unless VEX names another.
    #[inline(always)]
    pub const fn first(&self) -> Operand {
        if matches!(self.vex, Vex::None) { self.ops[0] } else { self.ops[3] }
    }
}
