//! The master side of a pseudoterminal: /dev/ptmx, pty(7).

use super::{Side, Tty, TtyFile, Ttys};
use crate::PathRef;
use alloc::sync::Arc;
use brainworm_abi::{Errno, File, Io, IoctlMem, OpenFlags, Readiness, Stat, StatFs, WaitPoint};
use core::any::Any;

const TIOCSCTTY: u32 = 0x540e;
const TIOCGPGRP: u32 = 0x540f;
const TIOCPKT: u32 = 0x5420;
const FIONREAD: u32 = 0x541b;
const TIOCOUTQ: u32 = 0x5411;
const TIOCNOTTY: u32 = 0x5422;
const TIOCGPTN: u32 = 0x8004_5430;
const TIOCSPTLCK: u32 = 0x4004_5431;
const TIOCSIG: u32 = 0x4004_5436;
const TIOCGPKT: u32 = 0x8004_5438;
const TIOCGPTLCK: u32 = 0x8004_5439;
const TIOCGPTPEER: u32 = 0x5441;

/// The one open description of a master side.
pub(crate) struct PtyMaster {
    ttys: Arc<Ttys>,
    tty: Arc<Tty>,
    path: PathRef,
}

impl PtyMaster {
    /// A new pseudoterminal; its terminal side is /dev/pts/N, locked at first.
    pub(crate) fn open(io: &Io<'_>, ttys: &Arc<Ttys>, path: &PathRef) -> Result<Arc<PtyMaster>, Errno> {
        let tty = ttys.add(io, Side::Master)?;
        Ok(Arc::new(PtyMaster { ttys: ttys.clone(), tty, path: path.clone() }))
    }
    /// The number N of /dev/pts/N, and the terminal side opened from here (TIOCGPTPEER).
    pub(crate) fn index(&self) -> u32 {
        self.tty.index
    }
    pub(crate) fn open_peer(&self, io: &mut Io<'_>, path: &PathRef, flags: OpenFlags) -> Result<Arc<TtyFile>, Errno> {
        TtyFile::open(io, &self.tty, path, flags)
    }
}

impl File for PtyMaster {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        self.path.inode().stat(io)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let mut state = self.tty.state.lock();
        if state.line.output.is_empty() || state.line.is_stopped {
            // After the last close of the terminal side there is nobody left who could write.
            let is_over = state.was_opened && state.opens == 0;
            return Err(if is_over && state.line.output.is_empty() { Errno::EIO } else { Errno::EAGAIN });
        }
        // Packet mode (TIOCPKT): a byte that says "data" comes first.
        let packet = usize::from(state.is_packet);
        if buf.len() <= packet {
            return Ok(0);
        }
        buf[..packet].fill(0);
        let n = (buf.len() - packet).min(state.line.output.len());
        buf[packet..packet + n].iter_mut().zip(state.line.output.drain(..n)).for_each(|(out, byte)| *out = byte);
        drop(state);
        self.tty.wait.notify();
        Ok(packet + n)
    }
    fn write(&self, io: &mut Io<'_>, pos: u64, _append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        if bytes.is_empty() {
            return Ok((0, pos));
        }
        let taken = self.tty.receive(io, bytes);
        if taken == 0 { Err(Errno::EAGAIN) } else { Ok((taken, pos)) }
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        let state = self.tty.state.lock();
        let mut ready = Readiness::empty();
        if !state.line.output.is_empty() && !state.line.is_stopped {
            ready |= Readiness::IN | Readiness::RDNORM;
        }
        if !state.line.is_full() {
            ready |= Readiness::OUT | Readiness::WRNORM;
        }
        if state.was_opened && state.opens == 0 {
            ready |= Readiness::HUP;
        }
        ready
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.tty.master_wait)
    }
    fn ioctl(&self, io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        let mut word = [0; 4];
        match request {
            TIOCGPTN => mem.write(arg, &self.tty.index.to_le_bytes())?,
            TIOCSPTLCK => {
                mem.read(arg, &mut word)?;
                self.tty.state.lock().is_locked = word != [0; 4];
            }
            TIOCGPTLCK => mem.write(arg, &u32::from(self.tty.state.lock().is_locked).to_le_bytes())?,
            TIOCPKT => {
                mem.read(arg, &mut word)?;
                self.tty.state.lock().is_packet = word != [0; 4];
            }
            TIOCGPKT => mem.write(arg, &u32::from(self.tty.state.lock().is_packet).to_le_bytes())?,
            TIOCSIG => {
                let signal = u8::try_from(arg).ok().filter(|&s| matches!(s, 2 | 3 | 20)).ok_or(Errno::EINVAL)?;
                let pgid = self.tty.state.lock().foreground;
                if pgid != 0 {
                    io.effects.push(brainworm_abi::Effect::SignalGroup { pgid, signal });
                }
            }
            // What is queued for each side, seen from here.
            FIONREAD => mem.write(arg, &(self.tty.state.lock().line.output.len() as u32).to_le_bytes())?,
            TIOCOUTQ => mem.write(arg, &(self.tty.state.lock().line.readable_bytes() as u32).to_le_bytes())?,
            // The master side never controls a session; the kernel opens the peer (`Vfs::open_pty_peer`).
            TIOCSCTTY | TIOCNOTTY | TIOCGPTPEER => return Err(Errno::ENOTTY),
            TIOCGPGRP => mem.write(arg, &self.tty.state.lock().foreground.to_le_bytes())?,
            _ => return self.tty.common_ioctl(io, mem, request, arg),
        }
        Ok(0)
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        self.path.inode().statfs(io)
    }
    fn close(&self, io: &mut Io<'_>) {
        self.tty.hang_up(io);
        self.ttys.remove(self.tty.index);
    }
}
