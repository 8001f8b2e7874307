//! The kernel's heap: dlmalloc, with a count of what is in use (`Host::heap_bytes`).

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
use dlmalloc::GlobalDlmalloc;

/// The global allocator.
pub(crate) struct Heap(AtomicUsize);

impl Heap {
    pub(crate) const fn new() -> Heap {
        Heap(AtomicUsize::new(0))
    }
    /// Bytes in use.
    pub(crate) fn used(&self) -> u64 {
        self.0.load(Ordering::Relaxed) as u64
    }
    /// One thread: no read-modify-write instruction is needed.
    fn count(&self, more: usize, less: usize) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more).wrapping_sub(less), Ordering::Relaxed);
    }
}

// SAFETY: every call is dlmalloc's, unchanged.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.count(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { GlobalDlmalloc.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        self.count(0, layout.size());
        // SAFETY: the caller's promise.
        unsafe { GlobalDlmalloc.dealloc(at, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.count(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { GlobalDlmalloc.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.count(size, layout.size());
        // SAFETY: the caller's promise.
        unsafe { GlobalDlmalloc.realloc(at, layout, size) }
    }
}
