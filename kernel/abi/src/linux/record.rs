//! Values with a fixed layout in guest memory, and the macros the header files of this folder are written in.
//!
//! A structure is stored field by field at the offsets `repr(C)` gives, so padding is always zero and nothing of ours
//! leaks to the guest; no unsafe code is involved. The test in `check.rs` compares all of it with the C headers.

/// A value that is copied between the kernel and guest memory as Linux lays it out (little-endian, x86-64 ABI).
pub trait Record: Copy {
    /// Bytes in guest memory, padding included.
    const SIZE: usize;
    /// Writes the value to `out`, which has exactly `SIZE` bytes and holds zeros.
    fn store(&self, out: &mut [u8]);
    /// The value in `bytes`, which has exactly `SIZE` bytes.
    fn load(bytes: &[u8]) -> Self;
}

macro_rules! integer_records {
    ($($ty:ty)*) => { $(
        impl Record for $ty {
            const SIZE: usize = size_of::<$ty>();
            // As arrays: a slice's copy is a call where code is made small.
            #[inline(always)]
            fn store(&self, out: &mut [u8]) {
                debug_assert_eq!(out.len(), Self::SIZE);
                if let Some(out) = out.first_chunk_mut() {
                    *out = self.to_le_bytes();
                }
            }
            #[inline(always)]
            fn load(bytes: &[u8]) -> $ty {
                debug_assert_eq!(bytes.len(), Self::SIZE);
                bytes.first_chunk().map_or(0, |raw| <$ty>::from_le_bytes(*raw))
            }
        }
    )* };
}
integer_records! { u8 u16 u32 u64 i8 i16 i32 i64 }

impl<T: Record, const N: usize> Record for [T; N] {
    const SIZE: usize = T::SIZE * N;
    #[inline]
    fn store(&self, out: &mut [u8]) {
        for (item, slot) in self.iter().zip(out.chunks_exact_mut(T::SIZE)) {
            item.store(slot);
        }
    }
    #[inline]
    fn load(bytes: &[u8]) -> [T; N] {
        core::array::from_fn(|i| T::load(&bytes[i * T::SIZE..(i + 1) * T::SIZE]))
    }
}

/// A structure of a C header: `Name: size in bytes, "C type" { fields as C names them }`. The C type is empty where no
/// header shows the kernel's layout.
macro_rules! c_struct {
    ($(#[$meta:meta])* $name:ident: $size:literal, $c:literal { $($(#[$field_meta:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(C)]
        #[allow(missing_docs, reason = "the fields are the C header's")]
        pub struct $name { $($(#[$field_meta])* pub $field: $ty,)* }

        const _: () = assert!(size_of::<$name>() == $size);

        impl $crate::linux::Record for $name {
            const SIZE: usize = $size;
            #[inline]
            fn store(&self, out: &mut [u8]) {
                use $crate::linux::Record;
                $({
                    let at = core::mem::offset_of!($name, $field);
                    <$ty as Record>::store(&self.$field, &mut out[at..at + <$ty as Record>::SIZE]);
                })*
            }
            #[inline]
            fn load(bytes: &[u8]) -> $name {
                use $crate::linux::Record;
                $name { $($field: {
                    let at = core::mem::offset_of!($name, $field);
                    <$ty as Record>::load(&bytes[at..at + <$ty as Record>::SIZE])
                },)* }
            }
        }

        impl Default for $name {
            /// All bytes zero.
            fn default() -> $name {
                $crate::linux::Record::load(&[0; $size])
            }
        }

        #[cfg(test)]
        impl $crate::linux::check::CLayout for $name {
            const C: &'static str = $c;
            fn fields() -> alloc::vec::Vec<(&'static str, usize, usize)> {
                alloc::vec![$((
                    stringify!($field),
                    core::mem::offset_of!($name, $field),
                    <$ty as $crate::linux::Record>::SIZE,
                )),*]
            }
        }
    };
}

/// Plain constants of a C header; `GROUP` names the list for the comparison with the headers.
macro_rules! c_consts {
    (#[doc = $doc:literal] $group:ident: $ty:ty { $($name:ident = $value:expr,)* }) => {
        $(
            #[doc = $doc]
            pub const $name: $ty = $value;
        )*
        #[cfg(test)]
        const $group: &[(&str, i128)] = &[$((stringify!($name), $name as i128)),*];
    };
}

/// A type of flags with Linux's names and values.
macro_rules! c_flags {
    ($(#[$meta:meta])* $name:ident: $ty:ty { $($flag:ident = $value:expr,)* }) => {
        bitflags::bitflags! {
            $(#[$meta])*
            #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
            #[allow(missing_docs, reason = "the names are the man page's")]
            pub struct $name: $ty { $(const $flag = $value;)* }
        }
    };
}

/// What of this file is compared with which C headers.
macro_rules! c_check {
    ($headers:literal, consts [$($group:ident),*], flags [$($flags:ty),*], structs [$($record:ty),*]) => {
        #[cfg(test)]
        pub(super) fn check() -> $crate::linux::check::Header {
            let mut header = $crate::linux::check::Header::new(module_path!(), $headers);
            $(header.consts($group);)*
            $(header.flags::<$flags>();)*
            $(header.record::<$record>();)*
            header
        }
    };
}

pub(super) use {c_check, c_consts, c_flags, c_struct};
