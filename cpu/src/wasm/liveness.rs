//! Which registers' locals are wanted where: what has to be loaded at an entry, behind a call, behind a step.
//!
//! The CPU has every register that is not newer in its local. So a register need not be in its local if it is not read
//! before it is written or a call comes, nor spilled on the way. What may be newer on one of the ways to a point is
//! spilled there, so it must be in its local whichever way was taken.

use super::lower::Regs;
use alloc::vec::Vec;

/// What a piece of code does with registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Touch {
    /// Reads them.
    Use(Regs),
    /// Writes them as a whole.
    Write(Regs),
    /// Writes them in part, or perhaps.
    Change(Regs),
    /// A way out: what is newer than in the CPU is spilled on it.
    Exit,
    /// All that is newer is spilled, and the instruction with this number is done by the interpreter.
    Step(u32),
    /// All that is newer is spilled, and somebody else goes on.
    Call,
}

/// What is found out about a block.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    /// In front of it.
    pub(super) before: Regs,
    /// Behind its steps.
    pub(super) behind_steps: Vec<(u32, Regs)>,
}

/// What is wanted in a block: `dirty` may be newer than in the CPU at its start, `behind` is wanted at its end.
pub(super) fn wanted(touches: &[Touch], dirty: Regs, behind: Regs) -> Wanted {
    let mut newer = dirty;
    let spilled: Vec<Regs> = touches
        .iter()
        .map(|touch| {
            let spilled = newer;
            match *touch {
                Touch::Write(regs) | Touch::Change(regs) => newer = newer.or(regs),
                Touch::Step(_) | Touch::Call => newer = Regs::NONE,
                Touch::Use(_) | Touch::Exit => {}
            }
            spilled
        })
        .collect();
    let mut wanted = Wanted { before: behind, behind_steps: Vec::new() };
    for (touch, spilled) in touches.iter().zip(spilled).rev() {
        let now = &mut wanted.before;
        match *touch {
            Touch::Use(regs) | Touch::Change(regs) => *now = now.or(regs),
            Touch::Write(regs) => *now = now.without(regs),
            Touch::Exit => *now = now.or(spilled),
            Touch::Step(number) => {
                wanted.behind_steps.push((number, *now));
                *now = spilled;
            }
            Touch::Call => *now = spilled,
        }
    }
    wanted
}

/// Registers that may be newer than in the CPU behind the code.
pub(super) fn newer_behind(touches: &[Touch], before: Regs) -> Regs {
    touches.iter().fold(before, |newer, touch| match *touch {
        Touch::Write(regs) | Touch::Change(regs) => newer.or(regs),
        Touch::Step(_) | Touch::Call => Regs::NONE,
        Touch::Use(_) | Touch::Exit => newer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regs(gpr: u32) -> Regs {
        Regs { gpr, xmm: 0 }
    }

    #[test]
    fn what_is_read_or_spilled_is_wanted() {
        let touches =
            [Touch::Use(regs(1)), Touch::Write(regs(2)), Touch::Exit, Touch::Write(regs(4)), Touch::Use(regs(8))];
        // 16 may be newer and would be spilled; 2 and 4 are written before anything looks.
        assert_eq!(wanted(&touches, regs(16), regs(32)).before, regs(1 | 8 | 16 | 32));
        assert_eq!(wanted(&touches, regs(2), regs(6)).before, regs(1 | 8));
        assert_eq!(newer_behind(&touches, regs(16)), regs(2 | 4 | 16));
    }

    #[test]
    fn a_step_begins_anew() {
        let touches = [Touch::Write(regs(1)), Touch::Step(7), Touch::Use(regs(2)), Touch::Change(regs(4)), Touch::Call];
        let found = wanted(&touches, regs(8), regs(64));
        assert_eq!((found.before, found.behind_steps), (regs(8), alloc::vec![(7, regs(2 | 4))]));
        assert_eq!(newer_behind(&touches[..4], regs(8)), regs(4));
    }
}
