//! Arguments of system calls: typed before the handler runs, and shown as strace(1) shows them.
//!
//! A user pointer is a claim. The types here hold an address; only `Cx` (through `mm`) turns it into bytes.

use super::Cx;
use crate::signal::{SigNum, SigSet};
use alloc::string::String;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::time::TimespecC;
use brainworm_abi::{Errno, GuestAddr};
use core::fmt::Write;
use core::marker::PhantomData;

/// A call being shown: its raw arguments and, once it is over, its result.
pub struct Shown<'a, 'k> {
    /// To look at user memory with.
    pub cx: &'a mut Cx<'k>,
    /// The six argument registers.
    pub raw: [u64; 6],
    /// What the call answered; `None` before it ran.
    pub ret: Option<i64>,
}

impl Shown<'_, '_> {
    /// Reads user memory without complaint.
    pub fn peek<T: Record>(&mut self, addr: u64) -> Option<T> {
        self.cx.copy_in(UserPtr::<T>::new(GuestAddr(addr))).ok()
    }
}

/// A type an argument register can hold.
pub trait Arg: Sized {
    /// True when what it points to is written by the call: shown after it.
    const IS_OUT: bool = false;
    /// Decodes the register; an impossible value is the call's error.
    fn from_reg(raw: u64) -> Result<Self, Errno>;
    /// Shows argument `index` of a call as strace does.
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String);
}

macro_rules! int_args {
    ($($t:ty)*) => {$(
        impl Arg for $t {
            fn from_reg(raw: u64) -> Result<Self, Errno> {
                Ok(raw as $t)
            }
            fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
                let _ = write!(out, "{}", call.raw[index] as $t);
            }
        }
    )*};
}
int_args!(i32 u32 i64 u64);

/// A descriptor; not yet known to be open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fd(pub i32);

impl Arg for Fd {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        Ok(Fd(raw as i32))
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        let _ = write!(out, "{}", call.raw[index] as i32);
    }
}

impl Record for Fd {
    const SIZE: usize = 4;
    fn load(bytes: &[u8]) -> Self {
        Fd(i32::load(bytes))
    }
    fn store(&self, out: &mut [u8]) {
        self.0.store(out);
    }
}

/// A descriptor of a directory that paths are relative to, or AT_FDCWD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DirFd(pub i32);

impl DirFd {
    /// The working directory.
    pub const CWD: DirFd = DirFd(-100);
}

impl Arg for DirFd {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        Ok(DirFd(raw as i32))
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        let fd = call.raw[index] as i32;
        let _ = if fd == -100 { write!(out, "AT_FDCWD") } else { write!(out, "{fd}") };
    }
}

/// A number shown in octal: file modes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mode(pub u32);

impl Arg for Mode {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        Ok(Mode(raw as u32))
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        let _ = write!(out, "0{:02o}", call.raw[index] as u32);
    }
}

/// A number shown in hexadecimal: commands and flags without names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hex(pub u64);

impl Arg for Hex {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        Ok(Hex(raw))
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        let _ = write!(out, "{:#x}", call.raw[index]);
    }
}

fn show_addr(addr: u64, out: &mut String) {
    let _ = if addr == 0 { write!(out, "NULL") } else { write!(out, "{addr:#x}") };
}

impl Arg for GuestAddr {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        Ok(GuestAddr(raw))
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        show_addr(call.raw[index], out);
    }
}

/// Values strace shows by content.
pub trait Show: Record {
    /// Shows the value.
    fn show(&self, out: &mut String);
}

macro_rules! show_ints {
    ($($t:ty)*) => {$(
        impl Show for $t {
            fn show(&self, out: &mut String) {
                let _ = write!(out, "[{self}]");
            }
        }
    )*};
}
show_ints!(i32 u32 i64 u64);

impl<T: Record + Copy + ShowItem, const N: usize> Show for [T; N] {
    fn show(&self, out: &mut String) {
        out.push('[');
        for (i, item) in self.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { ", " });
            item.show_item(out);
        }
        out.push(']');
    }
}

/// Elements of shown arrays.
pub trait ShowItem {
    /// Shows the element.
    fn show_item(&self, out: &mut String);
}

impl ShowItem for Fd {
    fn show_item(&self, out: &mut String) {
        let _ = write!(out, "{}", self.0);
    }
}

impl Show for TimespecC {
    fn show(&self, out: &mut String) {
        let _ = write!(out, "{{tv_sec={}, tv_nsec={}}}", self.tv_sec, self.tv_nsec);
    }
}

impl Show for SigSet {
    fn show(&self, out: &mut String) {
        let (set, sign) = if self.0.count_ones() > 32 { (SigSet(!self.0), "~") } else { (*self, "") };
        let _ = write!(out, "{sign}[");
        for (i, signal) in set.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { " " });
            let _ = match signal.name() {
                Some(name) => write!(out, "{}", &name[3..]),
                None if signal.number() == 32 => write!(out, "RTMIN"),
                None => write!(out, "RT_{}", signal.number() - 32),
            };
        }
        out.push(']');
    }
}

macro_rules! user_pointers {
    ($($(#[$meta:meta])* $name:ident $is_out:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<T> {
            /// The address as the guest gave it.
            pub addr: GuestAddr,
            what: PhantomData<fn() -> T>,
        }
        impl<T> $name<T> {
            /// A claim that `addr` points to a `T`.
            pub fn new(addr: GuestAddr) -> Self {
                $name { addr, what: PhantomData }
            }
            /// NULL.
            pub fn is_null(self) -> bool {
                self.addr.is_null()
            }
        }
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<T> Copy for $name<T> {}
        impl<T: Record + MaybeShow> Arg for $name<T> {
            const IS_OUT: bool = $is_out;
            fn from_reg(raw: u64) -> Result<Self, Errno> {
                Ok($name::new(GuestAddr(raw)))
            }
            fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
                let addr = call.raw[index];
                let is_failed = $is_out && call.ret.is_some_and(|ret| ret < 0);
                let before = out.len();
                if addr != 0 && !is_failed && let Some(value) = call.peek::<T>(addr) {
                    value.maybe_show(out);
                }
                if out.len() == before {
                    show_addr(addr, out);
                }
            }
        }
    )*};
}
user_pointers! {
    /// A pointer to a value the call reads.
    UserPtr false;
    /// A pointer to a value the call writes (or reads and writes).
    UserMut true;
}

/// Shows what has a [`Show`], nothing otherwise.
pub trait MaybeShow {
    /// Shows the value, or leaves `out` alone.
    fn maybe_show(&self, out: &mut String);
}

/// Declares types as shown by content (`shown!(A B)`) or by address (`opaque!(C D)`).
macro_rules! shown {
    ($($t:ty),* $(,)?) => {$(
        impl $crate::sys::args::MaybeShow for $t {
            fn maybe_show(&self, out: &mut alloc::string::String) {
                $crate::sys::args::Show::show(self, out);
            }
        }
    )*};
}
macro_rules! opaque {
    ($($t:ty),* $(,)?) => {$(
        impl $crate::sys::args::MaybeShow for $t {
            fn maybe_show(&self, _out: &mut alloc::string::String) {}
        }
    )*};
}
pub(crate) use opaque;

shown!(i32, u32, i64, u64, [Fd; 2], TimespecC, SigSet);
opaque!(u8, u16, [u64; 2]);

/// A NUL-terminated string the call reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserStr(pub GuestAddr);

impl Arg for UserStr {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        Ok(UserStr(GuestAddr(raw)))
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        let addr = call.raw[index];
        match call.cx.read_str(UserStr(GuestAddr(addr)), 4096) {
            Ok(text) if addr != 0 => show_bytes(&text, usize::MAX, out),
            _ => show_addr(addr, out),
        }
    }
}

/// Bytes the call reads; how many is the next argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserSlice(pub GuestAddr);

/// Bytes the call writes; how many is the next argument, or its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserSliceMut(pub GuestAddr);

impl Arg for UserSlice {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        Ok(UserSlice(GuestAddr(raw)))
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        let len = call.raw.get(index + 1).copied().unwrap_or(0);
        show_slice(call, index, len, out);
    }
}

impl Arg for UserSliceMut {
    const IS_OUT: bool = true;
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        Ok(UserSliceMut(GuestAddr(raw)))
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        match call.ret {
            Some(len) if len >= 0 => show_slice(call, index, len as u64, out),
            _ => show_addr(call.raw[index], out),
        }
    }
}

/// strace's default string limit (`-s 32`).
const SHOWN_BYTES: usize = 32;

fn show_slice(call: &mut Shown<'_, '_>, index: usize, len: u64, out: &mut String) {
    let mut buffer = [0; SHOWN_BYTES + 1];
    let shown = &mut buffer[..(len.min(SHOWN_BYTES as u64 + 1)) as usize];
    match call.cx.read_bytes(GuestAddr(call.raw[index]), shown) {
        Ok(()) => show_bytes(shown, SHOWN_BYTES, out),
        Err(_) => show_addr(call.raw[index], out),
    }
}

/// A byte string in C syntax, cut after `limit` bytes.
pub fn show_bytes(bytes: &[u8], limit: usize, out: &mut String) {
    out.push('"');
    for (i, &byte) in bytes.iter().take(limit).enumerate() {
        let _ = match byte {
            b'"' => write!(out, "\\\""),
            b'\\' => write!(out, "\\\\"),
            b'\n' => write!(out, "\\n"),
            b'\t' => write!(out, "\\t"),
            b'\r' => write!(out, "\\r"),
            0x0b => write!(out, "\\v"),
            0x0c => write!(out, "\\f"),
            0x20..=0x7e => write!(out, "{}", byte as char),
            // Three digits only where the next character would be taken for one more.
            _ if bytes.get(i + 1).is_some_and(u8::is_ascii_digit) => write!(out, "\\{byte:03o}"),
            _ => write!(out, "\\{byte:o}"),
        };
    }
    out.push('"');
    if bytes.len() > limit {
        out.push_str("...");
    }
}

impl Arg for SigNum {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        SigNum::new(raw as u32 as u64).ok_or(Errno::EINVAL)
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        let _ = match SigNum::new(call.raw[index] as u32 as u64) {
            Some(signal) => write!(out, "{signal:?}"),
            None => write!(out, "{}", call.raw[index] as i32),
        };
    }
}

/// A signal number or 0, as kill(2) takes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SigOrZero(pub Option<SigNum>);

impl Arg for SigOrZero {
    fn from_reg(raw: u64) -> Result<Self, Errno> {
        match raw as u32 {
            0 => Ok(SigOrZero(None)),
            n => SigNum::new(n as u64).map(|s| SigOrZero(Some(s))).ok_or(Errno::EINVAL),
        }
    }
    fn show(call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        SigNum::show(call, index, out);
    }
}

/// Makes a `bitflags` type an argument: unknown bits are EINVAL (or ignored, with `truncate`), names are shown.
macro_rules! flag_arg {
    ($t:ty) => {
        $crate::sys::args::flag_arg!($t, |bits| <$t>::from_bits(bits as _)
            .filter(|f| f.bits() as u64 == bits as u32 as u64 || f.bits() as u64 == bits)
            .ok_or(brainworm_abi::Errno::EINVAL));
    };
    ($t:ty, truncate) => {
        $crate::sys::args::flag_arg!($t, |bits| Ok(<$t>::from_bits_truncate(bits as _)));
    };
    ($t:ty, retain) => {
        $crate::sys::args::flag_arg!($t, |bits| Ok(<$t>::from_bits_retain(bits as _)));
    };
    ($t:ty, |$bits:ident| $decode:expr) => {
        impl $crate::sys::args::Arg for $t {
            fn from_reg(raw: u64) -> Result<Self, brainworm_abi::Errno> {
                let $bits: u64 = raw;
                $decode
            }
            fn show(call: &mut $crate::sys::args::Shown<'_, '_>, index: usize, out: &mut alloc::string::String) {
                $crate::sys::args::show_flags(<$t>::from_bits_truncate(call.raw[index] as _), call.raw[index], out);
            }
        }
    };
}
pub(crate) use flag_arg;

/// Names of the set bits joined by `|`, the rest in hexadecimal.
pub fn show_flags<F: bitflags::Flags>(flags: F, raw: u64, out: &mut String)
where
    F::Bits: Into<u64>,
{
    let mut known = 0u64;
    let mut is_first = true;
    for (name, flag) in flags.iter_names() {
        known |= flag.bits().into();
        out.push_str(if is_first { "" } else { "|" });
        out.push_str(name);
        is_first = false;
    }
    let rest = raw as u32 as u64 & !known;
    if rest != 0 || is_first {
        let _ = write!(out, "{}{rest:#x}", if is_first { "" } else { "|" });
        if is_first && rest == 0 {
            out.truncate(out.len() - 3);
            out.push('0');
        }
    }
}

flag_arg!(brainworm_abi::OpenFlags, |bits| Ok(brainworm_abi::OpenFlags::from_bits_retain(bits as u32)));
flag_arg!(brainworm_abi::linux::mman::Prot);
