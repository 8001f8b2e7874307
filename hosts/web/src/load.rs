//! From two files of the site to a module and a filled memory.
//!
//! The kernel is compiled while it arrives, where the server calls it by its right type. The image arrives packed with
//! gzip, whose checksum and lengths also tell a damaged file from a whole one; it is unpacked by the browser straight
//! into linear memory, part by part.

use crate::failure::{Failure, words};
use crate::kernel::Kernel;
use js_sys::WebAssembly::{self, Module};
use js_sys::{ArrayBuffer, Promise, Reflect, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ReadableStream, ReadableStreamDefaultReader, Response, WritableStream, WritableStreamDefaultWriter};

#[wasm_bindgen]
extern "C" {
    /// web-sys counts it as unstable.
    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &DecompressionStream) -> ReadableStream;
    #[wasm_bindgen(method, getter)]
    fn writable(this: &DecompressionStream) -> WritableStream;
}

const WASM_TYPE: &str = "application/wasm";

/// Bytes of the image, unpacked, and of the index of translated code behind it.
pub(crate) struct Size {
    pub(crate) image: f64,
    pub(crate) index: f64,
}

async fn response(promise: Promise<Response>, what: &str) -> Result<Response, Failure> {
    let fetched = JsFuture::from(promise).await;
    let response = fetched.map_err(|error| {
        let why = words(&error);
        Failure::told(
            "missing",
            format!("{what} cannot be fetched, or is not the file this site was built with ({why})."),
        )
    })?;
    match response.ok() {
        true => Ok(response),
        false => {
            let (status, url) = (response.status(), response.url());
            let message = format!("{what} is missing: the server answers {status} for {url}. Is the whole site there?");
            Err(Failure::told("missing", message))
        }
    }
}

/// Compiles the kernel's module.
pub(crate) async fn compile(promise: Promise<Response>) -> Result<Module, Failure> {
    let response = response(promise, "The kernel").await?;
    let kind = response.headers().get("content-type").ok().flatten().unwrap_or_default();
    let compiled = if kind.starts_with(WASM_TYPE) {
        let value: JsValue = response.into();
        JsFuture::from(WebAssembly::compile_streaming(&Promise::resolve(&value))).await
    } else {
        let bytes = response.array_buffer().map_err(|error| cut("The kernel", &error))?;
        let bytes = JsFuture::from(bytes).await.map_err(|error| cut("The kernel", &error))?;
        let bytes: ArrayBuffer = bytes.unchecked_into();
        JsFuture::from(WebAssembly::compile(&bytes)).await
    };
    let module = compiled.map_err(|error| {
        let why = words(&error);
        let message =
            format!("The kernel cannot be compiled: its file is damaged, or this browser is too old ({why}).");
        Failure::told("corrupt", message)
    })?;
    Ok(module.unchecked_into())
}

/// Unpacks the image into the kernel's memory. `progress` is told how many bytes have come.
pub(crate) async fn image(
    promise: Promise<Response>,
    kernel: &Kernel,
    size: Size,
    progress: impl Fn(f64) + 'static,
) -> Result<(), Failure> {
    let response = response(promise, "The image").await?;
    let mut room = kernel.place(size.image, size.index)?;
    let body = response.body().ok_or_else(|| damaged("it is empty"))?;
    let gzip = DecompressionStream::new("gzip").map_err(|_| {
        Failure::told("unsupported", "This browser cannot unpack gzip (DecompressionStream): it is too old.")
    })?;
    let writer = WritableStreamDefaultWriter::new(&gzip.writable()).map_err(|error| damaged(&words(&error)))?;
    let trouble = Rc::new(RefCell::new(None));
    spawn_local(feed(reader(&body), writer, progress, trouble.clone()));
    let unpacked = reader(&gzip.readable());
    loop {
        match next(&unpacked).await {
            Ok(Some(part)) if room.fill(&part) => {}
            Ok(Some(_)) => return Err(damaged("it is larger than it was")),
            Ok(None) if room.is_full() => return Ok(()),
            Ok(None) => return Err(damaged("it is smaller than it was")),
            Err(error) => return Err(trouble.take().unwrap_or_else(|| damaged(&words(&error)))),
        }
    }
}

/// Passes what arrives on to be unpacked; what went wrong goes to `trouble` before the other side sees it.
async fn feed(
    body: ReadableStreamDefaultReader,
    writer: WritableStreamDefaultWriter,
    progress: impl Fn(f64),
    trouble: Rc<RefCell<Option<Failure>>>,
) {
    let mut done = 0.0;
    let fed = async {
        while let Some(part) = next(&body).await.map_err(|error| cut("The image", &error))? {
            done += part.length() as f64;
            progress(done);
            let written = JsFuture::from(writer.write_with_chunk(&part)).await;
            written.map_err(|error| damaged(&words(&error)))?;
        }
        JsFuture::from(writer.close()).await.map_err(|error| damaged(&words(&error)))
    };
    if let Err(failure) = fed.await {
        trouble.replace(Some(failure));
        let _ = JsFuture::from(writer.abort()).await;
    }
}

fn reader(stream: &ReadableStream) -> ReadableStreamDefaultReader {
    stream.get_reader().unchecked_into()
}

/// The next part of a stream; `None` at its end.
async fn next(reader: &ReadableStreamDefaultReader) -> Result<Option<Uint8Array>, JsValue> {
    let step = JsFuture::from(reader.read()).await?;
    let is_done = Reflect::get(&step, &JsValue::from_str("done"))?.is_truthy();
    Ok(if is_done { None } else { Some(Reflect::get(&step, &JsValue::from_str("value"))?.unchecked_into()) })
}

/// The connection broke.
fn cut(what: &str, error: &JsValue) -> Failure {
    Failure::told("missing", format!("{what} did not arrive whole: the connection broke ({}).", words(error)))
}

fn damaged(why: &str) -> Failure {
    Failure::told("corrupt", format!("The image's file is damaged ({why}): load it again, or build the site again."))
}
