//! `brainworm serve`: answers HTTP with the same component that `build --target http` writes, in the embedded engine.
//!
//! `program` makes or finds the compiled component, `instances` gives each request an instance and bounds them, `answer`
//! is one request from its head to its line in the log; this file listens and shuts down. HTTP itself is hyper's.

mod answer;
mod instances;
mod log;
mod program;

use crate::args::ServeArgs;
use crate::failure::{Failure, Outcome};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use instances::Instances;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A client has so long for the head of a request, and may keep a connection so long without one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections at the same time for each request that is answered at the same time: the others wait or keep alive.
const CONNECTIONS: usize = 16;
/// Without descriptors for a connection, others may end meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What is under way may take as long as any answer at the end, and so much to be tidied up.
const GRACE: Duration = Duration::from_secs(2);
/// Exit status when requests were cut off at the end.
const CUT_OFF: u8 = 1;

/// Serves until SIGTERM or SIGINT.
pub(crate) fn serve(args: &ServeArgs) -> Outcome {
    args.check()?;
    let bad_address = |e| Failure::because(format_args!("--addr {}", args.addr), e);
    // The address first: compiling takes a while, and clients that come early wait.
    let listener = std::net::TcpListener::bind(args.addr.as_str()).map_err(bad_address)?;
    listener.set_nonblocking(true).map_err(bad_address)?;
    let program = program::program(args)?;
    let instances = Arc::new(Instances::new(program, args)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::because("threads cannot be started", e))?;
    let outcome = runtime.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(bad_address)?;
        let address = listener.local_addr().map_err(bad_address)?;
        let mut ends = Ends::new()?;
        eprintln!("brainworm: serving http://{address}/");
        let connections = listen(listener, &instances, &mut ends).await;
        finish(connections, &instances, &mut ends).await
    });
    // Guests that still compute are not waited for.
    runtime.shutdown_background();
    outcome
}

/// Takes connections until it is to end.
async fn listen(listener: TcpListener, instances: &Arc<Instances>, ends: &mut Ends) -> GracefulShutdown {
    let sweeper = tokio::spawn(instances.clone().sweep());
    let room = Arc::new(tokio::sync::Semaphore::new(instances.concurrency() * CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let permit = room.clone().acquire_owned().await;
            (listener.accept().await, permit)
        };
        let next = tokio::select! {
            () = ends.asked() => break,
            next = next => next,
        };
        match next {
            (Ok((stream, peer)), Ok(permit)) => {
                let connection = graceful.watch(connection(stream, peer, instances.clone()));
                tokio::spawn(async move {
                    // What a client does to its connection is its own affair.
                    let _ = connection.await;
                    drop(permit);
                });
            }
            _ => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    sweeper.abort();
    graceful
}

/// Lets requests under way come to their end, within bounds.
async fn finish(connections: GracefulShutdown, instances: &Instances, ends: &mut Ends) -> Outcome {
    let under_way = instances.under_way();
    if under_way > 0 {
        eprintln!("brainworm: finishing {under_way} requests (once more ends at once)");
    }
    let all = async {
        connections.shutdown().await;
        instances.settled().await;
    };
    tokio::select! {
        done = tokio::time::timeout(instances.time_limit() + GRACE, all) => if done.is_ok() { return Ok(0) },
        () = ends.asked() => {}
    }
    eprintln!("brainworm: {} requests were cut off", instances.under_way());
    Ok(CUT_OFF)
}

/// Signals that end it.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    fn new() -> Outcome<Ends> {
        let catch = |kind| signal(kind).map_err(|e| Failure::because("signals cannot be caught", e));
        Ok(Ends { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }
    /// Waits for one.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// One client. HTTP/1.1 with keep-alive.
fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    instances: Arc<Instances>,
) -> impl GracefulConnection<Error = hyper::Error> + Send {
    // Answers that come in small pieces go out as they come.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer::answer(request, peer, instances.clone()));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), service)
}
