//! The kernel put onto the engine: memory, image and host of the one machine.

use crate::files::Mounts;
use crate::host::{Streams, WasiHost};
use crate::wasi;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::ToString;
use brainworm_abi::image::Image;
use brainworm_abi::{Host, PAGE_SHIFT, Stream, WinSize};
use brainworm_cpu::cpuid::Level;
use brainworm_kernel::{Arena, BootConfig, BootError, Kernel};
use brainworm_loader::start::Wishes;
use core::arch::wasm32::memory_grow;

const WASM_PAGE_SHIFT: u32 = 16;
/// Guest pages in a wasm page.
const RATIO: u32 = 1 << (WASM_PAGE_SHIFT - PAGE_SHIFT);
/// Guest pages to grow by at least: 1 MiB, because growing costs the engine a system call.
const GROW_MIN: u32 = 256;

/// What the embedder decides before boot. A stock engine decides nothing.
#[derive(Default)]
pub(crate) struct Setup {
    /// What the image's configuration is overridden with; the command and environment come from the engine.
    pub(crate) wishes: Wishes,
    /// Memory limit in bytes; 0: what the address space has.
    pub(crate) memory_bytes: u64,
    /// Print system calls.
    pub(crate) strace: bool,
    /// What CPUID shows.
    pub(crate) cpu: Level,
    /// The terminal's size.
    pub(crate) window: Option<WinSize>,
    /// Leave code translated ahead of time alone.
    pub(crate) is_interpreted: bool,
    /// Count how often the blocks of code are run.
    pub(crate) is_profiled: bool,
    /// Bit n: the n-th preopened directory is read-only.
    pub(crate) read_only_mounts: u64,
    /// Bit n: of the n-th only the file in it is mounted.
    pub(crate) file_mounts: u64,
}

/// The one machine.
pub(crate) struct Machine {
    pub(crate) kernel: Kernel,
    pub(crate) streams: Rc<Streams>,
}

impl Machine {
    /// Boots with the engine's arguments and environment. `is_driven`: by our own host.
    pub(crate) fn boot(setup: Setup, is_driven: bool) -> Result<Machine, BootError> {
        let bytes = crate::image();
        let broken = |e: brainworm_abi::image::ImageError| BootError { message: e.to_string(), code: crate::OWN_ERROR };
        let config = Image::open(bytes).and_then(|image| image.config()).map_err(broken)?;
        let mut wishes = setup.wishes;
        wishes.args = wasi::args().into_iter().skip(1).collect();
        wishes.env = wasi::environ();

        let working_dir = wishes.working_dir.as_ref().unwrap_or(&config.working_dir);
        let mounts = Mounts::find(working_dir, setup.read_only_mounts, setup.file_mounts);
        let streams = Streams::new(is_driven, setup.window);
        let mut host = Box::new(WasiHost::new(mounts, streams.clone()));
        if !is_driven && host.is_terminal(Stream::Stdin) {
            // Preview 1 says nothing of the terminal: nothing is promised of it.
            wishes.term = Some(b"dumb".to_vec());
        }
        let image = ((bytes.as_ptr() as usize >> PAGE_SHIFT) as u32, bytes.len() as u64);
        let mut spare = (0, 0);
        let grow = Box::new(move |pages| grow(&mut spare, pages));
        // SAFETY: the linear memory's pages grown here are handed out once and given to nobody else (`grow`); the
        // image is never written (`crate::image`).
        let arena = unsafe { Arena::new(core::ptr::null_mut(), grow, image) };
        let (memory_bytes, kernel_bytes) = share_memory(setup.memory_bytes, bytes.len() as u64);
        let config = BootConfig { wishes, memory_bytes, kernel_bytes, strace: setup.strace, cpu: setup.cpu };
        let mut kernel = Kernel::boot(host, arena, config)?;
        if let Some(index) = crate::ahead::index().filter(|_| !setup.is_interpreted) {
            kernel.set_ahead(index, crate::ahead::call);
        }
        if setup.is_profiled {
            kernel.start_profile();
        }
        Ok(Machine { kernel, streams })
    }
}

/// The guest's memory and what the kernel may take on top, in bytes. Unless less is wished for, the guest gets three
/// quarters of what the address space has besides the image: a heap that cannot grow would be the machine's end.
fn share_memory(wish: u64, image: u64) -> (u64, u64) {
    const FIRST: u64 = 64 << 20;
    let room = (1u64 << 32).saturating_sub(image + FIRST);
    let guest = if wish == 0 { room / 4 * 3 } else { wish.min(room / 4 * 3) };
    (guest, (guest / 2 + FIRST).min(room - guest))
}

/// `pages` zeroed guest pages (a multiple of 16) by number, from what was grown before or by growing. `spare`: first
/// page and count of what is left.
fn grow(spare: &mut (u32, u32), pages: u32) -> Option<u32> {
    let pages = pages.checked_next_multiple_of(RATIO)?;
    if spare.1 < pages {
        let take = |pages: u32| match memory_grow(0, (pages / RATIO) as usize) {
            usize::MAX => None,
            old => Some((old as u32 * RATIO, pages)),
        };
        // Near the limit a smaller step may still fit.
        *spare = take(pages.max(GROW_MIN)).or_else(|| take(pages))?;
    }
    let first = spare.0;
    *spare = (spare.0 + pages, spare.1 - pages);
    Some(first)
}
