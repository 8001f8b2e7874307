//! wasmtime, and the compiled module of an image.

use crate::cache::{self, Key};
use crate::failure::{Failure, Outcome};
use crate::kernel;
use crate::progress::Bar;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use wasmtime::{Config, Engine, Module};

/// Wasm stack of the module; the kernel's depth budget counts on it.
const STACK: usize = 1 << 20;

fn engine() -> Outcome<Engine> {
    let mut config = Config::new();
    config.max_wasm_stack(STACK);
    // However sparse the image is, it is mapped copy-on-write and never copied.
    config.memory_guaranteed_dense_image_size(u32::MAX as u64);
    Engine::new(&config).map_err(|e| Failure::because("the engine cannot be set up on this machine", e))
}

/// The module for an image or built wasm file: out of the cache, or compiled and put there.
pub(crate) fn module(image: &OsStr) -> Outcome<Module> {
    let engine = engine()?;
    let is_wasm = kernel::is_wasm(image);
    let entry = entry(&engine, image, is_wasm);
    if let Some(path) = &entry {
        if let Some(module) = load(&engine, path) {
            cache::touch(path);
            return Ok(module);
        }
    }
    let mut bar = Bar::new(false);
    let wasm = if is_wasm { kernel::read_wasm(image)?.0 } else { link(image, &mut bar)? };
    bar.spin("compiling (kept for the next start)");
    let compiled = engine.precompile_module(&wasm);
    drop(wasm);
    let compiled =
        compiled.map_err(|e| Failure::because(format_args!("{}: cannot be compiled", image.display()), e))?;
    let stored = entry.filter(|path| cache::store(path, &compiled)).and_then(|path| load(&engine, &path));
    bar.clear();
    match stored {
        Some(module) => Ok(module),
        // SAFETY: the bytes come straight from `precompile_module` of the same engine.
        None => unsafe { Module::deserialize(&engine, &compiled) }
            .map_err(|e| Failure::because("the compiled module cannot be used", e)),
    }
}

fn link(image: &OsStr, bar: &mut Bar) -> Outcome<Vec<u8>> {
    let packed = kernel::load(image, bar)?.pack()?.0;
    let mut wasm = Vec::with_capacity(packed.len() + (2 << 20));
    brainworm_pack::link::link(kernel::KERNEL, &packed, &mut wasm)?;
    Ok(wasm)
}

/// Where the compiled module is kept.
fn entry(engine: &Engine, image: &OsStr, is_wasm: bool) -> Option<std::path::PathBuf> {
    let name = image.to_str()?;
    let mut key = Key::default();
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    key.add(env!("CARGO_PKG_VERSION").as_bytes());
    key.add(&hasher.finish().to_le_bytes());
    if !is_wasm {
        key.add(kernel::DIGEST.as_bytes());
        key.add(if name.starts_with("rootfs:") { b"root" } else { b"any" });
    }
    key.add_files(Path::new(name.strip_prefix("rootfs:").unwrap_or(name))).ok()?;
    key.path()
}

fn load(engine: &Engine, path: &Path) -> Option<Module> {
    if !path.exists() {
        return None;
    }
    // SAFETY: entries are written by `module` only, whole or not at all, in a directory that is the user's alone; the
    // engine checks its version and settings.
    unsafe { Module::deserialize_file(engine, path) }.ok()
}
