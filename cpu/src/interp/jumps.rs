//! Where guest addresses continue in threaded code: the cache that returns, indirect jumps and jumps to other pages ask.

use super::op::Op;

/// log2 of the entries of the jump cache.
const JUMP_BITS: u32 = 12;

/// Where a guest address continues, for jumps that are not links: direct-mapped, checked against address and address
/// space.
pub(super) struct JumpCache {
    entries: [Jump; 1 << JUMP_BITS],
}

/// Makes the key of an address that is not to enter a region: no user address has bit 63; the rest is for another place
/// in the cache.
const PLAIN: u64 = 1 << 63 | 0x2a5;

#[derive(Clone, Copy)]
#[repr(C)]
struct Jump {
    rip: u64,
    op: *const Op,
    tag: u32,
}

impl JumpCache {
    const NONE: Jump = Jump { rip: u64::MAX, op: core::ptr::null(), tag: 0 };

    pub(super) const fn new() -> JumpCache {
        JumpCache { entries: [JumpCache::NONE; 1 << JUMP_BITS] }
    }
    pub(super) fn clear(&mut self) {
        self.entries.fill(JumpCache::NONE);
    }
    #[inline(always)]
    fn index(rip: u64) -> usize {
        (rip ^ rip >> JUMP_BITS) as usize & ((1 << JUMP_BITS) - 1)
    }
    #[inline(always)]
    pub(super) fn find(&self, rip: u64, tag: u32) -> Option<*const Op> {
        let e = &self.entries[JumpCache::index(rip)];
        (e.rip == rip && e.tag == tag).then_some(e.op)
    }
    /// Where the address continues without entering a region.
    #[inline(always)]
    pub(super) fn find_plain(&self, rip: u64, tag: u32) -> Option<*const Op> {
        self.find(rip ^ PLAIN, tag)
    }
    pub(super) fn insert_plain(&mut self, rip: u64, tag: u32, op: *const Op) {
        self.insert(rip ^ PLAIN, tag, op);
    }
    pub(super) fn insert(&mut self, rip: u64, tag: u32, op: *const Op) {
        self.entries[JumpCache::index(rip)] = Jump { rip, op, tag };
    }
}
