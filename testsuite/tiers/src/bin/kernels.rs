//! Small kernels as this compiler's machine code: run natively, and the same bytes lowered and run by wasmtime.
//!
//! `cargo run --release -p brainworm-tiers --bin kernels [-- NAME...]` prints the ratio of the best times of interleaved
//! rounds. All kernels are small and stay in the cache: the worst case for what lowering adds.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "a kernel's pointers stay within the memory it is given, by its argument"
)]

use brainworm_cpu::wasm::Region;
use brainworm_cpu::{Cpu, Exit, Gpr};
use brainworm_tiers::{Counts, Machine, Page};
use std::time::{Duration, Instant};

/// Where code, data and stack lie in the guest.
const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x4_0000;
const STACK: u64 = 0x3f_f000;
/// Where the guest returns to: nothing is there.
const RETURN: u64 = 0x7000_0000;
const CODE_BYTES: usize = 0x2_0000;
const DATA_BYTES: usize = 0x20_0000;

type Kernel = unsafe extern "C" fn(*mut u8, u64) -> u64;

/// Numbers that look random.
fn noise(k: u64) -> u64 {
    let x = (k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^ x >> 29
}

#[inline(never)]
unsafe extern "C" fn crc32(data: *mut u8, n: u64) -> u64 {
    let table = data.cast::<u32>();
    let bytes = unsafe { data.add(1024) };
    let mut crc = !0u32;
    for k in 0..n as usize {
        let byte = unsafe { *bytes.add(k & 0xffff) };
        crc = unsafe { *table.add((crc as u8 ^ byte) as usize) } ^ crc >> 8;
    }
    crc as u64
}

#[inline(never)]
unsafe extern "C" fn sieve(data: *mut u8, n: u64) -> u64 {
    let n = n as usize;
    for k in 0..n {
        unsafe { *data.add(k) = 1 };
    }
    let mut count = 0;
    for k in 2..n {
        if unsafe { *data.add(k) } != 0 {
            count += 1;
            let mut m = k * 2;
            while m < n {
                unsafe { *data.add(m) = 0 };
                m += k;
            }
        }
    }
    count
}

#[inline(never)]
unsafe extern "C" fn matrix(data: *mut u8, n: u64) -> u64 {
    let n = n as usize;
    let a = data.cast::<i32>();
    let (b, c) = unsafe { (a.add(n * n), a.add(2 * n * n)) };
    for i in 0..n {
        for j in 0..n {
            let mut sum = 0i32;
            for k in 0..n {
                let (x, y) = unsafe { (*a.add(i * n + k), *b.add(k * n + j)) };
                sum = sum.wrapping_add(x.wrapping_mul(y));
            }
            unsafe { *c.add(i * n + j) = sum };
        }
    }
    unsafe { *c.add(n + 3) as u32 as u64 }
}

#[inline(never)]
unsafe extern "C" fn hash(data: *mut u8, n: u64) -> u64 {
    let table = data.cast::<u64>();
    let mut found = 0u64;
    let mut key = 1u64;
    for _ in 0..n {
        key = key.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut at = (key >> 40) & 0xfff;
        loop {
            let slot = unsafe { table.add(at as usize * 2) };
            let have = unsafe { *slot };
            if have == key & 0xffff {
                unsafe { *slot.add(1) += 1 };
                found += 1;
                break;
            }
            if have == 0 {
                break;
            }
            at = (at + 1) & 0xfff;
        }
    }
    found
}

#[inline(never)]
unsafe extern "C" fn list(data: *mut u8, n: u64) -> u64 {
    let mut sum = 0u64;
    let mut at = 0u64;
    for _ in 0..n {
        let node = unsafe { data.add(at as usize).cast::<u64>() };
        sum = sum.wrapping_add(unsafe { *node.add(1) });
        at = unsafe { *node };
    }
    sum
}

#[inline(never)]
unsafe extern "C" fn bytes(data: *mut u8, n: u64) -> u64 {
    let mut words = 0;
    let mut inside = false;
    for k in 0..n as usize {
        let byte = unsafe { data.add(k).read_volatile() };
        let space = byte & 7 == 0;
        if !space && !inside {
            words += 1;
        }
        inside = !space;
    }
    words
}

#[inline(never)]
unsafe extern "C" fn sort(data: *mut u8, n: u64) -> u64 {
    unsafe extern "C" fn part(a: *mut u32, low: i64, high: i64) {
        let (mut i, mut j) = (low, high);
        let pivot = unsafe { *a.offset((low + ((high - low) >> 1)) as isize) };
        while i <= j {
            while unsafe { *a.offset(i as isize) } < pivot {
                i += 1;
            }
            while unsafe { *a.offset(j as isize) } > pivot {
                j -= 1;
            }
            if i <= j {
                unsafe {
                    let t = *a.offset(i as isize);
                    *a.offset(i as isize) = *a.offset(j as isize);
                    *a.offset(j as isize) = t;
                }
                i += 1;
                j -= 1;
            }
        }
        if low < j {
            unsafe { part(a, low, j) };
        }
        if i < high {
            unsafe { part(a, i, high) };
        }
    }
    let a = data.cast::<u32>();
    for k in 0..n as usize {
        unsafe { *a.add(k) = (k as u32).wrapping_mul(2_654_435_761) };
    }
    unsafe { part(a, 0, n as i64 - 1) };
    unsafe { *a.add(n as usize / 3) as u64 }
}

#[inline(never)]
#[allow(clippy::only_used_in_recursion, reason = "all kernels have one type")]
unsafe extern "C" fn fib(data: *mut u8, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    unsafe { std::hint::black_box(fib(data, n - 1)).wrapping_add(fib(data, n - 2)) }
}

#[inline(never)]
unsafe extern "C" fn divide(data: *mut u8, n: u64) -> u64 {
    let _ = data;
    let mut sum = 0;
    for k in 1..n as u32 {
        let (mut a, mut b) = (k.wrapping_mul(7919) | 1, k);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        sum += a as u64;
    }
    sum
}

#[inline(never)]
unsafe extern "C" fn mix(data: *mut u8, n: u64) -> u64 {
    let words = data.cast::<u32>();
    let (mut a, mut b, mut c, mut d) = (1u32, 2u32, 3u32, 4u32);
    for k in 0..n as usize {
        let w = unsafe { *words.add(k & 63) };
        let s = a.rotate_right(6) ^ a.rotate_right(11) ^ a.rotate_right(25);
        let f = (a & b) ^ (!a & c);
        let t = d.wrapping_add(s).wrapping_add(f).wrapping_add(w);
        d = c;
        c = b;
        b = a;
        a = t.wrapping_add(b.rotate_left(3));
    }
    (a ^ b ^ c ^ d) as u64
}

#[inline(never)]
unsafe extern "C" fn matmul(data: *mut u8, n: u64) -> u64 {
    let n = n as usize;
    let a = data.cast::<f64>();
    let (b, c) = unsafe { (a.add(n * n), a.add(2 * n * n)) };
    for i in 0..n {
        for j in 0..n {
            let mut sum = unsafe { *a.add(3 * n * n) };
            for k in 0..n {
                sum += unsafe { *a.add(i * n + k) * *b.add(k * n + j) };
            }
            unsafe { *c.add(i * n + j) = sum };
        }
    }
    unsafe { (*c.add(n + 3)).to_bits() }
}

#[inline(never)]
unsafe extern "C" fn mandel(data: *mut u8, n: u64) -> u64 {
    let k = data.cast::<f64>();
    let (zero, step, four, two) = unsafe { (*k, *k.add(1), *k.add(2), *k.add(3)) };
    let mut total = 0;
    let mut ci = zero;
    for _ in 0..n {
        let mut cr = zero - two;
        for _ in 0..n {
            let (mut x, mut y, mut count) = (zero, zero, 0u64);
            while count < 100 && x * x + y * y < four {
                let t = x * x - y * y + cr;
                y = two * x * y + ci;
                x = t;
                count += 1;
            }
            total += count;
            cr += step;
        }
        ci += step;
    }
    total
}

#[inline(never)]
unsafe extern "C" fn nbody(data: *mut u8, n: u64) -> u64 {
    let body = data.cast::<f64>();
    for _ in 0..n {
        for i in 0..5usize {
            for j in i + 1..5 {
                unsafe {
                    let (p, q) = (body.add(i * 7), body.add(j * 7));
                    let (dx, dy, dz) = (*p - *q, *p.add(1) - *q.add(1), *p.add(2) - *q.add(2));
                    let square = dx * dx + dy * dy + dz * dz + *body.add(63);
                    let mut root = square;
                    std::arch::asm!("sqrtsd {0}, {0}", inout(xmm_reg) root);
                    let pull = *body.add(64) / (square * root);
                    *p.add(3) -= dx * *q.add(6) * pull;
                    *p.add(4) -= dy * *q.add(6) * pull;
                    *p.add(5) -= dz * *q.add(6) * pull;
                    *q.add(3) += dx * *p.add(6) * pull;
                    *q.add(4) += dy * *p.add(6) * pull;
                    *q.add(5) += dz * *p.add(6) * pull;
                }
            }
        }
        for i in 0..5usize {
            unsafe {
                let p = body.add(i * 7);
                for k in 0..3 {
                    *p.add(k) += *p.add(3 + k) * *body.add(64);
                }
            }
        }
    }
    unsafe { (*body).to_bits() }
}

#[inline(never)]
unsafe extern "C" fn axpy(data: *mut u8, n: u64) -> u64 {
    let x = data.cast::<f32>();
    let y = unsafe { x.add(8192) };
    let a = unsafe { *x.add(1) };
    for _ in 0..n {
        for k in 0..4096usize {
            unsafe { *y.add(k) += a * *x.add(k) };
        }
    }
    unsafe { (*y.add(5)).to_bits() as u64 }
}

fn small_floats(k: u64) -> f64 {
    (noise(k) >> 40) as f64 / 1e7 + 0.1
}

/// Initial data of a kernel.
fn data(name: &str) -> Vec<u8> {
    let mut bytes = vec![0; DATA_BYTES];
    let mut words = |f: &dyn Fn(u64) -> u64, n: usize| {
        for (k, chunk) in bytes.chunks_exact_mut(8).take(n).enumerate() {
            chunk.copy_from_slice(&f(k as u64).to_le_bytes());
        }
    };
    match name {
        "list" => {
            // One cycle through 4096 nodes of 16 bytes.
            words(&|k| if k & 1 == 0 { ((k / 2 * 1021 + 7) & 0xfff) * 16 } else { noise(k) }, 8192);
        }
        "hash" => words(&|k| if k & 1 == 0 && k % 3 != 0 { noise(k) & 0xffff } else { 0 }, 8192),
        "mandel" => words(&|k| [0.0f64, 0.01, 4.0, 2.0][k as usize & 3].to_bits(), 4),
        "axpy" => words(&|k| (noise(k) & 0x0fff_ffff_0fff_ffff) % 0x3e00_0000_3e00_0000, 8192),
        "matmul" | "nbody" => words(&|k| small_floats(k).to_bits(), 32768),
        _ => words(&noise, 65536),
    }
    bytes
}

const KERNELS: [(&str, Kernel, u64); 14] = [
    ("crc32", crc32, 300_000),
    ("sieve", sieve, 200_000),
    ("matrix", matrix, 64),
    ("hash", hash, 100_000),
    ("list", list, 200_000),
    ("bytes", bytes, 400_000),
    ("sort", sort, 10_000),
    ("fib", fib, 22),
    ("divide", divide, 3_000),
    ("mix", mix, 200_000),
    ("matmul", matmul, 64),
    ("mandel", mandel, 60),
    ("nbody", nbody, 3_000),
    ("axpy", axpy, 100),
];

struct Run {
    machine: Machine,
    code: brainworm_tiers::Code,
    start: u64,
    argument: u64,
}

impl Run {
    fn new(name: &str, kernel: Kernel, argument: u64) -> Run {
        let mut machine = Machine::new();
        (0..brainworm_tiers::PAGES).for_each(|page| machine.set_page(page, Page::Present));
        let at = kernel as usize;
        let page = at & !0xfff;
        // SAFETY: the text of this program goes on for much longer behind its first kernel than it does behind the last.
        let bytes = unsafe { std::slice::from_raw_parts(page as *const u8, CODE_BYTES.min(0x4000)) };
        machine.guest(CODE, bytes.len()).copy_from_slice(bytes);
        let initial = data(name);
        machine.guest(DATA, DATA_BYTES).copy_from_slice(&initial);
        // The kernel, and what it calls.
        let mut starts = vec![(at - page) as u32];
        let mut regions: Vec<Region> = Vec::new();
        while let Some(start) = starts.pop() {
            if !regions.iter().any(|region| region.entries[0] == start) {
                let region = Region::discover(bytes, start).expect("code at the start");
                starts.extend(region.callees().into_iter().filter(|to| (*to as usize) < bytes.len()));
                regions.push(region);
            }
        }
        let code = machine.load(CODE, &regions, true);
        Run { machine, code, start: CODE + (at - page) as u64, argument }
    }
    fn call(&mut self, counts: &mut Counts) -> u64 {
        let mut cpu = Cpu::new();
        cpu.rip = self.start;
        cpu.gpr[Gpr::RDI.0 as usize] = DATA;
        cpu.gpr[Gpr::RSI.0 as usize] = self.argument;
        cpu.gpr[Gpr::RSP.0 as usize] = STACK - 8;
        self.machine.guest(STACK - 8, 8).copy_from_slice(&RETURN.to_le_bytes());
        let exit = self.machine.run(&self.code, &mut cpu, 100_000_000, counts);
        assert!(matches!(exit, Exit::Fault(_)) && cpu.rip == RETURN, "{exit:?} at {:#x}", cpu.rip);
        cpu.gpr[0]
    }
}

fn time(f: impl FnOnce() -> u64) -> (Duration, u64) {
    let start = Instant::now();
    let value = f();
    (start.elapsed(), value)
}

fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let rounds = std::env::var("ROUNDS").ok().and_then(|v| v.parse().ok()).unwrap_or(20);
    let wanted = KERNELS.iter().filter(|(name, ..)| only.is_empty() || only.iter().any(|o| o == name));
    let mut all: Vec<_> = wanted
        .map(|&(name, kernel, argument)| {
            let mut counts = Counts::default();
            let (mut memory, mut run) = (data(name), Run::new(name, kernel, argument));
            // SAFETY: the kernel works on the memory it is given.
            let native = unsafe { kernel(memory.as_mut_ptr(), argument) };
            assert_eq!(run.call(&mut counts), native, "{name}");
            (name, kernel, argument, memory, run, Duration::MAX, Duration::MAX, counts)
        })
        .collect();
    for _ in 0..rounds {
        for (_, kernel, argument, memory, run, native, lowered, _) in &mut all {
            // SAFETY: as above.
            let (t, _) = time(|| unsafe { kernel(memory.as_mut_ptr(), *argument) });
            *native = t.min(*native);
            let (t, _) = time(|| run.call(&mut Counts::default()));
            *lowered = t.min(*lowered);
        }
    }
    let mut product = 0.0;
    for (name, _, _, _, run, native, lowered, counts) in &all {
        let ratio = lowered.as_secs_f64() / native.as_secs_f64();
        product += ratio.ln();
        println!(
            "{name:8} {:8.3} ms native {:8.3} ms lowered  {ratio:5.2}   {} bytes, {} entered, {} left, {} stepped",
            native.as_secs_f64() * 1e3,
            lowered.as_secs_f64() * 1e3,
            run.code.size,
            counts.entered,
            counts.interpreted,
            counts.stepped,
        );
    }
    println!("geometric mean {:.3}", (product / all.len() as f64).exp());
}
