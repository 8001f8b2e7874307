//! The browser's host: drives the module's `bw_*` exports from a Web Worker, where nothing may ever wait.
//!
//! `load` fetches the kernel and the packed image and puts them together, `wasi` answers the kernel's imports out of
//! `world` (clocks, entropy, the terminal's two queues), `drive` lets the kernel work in slices with messages and timers
//! between them, `jit` loads code that the kernel translates while the guest runs. page/worker.js carries messages between
//! this and page/brainworm.js, which is what pages use.
//!
//! Only wasm32 has anything here.
#![cfg(target_arch = "wasm32")]
#![forbid(unsafe_code)]

mod drive;
mod failure;
mod jit;
mod kernel;
mod load;
mod wasi;
mod world;

use drive::Drive;
use failure::Failure;
use js_sys::{Array, JsString, Object, Promise, Reflect, Uint8Array};
use kernel::Kernel;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::Response;
use world::World;

#[wasm_bindgen]
extern "C" {
    /// The worker's side of the page: page/worker.js.
    pub type Page;
    #[wasm_bindgen(method)]
    fn progress(this: &Page, done: f64, all: f64);
    #[wasm_bindgen(method)]
    fn output(this: &Page, stream: u32, bytes: Uint8Array);
    #[wasm_bindgen(method)]
    fn exit(this: &Page, status: u32);
    #[wasm_bindgen(method)]
    fn failure(this: &Page, code: &str, message: &str);
}

#[wasm_bindgen]
extern "C" {
    /// What the page wants, as page/brainworm.js passes it on.
    pub type Wishes;
    /// Words, or one text that is split as a shell splits it, or nothing.
    #[wasm_bindgen(method, getter)]
    fn command(this: &Wishes) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn env(this: &Wishes) -> Array;
    #[wasm_bindgen(method, getter)]
    fn tty(this: &Wishes) -> bool;
    #[wasm_bindgen(method, getter)]
    fn columns(this: &Wishes) -> u16;
    #[wasm_bindgen(method, getter)]
    fn rows(this: &Wishes) -> u16;
    /// Bytes; 0: what there is.
    #[wasm_bindgen(method, getter)]
    fn memory(this: &Wishes) -> f64;
    /// What executes the guest's code, by the words of `brainworm run --engine`; when a function is translated, and how
    /// many bytes of that there may be.
    #[wasm_bindgen(method, getter)]
    fn engine(this: &Wishes) -> String;
    #[wasm_bindgen(method, getter)]
    fn jit_threshold(this: &Wishes) -> f64;
    #[wasm_bindgen(method, getter)]
    fn jit_code(this: &Wishes) -> f64;
    /// Bytes of the image and of the index of translated code behind it.
    #[wasm_bindgen(method, getter)]
    fn image(this: &Wishes) -> f64;
    #[wasm_bindgen(method, getter)]
    fn index(this: &Wishes) -> f64;
    /// Bytes of the two files as they are fetched.
    #[wasm_bindgen(method, getter)]
    fn kernel_bytes(this: &Wishes) -> f64;
    #[wasm_bindgen(method, getter)]
    fn image_bytes(this: &Wishes) -> f64;
}

/// A running container.
#[wasm_bindgen]
pub struct Machine(Rc<Drive>);

#[wasm_bindgen]
impl Machine {
    /// Fetches, boots and starts. After an error the page has been told; the promise only says whether it runs.
    pub async fn boot(kernel: Promise, image: Promise, wishes: Wishes, page: Page) -> Option<Machine> {
        let page = Rc::new(page);
        tell_of_panics(&page);
        match boot(kernel.unchecked_into(), image.unchecked_into(), &wishes, &page).await {
            Ok(drive) => {
                drive.start();
                Some(Machine(drive))
            }
            Err(Failure::Exited(status)) => {
                page.exit(status);
                None
            }
            Err(Failure::Told { code, message }) => {
                page.failure(code, &message);
                None
            }
        }
    }

    /// Keys, or whatever standard input is.
    pub fn input(&self, bytes: &[u8]) {
        self.0.input(bytes);
    }
    /// Standard input ends.
    pub fn end(&self) {
        self.0.end();
    }
    /// The terminal has another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.0.resize(columns, rows);
    }
    /// A signal for the first process.
    pub fn signal(&self, number: u8) {
        self.0.signal(number);
    }
    /// Counts since boot.
    pub fn figures(&self) -> Object {
        self.0.figures()
    }
    /// The page has taken so many bytes of output.
    pub fn taken(&self, bytes: u32) {
        self.0.taken(bytes);
    }
}

async fn boot(
    kernel: Promise<Response>,
    image: Promise<Response>,
    wishes: &Wishes,
    page: &Rc<Page>,
) -> Result<Rc<Drive>, Failure> {
    let all = wishes.kernel_bytes() + wishes.image_bytes();
    page.progress(0.0, all);
    let engine = jit::Engine::wanted(wishes)?;
    let module = load::compile(kernel).await?;
    page.progress(wishes.kernel_bytes(), all);
    let args = command(wishes)?;
    let env = wishes.env().iter().map(|variable| text(&variable).into_bytes()).collect();
    let world = World::new(page.clone(), args, env, wishes.tty());
    let kernel = Kernel::instantiate(&module, &world, engine)?;
    let size = load::Size { image: wishes.image(), index: wishes.index() };
    let (counting, first) = (page.clone(), wishes.kernel_bytes());
    let counted = move |done: f64| counting.progress(first + done, all);
    load::image(image, &kernel, size, counted).await?;
    kernel.configure(wishes)?;
    Drive::boot(kernel, world)
}

/// The first argument is the program's own name, as for any WASI module.
fn command(wishes: &Wishes) -> Result<Vec<Vec<u8>>, Failure> {
    let command = wishes.command();
    let mut args = vec![b"brainworm".to_vec()];
    if let Some(line) = command.dyn_ref::<JsString>() {
        let words = brainworm_loader::words::split(String::from(line).as_bytes());
        args.extend(words.map_err(|e| Failure::told("command", format!("The command cannot be read: {e}.")))?);
    } else if Array::is_array(&command) {
        args.extend(Array::from(&command).iter().map(|word| text(&word).into_bytes()));
    }
    Ok(args)
}

fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}

thread_local! {
    /// The page, for the panic hook: a hook must be `Send`, and a page is not.
    static PAGE: RefCell<Option<Rc<Page>>> = const { RefCell::new(None) };
}

/// A bug of ours must not look like a page that hangs.
fn tell_of_panics(page: &Rc<Page>) {
    PAGE.set(Some(page.clone()));
    std::panic::set_hook(Box::new(|info| {
        let message = format!("Internal error of the host: {info}");
        PAGE.with_borrow(|page| page.iter().for_each(|page| page.failure("internal", &message)));
    }));
}

/// An object's properties, for imports.
fn object<'a>(entries: impl IntoIterator<Item = (&'a str, JsValue)>) -> Object {
    let object = Object::new();
    for (name, value) in entries {
        let _ = Reflect::set(&object, &JsValue::from_str(name), &value);
    }
    object
}
