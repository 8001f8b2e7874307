//! The heap of this program, counted: what the kernel's limit on its own objects goes by, and bounded where one asks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator with a count of bytes in use.
struct Counted;

static IN_USE: AtomicU64 = AtomicU64::new(0);
static BOUND: AtomicU64 = AtomicU64::new(u64::MAX);
static HOOK: OnceLock<fn()> = OnceLock::new();

#[global_allocator]
static HEAP: Counted = Counted;

// SAFETY: every call is the system allocator's, unchanged.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as u64;
        let live = IN_USE.fetch_add(size, Ordering::Relaxed).saturating_add(size);
        if live > BOUND.load(Ordering::Relaxed)
            && let Some(hook) = HOOK.get()
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

/// Calls `hook` whenever somebody asks for memory that would make it this much more than now; it may allocate, and end the
/// process. A later call sets the bound anew, the first hook stays.
pub fn bound_heap(more_bytes: u64, hook: fn()) {
    let _ = HOOK.set(hook);
    BOUND.store(heap_bytes().saturating_add(more_bytes), Ordering::Relaxed);
}
