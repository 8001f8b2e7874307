//! Code translated at run time, from the host's side (hosts/module's `jit.rs` says what the module asks for): modules are
//! compiled on a thread of their own and put into the machine's table at the next pause.
//!
//! wasmtime frees code only with its store. So the code of a store is bounded, dead code included; at the bound the
//! machine moves to a fresh store (`renew`), and only what is still in use comes along.

use super::drive::Context;
use crate::failure::{Failure, Outcome};
use brainworm_abi::driven::publish as answer;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use wasmtime::{
    AsContext, AsContextMut, Caller, Engine, Extern, Func, Instance, Linker, Memory, Module, Ref, Store, Table,
};

/// Whose imports the kernel asks by.
const MODULE: &str = "brainworm";
/// wasmtime gives a store 10,000 instances.
const INSTANCES_MAX: usize = 8000;

/// What the user decided about it.
#[derive(Clone, Copy)]
pub(crate) struct JitOptions {
    /// Samples of a function before it is translated; 0: everything at once, and the guest waits for it.
    pub(crate) threshold: u32,
    /// Bytes of machine code in a store.
    pub(crate) code_bytes: usize,
}

/// A module on its way to the other thread, and back.
struct Order {
    id: u32,
    table_len: u32,
    wasm: Vec<u8>,
}

struct Made {
    id: u32,
    table_len: u32,
    module: wasmtime::Result<Module>,
    took: Duration,
}

/// What modules are linked with.
#[derive(Clone, Copy)]
struct Links {
    memory: Memory,
    table: Table,
    step: Func,
}

/// A module in use.
struct Live {
    module: Module,
    table_len: u32,
    bytes: usize,
}

/// Figures for `--stats`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Time of compiling, beside the guest or in its way.
    pub(crate) compile: Duration,
    /// Bytes of machine code, ever.
    pub(crate) code_bytes: usize,
    /// Modules that were not to be compiled: always an error of ours.
    pub(crate) refused: u64,
    /// Moves to a fresh store.
    pub(crate) moves: u64,
}

/// Modules of one machine.
pub(crate) struct Jit {
    options: JitOptions,
    links: Option<Links>,
    orders: Sender<Order>,
    made: Receiver<Made>,
    live: BTreeMap<u32, Live>,
    live_bytes: usize,
    /// In the store, dead or alive.
    store_bytes: usize,
    store_instances: usize,
    pub(crate) counts: Counts,
}

impl Jit {
    pub(crate) fn new(engine: &Engine, options: JitOptions) -> Outcome<Jit> {
        let (orders, incoming) = channel::<Order>();
        let (outgoing, made) = channel();
        let engine = engine.clone();
        let compile = move || {
            for order in incoming {
                if outgoing.send(compile(&engine, order)).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("compiler".into()).spawn(compile);
        thread.map_err(|e| Failure::because("a thread for the compiler cannot be had", e))?;
        let (live, counts) = (BTreeMap::new(), Counts::default());
        Ok(Jit { options, links: None, orders, made, live, live_bytes: 0, store_bytes: 0, store_instances: 0, counts })
    }

    /// The module wants one loaded.
    fn publish(caller: &mut Caller<'_, Context>, id: u32, wasm: Vec<u8>, table_len: u32) -> wasmtime::Result<u32> {
        let engine = caller.engine().clone();
        let Some(jit) = &mut caller.data_mut().jit else { return Ok(answer::REFUSED) };
        if jit.live_bytes >= jit.options.code_bytes / 2 {
            return Ok(answer::FULL);
        }
        let order = Order { id, table_len, wasm };
        if jit.options.threshold > 0 {
            return Ok(if jit.orders.send(order).is_ok() { answer::ACCEPTED } else { answer::REFUSED });
        }
        let made = compile(&engine, order);
        // Forced, it is for tests: what is wrong with it is to be seen.
        load(&mut *caller, made)?;
        let is_full = caller.data().jit.as_ref().is_some_and(Jit::wants_fresh_store);
        Ok(if is_full { answer::LAST } else { answer::READY })
    }

    /// A module is not used any more.
    fn retire(&mut self, id: u32) {
        if let Some(live) = self.live.remove(&id) {
            self.live_bytes -= live.bytes;
        }
    }

    /// The store holds as much code as it may, and a fresh one would hold less.
    pub(crate) fn wants_fresh_store(&self) -> bool {
        let is_full = self.store_bytes >= self.options.code_bytes || self.store_instances >= INSTANCES_MAX;
        is_full && self.live.len() < self.store_instances
    }

    /// Modules compiled since the last call.
    pub(crate) fn take_made(&mut self) -> impl Iterator<Item = MadeModule> + use<> {
        self.made.try_iter().map(MadeModule).collect::<Vec<_>>().into_iter()
    }

    /// The machine has another instance.
    pub(crate) fn attach(store: &mut Store<Context>, instance: &Instance) -> wasmtime::Result<()> {
        let mut export = |name: &str| instance.get_export(&mut *store, name);
        let (memory, table, step) = (export("memory"), export("__indirect_function_table"), export("bw_step"));
        let (Some(Extern::Memory(memory)), Some(Extern::Table(table)), Some(Extern::Func(step))) =
            (memory, table, step)
        else {
            wasmtime::bail!("the kernel takes no code");
        };
        let Some(jit) = &mut store.data_mut().jit else { return Ok(()) };
        jit.links = Some(Links { memory, table, step });
        // What is counted is counted again.
        (jit.store_bytes, jit.store_instances, jit.live_bytes) = (0, 0, 0);
        let live = std::mem::take(&mut jit.live);
        live.into_iter().try_for_each(|(id, live)| instantiate(&mut *store, id, live))
    }

    /// How many elements the machine's table has.
    pub(crate) fn table_len(store: &Store<Context>) -> u64 {
        let links = store.data().jit.as_ref().and_then(|jit| jit.links);
        links.map_or(0, |links| links.table.size(store))
    }
}

/// A compiled module, still to be loaded.
pub(crate) struct MadeModule(Made);

impl MadeModule {
    pub(crate) fn id(&self) -> u32 {
        self.0.id
    }
    /// True when its functions can be called now.
    pub(crate) fn load(self, store: &mut Store<Context>) -> bool {
        load(store, self.0).is_ok()
    }
}

/// True for a kernel that translates at run time: a built file may have one that does not.
pub(crate) fn is_wanted(kernel: &Module) -> bool {
    kernel.imports().any(|import| import.module() == MODULE)
}

/// Defines what the module imports besides WASI.
pub(crate) fn define(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "publish",
        |mut caller: Caller<'_, Context>, id: u32, at: u32, len: u32, table_len: u32| {
            let memory = caller.get_export("memory").and_then(Extern::into_memory);
            let bytes = memory.and_then(|memory| memory.data(&caller).get(at as usize..)?.get(..len as usize));
            let Some(bytes) = bytes.map(<[u8]>::to_vec) else { return Ok(answer::REFUSED) };
            Jit::publish(&mut caller, id, bytes, table_len)
        },
    )?;
    linker.func_wrap(MODULE, "retire", |mut caller: Caller<'_, Context>, id: u32| {
        if let Some(jit) = &mut caller.data_mut().jit {
            jit.retire(id);
        }
    })?;
    Ok(())
}

fn compile(engine: &Engine, Order { id, table_len, wasm }: Order) -> Made {
    let start = Instant::now();
    let module = Module::new(engine, wasm);
    Made { id, table_len, module, took: start.elapsed() }
}

fn load(mut store: impl AsContextMut<Data = Context>, made: Made) -> wasmtime::Result<()> {
    let mut context = store.as_context_mut();
    let Made { id, table_len, module, took } = made;
    let loaded = module.and_then(|module| {
        context.data_mut().perf_map.iter_mut().for_each(|map| map.note(&module));
        let range = module.image_range();
        let bytes = range.end.addr() - range.start.addr();
        instantiate(&mut context, id, Live { module, table_len, bytes }).map(|()| bytes)
    });
    if let Some(jit) = &mut context.data_mut().jit {
        jit.counts.compile += took;
        match &loaded {
            Ok(bytes) => jit.counts.code_bytes += bytes,
            Err(_) => jit.counts.refused += 1,
        }
    }
    loaded.map(|_| ())
}

/// Puts a module's functions into the table.
fn instantiate(mut store: impl AsContextMut<Data = Context>, id: u32, live: Live) -> wasmtime::Result<()> {
    let mut context = store.as_context_mut();
    let links = context.data().jit.as_ref().and_then(|jit| jit.links);
    let Some(Links { memory, table, step }) = links else { wasmtime::bail!("there is no machine") };
    let missing = (live.table_len as u64).saturating_sub(table.size(context.as_context()));
    if missing > 0 {
        table.grow(&mut context, missing, Ref::Func(None))?;
    }
    Instance::new(&mut context, &live.module, &[memory.into(), table.into(), step.into()])?;
    if let Some(jit) = &mut context.data_mut().jit {
        jit.store_bytes += live.bytes;
        jit.store_instances += 1;
        jit.live_bytes += live.bytes;
        jit.live.insert(id, live);
    }
    Ok(())
}
