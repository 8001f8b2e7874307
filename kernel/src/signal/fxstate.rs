//! Floating point and vector registers as they lie in a signal frame: FXSAVE image (SDM Vol. 1 10.5.1), the software
//! bytes Linux adds, XSAVE header, upper halves of ymm (arch/x86/kernel/fpu/signal.c).

use brainworm_abi::linux::Record;
use brainworm_abi::linux::signal::{FP_XSTATE_MAGIC1, FP_XSTATE_MAGIC2};
use brainworm_cpu::Cpu;

/// FXSAVE image.
pub(super) const LEGACY_LEN: usize = 512;
const XSTATE_LEN: usize = LEGACY_LEN + 64 + 256;
/// All of it with the closing magic.
pub(super) const LEN: usize = XSTATE_LEN + 4;
/// Software bytes within the FXSAVE image.
const SW_AT: usize = 464;
/// x87, SSE, AVX.
const XFEATURES: u64 = 7;
/// MXCSR bits that exist.
const MXCSR_MASK: u32 = 0xffff;

#[inline(always)]
fn put<T: Record>(out: &mut [u8], at: usize, value: T) {
    value.store(&mut out[at..at + T::SIZE]);
}

#[inline(always)]
fn get<T: Record>(image: &[u8], at: usize) -> T {
    T::load(&image[at..at + T::SIZE])
}

/// The registers as bytes.
pub(super) fn save(cpu: &Cpu) -> [u8; LEN] {
    let mut out = [0; LEN];
    put(&mut out, 0, cpu.fcw);
    put(&mut out, 2, cpu.fsw);
    // Abridged tag word: a bit for each register that is not empty.
    let tags = (0..8).fold(0u8, |tags, i| tags | u8::from(cpu.ftw >> (2 * i) & 3 != 3) << i);
    put(&mut out, 4, tags);
    put(&mut out, 6, cpu.fop);
    put(&mut out, 8, cpu.fip);
    put(&mut out, 16, cpu.fdp);
    put(&mut out, 24, cpu.mxcsr);
    put(&mut out, 28, MXCSR_MASK);
    let top = usize::from(cpu.fsw >> 11 & 7);
    for i in 0..8 {
        // ST(i), not R(i).
        let (significand, exponent) = cpu.fpr[(top + i) % 8];
        put(&mut out, 32 + 16 * i, significand);
        put(&mut out, 40 + 16 * i, exponent);
    }
    for (i, ymm) in cpu.ymm.iter().enumerate() {
        for word in 0..2 {
            put(&mut out, 160 + 16 * i + 8 * word, ymm.0[word]);
            put(&mut out, LEGACY_LEN + 64 + 16 * i + 8 * word, ymm.0[word + 2]);
        }
    }
    put(&mut out, SW_AT, FP_XSTATE_MAGIC1);
    put(&mut out, SW_AT + 4, LEN as u32);
    put(&mut out, SW_AT + 8, XFEATURES);
    put(&mut out, SW_AT + 16, XSTATE_LEN as u32);
    put(&mut out, LEGACY_LEN, XFEATURES);
    put(&mut out, XSTATE_LEN, FP_XSTATE_MAGIC2);
    out
}

/// True when an image says that more than its FXSAVE part follows.
pub(super) fn has_extended(image: &[u8; LEN]) -> bool {
    get::<u32>(image, SW_AT) == FP_XSTATE_MAGIC1 && get::<u32>(image, SW_AT + 4) as usize == LEN
}

/// Loads the registers. Whatever the image says is a state the CPU can have: reserved bits are dropped.
pub(super) fn restore(cpu: &mut Cpu, image: &[u8; LEN], has_extended: bool) {
    let features = if has_extended { get::<u64>(image, LEGACY_LEN) } else { 3 };
    cpu.mxcsr = get::<u32>(image, 24) & MXCSR_MASK;
    if features & 1 != 0 {
        cpu.fcw = get::<u16>(image, 0) & 0x1f7f | 0x40;
        cpu.fsw = get(image, 2);
        cpu.fop = get::<u16>(image, 6) & 0x7ff;
        cpu.fip = get(image, 8);
        cpu.fdp = get(image, 16);
        let top = usize::from(cpu.fsw >> 11 & 7);
        let tags: u8 = get(image, 4);
        cpu.ftw = 0;
        for i in 0..8 {
            let (significand, exponent) = (get::<u64>(image, 32 + 16 * i), get::<u16>(image, 40 + 16 * i));
            let r = (top + i) % 8;
            cpu.fpr[r] = (significand, exponent);
            let tag = if tags >> r & 1 == 0 { 3 } else { tag_of(significand, exponent) };
            cpu.ftw |= tag << (2 * r);
        }
    } else {
        (cpu.fcw, cpu.fsw, cpu.ftw, cpu.fpr) = (0x37f, 0, 0xffff, [(0, 0); 8]);
    }
    for (i, ymm) in cpu.ymm.iter_mut().enumerate() {
        let mut pair = |low: usize, bit: u64, at: usize| {
            let is_there = features & bit != 0;
            for word in 0..2 {
                ymm.0[low + word] = if is_there { get(image, at + 16 * i + 8 * word) } else { 0 };
            }
        };
        pair(0, 2, 160);
        if has_extended {
            pair(2, 4, LEGACY_LEN + 64);
        }
    }
}

/// Full tag of a register in use: 0 valid, 1 zero, 2 special (SDM Vol. 1 8.1.7).
fn tag_of(significand: u64, exponent: u16) -> u16 {
    match (exponent & 0x7fff, significand) {
        (0, 0) => 1,
        (0, _) | (0x7fff, _) => 2,
        (_, s) if s >> 63 == 0 => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_survive_and_the_stack_is_rotated() {
        let mut cpu = Cpu::new();
        cpu.fsw = 3 << 11;
        cpu.ftw = !(3 << 6);
        cpu.fpr[3] = (1 << 63, 0x3fff);
        cpu.ymm[5].0 = [1, 2, 3, 4];
        cpu.mxcsr = 0x1fa0;
        let image = save(&cpu);
        assert_eq!(&image[32..42], [0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f], "ST(0) comes first");
        assert_eq!(image[4], 1 << 3);
        let mut back = Cpu::new();
        restore(&mut back, &image, has_extended(&image));
        assert_eq!((back.fsw, back.ftw, back.fpr, back.mxcsr), (cpu.fsw, cpu.ftw, cpu.fpr, cpu.mxcsr));
        assert_eq!(back.ymm[5].0, [1, 2, 3, 4]);
        restore(&mut back, &image, false);
        assert_eq!(back.ymm[5].0, [1, 2, 3, 4], "a frame without extended state leaves the upper halves");
    }
}
