//! The compiled component: an image is packed and joined first; what was compiled is kept in the cache.

use crate::args::ServeArgs;
use crate::cache::{self, Key};
use crate::failure::{Failure, Outcome};
use crate::kernel;
use crate::progress::Bar;
use brainworm_abi::image::{Http, Image};
use brainworm_pack::{component, link};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Wasm stack of an instance; the kernel's depth budget counts on it.
const STACK: usize = 1 << 20;
/// Elements of a table: what the packer keeps to.
const ELEMENTS: usize = 20_000;
/// Bytes of the engine's own of an instance: a function that the table knows has 32 of them.
const INSTANCE: usize = 1 << 20;
/// Milliseconds an answer may take when nobody said: as the component has it.
const TIME_LIMIT_MS: u32 = 60_000;

/// What is served.
pub(super) struct Program {
    pub(super) component: Component,
    pub(super) time_limit: Duration,
    /// The image's own server answers.
    pub(super) is_server: bool,
}

/// Makes or finds it.
pub(super) fn program(args: &ServeArgs) -> Outcome<Program> {
    let engine = engine(args.concurrency)?;
    if kernel::is_wasm(&args.image) { built(&engine, args) } else { joined(&engine, args) }
}

/// A file that was built has its settings inside.
fn built(engine: &Engine, args: &ServeArgs) -> Outcome<Program> {
    let name = args.image.display();
    if args.is_configured() {
        return Err(Failure::new(format!(
            "{name}: is built already: -e, -w, -u, -m, --entrypoint, --http and --timeout are for images"
        )));
    }
    let (wasm, image) = kernel::read_wasm(&args.image)?;
    let http = Image::open(&image).and_then(|image| image.config()).map(|config| Http::decode(&config.http));
    let http = match http {
        Ok(Some(http)) if component::is_component(&wasm) => http,
        Ok(_) => return Err(Failure::new(format!("{name}: was not built with --target http"))),
        Err(error) => return Err(Failure::because(name, error)),
    };
    let mut key = Key::default();
    key.add(b"built component");
    key.add(&wasm);
    let entry = entry(key, engine);
    let cached = entry.as_deref().and_then(|path| load(engine, path));
    let component = match cached {
        Some(component) => component,
        None => compile(engine, &wasm, entry.as_deref(), args)?,
    };
    Ok(Program { component, time_limit: time_limit(http.time_limit_ms), is_server: http.port.is_some() })
}

/// An image is joined with the embedded kernel as `build` does it, unless that was done before.
fn joined(engine: &Engine, args: &ServeArgs) -> Outcome<Program> {
    let time_limit = time_limit(args.http.time_limit_ms().unwrap_or(0));
    for is_server in [false, true] {
        let cached = entry_of_image(engine, args, is_server)?.and_then(|path| load(engine, &path));
        if let Some(component) = cached {
            return Ok(Program { component, time_limit, is_server });
        }
    }
    let mut bar = Bar::new(false);
    let mut container = kernel::load(&args.image, &mut bar)?;
    args.container.configure(&mut container.config)?;
    container.config.cpu = args.cpu.map(|cpu| cpu as u8);
    args.http.configure(&mut container.config)?;
    let is_server = Http::decode(&container.config.http).is_some_and(|http| http.port.is_some());
    bar.spin("packing");
    let (image, _) = container.pack()?;
    drop(container);
    let mut wasm = Vec::new();
    link::link(kernel::HTTP, &image, link::Ahead::default(), &mut wasm)?;
    bar.clear();
    let entry = entry_of_image(engine, args, is_server)?;
    let component = compile(engine, &wasm, entry.as_deref(), args)?;
    Ok(Program { component, time_limit, is_server })
}

fn time_limit(given_ms: u32) -> Duration {
    Duration::from_millis(if given_ms == 0 { TIME_LIMIT_MS } else { given_ms } as u64)
}

/// Where the component of an image with these settings is kept. How it answers, only the image may say, so that there are
/// two places to look.
fn entry_of_image(engine: &Engine, args: &ServeArgs, is_server: bool) -> Outcome<Option<PathBuf>> {
    let mut key = Key::default();
    key.add(b"component");
    key.add(kernel::HTTP);
    key.add(format!("{:?} {is_server}", args.http).as_bytes());
    key.add(
        format!("{:?}", (&args.container.entrypoint, args.container.workdir()?, &args.container.user, args.cpu))
            .as_bytes(),
    );
    for variable in args.container.environment()? {
        key.add(&variable);
    }
    Ok(key.add_image(&args.image).and_then(|()| entry(key, engine)))
}

fn entry(mut key: Key, engine: &Engine) -> Option<PathBuf> {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    key.add(&hasher.finish().to_le_bytes());
    key.path("cwasm")
}

fn engine(concurrency: u32) -> Outcome<Engine> {
    let mut config = Config::new();
    config.max_wasm_stack(STACK).async_stack_size(2 * STACK);
    // However sparse an image is, it is mapped copy-on-write and never copied.
    config.memory_guaranteed_dense_image_size(u32::MAX as u64);
    // A handler that computes gives way to the others; one that is out of time can be ended.
    config.epoch_interruption(true);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(concurrency)
        // The kernel's module, and two small ones that tie its imports together.
        .total_core_instances(3 * concurrency)
        .total_memories(concurrency)
        .total_tables(2 * concurrency)
        .total_stacks(concurrency)
        .table_elements(ELEMENTS)
        .max_component_instance_size(INSTANCE)
        .max_core_instance_size(INSTANCE);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
        .map_err(|e| Failure::because("the engine cannot be set up on this machine (is --concurrency too much?)", e))
}

/// Compiles, and keeps it for the next start.
fn compile(engine: &Engine, wasm: &[u8], entry: Option<&Path>, args: &ServeArgs) -> Outcome<Component> {
    let mut bar = Bar::new(false);
    bar.spin("compiling (kept for the next start)");
    let name = args.image.display();
    let compiled = engine
        .precompile_component(wasm)
        .map_err(|e| Failure::because(format_args!("{name}: cannot be compiled"), e))?;
    let stored = entry.filter(|path| cache::store(path, &compiled)).and_then(|path| load(engine, path));
    bar.clear();
    match stored {
        Some(component) => Ok(component),
        // SAFETY: the bytes come straight from `precompile_component` of the same engine.
        None => unsafe { Component::deserialize(engine, &compiled) }
            .map_err(|e| Failure::because("the compiled component cannot be used", e)),
    }
}

fn load(engine: &Engine, path: &Path) -> Option<Component> {
    if !path.exists() {
        return None;
    }
    cache::touch(path);
    // SAFETY: entries are written by `compile` only, whole or not at all, in a directory that is the user's alone; the
    // engine checks its version and settings.
    unsafe { Component::deserialize_file(engine, path) }.ok()
}
