//! The heap of this program, counted: what the kernel's limit on its own objects goes by, and bounded where one asks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator with a count of bytes in use.
struct Counted;

static IN_USE: AtomicU64 = AtomicU64::new(0);
static BOUND: OnceLock<(u64, fn())> = OnceLock::new();

#[global_allocator]
static HEAP: Counted = Counted;

// SAFETY: every call is the system allocator's, unchanged.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as u64;
        let live = IN_USE.fetch_add(size, Ordering::Relaxed).saturating_add(size);
        if let Some((most, hook)) = BOUND.get()
            && live > *most
        {
            hook();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Bytes of heap in use by this program.
pub(crate) fn heap_bytes() -> u64 {
    IN_USE.load(Ordering::Relaxed)
}

/// Calls `hook` whenever somebody asks for memory that would make it more than this; it may allocate, and end the process.
pub fn bound_heap(most_bytes: u64, hook: fn()) {
    // The first bound stands.
    let _ = BOUND.set((most_bytes, hook));
}
