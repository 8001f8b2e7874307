//! The image's own server: it is started in the instance, and each request goes to its port over the machine's loopback.
//!
//! The machine stays for the next request of the same instance, and is made anew when it ended or something went wrong.

use super::super::Waiting;
use super::exchange::Exchange;
use super::host::HttpHost;
use super::request::{Body, Incoming};
use super::{BUDGET, Clock, Failed};
use crate::machine;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi::image::Http;
use brainworm_abi::{Errno, HostError, Pause, Readiness};
use brainworm_kernel::{Connection, Kernel};
use brainworm_serverless::http1::{self, Response};
use brainworm_serverless::{Bad, Request};
use core::cell::RefCell;

/// Instructions between two looks at whether the server listens already.
const BOOT_BUDGET: u64 = 500_000;
/// Bytes on their way in each direction, besides the buffers of the connection.
const ROOM: usize = 64 << 10;
/// Budgets a server gets after its answer, to close its end and write its log.
const AFTERMATH: usize = 4;

/// One thread, so a cell is enough.
struct Global(RefCell<Option<Kernel>>);
// SAFETY: the module is built without threads (design: the portable core has none).
unsafe impl Sync for Global {}
/// The machine, between two requests.
static MACHINE: Global = Global(RefCell::new(None));

/// Answers a request.
pub(super) fn answer(port: u16, http: &Http, incoming: Incoming, exchange: &Exchange) -> Result<(), Failed> {
    let mut clock = Clock::new(http);
    let mut kernel = match MACHINE.0.borrow_mut().take() {
        Some(kernel) => kernel,
        None => boot(http)?,
    };
    let connection = connect(&mut kernel, port, &mut clock)?;
    let mut pump = Pump::new(&incoming, exchange, &connection);
    pump.run(&mut kernel, &mut clock)?;
    kernel.hang_up(connection);
    for _ in 0..AFTERMATH {
        match kernel.run(BUDGET) {
            Pause::Budget => {}
            Pause::Idle { .. } => break,
            // The next request starts another.
            Pause::Exited(_) => return Ok(()),
        }
    }
    MACHINE.0.replace(Some(kernel));
    Ok(())
}

fn boot(http: &Http) -> Result<Kernel, Failed> {
    let setup = machine::Setup { memory_bytes: http.memory_limit, ..machine::Setup::default() };
    // SAFETY: there is no machine: it was dropped, or there was none yet.
    unsafe { machine::recycle() };
    machine::boot(Box::new(HttpHost::new(None)), setup).map_err(|e| Failed::new(502, e.message))
}

/// Connects to the server as soon as it listens.
fn connect(kernel: &mut Kernel, port: u16, clock: &mut Clock) -> Result<Connection, Failed> {
    loop {
        if let Ok(connection) = kernel.dial(port) {
            return Ok(connection);
        }
        match kernel.run(BOOT_BUDGET) {
            Pause::Exited(status) => {
                let status = status.code();
                return Err(Failed::new(
                    502,
                    format!("the server ended with status {status}, without listening on port {port}"),
                ));
            }
            Pause::Budget => clock.check_busy()?,
            Pause::Idle { until, .. } => {
                if let Ok(connection) = kernel.dial(port) {
                    return Ok(connection);
                }
                if until.is_none() {
                    return Err(Failed::new(502, format!("the server waits for something else than port {port}")));
                }
                Waiting { until: clock.bound(until), ..Waiting::default() }.wait();
                clock.check_rested()?;
            }
        }
    }
}

/// Moves one request in and its answer out.
struct Pump<'a> {
    request: &'a Request,
    body: &'a Body,
    exchange: &'a Exchange,
    connection: &'a Connection,
    /// Bytes for the server, and how many of them it has.
    to_server: Vec<u8>,
    sent: usize,
    sending: Sending,
    response: Response,
    /// Bytes of the server that were not looked at yet.
    from_server: Vec<u8>,
    /// Body for the client.
    to_client: Vec<u8>,
    /// The server's end of the stream was read.
    is_ended: bool,
    buf: Vec<u8>,
}

/// How far the request is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// The client did not say how long its body is: whether there is one, the first bytes tell.
    Undecided,
    Body(http1::Body),
    /// All of it is in `to_server`, or the server does not want it.
    Done,
}

impl<'a> Pump<'a> {
    fn new(incoming: &'a Incoming, exchange: &'a Exchange, connection: &'a Connection) -> Pump<'a> {
        Pump {
            request: &incoming.request,
            body: &incoming.body,
            exchange,
            connection,
            to_server: Vec::new(),
            sent: 0,
            sending: Sending::Undecided,
            response: Response::new(&incoming.request.method),
            from_server: Vec::new(),
            to_client: Vec::new(),
            is_ended: false,
            buf: vec![0; ROOM],
        }
    }

    fn run(&mut self, kernel: &mut Kernel, clock: &mut Clock) -> Result<(), Failed> {
        let bad = |Bad(why)| Failed::new(502, format!("the answer cannot be handed on: {why}"));
        if let Some(length) = self.request.content_length() {
            self.begin(http1::Body::Length(length))?;
        }
        loop {
            // Both directions, as far as they go without the server.
            let mut has_moved = self.send(kernel)?;
            has_moved |= self.receive(kernel).map_err(bad)?;
            if self.body.is_broken() {
                return Err(Failed::new(502, "the client went away in the middle of its request"));
            }
            if self.response.is_complete() && self.to_client.is_empty() && !self.exchange.is_open() {
                self.exchange.finish();
                return Ok(());
            }
            let pause = kernel.run(BUDGET);
            match pause {
                Pause::Budget => clock.check_busy()?,
                _ if has_moved || self.can_move(kernel) => {}
                Pause::Exited(status) => {
                    return Err(Failed::new(
                        502,
                        format!("the server ended with status {} amid the answer", status.code()),
                    ));
                }
                Pause::Idle { until, .. } => {
                    self.exchange.flush();
                    let input = self.body.input().filter(|_| self.wants_body());
                    self.exchange.with_output(|output| {
                        let outputs = [output.filter(|_| !self.to_client.is_empty()), None];
                        Waiting { until: clock.bound(until), input, outputs }.wait()
                    });
                    clock.check_rested()?;
                }
            }
        }
    }

    /// True when the server did something that lets bytes move.
    fn can_move(&self, kernel: &mut Kernel) -> bool {
        let ready = kernel.readiness(self.connection);
        let has_room = self.to_client.is_empty() && !self.is_ended;
        ready.contains(Readiness::IN) && has_room || ready.contains(Readiness::OUT) && self.sent < self.to_server.len()
    }

    /// There is room for more of the request's body.
    fn wants_body(&self) -> bool {
        self.sending != Sending::Done && self.sent == self.to_server.len()
    }

    fn begin(&mut self, body: http1::Body) -> Result<(), Failed> {
        let head = http1::request_head(self.request, body).map_err(|Bad(why)| Failed::new(502, why))?;
        self.to_server = head;
        self.sending = if body == http1::Body::None { Sending::Done } else { Sending::Body(body) };
        Ok(())
    }

    /// From the client to the server. True when anything moved.
    fn send(&mut self, kernel: &mut Kernel) -> Result<bool, Failed> {
        let mut has_moved = false;
        loop {
            if self.sent < self.to_server.len() {
                match kernel.send(self.connection, &self.to_server[self.sent..]) {
                    Ok(len) => self.sent += len,
                    Err(Errno::EAGAIN) => return Ok(has_moved),
                    // It may have answered already, without reading on.
                    Err(_) => (self.sent, self.sending) = (self.to_server.len(), Sending::Done),
                }
                has_moved = true;
                continue;
            }
            if self.sending == Sending::Done {
                return Ok(has_moved);
            }
            let len = match self.body.read(&mut self.buf) {
                Ok(len) => len,
                Err(HostError::WouldBlock) => return Ok(has_moved),
                // The client is gone; `run` sees it.
                Err(_) => return Ok(has_moved),
            };
            has_moved = true;
            self.sent = 0;
            match self.sending {
                Sending::Undecided if len == 0 => self.begin(http1::Body::None)?,
                Sending::Undecided => {
                    self.begin(http1::Body::Chunked)?;
                    self.put_chunk(len);
                }
                Sending::Body(http1::Body::Chunked) => {
                    self.to_server.clear();
                    self.put_chunk(len);
                }
                _ => {
                    self.to_server.clear();
                    self.to_server.extend_from_slice(&self.buf[..len]);
                    if len == 0 {
                        self.sending = Sending::Done;
                    }
                }
            }
        }
    }

    fn put_chunk(&mut self, len: usize) {
        if len == 0 {
            self.to_server.extend_from_slice(http1::LAST_CHUNK);
            self.sending = Sending::Done;
            return;
        }
        self.to_server.extend(http1::chunk_head(len));
        self.to_server.extend_from_slice(&self.buf[..len]);
        self.to_server.extend_from_slice(b"\r\n");
    }

    /// From the server to the client. True when anything moved.
    fn receive(&mut self, kernel: &mut Kernel) -> Result<bool, Bad> {
        let mut has_moved = false;
        loop {
            while !self.to_client.is_empty() {
                match self.exchange.write(&self.to_client) {
                    Ok(len) => drop(self.to_client.drain(..len)),
                    Err(HostError::WouldBlock) => return Ok(has_moved),
                    Err(_) => return Err(Bad("the client is gone")),
                }
                has_moved = true;
            }
            if !self.from_server.is_empty() {
                has_moved = true;
                let bytes = core::mem::take(&mut self.from_server);
                let used = self.take(&bytes)?;
                self.from_server = bytes;
                self.from_server.drain(..used);
                continue;
            }
            if self.is_ended || self.response.is_complete() {
                return Ok(has_moved);
            }
            match kernel.receive(self.connection, &mut self.buf) {
                Ok(0) | Err(Errno::ECONNRESET) if self.exchange.is_open() => {
                    return Err(Bad("it closed the connection instead"));
                }
                Ok(0) | Err(Errno::ECONNRESET) => {
                    self.is_ended = true;
                    if !self.response.may_end() {
                        return Err(Bad("its body ends early"));
                    }
                    self.response.end();
                    has_moved = true;
                }
                Ok(len) => self.from_server.extend_from_slice(&self.buf[..len]),
                Err(Errno::EAGAIN) => return Ok(has_moved),
                Err(_) => return Err(Bad("the connection failed")),
            }
        }
    }

    /// Looks at bytes of the server; answers how many it looked at.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, Bad> {
        if self.exchange.is_open() {
            return match self.response.feed_head(bytes)? {
                None => Ok(bytes.len()),
                Some((head, used)) => {
                    let has_body = self.response.has_body();
                    self.exchange.start(&head, has_body)?;
                    Ok(used)
                }
            };
        }
        let (used, body) = self.response.feed_body(bytes)?;
        self.to_client.extend_from_slice(&bytes[body]);
        Ok(used)
    }
}
