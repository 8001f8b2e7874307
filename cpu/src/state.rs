//! The registers of one guest thread, as plain data.

use crate::cpuid::Level;
use crate::insn::Mem;
use crate::vec;

/// A general-purpose register by encoding: 0 = rax, 1 = rcx, 2 = rdx, 3 = rbx, 4 = rsp, 5 = rbp, 6 = rsi, 7 = rdi, r8 ...
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gpr(pub u8);

#[allow(missing_docs, reason = "the registers' names")]
impl Gpr {
    pub const RAX: Gpr = Gpr(0);
    pub const RCX: Gpr = Gpr(1);
    pub const RDX: Gpr = Gpr(2);
    pub const RBX: Gpr = Gpr(3);
    pub const RSP: Gpr = Gpr(4);
    pub const RBP: Gpr = Gpr(5);
    pub const RSI: Gpr = Gpr(6);
    pub const RDI: Gpr = Gpr(7);
    pub const R8: Gpr = Gpr(8);
    pub const R9: Gpr = Gpr(9);
    pub const R10: Gpr = Gpr(10);
    pub const R11: Gpr = Gpr(11);
    /// Slots of the register file that are no registers: always zero, so that "no base" and "no index" need no test.
    pub const ZERO: Gpr = Gpr(16);
    /// Guest address of the code page being run: rip-relative operands are relative to it.
    pub const CODE_PAGE: Gpr = Gpr(17);
    /// FS segment base.
    pub const FS_BASE: Gpr = Gpr(18);
    /// GS segment base.
    pub const GS_BASE: Gpr = Gpr(19);
}

/// Number of the upper half of ymm0 among vectors of 128 bits; those of the others follow.
pub(crate) const UPPER: u8 = 16;
/// Number of the first vector of [`Cpu::aside`]: result low and high, memory operand low and high.
pub(crate) const ASIDE: u8 = 32;

/// One vector register: 256 bits, low quadword first; the low half is xmm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C, align(32))]
pub struct Ymm(pub [u64; 4]);

/// The status flags, kept as the operation that would produce them; `cpu::flags` evaluates and packs them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct LazyFlags {
    /// The result, zero-extended from its width.
    pub res: u64,
    /// First operand.
    pub a: u64,
    /// Second operand (or carry bits, by operation).
    pub b: u64,
    /// Operation and width (`flags::FlagOp`); 0: `a` holds the packed status bits.
    pub op: u32,
    /// The bits of rflags that are not status flags and user mode can change: DF (bit 10), AC (18), ID (21), TF (8).
    pub system: u32,
}

/// All registers of a thread. Emitted code addresses the fields, so the layout is fixed.
#[derive(Clone)]
#[repr(C)]
pub struct Cpu {
    /// rax..r15, then the slots named in [`Gpr`]; padded so that a masked index needs no bounds check.
    pub gpr: [u64; 32],
    /// Next instruction.
    pub rip: u64,
    /// Status flags.
    pub flags: LazyFlags,
    /// ymm0..ymm15.
    pub ymm: [Ymm; 16],
    /// Halves of 256-bit operands and results aside, while the instruction works on one half after the other; mean
    /// nothing between instructions.
    pub aside: [[u64; 2]; 4],
    /// MXCSR (SDM Vol. 1 10.2.3).
    pub mxcsr: u32,
    /// x87 control word, status word (TOP included), tag word in full form (2 bits a register, SDM Vol. 1 8.1.7).
    pub fcw: u16,
    /// See `fcw`.
    pub fsw: u16,
    /// See `fcw`.
    pub ftw: u16,
    /// Last x87 opcode, instruction and operand pointers (toleranced by the design).
    pub fop: u16,
    /// Not 0: the program has cleared the sticky flags of MXCSR and may look at them later, so lowered code, which does
    /// not keep them, leaves floating point to the interpreter.
    pub fp_watched: u32,
    /// What CPUID shows.
    pub shown: Level,
    /// See `fop`.
    pub fip: u64,
    /// See `fop`.
    pub fdp: u64,
    /// Physical x87 registers R0..R7: significand and sign/exponent. MMX registers are their significands.
    pub fpr: [(u64, u16); 8],
}

impl Cpu {
    /// The state execve(2) starts a program with: all zero but MXCSR and the x87 control word (System V ABI 3.4.1).
    pub fn new() -> Cpu {
        Cpu {
            gpr: [0; 32],
            rip: 0,
            flags: LazyFlags::default(),
            ymm: [Ymm::default(); 16],
            aside: [[0; 2]; 4],
            mxcsr: 0x1f80,
            fcw: 0x37f,
            fsw: 0,
            ftw: 0xffff,
            fop: 0,
            fp_watched: 0,
            shown: Level::Usual,
            fip: 0,
            fdp: 0,
            fpr: [(0, 0); 8],
        }
    }
}

impl Default for Cpu {
    fn default() -> Cpu {
        Cpu::new()
    }
}

/// A processor exception raised by an instruction (SDM Vol. 3A 6.15); rip is at the instruction unless it is a trap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exception {
    /// #DE: division by zero or overflow (SIGFPE, FPE_INTDIV).
    Divide,
    /// #DB after a step with TF (SIGTRAP, TRAP_TRACE).
    Debug,
    /// #BP: int3; rip is after it (SIGTRAP, SI_KERNEL).
    Breakpoint,
    /// #UD: undefined, or not implemented by us (SIGILL, ILL_ILLOPN).
    InvalidOpcode,
    /// #GP(0): privileged instructions, non-canonical addresses, misaligned SSE operands (SIGSEGV, SI_KERNEL, si_addr 0).
    GeneralProtection,
    /// #SS(0): a non-canonical stack address (SIGBUS, SI_KERNEL).
    StackSegment,
    /// #MF: a pending unmasked x87 exception (SIGFPE).
    X87,
    /// #XM: an unmasked SIMD floating-point exception (SIGFPE).
    Simd,
    /// #AC: alignment check (SIGBUS, BUS_ADRALN).
    Alignment,
}

/// Why the CPU stopped. State is exact: everything before rip has happened, nothing of the instruction at rip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// The budget (in instructions) is used up, or the bus wants the CPU to stop after a system call.
    Budget,
    /// `syscall`: rip is after it, rcx and r11 are set as the instruction sets them.
    Syscall,
    /// A page fault, or memory that is not here yet.
    Fault(crate::MemFault),
    /// Any other exception.
    Exception(Exception),
    /// `pause` or a spin of it: another task should run.
    Yield,
}

impl Cpu {
    /// Translated code may do floating point: all is masked, rounding is to nearest without DAZ or FTZ (of MXCSR, its
    /// reserved bits too, only the sticky flags differ), and nobody looks at the flags.
    pub fn fp_is_usual(&self) -> bool {
        self.mxcsr & 0xffc0 == 0x1f80 && self.fp_watched == 0
    }
    /// The offset of a memory operand, without its segment.
    #[inline(always)]
    pub fn offset(&self, m: &Mem) -> u64 {
        let slot = |r: Gpr| self.gpr[r.0 as usize & 31];
        let sum = slot(m.base).wrapping_add(slot(m.index) << (m.scale & 3)).wrapping_add(m.disp as u64);
        if m.addr32 { sum as u32 as u64 } else { sum }
    }
    /// The address of a memory operand. `gpr[CODE_PAGE]` must be that of the instruction.
    #[inline(always)]
    pub fn address(&self, m: &Mem) -> u64 {
        self.offset(m).wrapping_add(self.gpr[m.segment.0 as usize & 31])
    }
    /// The low 128 bits of a vector register.
    #[inline(always)]
    pub fn xmm(&self, r: u8) -> vec::Bytes {
        let y = &self.ymm[r as usize & 15].0;
        vec::of_halves(y[0], y[1])
    }
    /// Writes the low 128 bits of a vector register; the rest stays.
    #[inline(always)]
    pub fn set_xmm(&mut self, r: u8, x: vec::Bytes) {
        let y = &mut self.ymm[r as usize & 15].0;
        (y[0], y[1]) = vec::halves(x);
    }
    /// A vector of 128 bits by number: 0..=15 lower halves of the registers, 16..=31 upper ones, from [`ASIDE`] on
    /// those aside.
    pub fn vector(&self, r: u8) -> vec::Bytes {
        let y = &self.ymm[r as usize & 15].0;
        match r >> 4 {
            0 => vec::of_halves(y[0], y[1]),
            1 => vec::of_halves(y[2], y[3]),
            _ => vec::of_halves(self.aside[r as usize & 3][0], self.aside[r as usize & 3][1]),
        }
    }
    /// Writes one of them.
    pub fn set_vector(&mut self, r: u8, x: vec::Bytes) {
        let y = &mut self.ymm[r as usize & 15].0;
        let (low, high) = vec::halves(x);
        match r >> 4 {
            0 => (y[0], y[1]) = (low, high),
            1 => (y[2], y[3]) = (low, high),
            _ => self.aside[r as usize & 3] = [low, high],
        }
    }
}
