//! `wasi:http/incoming-handler`: a container answers requests. Only the proxy world is imported.
//!
//! An engine makes an instance for a request, or for several one after the other. `command.rs` boots a machine for
//! each; `server.rs` keeps the machine with its server for as long as the instance lives. Both go by a deadline of their
//! own, so that a handler that hangs is answered for on any engine.

mod command;
mod exchange;
mod host;
mod request;
mod server;

use super::monotonic;
use crate::{machine, say};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use brainworm_abi::Nanos;
use brainworm_abi::image::Http;
use exchange::Exchange;
use request::Incoming;
use wasip2::exports::http::incoming_handler::{Guest, IncomingRequest, ResponseOutparam};

/// Milliseconds an answer may take when nobody said.
const TIME_LIMIT_MS: u32 = 60_000;
/// Instructions between two looks at the outside: 5 to 10 ms.
const BUDGET: u64 = 2_000_000;
/// After so long at work without a wait, the engine gets a moment for its other instances.
const YIELD_AFTER: Nanos = 50_000_000;
const MILLISECOND: Nanos = 1_000_000;

/// Why a request is not answered by the container: an HTTP status and a line for the log.
struct Failed {
    status: u16,
    why: String,
}

impl Failed {
    fn new(status: u16, why: impl Into<String>) -> Failed {
        Failed { status, why: why.into() }
    }
    fn too_late(limit_ms: u32) -> Failed {
        Failed::new(504, format!("no answer within {limit_ms} ms"))
    }
}

/// When an answer has to be there, and when the engine last had its moment.
struct Clock {
    deadline: Nanos,
    limit_ms: u32,
    rested: Nanos,
}

impl Clock {
    fn new(http: &Http) -> Clock {
        let limit_ms = if http.time_limit_ms == 0 { TIME_LIMIT_MS } else { http.time_limit_ms };
        let now = monotonic();
        Clock { deadline: now.saturating_add(limit_ms as u64 * MILLISECOND), limit_ms, rested: now }
    }
    /// To be called whenever the machine paused with its budget used up. An engine runs many instances on few threads
    /// and takes the turn from one only when that one waits.
    fn check_busy(&mut self) -> Result<(), Failed> {
        let now = monotonic();
        if now >= self.deadline {
            return Err(Failed::too_late(self.limit_ms));
        }
        if now.saturating_sub(self.rested) >= YIELD_AFTER {
            let until = Some(now + MILLISECOND / 10);
            super::Waiting { until, ..super::Waiting::default() }.wait();
            self.rested = monotonic();
        }
        Ok(())
    }
    /// When a wait has to end: at `until` or when time is up.
    fn bound(&self, until: Option<Nanos>) -> Option<Nanos> {
        Some(until.map_or(self.deadline, |until| until.min(self.deadline)))
    }
    /// To be called after a wait.
    fn check_rested(&mut self) -> Result<(), Failed> {
        self.rested = monotonic();
        if self.rested >= self.deadline { Err(Failed::too_late(self.limit_ms)) } else { Ok(()) }
    }
}

struct Handler;
wasip2::http::proxy::export!(Handler);

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let exchange = Rc::new(Exchange::new(out));
        let incoming = Incoming::new(request);
        let name = format!("{} {}", incoming.request.method, incoming.request.target);
        let answered = match machine::config().map(|config| Http::decode(&config.http)) {
            Err(error) => Err(Failed::new(500, error.message)),
            Ok(None) => Err(Failed::new(500, "the file does not say how to answer: build it again")),
            Ok(Some(http)) => match http.port {
                Some(port) => server::answer(port, &http, incoming, &exchange),
                None => command::answer(&http, incoming, &exchange),
            },
        };
        if let Err(Failed { status, why }) = answered {
            say(&format!("brainworm: {name}: {why}"));
            exchange.fail(status);
        }
    }
}
