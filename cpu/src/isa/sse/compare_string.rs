//! SSE4.2's string comparisons: PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM Vol. 2B 4.1).

use crate::emit::{Done, Emit};
use crate::flags::bits;
use crate::helper::fault;
use crate::insn::{Insn, Operand, Vex, Width};
use crate::state::UPPER;
use crate::vec::{self, Bytes, Shape, VBin};
use crate::{Cpu, Exit, Gpr, Guest};

/// Sixteen bytes or eight words, as the immediate says, and how many of them are valid.
struct Text {
    lanes: [i32; 16],
    len: usize,
}

/// Where lengths come from.
#[derive(Clone, Copy)]
enum Length {
    /// The text ends at the first zero.
    Implicit,
    /// A register says so: its absolute value, 32 or 64 bits of it.
    Explicit { wide: bool },
}

impl Length {
    /// Valid lanes of a text. Its lanes are looked at only if a zero ends it.
    fn of(self, cpu: &Cpu, bytes: Bytes, control: u8, counter: Gpr) -> usize {
        let all = lane_count(control);
        match self {
            Length::Implicit => {
                let (eq, shape) = match control & 1 {
                    0 => (VBin::I8x16Eq, Shape::I8x16),
                    _ => (VBin::I16x8Eq, Shape::I16x8),
                };
                (vec::bitmask(shape, eq.evaluate(bytes, [0; 16])).trailing_zeros() as usize).min(all)
            }
            Length::Explicit { wide } => {
                let value = cpu.gpr[counter.0 as usize & 31];
                let value = if wide { (value as i64).unsigned_abs() } else { (value as i32).unsigned_abs() as u64 };
                value.min(all as u64) as usize
            }
        }
    }
}

impl Text {
    fn new(bytes: Bytes, control: u8, len: usize) -> Text {
        let mut lanes = [0; 16];
        for (n, lane) in lanes.iter_mut().enumerate().take(lane_count(control)) {
            let word = || u16::from_le_bytes([bytes[2 * n], bytes[2 * n + 1]]);
            *lane = match control & 3 {
                0 => bytes[n] as i32,
                1 => word() as i32,
                2 => bytes[n] as i8 as i32,
                _ => word() as i16 as i32,
            };
        }
        Text { lanes, len }
    }
}

fn lane_count(control: u8) -> usize {
    if control & 1 != 0 { 8 } else { 16 }
}

/// One result bit for each lane of `text`, before polarity. `set` is the first operand: characters, ranges or the
/// string that is looked for. Invalid lanes count as SDM Vol. 2B table 4-5 says.
fn aggregate(control: u8, set: &Text, text: &Text) -> u32 {
    let all = lane_count(control);
    let found = |j: usize| match control >> 2 & 3 {
        0 => j < text.len && set.lanes[..set.len].contains(&text.lanes[j]),
        1 => {
            let ranges = set.lanes[..set.len].chunks_exact(2);
            j < text.len && ranges.into_iter().any(|r| (r[0]..=r[1]).contains(&text.lanes[j]))
        }
        2 => match (j < set.len, j < text.len) {
            (true, true) => set.lanes[j] == text.lanes[j],
            (a, b) => a == b,
        },
        _ => (0..all - j).all(|i| i >= set.len || j + i < text.len && set.lanes[i] == text.lanes[j + i]),
    };
    (0..all).fold(0, |mask, j| mask | u32::from(found(j)) << j)
}

/// [`aggregate`] of bytes that are to be equal to any of a set, or each to its own: what C libraries look for. `None`:
/// something else is wanted.
fn equal_bytes(control: u8, set: (Bytes, usize), text: (Bytes, usize)) -> Option<u32> {
    let equal = |a: Bytes, b: Bytes| VBin::I8x16Eq.evaluate(a, b);
    let below = |len: usize| (1u32 << len) - 1;
    match control & 0b1101 {
        0b0000 => {
            let any = set.0[..set.1].iter().fold([0; 16], |any, byte| {
                let here = equal(text.0, vec::splat(Shape::I8x16, u64::from(*byte)));
                VBin::V128Or.evaluate(any, here)
            });
            Some(vec::bitmask(Shape::I8x16, any) as u32 & below(text.1))
        }
        0b1000 => {
            // Valid in both and equal, or in neither.
            let both = vec::bitmask(Shape::I8x16, equal(set.0, text.0)) as u32 & below(set.1.min(text.1));
            Some(both | 0xffff & !below(set.1.max(text.1)))
        }
        _ => None,
    }
}

/// The result mask after polarity, with the flags set.
fn compare(cpu: &mut Cpu, i: &Insn, guest: &mut Guest<'_>, length: Length) -> Result<(u32, u8), Exit> {
    let control = i.imm as u8;
    let first = match i.dst() {
        Operand::Xmm(r) => cpu.xmm(r),
        _ => [0; 16],
    };
    let mut second = [0; 16];
    match i.src() {
        Operand::Xmm(r) => second = cpu.xmm(r),
        _ => guest.read_bytes(cpu.address(&i.mem), &mut second).map_err(fault)?,
    }
    let set_len = length.of(cpu, first, control, Gpr::RAX);
    let text_len = length.of(cpu, second, control, Gpr::RDX);
    let all = lane_count(control);
    let full = (1u32 << all) - 1;
    let plain = equal_bytes(control, (first, set_len), (second, text_len)).unwrap_or_else(|| {
        aggregate(control, &Text::new(first, control, set_len), &Text::new(second, control, text_len))
    });
    let mask = match control >> 4 & 3 {
        1 => !plain & full,
        3 => plain ^ ((1u32 << text_len) - 1),
        _ => plain,
    };
    let pick = |on: bool, bit: u64| if on { bit } else { 0 };
    let flags = pick(mask != 0, bits::CF)
        | pick(text_len < all, bits::ZF)
        | pick(set_len < all, bits::SF)
        | pick(mask & 1 != 0, bits::OF);
    cpu.flags.set_status(bits::STATUS, flags);
    Ok((mask, control))
}

/// The place of the first or last set bit to ecx; the number of lanes when there is none.
fn index(cpu: &mut Cpu, _: &Insn, (mask, control): (u32, u8)) {
    let place = match (mask, control >> 6 & 1) {
        (0, _) => lane_count(control) as u32,
        (_, 0) => mask.trailing_zeros(),
        _ => 31 - mask.leading_zeros(),
    };
    cpu.gpr[Gpr::RCX.0 as usize] = place as u64;
}

/// The mask to xmm0, as bits or as lanes.
fn spread(cpu: &mut Cpu, i: &Insn, (mask, control): (u32, u8)) {
    let lanes = core::array::from_fn(|n| {
        let lane = if control & 1 != 0 { n / 2 } else { n };
        if mask >> lane & 1 != 0 { 0xff } else { 0 }
    });
    let bit_mask = (mask as u128).to_le_bytes();
    cpu.set_xmm(0, if control >> 6 & 1 != 0 { lanes } else { bit_mask });
    if i.vex != Vex::None {
        cpu.set_vector(UPPER, [0; 16]);
    }
}

/// PCMPISTRI. What C libraries look for, bytes that are equal to any of a set or each to its own, is written out where
/// that saves a call.
pub fn pcmpistri<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let (control, Operand::Xmm(first), Operand::Xmm(second)) = (i.imm as u8, i.dst(), i.src()) else {
        return pcmpistri_called(e, i);
    };
    let is_each = match control & 0b1101 {
        0b0000 => false,
        0b1000 => true,
        _ => return pcmpistri_called(e, i),
    };
    if !E::WRITES || i.vex != Vex::None {
        return pcmpistri_called(e, i);
    }
    let (set, text, zero) = (e.xmm(first), e.xmm(second), e.vimm(0, 0));
    let (set_end, set_below) = end_of(e, set, zero);
    let (text_end, text_below) = end_of(e, text, zero);
    let all = e.imm(0xffff);
    let plain = if is_each {
        let equal = e.vbin(VBin::I8x16Eq, set, text);
        let equal = e.vbitmask(Shape::I8x16, equal);
        let (shorter, longer) = (e.and(set_below, text_below), e.or(set_below, text_below));
        let (both, neither) = (e.and(equal, shorter), e.xor(longer, all));
        e.or(both, neither)
    } else {
        // What is behind the end of the set is made zero, which only lanes behind the text's end are equal to.
        let order = e.vimm(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let len = e.popcnt(set_below);
        let len = e.vsplat(Shape::I8x16, len);
        let valid = e.vbin(VBin::I8x16LtU, order, len);
        let set = e.vbin(VBin::V128And, set, valid);
        let mut any = zero;
        for lane in 0..16 {
            let one = e.vshuffle([lane; 16], set, set);
            let equal = e.vbin(VBin::I8x16Eq, text, one);
            any = e.vbin(VBin::V128Or, any, equal);
        }
        let any = e.vbitmask(Shape::I8x16, any);
        e.and(any, text_below)
    };
    let mask = match control >> 4 & 3 {
        1 => e.xor(plain, all),
        3 => e.xor(plain, text_below),
        _ => plain,
    };
    let found = e.is_nonzero(mask);
    let place = if control >> 6 & 1 == 0 {
        let stop = e.imm(0x1_0000);
        let bits = e.or(mask, stop);
        e.ctz(Width::W32, bits)
    } else {
        let (leading, last, none) = (e.clz(Width::W32, mask), e.imm(31), e.imm(16));
        let last = e.sub(Width::W32, last, leading);
        e.select(found, last, none)
    };
    e.set_reg(Width::W32, Gpr::RCX, place);
    let mut flags = e.and_imm(mask, 1);
    let shift = e.imm(bits::OF.trailing_zeros() as u64);
    flags = e.shl(Width::W32, flags, shift);
    for (end, bit) in [(mask, bits::CF), (text_end, bits::ZF), (set_end, bits::SF)] {
        let (is_there, on, off) = (e.is_nonzero(end), e.imm(bit), e.imm(0));
        let flag = e.select(is_there, on, off);
        flags = e.or(flags, flag);
    }
    e.set_status(bits::STATUS, flags);
    Ok(())
}

/// Lanes that are zero, and those before the first of them, as bits.
fn end_of<E: Emit>(e: &mut E, text: E::X, zero: E::X) -> (E::V, E::V) {
    let zeros = e.vbin(VBin::I8x16Eq, text, zero);
    let zeros = e.vbitmask(Shape::I8x16, zeros);
    let stop = e.imm(0x1_0000);
    let bits = e.or(zeros, stop);
    // The lowest bit, less one: all below it.
    let less = e.add_imm(Width::W32, bits, -1);
    let ones = e.imm(0xffff_ffff);
    let not = e.xor(bits, ones);
    (zeros, e.and(not, less))
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $visible:vis $name:ident $length:expr, $result:ident;)*) => {
        $($(#[$doc])*
        $visible fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            e.call(i, |cpu, i, guest| {
                let mask = compare(cpu, i, guest, $length)?;
                $result(cpu, i, mask);
                Ok(())
            })
        })*
    };
}

comparisons! {
    /// PCMPESTRI.
    pub pcmpestri Length::Explicit { wide: false }, index;
    /// PCMPESTRI with REX.W: lengths of 64 bits.
    pub pcmpestri64 Length::Explicit { wide: true }, index;
    /// PCMPESTRM.
    pub pcmpestrm Length::Explicit { wide: false }, spread;
    /// PCMPESTRM with REX.W.
    pub pcmpestrm64 Length::Explicit { wide: true }, spread;
    pcmpistri_called Length::Implicit, index;
    /// PCMPISTRM.
    pub pcmpistrm Length::Implicit, spread;
}
