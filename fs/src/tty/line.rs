//! The line discipline (N_TTY of termios(3)): bytes typed become lines, echo and signals; bytes written become output.
//!
//! It holds two queues: `input` towards the reading program and `output` towards the screen (the host, or the master
//! side of a pseudoterminal). It knows neither tasks nor files.

use super::termios::*;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Bytes of input kept; a line of canonical mode is at most one less (N_TTY_BUF_SIZE).
pub(super) const INPUT_LIMIT: usize = 4096;
/// Bytes of output beyond which writers wait. Echo may go past it.
pub(super) const OUTPUT_LIMIT: usize = 4096;
/// Echo beyond this is lost.
const ECHO_LIMIT: usize = 4 * OUTPUT_LIMIT;

pub(super) const SIGINT: u8 = 2;
pub(super) const SIGQUIT: u8 = 3;
pub(super) const SIGTSTP: u8 = 20;

/// An entry of the input queue: a byte with what canonical mode made of it.
#[derive(Clone, Copy)]
struct Input {
    byte: u8,
    mark: Mark,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    /// The last byte of a line.
    EndOfLine,
    /// VEOF: ends a line (or the file) and is not read itself.
    EndOfFile,
}

#[derive(Default)]
pub(super) struct Line {
    pub(super) termios: Termios,
    input: VecDeque<Input>,
    /// Entries at the front of `input` that can be read; the rest is the line being edited.
    committed: usize,
    pub(super) output: VecDeque<u8>,
    /// Bytes of `output` that were there before the input now being received: the other side has them.
    delivered: usize,
    /// The next byte is taken literally (VLNEXT).
    is_literal: bool,
    /// VSTOP was typed.
    pub(super) is_stopped: bool,
    /// Column of the cursor, and where the line being edited began.
    column: usize,
    edit_column: usize,
}

impl Line {
    /// Takes typed bytes until the queue is full; answers how many were taken. `signal` is called for those that are
    /// signals.
    pub(super) fn receive(&mut self, bytes: &[u8], signal: &mut dyn FnMut(u8)) -> usize {
        self.delivered = self.output.len();
        for (i, &byte) in bytes.iter().enumerate() {
            let is_canonical = self.termios.has_local(ICANON);
            // A line that is too long loses bytes, so that its end still gets through.
            if !is_canonical && self.input.len() >= INPUT_LIMIT
                || is_canonical && self.committed > 0 && self.input.len() >= INPUT_LIMIT
            {
                return i;
            }
            self.receive_byte(byte, signal);
        }
        bytes.len()
    }

    fn receive_byte(&mut self, byte: u8, signal: &mut dyn FnMut(u8)) {
        let t = self.termios;
        let mut byte = if t.has_input(ISTRIP) { byte & 0x7f } else { byte };
        if t.has_input(IUCLC) && t.has_local(IEXTEN) {
            byte = byte.to_ascii_lowercase();
        }
        if core::mem::take(&mut self.is_literal) {
            self.store(byte);
            return;
        }
        if t.has_input(IXON) {
            if t.is(VSTART, byte) {
                self.is_stopped = false;
                return;
            }
            if t.is(VSTOP, byte) {
                self.is_stopped = true;
                return;
            }
        }
        if t.has_local(ISIG) {
            for (index, number) in [(VINTR, SIGINT), (VQUIT, SIGQUIT), (VSUSP, SIGTSTP)] {
                if t.is(index, byte) {
                    self.interrupt(byte, number, signal);
                    return;
                }
            }
        }
        if t.has_input(IXON) && t.has_input(IXANY) {
            self.is_stopped = false;
        }
        match byte {
            b'\r' if t.has_input(IGNCR) => return,
            b'\r' if t.has_input(ICRNL) => byte = b'\n',
            b'\n' if t.has_input(INLCR) => byte = b'\r',
            _ => {}
        }
        if !t.has_local(ICANON) || !self.edit(byte) {
            self.store(byte);
        }
    }

    fn interrupt(&mut self, byte: u8, number: u8, signal: &mut dyn FnMut(u8)) {
        if !self.termios.has_local(NOFLSH) {
            self.flush_input();
            // What was written before is with the reader already, as on a pty of Linux.
            self.output.truncate(self.delivered);
        }
        signal(number);
        if self.termios.has_input(IXON) {
            self.is_stopped = false;
        }
        if self.termios.has_local(ECHO) {
            self.echo(byte);
        }
    }

    /// The editing characters of canonical mode; false when the byte is none.
    fn edit(&mut self, byte: u8) -> bool {
        let t = self.termios;
        let is_extended = t.has_local(IEXTEN);
        if t.is(VERASE, byte) {
            self.erase_one();
        } else if t.is(VKILL, byte) {
            self.kill(byte);
        } else if is_extended && t.is(VWERASE, byte) {
            self.erase_word();
        } else if is_extended && t.is(VLNEXT, byte) {
            self.is_literal = true;
            if t.has_local(ECHO) && t.has_local(ECHOCTL) {
                b"^\x08".iter().for_each(|&b| self.emit_raw(b));
            }
        } else if is_extended && t.has_local(ECHO) && t.is(VREPRINT, byte) {
            self.reprint(byte);
        } else if byte == b'\n' {
            if t.has_local(ECHO) || t.has_local(ECHONL) {
                self.put(b'\n');
            }
            self.commit(byte, Mark::EndOfLine);
        } else if t.is(VEOF, byte) {
            self.commit(0, Mark::EndOfFile);
        } else if t.is(VEOL, byte) || is_extended && t.is(VEOL2, byte) {
            if t.has_local(ECHO) {
                self.echo_stored(byte);
            }
            self.commit(byte, Mark::EndOfLine);
        } else {
            return false;
        }
        true
    }

    /// An ordinary byte: echoed and queued.
    fn store(&mut self, byte: u8) {
        let t = self.termios;
        if self.input.len() >= INPUT_LIMIT - 1 && t.has_local(ICANON) {
            if t.has_input(IMAXBEL) {
                self.emit_raw(7);
            }
            return;
        }
        if t.has_local(ECHO) {
            self.echo_stored(byte);
        } else if byte == b'\n' && t.has_local(ECHONL) && t.has_local(ICANON) {
            self.put(byte);
        }
        self.input.push_back(Input { byte, mark: Mark::None });
        if !t.has_local(ICANON) {
            self.committed = self.input.len();
        }
    }
    fn commit(&mut self, byte: u8, mark: Mark) {
        self.input.push_back(Input { byte, mark });
        self.committed = self.input.len();
    }

    fn echo_stored(&mut self, byte: u8) {
        if self.input.len() == self.committed {
            self.edit_column = self.column;
        }
        self.echo(byte);
    }
    fn echo(&mut self, byte: u8) {
        if self.shows_caret(byte) {
            self.emit_raw(b'^');
            self.emit_raw(byte ^ 0x40);
            self.column += 2;
        } else {
            self.put_limited(byte);
        }
    }
    fn shows_caret(&self, byte: u8) -> bool {
        self.termios.has_local(ECHOCTL) && (byte < 32 && byte != b'\t' && byte != b'\n' || byte == 127)
    }

    fn edited(&self) -> impl DoubleEndedIterator<Item = u8> + '_ {
        self.input.range(self.committed..).map(|input| input.byte)
    }
    /// The column the cursor has after the first `count` bytes of the edited line were echoed.
    fn width(&self, count: usize) -> usize {
        let is_utf8 = self.termios.has_input(IUTF8);
        self.edited().take(count).fold(self.edit_column, |column, byte| match byte {
            b'\t' => (column | 7) + 1,
            _ if self.shows_caret(byte) => column + 2,
            0..32 | 127 => column,
            _ if is_utf8 && byte & 0xc0 == 0x80 => column,
            _ => column + 1,
        })
    }

    /// Removes the last character, all bytes of it.
    fn erase_one(&mut self) -> bool {
        let count = self.input.len() - self.committed;
        if count == 0 {
            return false;
        }
        let mut left = count - 1;
        while self.termios.has_input(IUTF8)
            && left > 0
            && self.edited().nth(left).is_some_and(|byte| byte & 0xc0 == 0x80)
        {
            left -= 1;
        }
        let is_tab = self.edited().nth(left) == Some(b'\t');
        let columns = self.width(count).saturating_sub(self.width(left));
        if self.termios.has_local(ECHO) {
            if self.termios.has_local(ECHOE) {
                let step: &[u8] = if is_tab { b"\x08" } else { b"\x08 \x08" };
                (0..columns).for_each(|_| step.iter().for_each(|&b| self.emit_raw(b)));
                self.column = self.column.saturating_sub(columns);
            } else {
                self.echo(self.termios.cc[VERASE]);
            }
        }
        self.input.truncate(self.committed + left);
        true
    }
    fn erase_word(&mut self) {
        let mut has_seen_word = false;
        loop {
            let last = self.edited().next_back();
            let Some(byte) = last else { break };
            let is_word = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
            if !is_word && has_seen_word {
                break;
            }
            has_seen_word |= is_word;
            self.erase_one();
        }
    }
    fn kill(&mut self, byte: u8) {
        let t = self.termios;
        if !t.has_local(ECHO) || t.has_local(ECHOK) && t.has_local(ECHOKE) && t.has_local(ECHOE) {
            while self.erase_one() {}
            return;
        }
        self.input.truncate(self.committed);
        self.echo(byte);
        if t.has_local(ECHOK) {
            self.put(b'\n');
        }
    }
    fn reprint(&mut self, byte: u8) {
        let bytes: Vec<u8> = self.edited().collect();
        self.echo(byte);
        self.put(b'\n');
        self.edit_column = self.column;
        bytes.into_iter().for_each(|byte| self.echo(byte));
    }

    // Output.

    fn emit_raw(&mut self, byte: u8) {
        if self.output.len() < ECHO_LIMIT {
            self.output.push_back(byte);
        }
    }
    fn put_limited(&mut self, byte: u8) {
        if self.output.len() < ECHO_LIMIT {
            self.put(byte);
        }
    }

    /// One byte of output with the changes of OPOST.
    fn put(&mut self, byte: u8) {
        let flags = self.termios.oflag;
        if flags & OPOST == 0 {
            self.output.push_back(byte);
            return;
        }
        match byte {
            b'\n' => {
                if flags & (ONLCR | ONLRET) != 0 {
                    self.column = 0;
                }
                if flags & ONLCR != 0 {
                    self.output.push_back(b'\r');
                }
                self.output.push_back(b'\n');
            }
            b'\r' if flags & ONOCR != 0 && self.column == 0 => {}
            b'\r' => {
                let is_newline = flags & OCRNL != 0;
                if !is_newline || flags & ONLRET != 0 {
                    self.column = 0;
                }
                self.output.push_back(if is_newline { b'\n' } else { b'\r' });
            }
            b'\t' => {
                let spaces = 8 - (self.column & 7);
                self.column += spaces;
                if flags & XTABS == XTABS {
                    self.output.extend(core::iter::repeat_n(b' ', spaces));
                } else {
                    self.output.push_back(b'\t');
                }
            }
            8 => {
                self.column = self.column.saturating_sub(1);
                self.output.push_back(8);
            }
            _ => {
                let is_continuation = self.termios.has_input(IUTF8) && byte & 0xc0 == 0x80;
                if byte >= 32 && byte != 127 && !is_continuation {
                    self.column += 1;
                }
                self.output.push_back(if flags & OLCUC != 0 { byte.to_ascii_uppercase() } else { byte });
            }
        }
    }

    /// Takes bytes a program writes until writers have to wait; answers how many were taken.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        if self.is_stopped {
            return 0;
        }
        if self.termios.oflag & OPOST == 0 {
            let n = bytes.len().min(OUTPUT_LIMIT.saturating_sub(self.output.len()));
            self.output.extend(&bytes[..n]);
            return n;
        }
        for (i, &byte) in bytes.iter().enumerate() {
            if self.output.len() >= OUTPUT_LIMIT {
                return i;
            }
            self.put(byte);
        }
        bytes.len()
    }
    pub(super) fn has_room(&self) -> bool {
        !self.is_stopped && self.output.len() < OUTPUT_LIMIT
    }

    // Reading.

    pub(super) fn is_canonical(&self) -> bool {
        self.termios.has_local(ICANON)
    }
    /// Entries that can be read.
    pub(super) fn available(&self) -> usize {
        self.committed
    }
    pub(super) fn is_full(&self) -> bool {
        self.input.len() >= INPUT_LIMIT
    }
    /// Bytes that can be read, for FIONREAD: up to the end of all complete lines.
    pub(super) fn readable_bytes(&self) -> usize {
        self.input.range(..self.committed).filter(|input| input.mark != Mark::EndOfFile).count()
    }
    /// Reads what there is: a line or a part of it in canonical mode. Call only with `available() > 0`.
    pub(super) fn read(&mut self, buf: &mut [u8]) -> usize {
        let is_canonical = self.is_canonical();
        let mut n = 0;
        while self.committed > 0 {
            let Some(&Input { byte, mark }) = self.input.front() else { break };
            if mark == Mark::EndOfFile {
                // Also one right behind a full buffer: it ended this read.
                self.take_front();
                if is_canonical {
                    break;
                }
                continue;
            }
            if n == buf.len() {
                break;
            }
            buf[n] = byte;
            n += 1;
            self.take_front();
            if is_canonical && mark == Mark::EndOfLine {
                break;
            }
        }
        n
    }
    fn take_front(&mut self) {
        self.input.pop_front();
        self.committed -= 1;
    }
    /// An end of file that was not typed: the stream behind ended.
    pub(super) fn push_end(&mut self) {
        if self.committed == 0 {
            self.commit(0, Mark::EndOfFile);
        }
    }

    /// TCIFLUSH.
    pub(super) fn flush_input(&mut self) {
        self.input.clear();
        self.committed = 0;
        self.is_literal = false;
    }
    /// tcsetattr(3).
    pub(super) fn set_termios(&mut self, new: Termios) {
        let was_canonical = self.is_canonical();
        self.termios = new;
        if was_canonical != self.is_canonical() {
            // Everything typed so far can be read; back in canonical mode it counts as one line.
            self.input.iter_mut().for_each(|input| input.mark = Mark::None);
            self.committed = self.input.len();
            if let Some(last) = self.input.back_mut().filter(|_| !was_canonical) {
                last.mark = Mark::EndOfLine;
            }
        }
        if !new.has_input(IXON) {
            self.is_stopped = false;
        }
    }
}
