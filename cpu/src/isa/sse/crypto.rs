//! AES, carry-less multiplication and SHA: helpers on whole registers.

use crate::emit::{Done, Emit};
use crate::insn::{Insn, Operand, Vex, Width};
use crate::vec::{Bytes, halves, of_halves};
use crate::{Cpu, Exception, Exit, Guest};

/// The value of a 16-byte operand; memory must be aligned, but for VEX.
fn operand(cpu: &Cpu, i: &Insn, op: Operand, guest: &mut Guest<'_>) -> Result<Bytes, Exit> {
    if let Operand::Xmm(r) = op {
        return Ok(cpu.vector(r));
    }
    let addr = cpu.address(&i.mem);
    if i.vex == Vex::None && addr & 15 != 0 {
        return Err(Exit::Exception(Exception::GeneralProtection));
    }
    let mut bytes = [0; 16];
    guest.read_bytes(addr, &mut bytes).map_err(crate::helper::fault)?;
    Ok(bytes)
}

/// dst <- f(first, src, imm, xmm0).
fn apply(cpu: &mut Cpu, i: &Insn, guest: &mut Guest<'_>, f: fn(Bytes, Bytes, u8, Bytes) -> Bytes) -> Result<(), Exit> {
    let b = operand(cpu, i, i.src(), guest)?;
    if let Operand::Xmm(r) = i.dst() {
        let a = operand(cpu, i, i.first(), guest)?;
        let result = f(a, b, i.imm as u8, cpu.xmm(0));
        cpu.set_vector(r, result);
    }
    Ok(())
}

macro_rules! by_function {
    ($($(#[$doc:meta])* $name:ident $f:expr;)*) => {
        $($(#[$doc])*
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            e.call(i, |cpu, i, guest| apply(cpu, i, guest, $f))
        })*
    };
}

by_function! {
    /// AESENC: one round.
    aesenc |a, key, _, _| xor(mix(sub(shift_rows(a), &SBOX), [2, 3, 1, 1]), key);
    /// AESENCLAST.
    aesenclast |a, key, _, _| xor(sub(shift_rows(a), &SBOX), key);
    /// AESDEC: one round of the equivalent inverse cipher.
    aesdec |a, key, _, _| xor(mix(sub(unshift_rows(a), &INVERSE), [14, 11, 13, 9]), key);
    /// AESDECLAST.
    aesdeclast |a, key, _, _| xor(sub(unshift_rows(a), &INVERSE), key);
    /// AESIMC: a round key for the equivalent inverse cipher.
    aesimc |_, b, _, _| mix(b, [14, 11, 13, 9]);
    /// AESKEYGENASSIST.
    aeskeygenassist |_, b, round, _| key_assist(b, round);
    /// PCLMULQDQ.
    pclmulqdq |a, b, pick, _| {
        let half = |x: Bytes, high: bool| if high { halves(x).1 } else { halves(x).0 };
        carryless(half(a, pick & 1 != 0), half(b, pick & 16 != 0)).to_le_bytes()
    };
    /// SHA1NEXTE.
    sha1nexte |a, b, _, _| {
        let (a, mut b) = (words(a), words(b));
        b[3] = b[3].wrapping_add(a[3].rotate_left(30));
        of_words(b)
    };
    /// SHA1MSG1.
    sha1msg1 |a, b, _, _| {
        let (a, b) = (words(a), words(b));
        of_words([a[0] ^ b[2], a[1] ^ b[3], a[2] ^ a[0], a[3] ^ a[1]])
    };
    /// SHA1MSG2.
    sha1msg2 |a, b, _, _| sha1_schedule(words(a), words(b));
    /// SHA1RNDS4.
    sha1rnds4 |a, b, function, _| sha1_rounds(words(a), words(b), function & 3);
    /// SHA256RNDS2.
    sha256rnds2 |a, b, _, wk| sha256_rounds(words(a), words(b), words(wk));
    /// SHA256MSG1.
    sha256msg1 |a, b, _, _| {
        let (a, b) = (words(a), words(b));
        let next = [a[1], a[2], a[3], b[0]];
        of_words(core::array::from_fn(|n| a[n].wrapping_add(small_sigma(next[n], [7, 18, 3]))))
    };
    /// SHA256MSG2.
    sha256msg2 |a, b, _, _| sha256_schedule(words(a), words(b));
}

// ---- AES (FIPS 197). A register holds the state column by column: byte 4c + r is row r of column c.

const fn times(a: u8, b: u8) -> u8 {
    let (mut a, mut b, mut product) = (a, b, 0);
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        a = a << 1 ^ if a & 0x80 != 0 { 0x1b } else { 0 };
        b >>= 1;
    }
    product
}

/// The substitution of FIPS 197 5.1.1: the inverse in GF(2^8), then an affine map.
const SBOX: [u8; 256] = {
    let mut table = [0; 256];
    // 3 generates the field's multiplicative group, and 0xf6 is its inverse: p and q stay inverses of each other.
    let (mut p, mut q) = (1u8, 1u8);
    loop {
        table[p as usize] = q ^ q.rotate_left(1) ^ q.rotate_left(2) ^ q.rotate_left(3) ^ q.rotate_left(4) ^ 0x63;
        p = times(p, 3);
        q = times(q, 0xf6);
        if p == 1 {
            break;
        }
    }
    table[0] = 0x63;
    table
};

const INVERSE: [u8; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        table[SBOX[n] as usize] = n as u8;
        n += 1;
    }
    table
};

fn xor(a: Bytes, b: Bytes) -> Bytes {
    core::array::from_fn(|n| a[n] ^ b[n])
}

fn sub(a: Bytes, table: &[u8; 256]) -> Bytes {
    a.map(|byte| table[byte as usize])
}

fn shift_rows(a: Bytes) -> Bytes {
    core::array::from_fn(|n| a[(n + 4 * (n % 4)) % 16])
}

fn unshift_rows(a: Bytes) -> Bytes {
    core::array::from_fn(|n| a[(n + 16 - 4 * (n % 4)) % 16])
}

/// Each column times the polynomial whose matrix has `row` as its first row.
fn mix(a: Bytes, row: [u8; 4]) -> Bytes {
    core::array::from_fn(|n| {
        let column = n & !3;
        (0..4).fold(0, |sum, k| sum ^ times(a[column + k], row[(k + 4 - n % 4) % 4]))
    })
}

fn key_assist(b: Bytes, round: u8) -> Bytes {
    let b = words(b);
    let substituted = |word: u32| u32::from_le_bytes(word.to_le_bytes().map(|byte| SBOX[byte as usize]));
    let (x1, x3) = (substituted(b[1]), substituted(b[3]));
    let round = round as u32;
    of_words([x1, x1.rotate_right(8) ^ round, x3, x3.rotate_right(8) ^ round])
}

// ---- PCLMULQDQ

fn carryless(a: u64, b: u64) -> u128 {
    (0..Width::W64.bits()).fold(0, |product, n| if b >> n & 1 != 0 { product ^ (a as u128) << n } else { product })
}

// ---- SHA (FIPS 180-4)

fn words(x: Bytes) -> [u32; 4] {
    let (low, high) = halves(x);
    [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32]
}

fn of_words(x: [u32; 4]) -> Bytes {
    of_halves(x[0] as u64 | (x[1] as u64) << 32, x[2] as u64 | (x[3] as u64) << 32)
}

fn sha1_schedule(a: [u32; 4], b: [u32; 4]) -> Bytes {
    let w16 = (a[3] ^ b[2]).rotate_left(1);
    let w17 = (a[2] ^ b[1]).rotate_left(1);
    let w18 = (a[1] ^ b[0]).rotate_left(1);
    let w19 = (a[0] ^ w16).rotate_left(1);
    of_words([w19, w18, w17, w16])
}

fn sha1_rounds(state: [u32; 4], message: [u32; 4], function: u8) -> Bytes {
    const K: [u32; 4] = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6];
    let [mut d, mut c, mut b, mut a] = state;
    // The first message word already holds E (SHA1NEXTE added it).
    let mut e = 0u32;
    for n in 0..4 {
        let f = match function {
            0 => b & c ^ !b & d,
            2 => b & c ^ b & d ^ c & d,
            _ => b ^ c ^ d,
        };
        let next = f
            .wrapping_add(a.rotate_left(5))
            .wrapping_add(message[3 - n])
            .wrapping_add(e)
            .wrapping_add(K[function as usize]);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    of_words([d, c, b, a])
}

/// Two rotations and a shift.
fn small_sigma(x: u32, [r, s, shift]: [u32; 3]) -> u32 {
    x.rotate_right(r) ^ x.rotate_right(s) ^ x >> shift
}

/// Three rotations.
fn big_sigma(x: u32, [r, s, t]: [u32; 3]) -> u32 {
    x.rotate_right(r) ^ x.rotate_right(s) ^ x.rotate_right(t)
}

fn sha256_rounds(cdgh: [u32; 4], abef: [u32; 4], wk: [u32; 4]) -> Bytes {
    let [mut h, mut g, mut d, mut c] = cdgh;
    let [mut f, mut e, mut b, mut a] = abef;
    for wk in &wk[..2] {
        let t1 = h.wrapping_add(big_sigma(e, [6, 11, 25])).wrapping_add(e & f ^ !e & g).wrapping_add(*wk);
        let t2 = big_sigma(a, [2, 13, 22]).wrapping_add(a & b ^ a & c ^ b & c);
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
    }
    of_words([f, e, b, a])
}

fn sha256_schedule(a: [u32; 4], b: [u32; 4]) -> Bytes {
    let sigma = |x| small_sigma(x, [17, 19, 10]);
    let w16 = a[0].wrapping_add(sigma(b[2]));
    let w17 = a[1].wrapping_add(sigma(b[3]));
    let w18 = a[2].wrapping_add(sigma(w16));
    let w19 = a[3].wrapping_add(sigma(w17));
    of_words([w16, w17, w18, w19])
}
