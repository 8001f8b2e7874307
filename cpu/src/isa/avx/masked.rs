//! Masked moves and gathers: helpers, since which memory they touch depends on a register.

use crate::emit::{Done, Emit};
use crate::helper::fault;
use crate::insn::{Insn, Operand, Width};
use crate::state::UPPER;
use crate::vec::{Shape, extract, replace};
use crate::{Cpu, Exit, Guest};

/// Lanes of a vector register in the order of memory: the vector of 128 bits and the lane there.
fn lane(r: u8, shape: Shape, n: u8) -> (u8, u8) {
    let count = (16 / shape.bytes()) as u8;
    (r + n / count * UPPER, n % count)
}

fn get(cpu: &Cpu, op: Operand, shape: Shape, n: u8) -> u64 {
    let (Operand::Xmm(r) | Operand::Ymm(r)) = op else { return 0 };
    let (r, n) = lane(r, shape, n);
    extract(shape, n, cpu.vector(r))
}

fn set(cpu: &mut Cpu, op: Operand, shape: Shape, n: u8, v: u64) {
    let (Operand::Xmm(r) | Operand::Ymm(r)) = op else { return };
    let (r, n) = lane(r, shape, n);
    let x = replace(shape, n, cpu.vector(r), v);
    cpu.set_vector(r, x);
}

/// Lanes that a register has.
fn lanes(op: Operand, shape: Shape) -> u8 {
    let bytes = if matches!(op, Operand::Ymm(_)) { 32 } else { 16 };
    (bytes / shape.bytes()) as u8
}

/// A lane takes part if its top bit is set.
fn is_chosen(cpu: &Cpu, mask: Operand, shape: Shape, n: u8) -> bool {
    Width::of_bytes(shape.bytes()).sign(get(cpu, mask, shape, n))
}

/// VMASKMOV*, VPMASKMOV*: memory of lanes that are not chosen is not touched; loads clear them.
fn masked_move(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, shape: Shape) -> Result<(), Exit> {
    let (w, addr) = (Width::of_bytes(shape.bytes()), cpu.address(&i.mem));
    let at = |n: u8| addr.wrapping_add(n as u64 * shape.bytes() as u64);
    if i.dst() == Operand::Mem {
        let (mask, from) = (i.ops[1], i.ops[2]);
        let chosen = |cpu: &Cpu, n: &u8| is_chosen(cpu, mask, shape, *n);
        let all = 0..lanes(from, shape);
        for n in all.clone().filter(|n| chosen(cpu, n)) {
            mem.check_write(w.bytes(), at(n)).map_err(fault)?;
        }
        for n in all.filter(|n| chosen(cpu, n)) {
            mem.write(w, at(n), get(cpu, from, shape, n)).map_err(fault)?;
        }
        return Ok(());
    }
    let mut values = [0; 8];
    let all = 0..lanes(i.dst(), shape);
    for n in all.clone().filter(|n| is_chosen(cpu, i.first(), shape, *n)) {
        values[n as usize] = mem.read(w, at(n)).map_err(fault)?;
    }
    all.for_each(|n| set(cpu, i.dst(), shape, n, values[n as usize]));
    Ok(())
}

/// VMASKMOVPS, VPMASKMOVD.
pub fn maskmovps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| masked_move(cpu, i, mem, Shape::I32x4))
}

/// VMASKMOVPD, VPMASKMOVQ.
pub fn maskmovpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| masked_move(cpu, i, mem, Shape::I64x2))
}

/// A gather goes lane by lane, and a fault leaves those done with their masks cleared: it goes on there when it is
/// repeated (SDM Vol. 2C, VGATHERDPS).
fn gather(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, index: Shape, element: Shape) -> Result<(), Exit> {
    let (dst, mask, indices) = (i.dst(), i.ops[1], i.ops[2]);
    let (w, index_width) = (Width::of_bytes(element.bytes()), Width::of_bytes(index.bytes()));
    let count = lanes(dst, element).min(lanes(indices, index));
    // Masks become all ones or zeros, even where nothing is going to be loaded.
    for n in 0..lanes(mask, element) {
        let chosen = is_chosen(cpu, mask, element, n);
        set(cpu, mask, element, n, if chosen { u64::MAX } else { 0 });
    }
    for n in 0..count {
        if !is_chosen(cpu, mask, element, n) {
            continue;
        }
        let offset = (index_width.sext(get(cpu, indices, index, n)) as u64) << i.mem.scale;
        let mut place = i.mem;
        place.scale = 0;
        place.disp = place.disp.wrapping_add(offset as i64);
        let v = mem.read(w, cpu.address(&place)).map_err(fault)?;
        set(cpu, dst, element, n, v);
        set(cpu, mask, element, n, 0);
    }
    // What lies above the lanes that were gathered is cleared, also within 128 bits.
    (count..(32 / element.bytes()) as u8).for_each(|n| {
        set(cpu, dst, element, n, 0);
        set(cpu, mask, element, n, 0);
    });
    Ok(())
}

macro_rules! gathers {
    ($($(#[$doc:meta])* $name:ident $index:ident $element:ident;)*) => { $(
        $(#[$doc])*
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            e.call(i, |cpu, i, mem| gather(cpu, i, mem, Shape::$index, Shape::$element))
        }
    )* };
}

gathers! {
    /// VGATHERDPS, VPGATHERDD.
    gatherdps I32x4 I32x4;
    /// VGATHERDPD, VPGATHERDQ.
    gatherdpd I32x4 I64x2;
    /// VGATHERQPS, VPGATHERQD.
    gatherqps I64x2 I32x4;
    /// VGATHERQPD, VPGATHERQQ.
    gatherqpd I64x2 I64x2;
}
