//! The kernel's module: its exports by name, and its memory.

use crate::failure::{Failure, words};
use crate::jit::{Engine, Jit};
use crate::world::World;
use crate::{Wishes, wasi};
use brainworm_abi::WinSize;
use brainworm_abi::driven::{option, string};
use brainworm_abi::image::SLOT_SYMBOL;
use js_sys::WebAssembly::{Global, Instance, Module};
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

const WASM_PAGE: f64 = 65536.0;

#[wasm_bindgen]
extern "C" {
    type Memory;
    #[wasm_bindgen(method, getter)]
    fn buffer(this: &Memory) -> ArrayBuffer;
    #[wasm_bindgen(method, catch)]
    fn grow(this: &Memory, pages: u32) -> Result<u32, JsValue>;

    /// The exports (hosts/module's `driven.rs`).
    type Exports;
    #[wasm_bindgen(method, getter)]
    fn memory(this: &Exports) -> Memory;
    #[wasm_bindgen(method)]
    fn bw_option(this: &Exports, key: u32, value: u64);
    #[wasm_bindgen(method)]
    fn bw_string(this: &Exports, key: u32, len: u32) -> u32;
    #[wasm_bindgen(method, catch)]
    fn bw_boot(this: &Exports) -> Result<u32, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn bw_run(this: &Exports, budget: u64) -> Result<u64, JsValue>;
    #[wasm_bindgen(method)]
    fn bw_until(this: &Exports) -> u64;
    #[wasm_bindgen(method, catch)]
    fn bw_push(this: &Exports, kind: u32, a: u32, b: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn bw_figure(this: &Exports, which: u32) -> u64;
}

const EXPORTS: [&str; 9] =
    [SLOT_SYMBOL, "memory", "bw_option", "bw_string", "bw_boot", "bw_run", "bw_until", "bw_push", "bw_figure"];

/// An instance.
pub(crate) struct Kernel {
    exports: Exports,
    linear: Rc<Linear>,
    jit: Rc<Jit>,
}

/// The linear memory, seen through one view as long as it does not grow.
pub(crate) struct Linear {
    memory: Memory,
    view: RefCell<Uint8Array>,
}

impl Linear {
    fn new(memory: Memory) -> Linear {
        let view = RefCell::new(Uint8Array::new(&memory.buffer()));
        Linear { memory, view }
    }

    /// `len` bytes from `at`, unless they lie outside.
    pub(crate) fn part(&self, at: u32, len: u32) -> Option<Uint8Array> {
        let mut view = self.view.borrow_mut();
        if view.length() == 0 {
            // Growing takes the old buffer away.
            *view = Uint8Array::new(&self.memory.buffer());
        }
        let end = at.checked_add(len).filter(|end| *end <= view.length())?;
        Some(view.subarray(at, end))
    }

    /// Writes bytes; false when there is no such place.
    pub(crate) fn put(&self, at: u32, bytes: &[u8]) -> bool {
        let part = self.part(at, bytes.len() as u32);
        part.iter().for_each(|part| part.copy_from(bytes));
        part.is_some()
    }

    /// Reads `N` bytes.
    pub(crate) fn get<const N: usize>(&self, at: u32) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.part(at, N as u32)?.copy_to(&mut bytes);
        Some(bytes)
    }
}

impl Kernel {
    /// Instantiates the module with the world as its outside.
    pub(crate) fn instantiate(module: &Module, world: &Rc<World>, engine: Engine) -> Result<Kernel, Failure> {
        let jit = Jit::new(engine);
        let instance = Instance::new(module, &wasi::imports(module, world, &jit)).map_err(|error| {
            // The memory it begins with is the only thing an engine can refuse here besides other imports.
            match error.is_instance_of::<js_sys::RangeError>() {
                true => Failure::memory(WASM_PAGE * 64.0),
                false => Failure::version(),
            }
        })?;
        let exports = instance.exports();
        if !EXPORTS.iter().all(|name| Reflect::has(&exports, &JsValue::from_str(name)).unwrap_or(false)) {
            return Err(Failure::version());
        }
        let numbers = jit.attach(&exports);
        let exports: Exports = JsValue::from(exports).unchecked_into();
        let linear = Rc::new(Linear::new(exports.memory()));
        world.attach(linear.clone());
        for (key, value) in [(option::INTERPRET, !engine.ahead as u64)].into_iter().chain(numbers) {
            exports.bw_option(key, value);
        }
        Ok(Kernel { exports, linear, jit })
    }

    /// Makes room for an image of `image` bytes with `index` bytes behind it, at the end of the memory, and tells the
    /// module where it is.
    pub(crate) fn place(&self, image: f64, index: f64) -> Result<Room, Failure> {
        let wanted = image + index;
        let pages = (wanted / WASM_PAGE).ceil();
        let old = self.linear.memory.grow(pages as u32).map_err(|_| Failure::memory(wanted))? as f64 * WASM_PAGE;
        let slot =
            Reflect::get(self.exports.as_ref(), &JsValue::from_str(SLOT_SYMBOL)).map_err(|_| Failure::version())?;
        let slot = slot.dyn_ref::<Global>().and_then(|slot| slot.value().as_f64()).ok_or_else(Failure::version)?;
        let words = [old, image, old + image, index].map(|word| (word as u32).to_le_bytes());
        if !self.linear.put(slot as i64 as u32, words.as_flattened()) {
            return Err(Failure::version());
        }
        Ok(Room { linear: self.linear.clone(), at: old as u32, left: wanted as u32 })
    }

    /// What the page wants of the machine.
    pub(crate) fn configure(&self, wishes: &Wishes) -> Result<(), Failure> {
        self.exports.bw_option(option::MEMORY, wishes.memory() as u64);
        if wishes.tty() {
            let window = WinSize { rows: wishes.rows(), cols: wishes.columns() };
            self.exports.bw_option(option::WINDOW, window.pack() as u64);
            self.text(string::TERM, "TERM", &JsValue::from_str("xterm-256color"))?;
        }
        for (key, name) in [
            (string::ENTRYPOINT, "entrypoint"),
            (string::WORKING_DIR, "workdir"),
            (string::USER, "user"),
            (string::HOSTNAME, "hostname"),
        ] {
            let value = Reflect::get(wishes.as_ref(), &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
            self.text(key, name, &value)?;
        }
        Ok(())
    }

    fn text(&self, key: u32, name: &str, value: &JsValue) -> Result<(), Failure> {
        let Some(value) = value.as_string() else { return Ok(()) };
        let at = self.exports.bw_string(key, value.len() as u32);
        if at == 0 || !self.linear.put(at, value.as_bytes()) {
            return Err(Failure::told("option", format!("The option '{name}' is too long.")));
        }
        Ok(())
    }

    /// Boots: the exit status that this ended with, if it did.
    pub(crate) fn boot(&self) -> Result<u32, JsValue> {
        self.exports.bw_boot()
    }
    pub(crate) fn run(&self, budget: u64) -> Result<u64, JsValue> {
        self.exports.bw_run(budget)
    }
    pub(crate) fn figure(&self, which: u32) -> f64 {
        self.exports.bw_figure(which) as f64
    }
    pub(crate) fn until(&self) -> u64 {
        self.exports.bw_until()
    }
    pub(crate) fn push(&self, event: u32, a: u32, b: u32) -> Result<(), JsValue> {
        self.exports.bw_push(event, a, b)
    }
    pub(crate) fn jit(&self) -> &Jit {
        &self.jit
    }
}

/// Where the image goes, filled from its start.
pub(crate) struct Room {
    linear: Rc<Linear>,
    at: u32,
    left: u32,
}

impl Room {
    /// Writes the next part; false when it is more than there should be.
    pub(crate) fn fill(&mut self, part: &Uint8Array) -> bool {
        let len = part.length();
        match self.linear.part(self.at, len).filter(|_| len <= self.left) {
            Some(place) => {
                place.set(part, 0);
                (self.at, self.left) = (self.at + len, self.left - len);
                true
            }
            None => false,
        }
    }
    pub(crate) fn is_full(&self) -> bool {
        self.left == 0
    }
}

/// Why the module stopped by itself, unless it is `proc_exit` that the world knows of.
pub(crate) fn stopped(error: &JsValue) -> Failure {
    Failure::told("stopped", format!("The machine stopped: {}.", words(error)))
}
