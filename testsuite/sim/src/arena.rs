//! Memory for the machine: 4 GiB of reserved addresses, touched as they are used.

use brainworm_abi::PAGE_SHIFT;
use brainworm_kernel::Arena;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

const SIZE: usize = 1 << 32;
/// Frames are given out in steps of this many pages.
const STEP: u32 = 16;

/// The reserved addresses, until the machine that lives in them is dropped.
struct Reservation(*mut u8);

// SAFETY: the mapping belongs to no thread.
unsafe impl Send for Reservation {}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `reserve`; its user, the arena this is dropped with, is gone.
        let unmapped = unsafe { munmap(self.0.cast(), SIZE) };
        debug_assert!(unmapped.is_ok(), "a reservation can be given back");
    }
}

/// An arena that holds a copy of `image`. The memory goes with it.
pub fn reserve(image: &[u8]) -> Arena {
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: an anonymous mapping at a place the system chooses touches nothing that exists.
    let base = unsafe { mmap_anonymous(std::ptr::null_mut(), SIZE, ProtFlags::READ | ProtFlags::WRITE, flags) };
    let base = base.expect("4 GiB of addresses to reserve").cast::<u8>();
    let reservation = Reservation(base);
    // Page 0 stays free, so that no host address is 0; the image starts at the first step behind it.
    let first = STEP;
    // SAFETY: the mapping is larger than any image, and nobody else knows it.
    unsafe { std::ptr::copy_nonoverlapping(image.as_ptr(), base.add((first as usize) << PAGE_SHIFT), image.len()) };
    let image_pages = image.len().div_ceil(1 << PAGE_SHIFT) as u32;
    let mut next = (first + image_pages).next_multiple_of(STEP);
    let grow = move |pages: u32| {
        // Lives as long as this closure, which the arena owns.
        let _ = &reservation;
        let (start, end) = (next, next.checked_add(pages)?);
        next = (end <= (SIZE >> PAGE_SHIFT) as u32).then_some(end)?;
        Some(start)
    };
    // SAFETY: pages behind the image are handed out once, are zero, readable and writable, and belong to nobody else.
    unsafe { Arena::new(base, Box::new(grow), (first, image.len() as u64)) }
}
