//! Linux's numbers and structures for x86-64, one file per header. Structures are `#[repr(C)]`-sized by assertion and
//! compared with the C headers by a native test.

mod caller;

pub use caller::Caller;
