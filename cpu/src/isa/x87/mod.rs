//! The x87 (SDM Vol. 1 8) and what shares its registers: MMX state, FXSAVE and XSAVE images.
//!
//! Every instruction is a plain function on [`Cpu`](crate::Cpu), reached by [`Emit::call`]; the numbers are `softfloat`'s.
//! `stack` has the registers and the exceptions, the other modules one family of instructions each. An unmasked exception
//! only sets ES; the next waiting instruction raises #MF.

pub mod arith;
pub mod compare;
pub mod control;
pub mod elementary;
pub mod mmx;
pub mod moves;
mod stack;
pub mod state;
pub mod xsave;

/// Meanings that are nothing but a helper: `name => helper, "manual's name"`.
macro_rules! meanings {
    ($($name:ident => $helper:expr;)*) => { $(
        #[doc = concat!(stringify!($name), ": SDM Vol. 2A.")]
        pub fn $name<E: $crate::emit::Emit>(e: &mut E, i: &$crate::insn::Insn) -> $crate::emit::Done<E> {
            e.call(i, $helper)
        }
    )* };
}
use meanings;
