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
// Places in the image, in words of eight bytes: registers of the x87 stack, xmm registers, the software bytes, the
// XSAVE header, the upper halves of ymm registers.
const ST_WORD: usize = 32 / 8;
const XMM_WORD: usize = 160 / 8;
const SW_WORD: usize = 464 / 8;
const HEADER_WORD: usize = LEGACY_LEN / 8;
const YMM_WORD: usize = HEADER_WORD + 8;
/// x87, SSE, AVX.
const XFEATURES: u64 = 7;
/// MXCSR bits that exist.
const MXCSR_MASK: u32 = 0xffff;

/// The registers as bytes.
pub(super) fn save(cpu: &Cpu) -> [u8; LEN] {
    let mut words = [0u64; XSTATE_LEN / 8];
    // Abridged tag word: a bit for each register that is not empty.
    let tags = (0..8).fold(0u64, |tags, i| tags | u64::from(cpu.ftw >> (2 * i) & 3 != 3) << i);
    words[0] = u64::from(cpu.fcw) | u64::from(cpu.fsw) << 16 | tags << 32 | u64::from(cpu.fop) << 48;
    words[1] = cpu.fip;
    words[2] = cpu.fdp;
    words[3] = pair(cpu.mxcsr, MXCSR_MASK);
    let top = usize::from(cpu.fsw >> 11 & 7);
    for i in 0..8 {
        // ST(i), not R(i).
        let (significand, exponent) = cpu.fpr[(top + i) % 8];
        words[ST_WORD + 2 * i] = significand;
        words[ST_WORD + 2 * i + 1] = u64::from(exponent);
    }
    for (i, ymm) in cpu.ymm.iter().enumerate() {
        for word in 0..2 {
            words[XMM_WORD + 2 * i + word] = ymm.0[word];
            words[YMM_WORD + 2 * i + word] = ymm.0[word + 2];
        }
    }
    words[SW_WORD] = pair(FP_XSTATE_MAGIC1, LEN as u32);
    words[SW_WORD + 1] = XFEATURES;
    words[SW_WORD + 2] = XSTATE_LEN as u64;
    words[HEADER_WORD] = XFEATURES;
    let mut out = [0; LEN];
    let (slots, end) = out.as_chunks_mut();
    for (slot, word) in slots.iter_mut().zip(words) {
        *slot = word.to_le_bytes();
    }
    FP_XSTATE_MAGIC2.store(end);
    out
}

/// Two halves of a word, the low one first.
const fn pair(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

fn word(image: &[u8; LEN], index: usize) -> u64 {
    image.as_chunks().0.get(index).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// True when an image says that more than its FXSAVE part follows.
pub(super) fn has_extended(image: &[u8; LEN]) -> bool {
    word(image, SW_WORD) == pair(FP_XSTATE_MAGIC1, LEN as u32)
}

/// Loads the registers. Whatever the image says is a state the CPU can have: reserved bits are dropped.
pub(super) fn restore(cpu: &mut Cpu, image: &[u8; LEN], has_extended: bool) {
    let features = if has_extended { word(image, HEADER_WORD) } else { 3 };
    cpu.mxcsr = word(image, 3) as u32 & MXCSR_MASK;
    if features & 1 != 0 {
        let control = word(image, 0);
        cpu.fcw = control as u16 & 0x1f7f | 0x40;
        cpu.fsw = (control >> 16) as u16;
        cpu.fop = (control >> 48) as u16 & 0x7ff;
        cpu.fip = word(image, 1);
        cpu.fdp = word(image, 2);
        let top = usize::from(cpu.fsw >> 11 & 7);
        let tags = (control >> 32) as u8;
        cpu.ftw = 0;
        for i in 0..8 {
            let (significand, exponent) = (word(image, ST_WORD + 2 * i), word(image, ST_WORD + 2 * i + 1) as u16);
            let r = (top + i) % 8;
            cpu.fpr[r] = (significand, exponent);
            let tag = if tags >> r & 1 == 0 { 3 } else { tag_of(significand, exponent) };
            cpu.ftw |= tag << (2 * r);
        }
    } else {
        (cpu.fcw, cpu.fsw, cpu.ftw, cpu.fpr) = (0x37f, 0, 0xffff, [(0, 0); 8]);
    }
    for (i, ymm) in cpu.ymm.iter_mut().enumerate() {
        let mut half = |low: usize, bit: u64, at: usize| {
            for k in 0..2 {
                ymm.0[low + k] = if features & bit != 0 { word(image, at + 2 * i + k) } else { 0 };
            }
        };
        half(0, 2, XMM_WORD);
        if has_extended {
            half(2, 4, YMM_WORD);
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
