//! Code translated at run time, in a tab (hosts/module's `jit.rs` says what the module asks for): modules are compiled by
//! the browser beside the guest, and instantiated between two slices.

use crate::Wishes;
use crate::drive::Drive;
use crate::failure::{Failure, words};
use crate::object;
use brainworm_abi::driven::{option, publish as answer};
use js_sys::WebAssembly::{self, Instance, Module, Table};
use js_sys::{Object, Reflect, Uint8Array};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// The table grows by so many elements at least: each time costs all modules that use it.
const GROW_MIN: u32 = 256;

/// What the page decided about it.
#[derive(Clone, Copy)]
pub(crate) struct Engine {
    /// Use code translated ahead of time.
    pub(crate) ahead: bool,
    /// Samples of a function before it is translated at run time; 0: everything at once; `None`: never.
    threshold: Option<u32>,
    /// Bytes of such modules in use, at most.
    code_bytes: u32,
}

impl Engine {
    /// By the words of `brainworm run --engine`.
    pub(crate) fn wanted(wishes: &Wishes) -> Result<Engine, Failure> {
        let (ahead, late) = match &*wishes.engine() {
            "auto" => (true, true),
            "aot" => (true, false),
            "jit" => (false, true),
            "interp" => (false, false),
            other => {
                let message = format!("The option 'engine' is auto, interp, aot or jit, not '{other}'.");
                return Err(Failure::told("option", message));
            }
        };
        let number = |name: &str, value: f64, least: f64| match value.fract() == 0.0 && value >= least {
            true => Ok(value.min(u32::MAX as f64) as u32),
            false => Err(Failure::told("option", format!("The option '{name}' is a whole number from {least} on."))),
        };
        let threshold = number("jitThreshold", wishes.jit_threshold(), 0.0)?;
        let code_bytes = number("jitCode", wishes.jit_code(), 1.0)?;
        Ok(Engine { ahead, threshold: late.then_some(threshold), code_bytes })
    }
}

/// Modules of one machine.
pub(crate) struct Jit {
    engine: Engine,
    links: OnceCell<Links>,
    drive: OnceCell<Weak<Drive>>,
    live: RefCell<BTreeMap<u32, Live>>,
    /// Bytes of modules in use or on their way.
    bytes: Cell<u32>,
    refused: Cell<u32>,
}

/// What modules are linked with.
struct Links {
    imports: Object,
    table: Table,
}

/// A module in use.
struct Live {
    /// Where its functions are in the table.
    places: Vec<u32>,
    bytes: u32,
}

impl Jit {
    pub(crate) fn new(engine: Engine) -> Rc<Jit> {
        let (links, drive, live) = (OnceCell::new(), OnceCell::new(), RefCell::default());
        Rc::new(Jit { engine, links, drive, live, bytes: Cell::new(0), refused: Cell::new(0) })
    }

    /// The machine is there: what its modules are linked with, and what the module is to know before boot. A kernel
    /// that does not translate, of a file built by another version, has no such exports.
    pub(crate) fn attach(&self, exports: &Object) -> Vec<(u32, u64)> {
        let export = |name: &str| Reflect::get(exports, &JsValue::from_str(name)).unwrap_or_default();
        let Ok(table) = export("__indirect_function_table").dyn_into::<Table>() else { return Vec::new() };
        let own = table.length();
        let env = [("memory", export("memory")), ("table", table.clone().into()), ("step", export("bw_step"))];
        let _ = self.links.set(Links { imports: object([("env", object(env).into())]), table });
        let wanted = |threshold: u32| [(option::JIT, threshold as u64 + 1), (option::JIT_PLACE, own as u64)];
        self.engine.threshold.map(wanted).into_iter().flatten().collect()
    }

    /// Whom to tell of modules that are ready.
    pub(crate) fn tell(&self, drive: Weak<Drive>) {
        let _ = self.drive.set(drive);
    }

    /// Modules that the browser did not take: always an error of ours.
    pub(crate) fn refused(&self) -> u32 {
        self.refused.get()
    }

    /// The kernel wants a module loaded. The bytes are its own again as soon as this returns: the browser copies them.
    pub(crate) fn publish(self: &Rc<Jit>, id: u32, wasm: &Uint8Array, table_len: u32) -> u32 {
        let bytes = wasm.length();
        match self.engine.threshold {
            None => return answer::REFUSED,
            _ if self.bytes.get().saturating_add(bytes) > self.engine.code_bytes => return answer::FULL,
            Some(0) => {
                // Forced, it is for tests: what is wrong with it is to be seen.
                let loaded = Module::new(wasm).and_then(|module| self.load(id, &module, bytes, table_len));
                loaded.unwrap_or_else(|error| wasm_bindgen::throw_str(&words(&error)));
                return answer::READY;
            }
            Some(_) => self.bytes.set(self.bytes.get() + bytes),
        }
        let (jit, compiling) = (self.clone(), WebAssembly::compile(wasm));
        spawn_local(async move {
            let compiled = JsFuture::from(compiling).await;
            jit.bytes.set(jit.bytes.get() - bytes);
            let module = compiled.map(JsCast::unchecked_into::<Module>);
            let loaded = module.and_then(|module| jit.load(id, &module, bytes, table_len));
            if loaded.is_err() {
                jit.refused.set(jit.refused.get() + 1);
            }
            if let Some(drive) = jit.drive.get().and_then(Weak::upgrade) {
                drive.code_ready(id, loaded.is_ok());
            }
        });
        answer::ACCEPTED
    }

    /// Nothing calls a module's functions any more.
    pub(crate) fn retire(&self, id: u32) {
        let (Some(live), Some(links)) = (self.live.borrow_mut().remove(&id), self.links.get()) else { return };
        self.bytes.set(self.bytes.get() - live.bytes);
        for place in live.places {
            // What is in the table is kept with all of its module. A new function comes here only after this.
            let _ = links.table.set_raw(place, &JsValue::NULL);
        }
    }

    /// Puts a module's functions into the table.
    fn load(&self, id: u32, module: &Module, bytes: u32, table_len: u32) -> Result<(), JsValue> {
        let links = self.links.get().ok_or("there is no machine")?;
        let missing = table_len.saturating_sub(links.table.length());
        if missing > 0 {
            links.table.grow(missing.max(GROW_MIN))?;
        }
        let instance = Instance::new(module, &links.imports)?;
        let places = Object::keys(&instance.exports()).into_iter().filter_map(|name| name.as_string()?.parse().ok());
        self.live.borrow_mut().insert(id, Live { places: places.collect(), bytes });
        self.bytes.set(self.bytes.get() + bytes);
        Ok(())
    }
}
