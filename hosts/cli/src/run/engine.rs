//! wasmtime, the compiled kernel, and the packed image of a container.
//!
//! An image is not compiled: the embedded kernel is, once, and the packed image is mapped copy-on-write into its memory
//! (`Image::place`). Both are kept in the cache, so a second start does neither. A built wasm file is taken apart into the
//! two; one with translated code or another kernel has its own compiled code in the cache.

use super::jit;
use crate::cache::{self, Key};
use crate::failure::{Failure, Outcome};
use crate::kernel;
use crate::progress::Bar;
use brainworm_abi::image::{Layout, SLOT_SYMBOL};
use brainworm_pack::{component, link};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use std::ffi::OsStr;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use wasmtime::{Config, Engine, Instance, Module, Store};

/// Wasm stack of the module; the kernel's depth budget counts on it.
const STACK: usize = 1 << 20;
const WASM_PAGE: u64 = 65536;

/// The embedded kernel with a packed image.
pub(crate) fn embedded_with(image: Image, bar: &mut Bar) -> Outcome<Program> {
    Ok(Program { module: embedded(&engine()?, bar)?, image })
}

/// A kernel and what it runs.
pub(crate) struct Program {
    pub(crate) module: Module,
    pub(crate) image: Image,
}

/// A packed image, and perhaps the index of translated code behind it.
pub(crate) enum Image {
    /// In the cache, and its length.
    File(File, u64),
    /// There is no cache.
    Bytes(Vec<u8>),
}

/// The program for an image or built wasm file. `needs_ours`: something is wanted that the kernel in a built file may not
/// have. A file of this version runs on our own all the same; the image of another gets ours then, and its translated code
/// is left alone.
pub(crate) fn program(image: &OsStr, needs_ours: bool) -> Outcome<Program> {
    let engine = engine()?;
    let mut bar = Bar::new(false);
    let entry = image_entry(image);
    if let Some(cached) = entry.as_ref().and_then(|path| open_image(path)) {
        // A file with code of its own has it beside its image.
        let code = entry.as_ref().map(|path| path.with_extension("cwasm")).filter(|path| path.exists());
        match code {
            None if !cached.has_code => {
                return Ok(Program { module: embedded(&engine, &mut bar)?, image: cached.image });
            }
            Some(path) => {
                if let Some(module) = load(&engine, &path).filter(|module| !needs_ours || jit::is_wanted(module)) {
                    return Ok(Program { module, image: cached.image });
                }
            }
            None => {}
        }
    }
    let packed = if kernel::is_wasm(image) {
        let (wasm, packed) = kernel::read_wasm(image)?;
        // The code of a component is for other hosts: here the embedded kernel runs its image.
        if !component::is_component(&wasm) && !kernel::is_linked(&wasm, &packed, link::Ahead::default()) {
            let parts = link::split(&wasm).map_err(|e| Failure::from(e.at(image.display())))?;
            return match kernel::on_ours(&wasm, &parts) {
                None if needs_ours => Ok(Program { module: embedded(&engine, &mut bar)?, image: Image::Bytes(packed) }),
                moved => with_code(&engine, moved.unwrap_or(parts), image, entry, &mut bar),
            };
        }
        packed
    } else {
        let container = kernel::load(image, &mut bar)?;
        bar.spin("packing");
        container.pack()?.0
    };
    let image = stored(entry.as_deref(), packed);
    Ok(Program { module: embedded(&engine, &mut bar)?, image })
}

/// An image in the cache, if it can be put there.
fn stored(entry: Option<&Path>, packed: Vec<u8>) -> Image {
    let cached = entry.filter(|path| cache::store(path, &packed)).and_then(open_image);
    cached.map_or(Image::Bytes(packed), |cached| cached.image)
}

/// A program with code of its own: translated functions, or the kernel of another version. Both parts are kept; the code
/// is compiled without the image, so that it is small and the image is mapped.
fn with_code(
    engine: &Engine,
    parts: link::Parts,
    name: &OsStr,
    entry: Option<PathBuf>,
    bar: &mut Bar,
) -> Outcome<Program> {
    bar.spin("compiling (kept for the next start)");
    let code = engine
        .precompile_module(&parts.code)
        .map_err(|e| Failure::because(format_args!("{}: cannot be compiled", name.display()), e))?;
    bar.clear();
    // The code first: an image whose code is missing would be taken apart again.
    let path = entry.as_ref().map(|path| path.with_extension("cwasm"));
    let module = path.filter(|path| cache::store(path, &code)).and_then(|path| load(engine, &path));
    let module = match module {
        Some(module) => module,
        // SAFETY: the bytes come straight from `precompile_module` of the same engine.
        None => unsafe { Module::deserialize(engine, &code) }
            .map_err(|e| Failure::because("the compiled module cannot be used", e))?,
    };
    Ok(Program { module, image: stored(entry.as_deref(), parts.image) })
}

fn engine() -> Outcome<Engine> {
    let mut config = Config::new();
    config.max_wasm_stack(STACK);
    // However sparse an image is, it is mapped copy-on-write and never copied.
    config.memory_guaranteed_dense_image_size(u32::MAX as u64);
    Engine::new(&config).map_err(|e| Failure::because("the engine cannot be set up on this machine", e))
}

/// The embedded kernel, out of the cache or compiled and put there.
fn embedded(engine: &Engine, bar: &mut Bar) -> Outcome<Module> {
    let mut key = Key::default();
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    key.add(b"module");
    key.add(&hasher.finish().to_le_bytes());
    key.add(kernel::DIGEST_RUN.as_bytes());
    let entry = key.path("cwasm");
    if let Some(module) = entry.as_ref().and_then(|path| load(engine, path)) {
        return Ok(module);
    }
    bar.spin("compiling the kernel (kept for the next start)");
    let compiled = engine.precompile_module(kernel::KERNEL_RUN);
    let compiled = compiled.map_err(|e| Failure::because("the kernel cannot be compiled", e))?;
    let stored = entry.filter(|path| cache::store(path, &compiled)).and_then(|path| load(engine, &path));
    bar.clear();
    match stored {
        Some(module) => Ok(module),
        // SAFETY: the bytes come straight from `precompile_module` of the same engine.
        None => unsafe { Module::deserialize(engine, &compiled) }
            .map_err(|e| Failure::because("the compiled module cannot be used", e)),
    }
}

fn load(engine: &Engine, path: &Path) -> Option<Module> {
    if !path.exists() {
        return None;
    }
    cache::touch(path);
    // SAFETY: entries are written by `compiled` only, whole or not at all, in a directory that is the user's alone; the
    // engine checks its version and settings.
    unsafe { Module::deserialize_file(engine, path) }.ok()
}

/// Where the packed image is kept.
fn image_entry(image: &OsStr) -> Option<PathBuf> {
    let mut key = Key::default();
    key.add(b"image");
    // What a wasm file is taken apart into depends on the kernels: the one it is compared with, and the one its code is for.
    if kernel::is_wasm(image) {
        key.add(kernel::DIGEST.as_bytes());
        key.add(kernel::DIGEST_RUN.as_bytes());
    }
    key.add_image(image)?;
    key.path("image")
}

/// An image of the cache.
struct Cached {
    image: Image,
    /// It has the index of code that belongs to it behind it.
    has_code: bool,
}

fn open_image(path: &Path) -> Option<Cached> {
    let mut file = File::open(path).ok()?;
    let mut head = [0; brainworm_abi::image::HEADER_LEN];
    file.read_exact(&mut head).ok()?;
    let len = file.metadata().ok()?.len();
    cache::touch(path);
    let layout = Layout::parse(&head).ok().filter(|layout| layout.total <= len)?;
    Some(Cached { image: Image::File(file, len), has_code: layout.total < len })
}

impl Image {
    /// Puts the image at the end of the module's memory, which grows by it, and tells the module where it is.
    pub(crate) fn place<T>(self, store: &mut Store<T>, instance: &Instance) -> Outcome<()> {
        let not_ours = || Failure::new("the kernel has no place for an image");
        let memory = instance.get_memory(&mut *store, "memory").ok_or_else(not_ours)?;
        let slot = instance.get_global(&mut *store, SLOT_SYMBOL).and_then(|global| global.get(&mut *store).i32());
        let slot = slot.ok_or_else(not_ours)? as u32 as usize;
        let len = match &self {
            Image::File(_, len) => *len,
            Image::Bytes(bytes) => bytes.len() as u64,
        };
        let at = memory.data_size(&*store);
        memory
            .grow(&mut *store, len.div_ceil(WASM_PAGE))
            .map_err(|e| Failure::because("the image does not fit the memory", e))?;
        let data = memory.data_mut(&mut *store);
        let room = data.get_mut(at..).ok_or_else(not_ours)?;
        match self {
            Image::Bytes(bytes) => room[..bytes.len()].copy_from_slice(&bytes),
            Image::File(file, len) => map(room, &file, len as usize)?,
        }
        // Behind the image lies the index of translated code.
        let total = Layout::parse(&data[at..]).map_or(len, |layout| layout.total);
        let words = [at as u64, total, at as u64 + total, len.saturating_sub(total)];
        let words = words.map(|word| (word as u32).to_le_bytes()).concat();
        data.get_mut(slot..slot + words.len()).ok_or_else(not_ours)?.copy_from_slice(&words);
        Ok(())
    }
}

/// Maps a file over the start of `room`, copy-on-write.
fn map(room: &mut [u8], file: &File, len: usize) -> Outcome<()> {
    assert!(
        len <= room.len() && room.as_ptr().addr().is_multiple_of(4096),
        "the memory was grown by the image's length"
    );
    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::FIXED);
    // SAFETY: the pages replaced are all of `room`, borrowed for writing, fresh from growing the memory; they stay
    // readable and writable, and go with the engine's own mapping of the whole memory. Nobody changes a file of the
    // cache: it is written aside and renamed, and an old one stays as long as it is mapped.
    match unsafe { mmap(room.as_mut_ptr().cast(), len, protection, flags, file, 0) } {
        Ok(_) => Ok(()),
        Err(e) => Err(Failure::because("the image cannot be mapped", std::io::Error::from(e))),
    }
}
