//! The shipped module: the kernel with its imports and exports, and nothing else.
//!
//! Imports are `wasi_snapshot_preview1` only (`wasi.rs`). `_start` serves any engine: it boots, runs, waits in
//! `poll_oneoff` and exits. Our own host calls `bw_*` instead (`driven.rs`) and never waits inside. The packed image
//! lies in linear memory above `__heap_base`; the packer writes where into `BRAINWORM_IMAGE`. All memory is had by
//! `memory.grow`, so nothing ever touches it.
//!
//! Only wasm32 has anything here.
#![cfg(target_arch = "wasm32")]
#![no_std]

extern crate alloc;

mod ahead;
mod driven;
mod files;
mod heap;
mod host;
mod machine;
mod wasi;

use alloc::format;
use brainworm_abi::Pause;
use brainworm_abi::image::{SLOT_EMPTY, SLOT_WORDS};
use core::sync::atomic::{AtomicU32, Ordering};
use machine::{Machine, Setup};

#[global_allocator]
static HEAP: heap::Heap = heap::Heap::new();

/// Address and length of the packed image and of the index of translated code, written by the packer
/// (`abi::image::SLOT_SYMBOL`).
#[unsafe(no_mangle)]
pub static BRAINWORM_IMAGE: [AtomicU32; SLOT_WORDS] = [const { AtomicU32::new(SLOT_EMPTY) }; SLOT_WORDS];

/// Instructions between two looks at the outside.
const BUDGET: u64 = 20_000_000;
/// Stock preview 1 engines refuse exit statuses from here on.
const STATUS_LIMIT: u8 = 126;
/// docker's status for errors that are not the guest's.
const OWN_ERROR: u8 = 125;

/// The packed image, or a clear end.
fn image() -> &'static [u8] {
    let [at, len] = [0, 1].map(|i| BRAINWORM_IMAGE[i].load(Ordering::Relaxed));
    if at == SLOT_EMPTY {
        fail("this module has no image inside: 'brainworm build IMAGE' makes one that has");
    }
    // SAFETY: the packer put `len` bytes there, above all the linker placed, inside the memory's first size; nobody
    // writes them, since the stack and data lie below and the heap grows above.
    unsafe { core::slice::from_raw_parts(at as *const u8, len as usize) }
}

/// Entry point for stock engines.
#[unsafe(no_mangle)]
pub extern "C" fn _start() {
    let mut machine = match Machine::boot(Setup::default(), false) {
        Ok(machine) => machine,
        Err(error) => {
            say(&format!("brainworm: {}", error.message));
            leave(error.code)
        }
    };
    loop {
        match machine.kernel.run(BUDGET) {
            Pause::Budget => {
                if machine.streams.poll_input() {
                    machine.kernel.push(brainworm_abi::Event::Readable);
                }
            }
            Pause::Idle { until, on } => {
                // A read that found nothing is a wish, too: a terminal reads ahead of whoever asks it.
                let input = on.stdin || machine.streams.wants_input();
                if until.is_none() && !input && !on.output {
                    fail("deadlock: every process of the guest waits for something that cannot come");
                }
                let (readable, writable) = machine.streams.wait(until, input, on.output);
                if readable {
                    machine.kernel.push(brainworm_abi::Event::Readable);
                }
                if writable {
                    machine.kernel.push(brainworm_abi::Event::Writable);
                }
            }
            Pause::Exited(status) => leave(status.code()),
        }
    }
}

/// Exits with the guest's status where the engine takes it; else with 125 and a line that names the true one.
fn leave(status: u8) -> ! {
    if status < STATUS_LIMIT {
        wasi::exit(status as u32);
    }
    say(&format!("brainworm: exit status {status} (WASI preview 1 has none above 125)"));
    wasi::exit(OWN_ERROR as u32)
}

/// A line on standard error.
fn say(line: &str) {
    let line = format!("{line}\n");
    let mut rest = line.as_bytes();
    while !rest.is_empty() {
        match wasi::write(2, rest) {
            Ok(n) if n > 0 => rest = &rest[n..],
            // A full pipe of our own host: it drains while it is polled.
            Err(brainworm_abi::HostError::WouldBlock) => {
                let _ = wasi::poll(&[wasi::Subscription::write(2)], &mut [wasi::WasiEvent::default()]);
            }
            _ => return,
        }
    }
}

/// An error of ours that nothing can go on after.
fn fail(why: &str) -> ! {
    say(&format!("brainworm: {why}"));
    wasi::exit(OWN_ERROR as u32)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    say(&format!("brainworm: internal error: {info}"));
    wasi::exit(OWN_ERROR as u32)
}
