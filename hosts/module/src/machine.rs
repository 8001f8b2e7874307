//! The kernel put onto the engine: memory and image of the one machine, whatever its host.

use alloc::boxed::Box;
use alloc::string::ToString;
use brainworm_abi::image::{ContainerConfig, Image};
use brainworm_abi::{Host, PAGE_SHIFT};
use brainworm_cpu::cpuid::Level;
use brainworm_kernel::{Arena, BootConfig, BootError, Kernel};
use brainworm_loader::start::Wishes;
use core::arch::wasm32::memory_grow;

const WASM_PAGE_SHIFT: u32 = 16;
/// Guest pages in a wasm page.
const RATIO: u32 = 1 << (WASM_PAGE_SHIFT - PAGE_SHIFT);
/// Guest pages to grow by at least: 1 MiB, because growing costs the engine a system call.
const GROW_MIN: u32 = 256;

/// What is decided before boot.
#[derive(Default)]
pub(crate) struct Setup {
    /// What the image's configuration is overridden with.
    pub(crate) wishes: Wishes,
    /// Memory limit in bytes; 0: what the address space has.
    pub(crate) memory_bytes: u64,
    /// Print system calls.
    pub(crate) strace: bool,
    /// Tell which bytes were refused as no instruction.
    pub(crate) log: bool,
    /// What CPUID shows; `None`: what the image says.
    pub(crate) cpu: Option<Level>,
    /// Leave code translated ahead of time alone.
    pub(crate) is_interpreted: bool,
    /// Count how often the blocks of code are run.
    pub(crate) is_profiled: bool,
    /// Samples after which a function is translated at run time (0: at once); `None`: never.
    #[cfg(feature = "jit")]
    pub(crate) jit_threshold: Option<u32>,
    /// First place of the table that such a function may have.
    #[cfg(feature = "jit")]
    pub(crate) jit_place: u32,
}

/// The configuration of the packed image.
pub(crate) fn config() -> Result<ContainerConfig, BootError> {
    let broken = |e: brainworm_abi::image::ImageError| BootError { message: e.to_string(), code: crate::OWN_ERROR };
    Image::open(crate::image()).and_then(|image| image.config()).map_err(broken)
}

/// Boots the one machine. A flavour that boots again drops the old one first and says so (`recycle`).
pub(crate) fn boot(host: Box<dyn Host>, setup: Setup) -> Result<Kernel, BootError> {
    let bytes = crate::image();
    let image = ((bytes.as_ptr() as usize >> PAGE_SHIFT) as u32, bytes.len() as u64);
    let mut spare = (0, 0);
    let grow = Box::new(move |pages| grow(&mut spare, pages));
    // SAFETY: the linear memory's pages grown here are handed out once and given to nobody else (`grow`); the
    // image is never written (`crate::image`).
    let arena = unsafe { Arena::new(core::ptr::null_mut(), grow, image) };
    let (memory_bytes, kernel_bytes) = share_memory(setup.memory_bytes, bytes.len() as u64);
    let Setup { wishes, strace, log, cpu, .. } = setup;
    let config = BootConfig { wishes, memory_bytes, kernel_bytes, strace, log, cpu };
    let mut kernel = Kernel::boot(host, arena, config)?;
    if let Some(index) = crate::ahead::index().filter(|_| !setup.is_interpreted) {
        kernel.set_ahead(index, crate::ahead::call);
    }
    #[cfg(feature = "jit")]
    if let Some(threshold) = setup.jit_threshold {
        crate::jit::start(&mut kernel, threshold, setup.jit_place);
    }
    if setup.is_profiled {
        kernel.start_profile();
    }
    Ok(kernel)
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
    #[cfg(feature = "http")]
    if let Some(first) = again::take(pages) {
        return Some(first);
    }
    if spare.1 < pages {
        let take = |pages: u32| match memory_grow(0, (pages / RATIO) as usize) {
            usize::MAX => None,
            old => Some((old as u32 * RATIO, pages)),
        };
        // Near the limit a smaller step may still fit.
        *spare = take(pages.max(GROW_MIN)).or_else(|| take(pages))?;
        #[cfg(feature = "http")]
        again::note(*spare);
    }
    let first = spare.0;
    *spare = (spare.0 + pages, spare.1 - pages);
    Some(first)
}

#[cfg(feature = "http")]
pub(crate) use again::recycle;

/// Memory of a machine that is gone, for the next one in the same instance: a linear memory never shrinks.
#[cfg(feature = "http")]
mod again {
    use super::PAGE_SHIFT;
    use alloc::vec::Vec;
    use spin::Mutex;

    /// Runs of pages, first and count, ascending.
    struct Pages {
        grown: Vec<(u32, u32)>,
        /// What of it the present machine has not got yet: the first so many runs are used up, and of the next one so
        /// many pages.
        next: Option<(usize, u32)>,
    }
    static PAGES: Mutex<Pages> = Mutex::new(Pages { grown: Vec::new(), next: None });

    /// Pages were grown for the present machine.
    pub(super) fn note(run: (u32, u32)) {
        let mut pages = PAGES.lock();
        match pages.grown.last_mut() {
            Some(last) if last.0 + last.1 == run.0 => last.1 += run.1,
            _ => pages.grown.push(run),
        }
    }

    /// Pages of the machine before, zeroed. They are handed out in ascending order, as the kernel wants them; a run that
    /// is too short is passed over.
    pub(super) fn take(count: u32) -> Option<u32> {
        let mut pages = PAGES.lock();
        loop {
            let (index, used) = pages.next?;
            let Some(&(first, len)) = pages.grown.get(index) else {
                pages.next = None;
                return None;
            };
            if len - used < count {
                pages.next = Some((index + 1, 0));
                continue;
            }
            pages.next = Some((index, used + count));
            let (at, len) = (((first + used) as usize) << PAGE_SHIFT, (count as usize) << PAGE_SHIFT);
            // SAFETY: the pages were grown for a machine that is gone (`recycle`), so nobody refers to them; the
            // linear memory is ours and never shrinks.
            unsafe { core::ptr::write_bytes(at as *mut u8, 0, len) };
            return Some(first + used);
        }
    }

    /// Frees the memory of the machine before.
    ///
    /// # Safety
    /// No machine is there, nor anything that refers to a page of one.
    pub(crate) unsafe fn recycle() {
        let mut pages = PAGES.lock();
        pages.next = (!pages.grown.is_empty()).then_some((0, 0));
    }
}
