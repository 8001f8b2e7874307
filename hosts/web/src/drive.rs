//! The loop between the kernel and the page, cut into slices: each is a message of its own, so that keys and sizes come
//! in between. An idle machine has at most a timer.

use crate::failure::Failure;
use crate::kernel::{self, Kernel};
use crate::object;
use crate::world::{self, World};
use brainworm_abi::WinSize;
use brainworm_abi::driven::{event, figure, pause};
use js_sys::{Function, Object};
use std::cell::Cell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, WorkerGlobalScope};

/// How long a slice should take, in ms: a key is seen within one.
const SLICE: f64 = 8.0;
/// Instructions in a slice, before it is known how fast they are, and at least and at most.
const BUDGET: f64 = 1e6;
const BUDGET_MIN: f64 = 1e5;
const BUDGET_MAX: f64 = 1e8;
/// Longest timer, in ms.
const TIMER_MAX: f64 = 2147483647.0;

/// A booted machine.
pub(crate) struct Drive {
    kernel: Kernel,
    world: Rc<World>,
    state: Cell<State>,
    budget: Cell<f64>,
    scope: WorkerGlobalScope,
    channel: MessageChannel,
    /// Called when a timer ends.
    on_time: Function,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A slice is on its way.
    Due,
    /// Nothing can go on before an event, or before this timer.
    Idle(Option<i32>),
    /// At its end.
    Over,
}

impl Drive {
    /// Boots the machine.
    pub(crate) fn boot(kernel: Kernel, world: Rc<World>) -> Result<Rc<Drive>, Failure> {
        let booted = kernel.boot();
        world.flush();
        match booted {
            Ok(0) => {}
            Ok(status) => return Err(Failure::Exited(status)),
            Err(error) => return Err(world.exit.get().map_or_else(|| kernel::stopped(&error), Failure::Exited)),
        }
        let channel = MessageChannel::new().map_err(|error| kernel::stopped(&error))?;
        Ok(Rc::new_cyclic(|drive: &Weak<Drive>| {
            let callback = |drive: Weak<Drive>| -> Function {
                let call = move || drive.upgrade().iter().for_each(|drive| drive.slice());
                Closure::<dyn Fn()>::new(call).into_js_value().unchecked_into()
            };
            channel.port1().set_onmessage(Some(&callback(drive.clone())));
            let on_time = callback(drive.clone());
            kernel.jit().tell(drive.clone());
            let (state, budget) = (Cell::new(State::Idle(None)), Cell::new(BUDGET));
            Drive { kernel, world, state, budget, scope: world::scope(), channel, on_time }
        }))
    }

    /// Lets it go.
    pub(crate) fn start(&self) {
        self.wake();
    }

    pub(crate) fn input(&self, bytes: &[u8]) {
        self.world.give(bytes);
        self.tell(event::READABLE, 0, 0);
    }
    pub(crate) fn end(&self) {
        self.world.end_input();
        self.tell(event::READABLE, 0, 0);
    }
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        self.tell(event::RESIZE, WinSize { rows, cols }.pack(), 0);
    }
    pub(crate) fn signal(&self, number: u8) {
        self.tell(event::SIGNAL, number as u32, 0);
    }
    pub(crate) fn taken(&self, bytes: u32) {
        if self.world.taken(bytes as usize) {
            self.tell(event::WRITABLE, 0, 0);
        }
    }

    /// A module that the kernel published is loaded, or never will be.
    pub(crate) fn code_ready(&self, id: u32, is_loaded: bool) {
        self.tell(event::CODE, id, is_loaded as u32);
    }

    /// Counts since boot, by the names `brainworm run --stats` has for them.
    pub(crate) fn figures(&self) -> Object {
        let counts = figure::NAMES.map(|(which, name)| (name, self.kernel.figure(which)));
        let refused = ("jit_modules_refused", self.kernel.jit().refused() as f64);
        object(counts.into_iter().chain([refused]).map(|(name, value)| (name, JsValue::from_f64(value))))
    }

    /// An event, and a slice to see to it.
    fn tell(&self, event: u32, a: u32, b: u32) {
        if self.state.get() == State::Over {
            return;
        }
        match self.kernel.push(event, a, b) {
            Ok(()) => self.wake(),
            Err(error) => self.stop(&error),
        }
    }

    fn wake(&self) {
        if let State::Idle(timer) = self.state.get() {
            if let Some(timer) = timer {
                self.scope.clear_timeout_with_handle(timer);
            }
            self.due();
        }
    }

    fn due(&self) {
        self.state.set(State::Due);
        let _ = self.channel.port2().post_message(&JsValue::NULL);
    }

    /// Works for some milliseconds and arranges for what comes then.
    fn slice(&self) {
        if self.state.get() == State::Over {
            return;
        }
        let start = self.world.now();
        let answer = self.kernel.run(self.budget.get() as u64);
        self.world.flush();
        let pause = match answer {
            Ok(pause) => pause,
            Err(error) => return self.stop(&error),
        };
        let [kind, detail, ..] = pause.to_le_bytes();
        match kind {
            pause::BUDGET => {
                self.pace(self.world.now() - start);
                self.due();
            }
            pause::IDLE => self.sleep(),
            _ => self.exit(detail as u32),
        }
    }

    /// Sets the budget so that a slice takes its time; careful with single measurements.
    fn pace(&self, took: f64) {
        let wanted = (SLICE / took.max(0.1)).clamp(0.5, 2.0);
        self.budget.set((self.budget.get() * wanted).clamp(BUDGET_MIN, BUDGET_MAX));
    }

    /// Nothing can go on: a timer, if there is something to wait for.
    fn sleep(&self) {
        let until = self.kernel.until();
        if until == u64::MAX {
            return self.state.set(State::Idle(None));
        }
        let left = until.saturating_sub(self.world.clock(1).unwrap_or(0)) as f64 / 1e6;
        if left <= 0.0 {
            return self.due();
        }
        let timer = self
            .scope
            .set_timeout_with_callback_and_timeout_and_arguments_0(&self.on_time, left.ceil().min(TIMER_MAX) as i32);
        self.state.set(State::Idle(timer.ok()));
    }

    fn exit(&self, status: u32) {
        self.state.set(State::Over);
        self.world.page().exit(status);
    }

    /// An export threw: the kernel ended by itself, or broke.
    fn stop(&self, error: &JsValue) {
        self.world.flush();
        match self.world.exit.get() {
            Some(status) => self.exit(status),
            None => {
                self.state.set(State::Over);
                if let Failure::Told { code, message } = kernel::stopped(error) {
                    self.world.page().failure(code, &message);
                }
            }
        }
    }
}
