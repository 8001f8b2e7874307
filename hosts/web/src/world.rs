//! What the kernel sees of the outside: clocks, entropy, its command line, and the two queues of the terminal.

use crate::Page;
use crate::kernel::Linear;
use js_sys::{Date, Uint8Array};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::WorkerGlobalScope;

/// Output that the page has not taken yet, at most: a few screens; then the guest waits.
const OUTPUT_MAX: usize = 1 << 18;
const STDOUT: u32 = 1;
const STDERR: u32 = 2;
/// Bytes of entropy a browser gives at once.
const ENTROPY_MAX: u32 = 65536;
/// The clocks of the page and of the machine may be so far apart, in ms, before the wall clock is set anew: a machine
/// that slept, a user who set the clock.
const DRIFT_MAX: f64 = 100.0;

/// One machine's outside.
pub(crate) struct World {
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: Vec<Vec<u8>>,
    /// Descriptors 0 to 2 are a terminal.
    pub(crate) is_terminal: bool,
    /// What `proc_exit` was called with.
    pub(crate) exit: Cell<Option<u32>>,
    page: Rc<Page>,
    scope: WorkerGlobalScope,
    linear: OnceCell<Rc<Linear>>,
    input: RefCell<VecDeque<u8>>,
    input_ended: Cell<bool>,
    /// Stream and bytes, in order, not yet sent.
    output: RefCell<Vec<(u32, Vec<u8>)>>,
    /// Bytes written that the page has not taken.
    untaken: Cell<usize>,
    /// A write found no room and nobody was told of room since.
    output_blocked: Cell<bool>,
    /// The next write is taken, room or not: the kernel's last words.
    is_urgent: Cell<bool>,
    /// Wall clock minus monotonic clock, in ms.
    epoch: Cell<f64>,
}

impl World {
    pub(crate) fn new(page: Rc<Page>, args: Vec<Vec<u8>>, env: Vec<Vec<u8>>, is_terminal: bool) -> Rc<World> {
        Rc::new(World {
            args,
            env,
            is_terminal,
            exit: Cell::new(None),
            page,
            scope: scope(),
            linear: OnceCell::new(),
            input: RefCell::default(),
            input_ended: Cell::new(false),
            output: RefCell::default(),
            untaken: Cell::new(0),
            output_blocked: Cell::new(false),
            is_urgent: Cell::new(false),
            epoch: Cell::new(0.0),
        })
    }

    /// The memory of the kernel, once there is one.
    pub(crate) fn attach(&self, linear: Rc<Linear>) {
        let _ = self.linear.set(linear);
    }
    pub(crate) fn linear(&self) -> Option<&Linear> {
        self.linear.get().map(|linear| &**linear)
    }
    pub(crate) fn page(&self) -> &Page {
        &self.page
    }

    /// The monotonic clock, in ms.
    pub(crate) fn now(&self) -> f64 {
        self.scope.performance().map_or(0.0, |performance| performance.now())
    }

    /// A clock in ns: 0 wall, 1 monotonic.
    pub(crate) fn clock(&self, id: u32) -> Option<u64> {
        let now = self.now();
        let shift = match id {
            0 => {
                let wall = Date::now();
                if (self.epoch.get() + now - wall).abs() > DRIFT_MAX {
                    self.epoch.set(wall - now);
                }
                self.epoch.get()
            }
            1 => 0.0,
            _ => return None,
        };
        // Whole milliseconds and the rest apart: a double has no room for the nanoseconds of the wall clock.
        let (whole, part) = (now.floor(), now.fract());
        let (shift_whole, shift_part) = (shift.floor(), shift.fract());
        Some((whole + shift_whole) as u64 * 1_000_000 + ((part + shift_part) * 1e6) as u64)
    }

    /// Fills with entropy.
    pub(crate) fn entropy(&self, room: &Uint8Array) -> bool {
        let Ok(crypto) = self.scope.crypto() else { return false };
        let (mut at, len) = (0, room.length());
        while at < len {
            let end = len.min(at + ENTROPY_MAX);
            if crypto.get_random_values_with_js_u8_array(&room.subarray(at, end)).is_err() {
                return false;
            }
            at = end;
        }
        true
    }

    /// Up to `len` bytes of input; `None`: there are none yet.
    pub(crate) fn read(&self, len: usize) -> Option<Vec<u8>> {
        let mut input = self.input.borrow_mut();
        match input.is_empty() {
            true => self.input_ended.get().then(Vec::new),
            false => {
                let len = len.min(input.len());
                Some(input.drain(..len).collect())
            }
        }
    }
    pub(crate) fn give(&self, bytes: &[u8]) {
        if !self.input_ended.get() {
            self.input.borrow_mut().extend(bytes);
        }
    }
    pub(crate) fn end_input(&self) {
        self.input_ended.set(true);
    }

    /// How many bytes can be written now; `None`: none, an event follows.
    pub(crate) fn room(&self) -> Option<usize> {
        if self.is_urgent.take() {
            return Some(usize::MAX);
        }
        let room = OUTPUT_MAX.saturating_sub(self.untaken.get());
        self.output_blocked.set(room == 0);
        (room > 0).then_some(room)
    }
    /// Lets one write through in any case.
    pub(crate) fn hurry(&self) {
        self.is_urgent.set(true);
    }
    pub(crate) fn write(&self, stream: u32, bytes: &Uint8Array) {
        let mut bytes = bytes.to_vec();
        let mut stream = stream;
        if self.is_terminal && stream == STDERR {
            // The kernel's own words: what a guest writes comes through its terminal, as standard output.
            stream = STDOUT;
            bytes = bytes.split(|&b| b == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
        }
        self.untaken.set(self.untaken.get() + bytes.len());
        let mut output = self.output.borrow_mut();
        match output.last_mut().filter(|last| last.0 == stream) {
            Some((_, pending)) => pending.append(&mut bytes),
            None => output.push((stream, bytes)),
        }
    }
    /// Sends what was written.
    pub(crate) fn flush(&self) {
        for (stream, bytes) in self.output.take() {
            self.page.output(stream, Uint8Array::from(&bytes[..]));
        }
    }
    /// The page has taken output; true when somebody waits for that.
    pub(crate) fn taken(&self, bytes: usize) -> bool {
        self.untaken.set(self.untaken.get().saturating_sub(bytes));
        self.untaken.get() <= OUTPUT_MAX / 2 && self.output_blocked.take()
    }
}

/// The worker itself.
pub(crate) fn scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}
