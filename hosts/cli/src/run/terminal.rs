//! The user's terminal while the container has it: raw mode, so that every key goes through, and its size.

use crate::failure::{Failure, Outcome};
use rustix::stdio;
use rustix::termios::{self, OptionalActions, Termios};

/// Puts the terminal back when it goes away.
pub(crate) struct Terminal {
    before: Option<Termios>,
}

impl Terminal {
    /// Takes the terminal over. With `-i` standard input must be one, as docker has it.
    pub(crate) fn open(is_interactive: bool) -> Outcome<Terminal> {
        if !termios::isatty(stdio::stdin()) {
            return match is_interactive {
                true => Err(Failure::new("-t: standard input is not a terminal: leave -t out")),
                false => Ok(Terminal { before: None }),
            };
        }
        let failed = |e| Failure::because("-t: the terminal cannot be set up", std::io::Error::from(e));
        let before = termios::tcgetattr(stdio::stdin()).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(stdio::stdin(), OptionalActions::Drain, &raw).map_err(failed)?;
        Ok(Terminal { before: Some(before) })
    }

    /// Standard input is the terminal.
    pub(crate) fn has_keys(&self) -> bool {
        self.before.is_some()
    }

    /// (rows, columns) of whichever stream is the terminal.
    pub(crate) fn size(&self) -> (u16, u16) {
        let sizes = [stdio::stdout(), stdio::stdin(), stdio::stderr()].map(termios::tcgetwinsize);
        let known = sizes.into_iter().flatten().find(|size| size.ws_row != 0 && size.ws_col != 0);
        known.map_or((24, 80), |size| (size.ws_row, size.ws_col))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = termios::tcsetattr(stdio::stdin(), OptionalActions::Drain, before);
        }
    }
}
