//! One row an instruction: mnemonic, meaning, flags read and written, CPUID feature.
//!
//! Mnemonics are iced's. Rows of the second list share a mnemonic with another instruction and are told apart by
//! encoding ([`row_of`]). To add an instruction: one row here, one function in a module of `isa`.

use crate::cpuid::Feature;
use crate::emit::{Done, Emit};
use crate::flags::bits;
use crate::insn::Insn;
use crate::isa::*;
use iced_x86::{Code, Mnemonic};

/// What the table says of an instruction besides its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The mnemonic.
    pub name: &'static str,
    /// Status flags (and DF) it reads, as bits of rflags.
    pub reads: u64,
    /// Flags it changes or leaves undefined.
    pub writes: u64,
    /// What CPUID must announce for it.
    pub feature: Feature,
}

/// A meaning, bound to an [`Emit`].
pub type Meaning<E> = fn(&mut E, &Insn) -> Done<E>;

/// Letters of the flags columns to bits.
const fn letters(s: &str) -> u64 {
    let s = s.as_bytes();
    let (mut i, mut mask) = (0, 0);
    while i < s.len() {
        mask |= match s[i] {
            b'O' => bits::OF,
            b'S' => bits::SF,
            b'Z' => bits::ZF,
            b'A' => bits::AF,
            b'P' => bits::PF,
            b'C' => bits::CF,
            b'D' => bits::DF,
            _ => 0,
        };
        i += 1;
    }
    mask
}

macro_rules! insns {
    (
        rows { $($name:ident $($meaning:ident)::+, [$($reads:ident)?] [$($writes:ident)?] $feature:ident;)* }
        by_encoding { $($name2:ident $($meaning2:ident)::+, [$($reads2:ident)?] [$($writes2:ident)?] $feature2:ident;)* }
    ) => {
        /// The rows of the table, by name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs, reason = "the manual's mnemonics")]
        #[repr(u16)]
        pub enum Mn { $($name,)* $($name2,)* }

        impl Mn {
            /// All of them, in order.
            pub const ALL: &'static [Mn] = &[$(Mn::$name,)* $(Mn::$name2,)*];
            /// Its row.
            pub fn row(self) -> &'static Row {
                &ROWS[self as usize]
            }
        }

        /// The table.
        pub static ROWS: &[Row] = &[
            $(Row {
                name: stringify!($name),
                reads: letters(concat!($(stringify!($reads))?)),
                writes: letters(concat!($(stringify!($writes))?)),
                feature: Feature::$feature,
            },)*
            $(Row {
                name: stringify!($name2),
                reads: letters(concat!($(stringify!($reads2))?)),
                writes: letters(concat!($(stringify!($writes2))?)),
                feature: Feature::$feature2,
            },)*
        ];

        fn by_mnemonic(m: Mnemonic) -> Option<Mn> {
            Some(match m {
                $(Mnemonic::$name => Mn::$name,)*
                _ => return None,
            })
        }

        /// The meaning of a row for `E`.
        #[inline]
        pub fn meaning<E: Emit>(mn: Mn) -> Meaning<E> {
            match mn {
                $(Mn::$name => $($meaning)::+::<E>,)*
                $(Mn::$name2 => $($meaning2)::+::<E>,)*
            }
        }
    };
}

/// The row of a decoded mnemonic.
pub fn row_of(m: Mnemonic, code: Code) -> Option<Mn> {
    match code {
        _ => by_mnemonic(m),
    }
}

insns! {
    rows {
        // ---- alu.rs: arithmetic and logic
        Adc         alu::adc,           [C]      [OSZAPC]  Base;
        Add         alu::add,           []       [OSZAPC]  Base;
        And         alu::and,           []       [OSZAPC]  Base;
        Cmp         alu::cmp,           []       [OSZAPC]  Base;
        Dec         alu::dec,           []       [OSZAP]   Base;
        Imul        alu::imul,          []       [OSZAPC]  Base;
        Inc         alu::inc,           []       [OSZAP]   Base;
        Mul         alu::mul,           []       [OSZAPC]  Base;
        Neg         alu::neg,           []       [OSZAPC]  Base;
        Not         alu::not,           []       []        Base;
        Or          alu::or,            []       [OSZAPC]  Base;
        Sbb         alu::sbb,           [C]      [OSZAPC]  Base;
        Sub         alu::sub,           []       [OSZAPC]  Base;
        Test        alu::test,          []       [OSZAPC]  Base;
        Xor         alu::xor,           []       [OSZAPC]  Base;
        // ---- mov.rs
        Lea         mov::lea,           []       []        Base;
        Mov         mov::mov,           []       []        Base;
        Movsx       mov::movsx,         []       []        Base;
        Movsxd      mov::movsx,         []       []        Base;
        Movzx       mov::movzx,         []       []        Base;
        Nop         mov::nop,           []       []        Base;
        Pop         mov::pop,           []       []        Base;
        Push        mov::push,          []       []        Base;
    }
    by_encoding {
    }
}
