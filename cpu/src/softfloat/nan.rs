//! Which NaN an operation answers (SDM Vol. 1 4.8.3.5, tables 4-7 and 4-8), and invalid operations.

use super::{Class, Env, Flags, Format, Num};

impl Env {
    /// The masked answer of an invalid operation.
    pub(crate) fn invalid<F: Format>(&mut self) -> F::Bits {
        self.raise(Flags::IE);
        F::encode(Num::DEFAULT_NAN)
    }

    /// The answer when the only operand is a NaN or unsupported; None: it is a number.
    pub(crate) fn nan1<F: Format>(&mut self, a: Num) -> Option<F::Bits> {
        match a.class {
            Class::Unsupported => Some(self.invalid::<F>()),
            Class::Signaling => {
                self.raise(Flags::IE);
                Some(F::encode(a.quieted()))
            }
            Class::Quiet => Some(F::encode(a)),
            _ => None,
        }
    }

    /// The answer when one of two operands is a NaN or unsupported; None: both are numbers.
    pub(crate) fn nan2<F: Format>(&mut self, a: Num, b: Num) -> Option<F::Bits> {
        let special = |n: &Num| n.is_nan() || n.class == Class::Unsupported;
        if !special(&a) && !special(&b) {
            return None;
        }
        if a.class == Class::Unsupported || b.class == Class::Unsupported {
            return Some(self.invalid::<F>());
        }
        if a.class == Class::Signaling || b.class == Class::Signaling {
            self.raise(Flags::IE);
        }
        let chosen = if self.x87 {
            larger_nan(a, b)
        } else if a.is_nan() {
            a
        } else {
            b
        };
        Some(F::encode(chosen.quieted()))
    }
}

/// The x87's choice: a quiet NaN before a signaling one, then the larger significand, then the positive one.
fn larger_nan(a: Num, b: Num) -> Num {
    if !a.is_nan() {
        return b;
    }
    if !b.is_nan() {
        return a;
    }
    match (a.class, b.class) {
        (Class::Signaling, Class::Quiet) => return b,
        (Class::Quiet, Class::Signaling) => return a,
        _ => {}
    }
    if a.sig > b.sig || a.sig == b.sig && !a.sign { a } else { b }
}
