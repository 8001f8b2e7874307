//! Signals for us that are meant for the container, and the terminal's change of size.

use crate::failure::{Failure, Outcome};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is handed on to the first process of the container, as docker's signal proxy does.
const FORWARDED: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];
/// So many interrupts within `PATIENCE` end us whatever the container thinks of it.
const INSISTENCE: usize = 3;
const PATIENCE: Duration = Duration::from_secs(2);

/// Signals that came and were not taken yet.
pub(crate) struct Signals {
    /// Becomes readable when a signal comes.
    bell: UnixStream,
    came: Vec<(i32, Arc<AtomicBool>)>,
    interrupts: Vec<Instant>,
}

impl Signals {
    /// Catches them from here on.
    pub(crate) fn catch() -> Outcome<Signals> {
        let failed = |e| Failure::because("signals cannot be caught", e);
        let (bell, ringer) = UnixStream::pair().map_err(failed)?;
        bell.set_nonblocking(true).map_err(failed)?;
        let mut came = Vec::new();
        for signal in FORWARDED.into_iter().chain([SIGWINCH]) {
            let flag = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal, flag.clone()).map_err(failed)?;
            signal_hook::low_level::pipe::register(signal, ringer.try_clone().map_err(failed)?).map_err(failed)?;
            came.push((signal, flag));
        }
        Ok(Signals { bell, came, interrupts: Vec::new() })
    }

    /// Readable while `take` has something.
    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// A signal that came, if one did.
    pub(crate) fn take(&mut self) -> Option<i32> {
        let mut sink = [0; 64];
        while matches!((&self.bell).read(&mut sink), Ok(n) if n > 0) {}
        self.came.iter().find(|(_, flag)| flag.swap(false, Ordering::Relaxed)).map(|(signal, _)| *signal)
    }

    /// True when the user has pressed ^C so often that it is meant for us.
    pub(crate) fn is_insisted(&mut self, signal: i32) -> bool {
        if signal != SIGINT {
            return false;
        }
        self.interrupts.retain(|at| at.elapsed() < PATIENCE);
        self.interrupts.push(Instant::now());
        self.interrupts.len() >= INSISTENCE
    }
}
