//! The status flags: from the operation that would produce them to bits, on demand.

use crate::insn::{Cond, Width};
use crate::state::LazyFlags;

/// Bits of rflags (SDM Vol. 1 3.4.3).
#[allow(missing_docs, reason = "the manual's names")]
pub mod bits {
    pub const CF: u64 = 1;
    pub const PF: u64 = 1 << 2;
    pub const AF: u64 = 1 << 4;
    pub const ZF: u64 = 1 << 6;
    pub const SF: u64 = 1 << 7;
    pub const TF: u64 = 1 << 8;
    pub const IF: u64 = 1 << 9;
    pub const DF: u64 = 1 << 10;
    pub const OF: u64 = 1 << 11;
    pub const NT: u64 = 1 << 14;
    pub const AC: u64 = 1 << 18;
    pub const ID: u64 = 1 << 21;
    /// The six status flags.
    pub const STATUS: u64 = CF | PF | AF | ZF | SF | OF;
    /// What `popf` may change in user mode besides the status flags.
    pub const SYSTEM: u64 = TF | DF | NT | AC | ID;
}

/// One status flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the manual's names")]
pub enum Flag {
    Cf,
    Pf,
    Af,
    Zf,
    Sf,
    Of,
}

/// How flags follow from (a, b, res). ZF, SF and PF always come from `res`, but for `Packed`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum FlagOp {
    /// `a` holds the packed bits.
    Packed = 0,
    /// res = a + b.
    Add,
    /// res = a - b.
    Sub,
    /// CF = OF = AF = 0.
    Logic,
    /// res = a + b + carry.
    Adc,
    /// res = a - b - borrow.
    Sbb,
    /// res = a + 1; CF = b.
    Inc,
    /// res = a - 1; CF = b.
    Dec,
    /// res = a << b, b in 1..=31 (63).
    Shl,
    /// res = a >> b, b as above.
    Shr,
    /// res = a >> b, arithmetic, b as above.
    Sar,
    /// CF = b, OF = AF = 0 (BMI1 and the like).
    ResCarry,
    /// CF = OF = b, AF = 0 (mul, imul).
    Mul,
    /// CF, OF and AF are the bits of `b`: something changed only these since `res` was made (rotates, bt, clc).
    Partial,
}

impl FlagOp {
    /// The number stored in [`LazyFlags::op`].
    #[inline(always)]
    pub const fn code(self, w: Width) -> u32 {
        self as u32 | (w as u32) << 8
    }
    #[inline(always)]
    const fn of_code(code: u32) -> FlagOp {
        match code & 0xff {
            1 => FlagOp::Add,
            2 => FlagOp::Sub,
            3 => FlagOp::Logic,
            4 => FlagOp::Adc,
            5 => FlagOp::Sbb,
            6 => FlagOp::Inc,
            7 => FlagOp::Dec,
            8 => FlagOp::Shl,
            9 => FlagOp::Shr,
            10 => FlagOp::Sar,
            11 => FlagOp::ResCarry,
            12 => FlagOp::Mul,
            13 => FlagOp::Partial,
            _ => FlagOp::Packed,
        }
    }
}

impl LazyFlags {
    /// The width of the last operation.
    #[inline(always)]
    fn width(&self) -> Width {
        Width::of_index(self.op >> 8)
    }

    /// Carry.
    #[inline(always)]
    pub fn cf(&self) -> bool {
        let (a, b, res, w) = (self.a, self.b, self.res, self.width());
        match FlagOp::of_code(self.op) {
            FlagOp::Packed => a & bits::CF != 0,
            FlagOp::Partial => b & bits::CF != 0,
            FlagOp::Add => res < a,
            FlagOp::Sub => a < b,
            FlagOp::Logic => false,
            FlagOp::Adc => w.sign(a & b | (a | b) & !res),
            FlagOp::Sbb => w.sign(!a & b | (!a | b) & res),
            FlagOp::Inc | FlagOp::Dec | FlagOp::ResCarry | FlagOp::Mul => b != 0,
            FlagOp::Shl => b <= w.bits() as u64 && a >> ((w.bits() as u64).wrapping_sub(b) & 63) & 1 != 0,
            FlagOp::Shr => a >> ((b.wrapping_sub(1)) & 63) & 1 != 0,
            FlagOp::Sar => w.sext(a) >> ((b.wrapping_sub(1)) & 63) & 1 != 0,
        }
    }

    /// Overflow.
    #[inline]
    pub fn of(&self) -> bool {
        let (a, b, res, w) = (self.a, self.b, self.res, self.width());
        match FlagOp::of_code(self.op) {
            FlagOp::Packed => a & bits::OF != 0,
            FlagOp::Partial => b & bits::OF != 0,
            FlagOp::Add | FlagOp::Adc => w.sign((a ^ res) & (b ^ res)),
            FlagOp::Sub | FlagOp::Sbb => w.sign((a ^ b) & (a ^ res)),
            FlagOp::Logic | FlagOp::ResCarry => false,
            FlagOp::Inc => w.sign(!a & res),
            FlagOp::Dec => w.sign(a & !res),
            // Undefined for counts above 1; the hardware goes on with the rule for 1.
            FlagOp::Shl => w.sign(res) != self.cf(),
            // Right shifts, shrd too: does the sign change in the last step?
            FlagOp::Shr | FlagOp::Sar => w.sign(res ^ res << 1),
            FlagOp::Mul => b != 0,
        }
    }

    /// Auxiliary carry.
    #[inline]
    pub fn af(&self) -> bool {
        let (a, b, res) = (self.a, self.b, self.res);
        match FlagOp::of_code(self.op) {
            FlagOp::Packed => a & bits::AF != 0,
            FlagOp::Partial => b & bits::AF != 0,
            FlagOp::Add | FlagOp::Adc | FlagOp::Sub | FlagOp::Sbb => (a ^ b ^ res) & 0x10 != 0,
            FlagOp::Inc => res & 0xf == 0,
            FlagOp::Dec => a & 0xf == 0,
            _ => false,
        }
    }

    /// Zero.
    #[inline(always)]
    pub fn zf(&self) -> bool {
        if self.op & 0xff == 0 { self.a & bits::ZF != 0 } else { self.res == 0 }
    }

    /// Sign.
    #[inline(always)]
    pub fn sf(&self) -> bool {
        if self.op & 0xff == 0 { self.a & bits::SF != 0 } else { self.width().sign(self.res) }
    }

    /// Parity of the low byte.
    #[inline]
    pub fn pf(&self) -> bool {
        if self.op & 0xff == 0 { self.a & bits::PF != 0 } else { (self.res as u8).count_ones() & 1 == 0 }
    }

    /// One flag.
    #[inline]
    pub fn get(&self, flag: Flag) -> bool {
        match flag {
            Flag::Cf => self.cf(),
            Flag::Pf => self.pf(),
            Flag::Af => self.af(),
            Flag::Zf => self.zf(),
            Flag::Sf => self.sf(),
            Flag::Of => self.of(),
        }
    }

    /// A condition code.
    #[inline(always)]
    pub fn cond(&self, cond: Cond) -> bool {
        match cond {
            Cond::O => self.of(),
            Cond::No => !self.of(),
            Cond::B => self.cf(),
            Cond::Ae => !self.cf(),
            Cond::E => self.zf(),
            Cond::Ne => !self.zf(),
            Cond::Be => self.cf() || self.zf(),
            Cond::A => !(self.cf() || self.zf()),
            Cond::S => self.sf(),
            Cond::Ns => !self.sf(),
            Cond::P => self.pf(),
            Cond::Np => !self.pf(),
            Cond::L => self.sf() != self.of(),
            Cond::Ge => self.sf() == self.of(),
            Cond::Le => self.zf() || self.sf() != self.of(),
            Cond::G => !self.zf() && self.sf() == self.of(),
        }
    }

    /// A condition code by encoding, for where it is data.
    #[inline(always)]
    pub fn cond_by_number(&self, number: u8) -> bool {
        let holds = match number >> 1 & 7 {
            0 => self.of(),
            1 => self.cf(),
            2 => self.zf(),
            3 => self.cf() || self.zf(),
            4 => self.sf(),
            5 => self.pf(),
            6 => self.sf() != self.of(),
            _ => self.zf() || self.sf() != self.of(),
        };
        holds != (number & 1 != 0)
    }

    /// The six status flags as bits of rflags.
    pub fn status(&self) -> u64 {
        if self.op & 0xff == 0 {
            return self.a & bits::STATUS;
        }
        let pick = |on: bool, bit: u64| if on { bit } else { 0 };
        let of_result = pick(self.pf(), bits::PF) | pick(self.zf(), bits::ZF) | pick(self.sf(), bits::SF);
        if self.op & 0xff == FlagOp::Logic as u32 {
            return of_result;
        }
        of_result | pick(self.cf(), bits::CF) | pick(self.af(), bits::AF) | pick(self.of(), bits::OF)
    }

    /// Makes the status flags in `mask` equal to the bits of `value`; the others keep what they are.
    #[inline(always)]
    pub fn set_status(&mut self, mask: u64, value: u64) {
        const PARTIAL: u64 = bits::CF | bits::OF | bits::AF;
        if mask & bits::STATUS == bits::STATUS {
            self.a = value & bits::STATUS;
            self.op = 0;
        } else if self.op & 0xff == 0 {
            self.a = self.a & !mask | value & mask;
        } else if mask & !PARTIAL & bits::STATUS == 0 {
            // `res` stays the source of the other three.
            let pick = |bit: u64, on: bool| if mask & bit == 0 && on { bit } else { 0 };
            let kept = pick(bits::CF, mask & bits::CF == 0 && self.cf())
                | pick(bits::OF, mask & bits::OF == 0 && self.of())
                | pick(bits::AF, mask & bits::AF == 0 && self.af());
            self.b = kept | value & mask;
            self.op = FlagOp::Partial.code(self.width());
        } else {
            self.a = self.status() & !mask | value & mask & bits::STATUS;
            self.op = 0;
        }
    }

    /// The whole of rflags as `pushf` shows it: IF and bit 1 are always set in user mode.
    pub fn rflags(&self) -> u64 {
        self.status() | self.system as u64 & bits::SYSTEM | bits::IF | 2
    }

    /// Loads rflags as `popf` does in user mode: IF, IOPL and the virtual-mode bits do not change.
    pub fn set_rflags(&mut self, value: u64) {
        self.set_status(bits::STATUS, value);
        self.system = (value & bits::SYSTEM) as u32;
    }

    /// Records an operation.
    #[inline(always)]
    pub fn set(&mut self, op: FlagOp, w: Width, a: u64, b: u64, res: u64) {
        self.op = op.code(w);
        self.a = a;
        self.b = b;
        self.res = res;
    }
}
