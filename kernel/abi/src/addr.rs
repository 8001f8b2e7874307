//! Guest virtual addresses.

use core::fmt;

/// log2 of the page size.
pub const PAGE_SHIFT: u32 = 12;
/// Bytes in a page; the only page size the guest sees.
pub const PAGE_SIZE: usize = 1 << PAGE_SHIFT;

/// An address the guest named. It is a claim: only `kernel::mm` turns it into bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GuestAddr(pub u64);

impl GuestAddr {
    /// NULL.
    pub const NULL: GuestAddr = GuestAddr(0);
    /// First address above user space: 47-bit canonical addresses (SDM Vol. 1 3.3.7.1).
    pub const USER_END: GuestAddr = GuestAddr(0x7fff_ffff_f000);

    /// True for address 0.
    pub fn is_null(self) -> bool {
        self.0 == 0
    }
    /// `self + bytes`, `None` past 2^64.
    pub fn checked_add(self, bytes: u64) -> Option<GuestAddr> {
        self.0.checked_add(bytes).map(GuestAddr)
    }
    /// `self + bytes` modulo 2^64, as the CPU adds.
    pub fn wrapping_add(self, bytes: u64) -> GuestAddr {
        GuestAddr(self.0.wrapping_add(bytes))
    }
    /// The page's number.
    pub fn page(self) -> u64 {
        self.0 >> PAGE_SHIFT
    }
    /// Offset within the page.
    pub fn page_offset(self) -> usize {
        (self.0 & (PAGE_SIZE as u64 - 1)) as usize
    }
    /// Rounded down to a page boundary.
    pub fn page_floor(self) -> GuestAddr {
        GuestAddr(self.0 & !(PAGE_SIZE as u64 - 1))
    }
    /// Rounded up to a page boundary, `None` past 2^64.
    pub fn page_ceil(self) -> Option<GuestAddr> {
        self.checked_add(PAGE_SIZE as u64 - 1).map(GuestAddr::page_floor)
    }
    /// True when the address lies on a page boundary.
    pub fn is_page_aligned(self) -> bool {
        self.page_offset() == 0
    }
}

impl fmt::Debug for GuestAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
