//! Fused multiply-add (SDM Vol. 2C, VFMADD132PD and its kin): exact in software, which no host of ours does faster.

use crate::emit::{Done, Emit};
use crate::fp::Lanewise;
use crate::helper::fault;
use crate::insn::{Insn, Operand, Vex};
use crate::softfloat::{self as sf, Double, Env, Single};
use crate::state::UPPER;
use crate::vec::{Bytes, Shape, extract, replace};
use crate::{Cpu, Exit, Guest};

/// What an opcode says (SDM Vol. 2D, table A-4), VEX.W in bit 8.
struct Kind {
    shape: Shape,
    scalar: bool,
    /// 1: dst * src3 + src2; 2: src2 * dst + src3; 3: src2 * src3 + dst.
    order: i64,
    /// The product is negated.
    product: bool,
    /// The addend is negated, in even and in odd lanes.
    addend: [bool; 2],
}

impl Kind {
    fn of(imm: i64) -> Kind {
        let low = imm & 15;
        Kind {
            shape: if imm & 0x100 != 0 { Shape::I64x2 } else { Shape::I32x4 },
            scalar: low >= 8 && low & 1 != 0,
            order: (imm >> 4 & 15) - 8,
            product: low >= 12,
            addend: match low {
                6 => [true, false],
                7 => [false, true],
                _ => [low & 2 != 0; 2],
            },
        }
    }
}

/// A whole vector of up to 256 bits.
fn vector(cpu: &Cpu, r: u8) -> [Bytes; 2] {
    [cpu.vector(r), cpu.vector(r + UPPER)]
}

fn run(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Result<(), Exit> {
    let kind = Kind::of(i.imm);
    let (Operand::Xmm(d) | Operand::Ymm(d), Operand::Xmm(s) | Operand::Ymm(s)) = (i.dst(), i.first()) else {
        return Ok(());
    };
    let third = match i.src() {
        Operand::Xmm(r) | Operand::Ymm(r) => vector(cpu, r),
        _ => {
            let mut bytes = [[0; 16]; 2];
            let len = i.mem_bytes as usize & 63;
            mem.read_bytes(cpu.address(&i.mem), &mut bytes.as_flattened_mut()[..len]).map_err(fault)?;
            bytes
        }
    };
    let (first, second) = (vector(cpu, d), vector(cpu, s));
    let [x, y, z] = match kind.order {
        1 => [&first, &third, &second],
        2 => [&second, &first, &third],
        _ => [&second, &third, &first],
    };
    let in_half = (16 / kind.shape.bytes()) as usize;
    let count = if kind.scalar {
        1
    } else if i.vex == Vex::L256 {
        2 * in_half
    } else {
        in_half
    };
    let mut all = Lanewise::new(cpu.mxcsr);
    let mut out = first;
    for n in 0..count {
        let (half, lane) = (n / in_half, (n % in_half) as u8);
        let [a, b, c] = [x, y, z].map(|v| extract(kind.shape, lane, v[half]));
        let signs = (kind.product, kind.addend[n & 1]);
        let v = all.lane(|env| one(env, kind.shape, a, b, c, signs));
        out[half] = replace(kind.shape, lane, out[half], v);
    }
    all.finish(&mut cpu.mxcsr).map_err(Exit::Exception)?;
    cpu.set_vector(d, out[0]);
    if i.vex == Vex::L256 {
        cpu.set_vector(d + UPPER, out[1]);
    }
    Ok(())
}

fn one(env: &mut Env, shape: Shape, a: u64, b: u64, c: u64, signs: (bool, bool)) -> u64 {
    match shape {
        Shape::I64x2 => sf::fma::<Double>(env, a, b, c, signs),
        _ => u64::from(sf::fma::<Single>(env, a as u32, b as u32, c as u32, signs)),
    }
}

/// All of them.
pub fn fma<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, run)
}
