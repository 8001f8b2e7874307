//! The shipped modules: the kernel with its imports and exports, and nothing else. One feature chooses the flavour:
//!
//! | feature | imports | exports | made of |
//! |---|---|---|---|
//! | `preview1` | `wasi_snapshot_preview1` | `_start`, `bw_*` | `preview1.rs` and `wasi host files driven` |
//! | `component` | WASI 0.2's command world | `wasi:cli/run` | `wasi2/` with `wasi2/command.rs` |
//! | `http` | WASI 0.2's proxy world | `wasi:http/incoming-handler` | `wasi2/` with `wasi2/http/` |
//!
//! With `jit`, `preview1` translates at run time and has two more imports, which only our own hosts have (`jit.rs`).
//! The last two become components by `wit-component` when the command line is built. The packed image lies in linear
//! memory above `__heap_base`; the packer writes where into `BRAINWORM_IMAGE`. All memory is had by `memory.grow`, so
//! nothing ever touches it.
//!
//! Only wasm32 has anything here.
#![cfg(target_arch = "wasm32")]
#![no_std]

extern crate alloc;

mod ahead;
mod heap;
#[cfg(feature = "jit")]
mod jit;
mod machine;
#[cfg(any(feature = "preview1", feature = "component"))]
mod mounts;

#[cfg(feature = "preview1")]
mod driven;
#[cfg(feature = "preview1")]
mod files;
#[cfg(feature = "preview1")]
mod host;
#[cfg(feature = "preview1")]
mod preview1;
#[cfg(feature = "preview1")]
mod wasi;
#[cfg(feature = "wasi2")]
mod wasi2;

use alloc::format;
use brainworm_abi::image::{SLOT_EMPTY, SLOT_WORDS};
use core::sync::atomic::{AtomicU32, Ordering};
#[cfg(feature = "preview1")]
use preview1::{say, stop};
#[cfg(feature = "wasi2")]
use wasi2::{say, stop};

#[global_allocator]
static HEAP: heap::Heap = heap::Heap::new();

/// Address and length of the packed image and of the index of translated code, written by the packer
/// (`abi::image::SLOT_SYMBOL`).
#[unsafe(no_mangle)]
pub static BRAINWORM_IMAGE: [AtomicU32; SLOT_WORDS] = [const { AtomicU32::new(SLOT_EMPTY) }; SLOT_WORDS];

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

/// An error of ours that nothing can go on after.
fn fail(why: &str) -> ! {
    say(&format!("brainworm: {why}"));
    stop()
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    say(&format!("brainworm: internal error: {info}"));
    stop()
}
