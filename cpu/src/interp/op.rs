//! Threaded code: 16-byte ops, their codes, and how a decoded instruction becomes one.

use super::forms::hot_forms;
use crate::Gpr;
use crate::insn::{Cond, Insn, Mem, Mn, Operand, Vex, Width};

/// One op. What the fields mean is up to the code's [`Kind`]; register fields are scaled to byte offsets of the file.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub(super) struct Op {
    pub code: Code,
    /// Offset of the instruction in its page; of the target for ops that only go somewhere.
    pub off: u16,
    pub a: u8,
    pub b: u8,
    pub c: u8,
    /// Scale of an index, or in branches the instructions run since the block's start.
    pub d: u8,
    /// Displacement of a memory operand, or the way to the op branched to, in bytes.
    pub disp: i32,
    /// Immediate.
    pub imm: i32,
}

const _: () = assert!(size_of::<Op>() == 16);

impl Op {
    /// An op without operands.
    pub(super) const fn new(code: Code, off: u32) -> Op {
        Op { code, off: off as u16, a: 0, b: 0, c: 0, d: 0, disp: 0, imm: 0 }
    }
}

/// Kinds of operands, see `forms`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Nil,
    R,
    I,
    M,
    X,
    Rr,
    Rc,
    Ri,
    Rw,
    Rh,
    Rm,
    Rx,
    Mr,
    Xr,
    Mi,
    Xi,
    Rri,
    Rrr,
    Vv,
    Vvi,
    Vm,
    Vx,
    Mv,
    Xv,
    Vr,
    Rv,
}

/// What the flags in [`LazyFlags`](crate::LazyFlags) are known to come from, for conditions that are not fused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Producer {
    /// A comparison or subtraction: operands in `a` and `b`.
    Sub,
    /// Anything that leaves ZF and SF to `res`, and for `Le` and `G` also OF = 0.
    Res,
}

macro_rules! declare {
    (
        ops { $($name:ident $($path:ident)::+ $mn:ident $w:ident $sw:ident $kind:ident;)* }
        fp { $($pname:ident $($ppath:ident)::+ $pmn:ident $pw:ident $pkind:ident;)* }
        fused { $($fname:ident $($fpath:ident)::+ $fmn:ident $fw:ident $fkind:ident $fcond:ident;)* }
        jcc { $($jname:ident $jprod:ident $jcond:ident;)* }
        set { $($sname:ident $sprod:ident $scond:ident;)* }
        cmov { $($cname:ident $cprod:ident $ccond:ident $cw:ident;)* }
    ) => {
        /// Op codes: hot forms, then the loop's own.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u16)]
        pub(super) enum Code {
            $($name,)* $($pname,)* $($fname,)* $($jname,)* $($sname,)* $($cname,)*
            /// jcc, setcc, cmovcc (32, 64) by the condition in `b`, whatever the flags come from.
            JccAny, SetAny, CmovAny32, CmovAny64,
            /// To `disp`.
            Goto,
            /// To the page plus `disp`.
            Far,
            JmpR, JmpM, JmpX,
            CallNear, CallFar, CallR, CallM, CallX,
            Ret,
            /// `syscall`; `imm` is the offset of the next instruction. The op behind it goes there.
            Syscall,
            /// An instruction of the side table, by `imm`; `a`: it ends the block.
            Generic,
            /// A target in the page that is not translated or not linked; `imm` is the way to the branch.
            Stub,
            /// An instruction that crosses into the next page.
            Cross,
            /// Bytes that are no instruction.
            Refused,
            /// The page was written.
            Dead,
            /// A region begins here, by `imm`; the ops behind are for when it cannot be used.
            Region,
            /// Counts that the block is run, by `imm`.
            Count,
        }

        /// The code of a hot form.
        pub(super) fn hot(mn: Mn, w: Width, sw: Width, kind: Kind) -> Option<Code> {
            Some(match (mn, w, sw, kind) {
                $((Mn::$mn, Width::$w, Width::$sw, Kind::$kind) => Code::$name,)*
                _ => return None,
            })
        }
        /// The code of a hot form of floating point.
        pub(super) fn fp(mn: Mn, w: Width, kind: Kind) -> Option<Code> {
            Some(match (mn, w, kind) {
                $((Mn::$pmn, Width::$pw, Kind::$pkind) => Code::$pname,)*
                _ => return None,
            })
        }
        /// A comparison and the conditional jump after it.
        pub(super) fn fused(mn: Mn, w: Width, kind: Kind, cond: Cond) -> Option<Code> {
            Some(match (mn, w, kind, cond) {
                $((Mn::$fmn, Width::$fw, Kind::$fkind, Cond::$fcond) => Code::$fname,)*
                _ => return None,
            })
        }
        /// A conditional jump on flags of known origin.
        pub(super) fn jcc(producer: Producer, cond: Cond) -> Option<Code> {
            Some(match (producer, cond) {
                $((Producer::$jprod, Cond::$jcond) => Code::$jname,)*
                _ => return None,
            })
        }
        /// A setcc on flags of known origin.
        pub(super) fn set(producer: Producer, cond: Cond) -> Option<Code> {
            Some(match (producer, cond) {
                $((Producer::$sprod, Cond::$scond) => Code::$sname,)*
                _ => return None,
            })
        }
        /// A cmovcc between registers on flags of known origin.
        pub(super) fn cmov(producer: Producer, cond: Cond, w: Width) -> Option<Code> {
            Some(match (producer, cond, w) {
                $((Producer::$cprod, Cond::$ccond, Width::$cw) => Code::$cname,)*
                _ => return None,
            })
        }
    };
}
hot_forms!(declare);

/// A register field.
fn reg(r: Gpr) -> u8 {
    r.0 * 8
}

/// An xmm field.
fn xmm(r: u8) -> u8 {
    r * 16
}

/// Memory fields: true for an indexed operand, `None` if an op cannot say it.
fn memory(m: &Mem, op: &mut Op) -> Option<bool> {
    op.disp = i32::try_from(m.disp).ok()?;
    if m.addr32 {
        return None;
    }
    // A segment base takes the place of whatever register is missing.
    let (base, index, scale) = match (m.segment, m.base, m.index) {
        (Gpr::ZERO, base, index) => (base, index, m.scale),
        (segment, Gpr::ZERO, index) => (segment, index, m.scale),
        (segment, base, Gpr::ZERO) => (segment, base, 0),
        _ => return None,
    };
    op.b = reg(base);
    op.c = reg(index);
    op.d = scale;
    Some(index != Gpr::ZERO)
}

/// An immediate that survives the field, as the width uses it.
fn immediate(i: &Insn, op: &mut Op) -> Option<()> {
    op.imm = i.imm as i32;
    (i.width < Width::W64 || op.imm as i64 == i.imm).then_some(())
}

/// The operand fields of an instruction and their kind, if there is one.
pub(super) fn operands(i: &Insn, off: u32) -> Option<(Kind, Op)> {
    use Operand as O;
    if i.vex != Vex::None {
        return None;
    }
    let mut op = Op::new(Code::Generic, off);
    // LEA is about the offset: a segment prefix says nothing.
    let mem = if i.mn == Mn::Lea { Mem { segment: Gpr::ZERO, ..i.mem } } else { i.mem };
    let pick = |indexed: Kind, plain: Kind, op: &mut Op| Some(if memory(&mem, op)? { indexed } else { plain });
    let kind = match i.ops {
        [O::None, ..] => Kind::Nil,
        [O::Reg(a), O::None, ..] => {
            op.a = reg(a);
            Kind::R
        }
        [O::Imm, O::None, ..] => {
            immediate(i, &mut op)?;
            Kind::I
        }
        [O::Mem, O::None, ..] => pick(Kind::X, Kind::M, &mut op)?,
        [O::Reg(a), O::Reg(b), O::None, _] => {
            (op.a, op.b) = (reg(a), reg(b));
            match i.mn {
                Mn::Shl | Mn::Sal | Mn::Shr | Mn::Sar | Mn::Rol | Mn::Ror => Kind::Rc,
                _ => Kind::Rr,
            }
        }
        [O::Reg(a), O::High(b), O::None, _] => {
            (op.a, op.b) = (reg(a), reg(b));
            Kind::Rh
        }
        [O::Reg(a), O::Imm, O::None, _] => {
            op.a = reg(a);
            if immediate(i, &mut op).is_some() {
                Kind::Ri
            } else {
                op.disp = (i.imm >> 32) as i32;
                Kind::Rw
            }
        }
        [O::Reg(a), O::Mem, O::None, _] => {
            op.a = reg(a);
            pick(Kind::Rx, Kind::Rm, &mut op)?
        }
        [O::Mem, O::Reg(a), O::None, _] => {
            op.a = reg(a);
            pick(Kind::Xr, Kind::Mr, &mut op)?
        }
        [O::Mem, O::Imm, O::None, _] => {
            immediate(i, &mut op)?;
            pick(Kind::Xi, Kind::Mi, &mut op)?
        }
        [O::Reg(a), O::Reg(b), O::Imm, _] => {
            (op.a, op.b) = (reg(a), reg(b));
            immediate(i, &mut op)?;
            Kind::Rri
        }
        [O::Reg(a), O::Reg(b), O::Reg(c), O::None] => {
            (op.a, op.b, op.c) = (reg(a), reg(b), reg(c));
            Kind::Rrr
        }
        [O::Xmm(a), O::Xmm(b), O::None, _] => {
            (op.a, op.b) = (xmm(a), xmm(b));
            Kind::Vv
        }
        [O::Xmm(a), O::Xmm(b), O::Imm, _] => {
            (op.a, op.b, op.imm) = (xmm(a), xmm(b), i.imm as i32);
            Kind::Vvi
        }
        [O::Xmm(a), O::Mem, O::None, _] => {
            op.a = xmm(a);
            pick(Kind::Vx, Kind::Vm, &mut op)?
        }
        [O::Mem, O::Xmm(a), O::None, _] => {
            op.a = xmm(a);
            pick(Kind::Xv, Kind::Mv, &mut op)?
        }
        [O::Xmm(a), O::Reg(b), O::None, _] => {
            (op.a, op.b) = (xmm(a), reg(b));
            Kind::Vr
        }
        [O::Reg(a), O::Xmm(b), O::None, _] => {
            (op.a, op.b) = (reg(a), xmm(b));
            Kind::Rv
        }
        _ => return None,
    };
    Some((kind, op))
}

/// The instruction an op of this kind stands for; all but the fields of `op` is known when the loop is compiled.
#[inline(always)]
pub(super) fn insn(op: &Op, mn: Mn, w: Width, sw: Width, kind: Kind) -> Insn {
    use Operand as O;
    let (ra, rb, rc) = (slot(op.a), slot(op.b), slot(op.c));
    let (a, b, c) = (O::Reg(ra), O::Reg(rb), O::Reg(rc));
    let (va, vb) = (O::Xmm(op.a >> 4), O::Xmm(op.b >> 4));
    let none = O::None;
    let ops = match kind {
        Kind::Nil => [none; 4],
        Kind::R => [a, none, none, none],
        Kind::I => [O::Imm, none, none, none],
        Kind::M | Kind::X => [O::Mem, none, none, none],
        Kind::Rr => [a, b, none, none],
        Kind::Rc => [a, O::Reg(Gpr::RCX), none, none],
        Kind::Ri | Kind::Rw => [a, O::Imm, none, none],
        Kind::Rh => [a, O::High(rb), none, none],
        Kind::Rm | Kind::Rx => [a, O::Mem, none, none],
        Kind::Mr | Kind::Xr => [O::Mem, a, none, none],
        Kind::Mi | Kind::Xi => [O::Mem, O::Imm, none, none],
        Kind::Rri => [a, b, O::Imm, none],
        Kind::Rrr => [a, b, c, none],
        Kind::Vv => [va, vb, none, none],
        Kind::Vvi => [va, vb, O::Imm, none],
        Kind::Vm | Kind::Vx => [va, O::Mem, none, none],
        Kind::Mv | Kind::Xv => [O::Mem, va, none, none],
        Kind::Vr => [va, b, none, none],
        Kind::Rv => [a, vb, none, none],
    };
    let indexed = matches!(kind, Kind::X | Kind::Rx | Kind::Xr | Kind::Xi | Kind::Vx | Kind::Xv);
    let mem =
        Mem { base: rb, index: if indexed { rc } else { Gpr::ZERO }, scale: op.d, disp: op.disp as i64, ..Mem::NONE };
    let imm = if kind == Kind::Rw { (op.disp as i64) << 32 | op.imm as u32 as i64 } else { op.imm as i64 };
    Insn { mn, width: w, src_width: sw, ops, mem, imm, ..Insn::EMPTY }
}

/// The register of a field.
#[inline(always)]
pub(super) fn slot(field: u8) -> Gpr {
    Gpr(field >> 3)
}
