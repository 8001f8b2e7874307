//! Job control and ioctl_tty(2).

use super::termios::{TERMIOS_LEN, TERMIOS2_LEN, VSTART, VSTOP};
use super::{Effect, SIGCONT, SIGHUP, Side, Tty};
use brainworm_abi::{Errno, Io, IoctlMem, Pid};

const SIGTTIN: u8 = 21;
const SIGTTOU: u8 = 22;

// Requests of ioctl_tty(2).
const TCGETS: u32 = 0x5401;
const TCSETS: u32 = 0x5402;
const TCSETSF: u32 = 0x5404;
const TCSBRK: u32 = 0x5409;
const TCXONC: u32 = 0x540a;
const TCFLSH: u32 = 0x540b;
const TIOCEXCL: u32 = 0x540c;
const TIOCNXCL: u32 = 0x540d;
const TIOCSCTTY: u32 = 0x540e;
const TIOCGPGRP: u32 = 0x540f;
const TIOCSPGRP: u32 = 0x5410;
const TIOCOUTQ: u32 = 0x5411;
const TIOCSTI: u32 = 0x5412;
const TIOCGWINSZ: u32 = 0x5413;
const TIOCSWINSZ: u32 = 0x5414;
const FIONREAD: u32 = 0x541b;
const TIOCNOTTY: u32 = 0x5422;
const TIOCSETD: u32 = 0x5423;
const TIOCGETD: u32 = 0x5424;
const TCSBRKP: u32 = 0x5425;
const TIOCSBRK: u32 = 0x5427;
const TIOCCBRK: u32 = 0x5428;
const TIOCGSID: u32 = 0x5429;
const TCGETS2: u32 = 0x802c_542a;
const TCSETS2: u32 = 0x402c_542b;
const TCSETSF2: u32 = 0x402c_542d;
const TIOCVHANGUP: u32 = 0x5437;
const TIOCGEXCL: u32 = 0x8004_5440;

impl Tty {
    /// A background process that reads (or writes, or changes settings) is stopped: the signal goes out and the call
    /// answers `ERESTART`, or `EIO` when nobody could continue it (tty_check_change).
    pub(super) fn check_background(&self, io: &mut Io<'_>, signal: u8) -> Result<(), Errno> {
        let foreground = self.state.lock().foreground;
        let caller = &io.caller;
        if caller.tty != Some(self.id()) || foreground == 0 || caller.pgid == foreground {
            return Ok(());
        }
        match signal {
            SIGTTIN if caller.ignores_ttin || caller.is_orphaned => return Err(Errno::EIO),
            SIGTTOU if caller.ignores_ttou => return Ok(()),
            SIGTTOU if caller.is_orphaned => return Err(Errno::EIO),
            _ => {}
        }
        io.effects.push(Effect::SignalGroup { pgid: caller.pgid, signal });
        Err(Errno::ERESTART)
    }

    /// Becomes the controlling terminal of the caller's session, if that has none and this controls none.
    pub(super) fn adopt(&self, io: &mut Io<'_>) {
        let caller = &io.caller;
        let mut state = self.state.lock();
        if caller.pid == caller.sid && caller.sid != 0 && caller.tty.is_none() && state.session == 0 {
            state.session = caller.sid;
            state.foreground = caller.pgid;
            io.effects.push(Effect::AcquireTty { tty: self.id(), steal: false });
        }
    }

    /// TIOCSCTTY.
    fn set_controlling(&self, io: &mut Io<'_>, arg: u64) -> Result<u64, Errno> {
        let caller = &io.caller;
        let mut state = self.state.lock();
        if caller.pid == caller.sid && state.session == caller.sid {
            return Ok(0);
        }
        if caller.pid != caller.sid || caller.tty.is_some() {
            return Err(Errno::EPERM);
        }
        let steal = state.session != 0;
        if steal && !(arg == 1 && caller.is_privileged) {
            return Err(Errno::EPERM);
        }
        state.session = caller.sid;
        state.foreground = caller.pgid;
        io.effects.push(Effect::AcquireTty { tty: self.id(), steal });
        Ok(0)
    }

    /// TIOCNOTTY.
    fn release(&self, io: &mut Io<'_>) -> Result<u64, Errno> {
        if io.caller.tty != Some(self.id()) {
            return Err(Errno::ENOTTY);
        }
        if io.caller.pid == io.caller.sid {
            let mut state = self.state.lock();
            state.session = 0;
            let foreground = core::mem::take(&mut state.foreground);
            if foreground != 0 {
                io.effects.push(Effect::SignalGroup { pgid: foreground, signal: SIGHUP });
                io.effects.push(Effect::SignalGroup { pgid: foreground, signal: SIGCONT });
            }
        }
        io.effects.push(Effect::ReleaseTty { tty: self.id() });
        Ok(0)
    }

    /// TIOCSPGRP, tcsetpgrp(3).
    fn set_foreground(&self, io: &mut Io<'_>, pgid: i32) -> Result<u64, Errno> {
        match self.check_background(io, SIGTTOU) {
            Err(Errno::EIO) => return Err(Errno::ENOTTY),
            other => other?,
        }
        let caller = &io.caller;
        let mut state = self.state.lock();
        if caller.tty != Some(self.id()) || state.session != caller.sid {
            return Err(Errno::ENOTTY);
        }
        let pgid = Pid::try_from(pgid).map_err(|_| Errno::EINVAL)?;
        match io.proc.group_session(pgid) {
            Ok(session) if session != caller.sid => return Err(Errno::EPERM),
            Ok(_) => {}
            Err(e) => return Err(e),
        }
        state.foreground = pgid;
        Ok(0)
    }

    fn set_termios(
        &self,
        io: &mut Io<'_>,
        mem: &mut dyn IoctlMem,
        arg: u64,
        len: usize,
        flush: bool,
    ) -> Result<u64, Errno> {
        self.check_background(io, SIGTTOU)?;
        let mut bytes = [0; TERMIOS2_LEN];
        mem.read(arg, &mut bytes[..len])?;
        let mut state = self.state.lock();
        if flush {
            state.line.flush_input();
        }
        let new = state.line.termios.decode(&bytes[..len]);
        state.line.set_termios(new);
        drop(state);
        self.wait.notify();
        self.master_wait.notify();
        Ok(0)
    }

    /// TCXONC, tcflow(3).
    fn flow(&self, io: &mut Io<'_>, action: u64) -> Result<u64, Errno> {
        self.check_background(io, SIGTTOU)?;
        let mut state = self.state.lock();
        match action {
            0 => state.line.is_stopped = true,
            1 => state.line.is_stopped = false,
            2 | 3 => {
                let index = if action == 2 { VSTOP } else { VSTART };
                let byte = state.line.termios.cc[index];
                if byte != 0 {
                    state.line.output.push_back(byte);
                }
            }
            _ => return Err(Errno::EINVAL),
        }
        self.flush(io, &mut state);
        drop(state);
        self.wait.notify();
        self.master_wait.notify();
        Ok(0)
    }

    /// TCFLSH, tcflush(3).
    fn discard(&self, io: &mut Io<'_>, queue: u64) -> Result<u64, Errno> {
        self.check_background(io, SIGTTOU)?;
        if queue > 2 {
            return Err(Errno::EINVAL);
        }
        let mut state = self.state.lock();
        if queue != 1 {
            state.line.flush_input();
        }
        if queue != 0 {
            state.line.output.clear();
        }
        drop(state);
        self.wait.notify();
        self.master_wait.notify();
        Ok(0)
    }

    /// Requests of the terminal side; the master passes on those that mean the same there.
    pub(super) fn ioctl(&self, io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        match request {
            TIOCSCTTY => return self.set_controlling(io, arg),
            TIOCNOTTY => return self.release(io),
            TIOCSPGRP => {
                let mut bytes = [0; 4];
                mem.read(arg, &mut bytes)?;
                return self.set_foreground(io, i32::from_le_bytes(bytes));
            }
            TIOCGPGRP | TIOCGSID if io.caller.tty != Some(self.id()) => return Err(Errno::ENOTTY),
            TIOCSTI => return Err(if io.caller.is_privileged { Errno::EPERM } else { Errno::EIO }),
            TIOCVHANGUP if io.caller.is_privileged => {
                self.hang_up(io);
                return Ok(0);
            }
            TIOCVHANGUP => return Err(Errno::EPERM),
            _ => {}
        }
        self.common_ioctl(io, mem, request, arg)
    }

    /// Requests that mean the same on both sides.
    pub(super) fn common_ioctl(
        &self,
        io: &mut Io<'_>,
        mem: &mut dyn IoctlMem,
        request: u32,
        arg: u64,
    ) -> Result<u64, Errno> {
        let number = |value: u32| value.to_le_bytes();
        match request {
            TCGETS => {
                let bytes = self.state.lock().line.termios.encode();
                mem.write(arg, &bytes[..TERMIOS_LEN])?;
            }
            TCGETS2 => {
                let bytes = self.state.lock().line.termios.encode();
                mem.write(arg, &bytes)?;
            }
            TCSETS..=TCSETSF => return self.set_termios(io, mem, arg, TERMIOS_LEN, request == TCSETSF),
            TCSETS2..=TCSETSF2 => return self.set_termios(io, mem, arg, TERMIOS2_LEN, request == TCSETSF2),
            TCSBRK | TCSBRKP | TIOCSBRK | TIOCCBRK => self.check_background(io, SIGTTOU)?,
            TCXONC => return self.flow(io, arg),
            TCFLSH => return self.discard(io, arg),
            TIOCEXCL => self.state.lock().is_exclusive = true,
            TIOCNXCL => self.state.lock().is_exclusive = false,
            TIOCGEXCL => mem.write(arg, &number(u32::from(self.state.lock().is_exclusive)))?,
            TIOCGPGRP => mem.write(arg, &number(self.state.lock().foreground))?,
            TIOCGSID => {
                let session = self.state.lock().session;
                if session == 0 {
                    return Err(Errno::ENOTTY);
                }
                mem.write(arg, &number(session))?;
            }
            TIOCOUTQ => mem.write(arg, &number(self.state.lock().line.output.len() as u32))?,
            FIONREAD => {
                if matches!(self.side, Side::Host(_)) {
                    self.pump(io);
                }
                mem.write(arg, &number(self.state.lock().line.readable_bytes() as u32))?;
            }
            TIOCGWINSZ => {
                let window = self.state.lock().window;
                let mut bytes = [0; 8];
                bytes.chunks_exact_mut(2).zip(window).for_each(|(out, v)| out.copy_from_slice(&v.to_le_bytes()));
                mem.write(arg, &bytes)?;
            }
            TIOCSWINSZ => {
                let mut bytes = [0; 8];
                mem.read(arg, &mut bytes)?;
                let value = |i: usize| u16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]]);
                self.set_window(io, core::array::from_fn(value));
            }
            TIOCGETD => mem.write(arg, &number(0))?,
            TIOCSETD => {
                let mut bytes = [0; 4];
                mem.read(arg, &mut bytes)?;
                if bytes != [0; 4] {
                    return Err(Errno::EINVAL);
                }
            }
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }
}
