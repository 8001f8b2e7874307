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

/// The same for an address that an indirect jump goes to: what is found was noted as such.
const INDIRECT: u64 = 1 << 62 | 0x153;

/// How the guest comes to a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// As most do.
    Usual,
    /// Not into the region that begins there.
    Plain,
    /// By an indirect jump: where those lead is noted.
    Indirect,
}

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
    fn key(rip: u64, way: Way) -> u64 {
        match way {
            Way::Usual => rip,
            Way::Plain => rip ^ PLAIN,
            Way::Indirect => rip ^ INDIRECT,
        }
    }
    /// Where the address continues for who comes this way.
    #[inline(always)]
    pub(super) fn find(&self, rip: u64, way: Way, tag: u32) -> Option<*const Op> {
        let key = JumpCache::key(rip, way);
        let e = &self.entries[JumpCache::index(key)];
        (e.rip == key && e.tag == tag).then_some(e.op)
    }
    /// What an indirect jump here finds is void.
    pub(super) fn forget_indirect(&mut self, rip: u64) {
        let key = JumpCache::key(rip, Way::Indirect);
        let entry = &mut self.entries[JumpCache::index(key)];
        if entry.rip == key {
            *entry = JumpCache::NONE;
        }
    }
    pub(super) fn insert(&mut self, rip: u64, way: Way, tag: u32, op: *const Op) {
        let rip = JumpCache::key(rip, way);
        self.entries[JumpCache::index(rip)] = Jump { rip, op, tag };
    }
}
