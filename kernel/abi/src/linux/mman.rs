//! mmap(2), mprotect(2), madvise(2), mremap(2), msync(2), mlockall(2), memfd_create(2).

use super::record::{c_check, c_consts, c_flags};

c_flags! {
    /// Page protection, mprotect(2).
    Prot: u32 {
        PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, PROT_GROWSDOWN = 0x0100_0000, PROT_GROWSUP = 0x0200_0000,
    }
}
c_flags! {
    /// Flags of mmap(2). `MAP_SHARED_VALIDATE` is both low bits.
    MapFlags: u32 {
        MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_SHARED_VALIDATE = 3, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20,
        MAP_32BIT = 0x40, MAP_GROWSDOWN = 0x100, MAP_DENYWRITE = 0x800, MAP_EXECUTABLE = 0x1000, MAP_LOCKED = 0x2000,
        MAP_NORESERVE = 0x4000, MAP_POPULATE = 0x8000, MAP_NONBLOCK = 0x1_0000, MAP_STACK = 0x2_0000,
        MAP_HUGETLB = 0x4_0000, MAP_SYNC = 0x8_0000, MAP_FIXED_NOREPLACE = 0x10_0000,
    }
}
c_flags! {
    /// Flags of mremap(2).
    RemapFlags: u32 { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4, }
}
c_flags! {
    /// Flags of msync(2).
    SyncFlags: u32 { MS_ASYNC = 1, MS_INVALIDATE = 2, MS_SYNC = 4, }
}
c_flags! {
    /// Flags of mlockall(2).
    LockFlags: u32 { MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4, }
}
c_flags! {
    /// Flags of memfd_create(2).
    MemfdFlags: u32 {
        MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_HUGETLB = 4, MFD_NOEXEC_SEAL = 8, MFD_EXEC = 0x10,
    }
}
c_consts! {
    /// Advice of madvise(2).
    ADVICE: u32 {
        MADV_NORMAL = 0, MADV_RANDOM = 1, MADV_SEQUENTIAL = 2, MADV_WILLNEED = 3, MADV_DONTNEED = 4, MADV_FREE = 8,
        MADV_REMOVE = 9, MADV_DONTFORK = 10, MADV_DOFORK = 11, MADV_MERGEABLE = 12, MADV_UNMERGEABLE = 13,
        MADV_HUGEPAGE = 14, MADV_NOHUGEPAGE = 15, MADV_DONTDUMP = 16, MADV_DODUMP = 17, MADV_WIPEONFORK = 18,
        MADV_KEEPONFORK = 19, MADV_COLD = 20, MADV_PAGEOUT = 21, MADV_POPULATE_READ = 22, MADV_POPULATE_WRITE = 23,
        MADV_DONTNEED_LOCKED = 24, MADV_COLLAPSE = 25, MADV_HWPOISON = 100,
    }
}

c_check! { "sys/mman.h linux/memfd.h linux/mman.h", consts [ADVICE],
    flags [Prot, MapFlags, RemapFlags, SyncFlags, LockFlags, MemfdFlags], structs [] }
