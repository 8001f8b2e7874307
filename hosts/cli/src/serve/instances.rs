//! Instances: so many at a time, each for one request or for several one after the other.
//!
//! A request first waits for its turn, one of `--concurrency`. Then it takes an instance that is idle, or makes one. Instances
//! with a server inside cost a start, which keeps a core busy: no more of them start at a time than there are cores, and
//! whoever waits for that takes an idle one as soon as there is one. So there are always as many instances as requests that
//! have their turn, at most.

use super::program::Program;
use crate::args::ServeArgs;
use crate::failure::{Failure, Outcome};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

/// How often a computing instance gives way.
const TICK: Duration = Duration::from_millis(10);
/// An instance that nobody has a request for is kept so long.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// Requests an instance with a server answers when nobody said.
const SERVER_REUSE: u32 = 1000;

/// What the imports of an instance reach.
pub(super) struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoRequests,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// Handlers make no requests of their own: the kernel has no way to the outside yet.
struct NoRequests;

impl WasiHttpHooks for NoRequests {
    fn send_request(
        &mut self,
        _request: hyper::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answered, Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

/// An answer of another server, and the rest of the talk with it.
type Answered = (hyper::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

/// An instance at work. Fields are dropped in order: its place is free before its turn is over.
pub(super) struct Live {
    pub(super) store: Store<State>,
    pub(super) proxy: Proxy,
    answered: u32,
    turn: Turn,
}

/// The right of a request to have an instance.
struct Turn {
    _permit: OwnedSemaphorePermit,
    _beat: Beat,
}

/// An instance that waits for its next request.
struct Idle {
    store: Store<State>,
    proxy: Proxy,
    answered: u32,
    since: Instant,
}

/// To be held until the instance has shown that it is up.
pub(super) struct Starting {
    _permit: Option<OwnedSemaphorePermit>,
}

/// All instances of what is served.
pub(super) struct Instances {
    engine: Engine,
    pre: ProxyPre<State>,
    concurrency: usize,
    turns: Arc<Semaphore>,
    starts: Arc<Semaphore>,
    /// The oldest first.
    idle: Mutex<Vec<Idle>>,
    /// As many permits as instances in `idle` that nobody is about to take.
    idle_count: Semaphore,
    reuse: u32,
    time_limit: Duration,
    pulse: Arc<Pulse>,
}

impl Instances {
    pub(super) fn new(program: Program, args: &ServeArgs) -> Outcome<Instances> {
        let engine = program.component.engine().clone();
        let mut linker: Linker<State> = Linker::new(&engine);
        let pre = wasmtime_wasi_http::p2::add_to_linker_async(&mut linker)
            .and_then(|()| linker.instantiate_pre(&program.component))
            .and_then(ProxyPre::new)
            .map_err(|e| Failure::because(format_args!("{}: is no HTTP handler", args.image.display()), e))?;
        let concurrency = args.concurrency as usize;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let starts = if program.is_server { cores.min(concurrency) } else { concurrency };
        Ok(Instances {
            pulse: Pulse::start(engine.clone())?,
            engine,
            pre,
            concurrency,
            turns: Arc::new(Semaphore::new(concurrency)),
            starts: Arc::new(Semaphore::new(starts)),
            idle: Mutex::default(),
            idle_count: Semaphore::new(0),
            reuse: args.reuse.unwrap_or(if program.is_server { SERVER_REUSE } else { 1 }),
            time_limit: program.time_limit,
        })
    }

    /// Requests that are answered at the same time.
    pub(super) fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// How long an answer may take.
    pub(super) fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// Requests that have their turn.
    pub(super) fn under_way(&self) -> usize {
        self.concurrency - self.turns.available_permits()
    }

    /// Waits until none has.
    pub(super) async fn settled(&self) {
        let _ = self.turns.acquire_many(self.concurrency as u32).await;
    }

    /// An instance, as soon as there may be one.
    pub(super) async fn get(&self) -> wasmtime::Result<(Live, Starting)> {
        let permit = self.turns.clone().acquire_owned().await?;
        let turn = Turn { _permit: permit, _beat: self.pulse.beat() };
        let start = tokio::select! {
            biased;
            permit = self.idle_count.acquire() => {
                permit?.forget();
                let idle = self.idle().pop().expect("there are as many as permits were left");
                let Idle { store, proxy, answered, .. } = idle;
                return Ok((Live { store, proxy, answered, turn }, Starting { _permit: None }));
            }
            permit = self.starts.clone().acquire_owned() => permit?,
        };
        let wasi = WasiCtxBuilder::new().inherit_stdout().inherit_stderr().build();
        let state = State { table: ResourceTable::new(), wasi, http: WasiHttpCtx::new(), hooks: NoRequests };
        let mut store = Store::new(&self.engine, state);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let proxy = self.pre.instantiate_async(&mut store).await?;
        Ok((Live { store, proxy, answered: 0, turn }, Starting { _permit: Some(start) }))
    }

    /// Takes an instance back that has answered well.
    pub(super) fn put_back(&self, live: Live) {
        let Live { store, proxy, answered, turn } = live;
        let idle = Idle { store, proxy, answered: answered + 1, since: Instant::now() };
        if idle.answered < self.reuse {
            self.idle().push(idle);
            self.idle_count.add_permits(1);
        } else {
            drop(idle);
        }
        drop(turn);
    }

    /// Lets go of instances that nobody has asked for in a while.
    pub(super) async fn sweep(self: Arc<Instances>) {
        loop {
            tokio::time::sleep(IDLE_MAX / 10).await;
            while let Some(old) = self.oldest() {
                drop(old);
            }
        }
    }

    /// An instance that has waited for too long.
    fn oldest(&self) -> Option<Idle> {
        let mut idle = self.idle();
        idle.first().filter(|first| first.since.elapsed() >= IDLE_MAX)?;
        self.idle_count.try_acquire().ok()?.forget();
        Some(idle.remove(0))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().expect("nothing panics with the lock held")
    }
}

/// The engine's clock, by which instances that compute give way; it stands still while none is at work.
struct Pulse {
    at_work: Mutex<usize>,
    begun: Condvar,
}

/// Keeps the clock going.
struct Beat(Arc<Pulse>);

impl Pulse {
    fn start(engine: Engine) -> Outcome<Arc<Pulse>> {
        let pulse = Arc::new(Pulse { at_work: Mutex::new(0), begun: Condvar::new() });
        let same = pulse.clone();
        let run = move || {
            loop {
                drop(same.begun.wait_while(same.at_work(), |at_work| *at_work == 0));
                std::thread::sleep(TICK);
                engine.increment_epoch();
            }
        };
        let thread = std::thread::Builder::new().name("pulse".into()).spawn(run);
        thread.map(|_| pulse).map_err(|e| Failure::because("threads cannot be started", e))
    }
    fn at_work(&self) -> MutexGuard<'_, usize> {
        self.at_work.lock().expect("nothing panics with the lock held")
    }
    fn beat(self: &Arc<Pulse>) -> Beat {
        *self.at_work() += 1;
        self.begun.notify_one();
        Beat(self.clone())
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        *self.0.at_work() -= 1;
    }
}
