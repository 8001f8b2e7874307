//! Linux's numbers and structures for x86-64, one file per header. Structures are `#[repr(C)]`-sized by assertion and
//! compared with the C headers by a native test (`check.rs`).
//!
//! Names and values are those of the man pages; nothing here has behaviour. Files are public modules: write
//! `linux::signal::SIGCHLD`.

mod caller;
#[cfg(test)]
mod check;
mod record;

macro_rules! headers {
    ($($name:ident)*) => {
        $(pub mod $name;)*
        #[cfg(test)]
        fn headers() -> alloc::vec::Vec<check::Header> {
            alloc::vec![$($name::check()),*]
        }
    };
}

headers! {
    epoll eventfd fcntl futex inotify ioctl ipc mman netlink poll prctl resource sched signal socket stat system termios
    time wait
}

pub use caller::Caller;
pub use record::Record;
