//! CGI: a machine and its command for each request.

use super::super::Waiting;
use super::exchange::Exchange;
use super::host::HttpHost;
use super::request::{Body, Incoming};
use super::{BUDGET, Clock, Failed};
use crate::machine;
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use brainworm_abi::image::Http;
use brainworm_abi::{Event, ExitStatus, HostError, HostResult, Pause};
use brainworm_serverless::cgi::{self, Answer};
use brainworm_serverless::{Bad, Request};
use core::cell::{Cell, RefCell};

/// Redirects within a container at most (RFC 3875 6.2.2 has them answered here): more is a loop.
const REDIRECTS_MAX: usize = 10;

/// What the command's streams are: the request's body, and its answer.
pub(super) struct Cgi {
    incoming: Rc<Incoming>,
    exchange: Rc<Exchange>,
    /// The body belongs to the first request alone, not to one it is redirected to.
    has_input: bool,
    output: RefCell<cgi::Output>,
    verdict: RefCell<Verdict>,
    wants_input: Cell<bool>,
}

/// What came of the command's output.
#[derive(Clone)]
enum Verdict {
    /// Its head is not whole yet, or its body is on its way.
    Fine,
    Bad(Bad),
    Redirect(String),
    /// The client is gone.
    Gone,
}

impl Cgi {
    pub(super) fn read(&self, buf: &mut [u8]) -> HostResult<usize> {
        let answer = if self.has_input { self.body().read(buf) } else { Ok(0) };
        self.wants_input.set(answer == Err(HostError::WouldBlock));
        answer
    }

    fn body(&self) -> &Body {
        &self.incoming.body
    }

    pub(super) fn write(&self, bytes: &[u8]) -> HostResult<usize> {
        let mut verdict = self.verdict.borrow_mut();
        if !matches!(*verdict, Verdict::Fine) {
            return Err(HostError::Closed);
        }
        if !self.exchange.is_open() {
            let answer = self.exchange.write(bytes);
            if answer == Err(HostError::Closed) {
                *verdict = Verdict::Gone;
            }
            return answer;
        }
        let is_head_request = self.incoming.request.method == "HEAD";
        let found = self.output.borrow_mut().feed(bytes).and_then(|found| match found {
            Some((Answer::Head(head), used)) => {
                let has_body = !is_head_request && !matches!(head.status, 204 | 304);
                self.exchange.start(&head, has_body).map(|()| used)
            }
            Some((Answer::Redirect(target), used)) => {
                *verdict = Verdict::Redirect(target);
                Ok(used)
            }
            None => Ok(bytes.len()),
        });
        found.map_err(|bad| {
            *verdict = Verdict::Bad(bad);
            HostError::Closed
        })
    }
}

/// Answers a request.
pub(super) fn answer(http: &Http, incoming: Incoming, exchange: &Rc<Exchange>) -> Result<(), Failed> {
    let mut clock = Clock::new(http);
    let mut request = incoming.request.clone();
    let incoming = Rc::new(incoming);
    for turn in 0..=REDIRECTS_MAX {
        let cgi = Rc::new(Cgi {
            incoming: incoming.clone(),
            exchange: exchange.clone(),
            has_input: turn == 0,
            output: RefCell::default(),
            verdict: RefCell::new(Verdict::Fine),
            wants_input: Cell::new(false),
        });
        let status = run(http, &request, &cgi, &mut clock)?;
        let verdict = cgi.verdict.borrow().clone();
        match (verdict, status) {
            (Verdict::Gone, _) => return Err(Failed::new(502, "the client is gone")),
            (Verdict::Bad(Bad(why)), _) => {
                return Err(Failed::new(502, format!("the handler's answer is none: {why}")));
            }
            (Verdict::Redirect(target), _) => request = redirected(&request, target),
            (Verdict::Fine, status) if exchange.is_open() => {
                let status = status.map_or(0, ExitStatus::code);
                let what = if cgi.output.borrow().is_empty() { "without an answer" } else { "amid its headers" };
                return Err(Failed::new(502, format!("the handler ended with status {status} {what}")));
            }
            // What it said so far may be a part: the client has to know.
            (Verdict::Fine, Some(ExitStatus::Signal(signal))) => {
                return Err(Failed::new(502, format!("the handler died of signal {signal}")));
            }
            (Verdict::Fine, _) => {
                exchange.finish();
                return Ok(());
            }
        }
    }
    Err(Failed::new(502, format!("more than {REDIRECTS_MAX} redirects within the container")))
}

/// "The server MUST generate the response that it would have produced in response to a request containing the URL".
fn redirected(request: &Request, target: String) -> Request {
    let is_about_body = |name: &str| name.len() >= 8 && name.as_bytes()[..8].eq_ignore_ascii_case(b"content-");
    let fields = request.fields.iter().filter(|(name, _)| !is_about_body(name)).cloned().collect();
    Request { method: String::from("GET"), target, fields, ..request.clone() }
}

/// Runs the command to its end, or until its answer is known to be none.
fn run(http: &Http, request: &Request, cgi: &Rc<Cgi>, clock: &mut Clock) -> Result<Option<ExitStatus>, Failed> {
    let mut setup = machine::Setup { memory_bytes: http.memory_limit, ..machine::Setup::default() };
    setup.wishes.env = cgi::environment(request);
    // SAFETY: the machine of a request before this one was dropped at the end of `run`, and nothing else has pages.
    unsafe { machine::recycle() };
    let host = Box::new(HttpHost::new(Some(cgi.clone())));
    let mut kernel = machine::boot(host, setup).map_err(|e| Failed::new(502, e.message))?;
    loop {
        let pause = kernel.run(BUDGET);
        if cgi.body().is_broken() {
            *cgi.verdict.borrow_mut() = Verdict::Gone;
        }
        if !matches!(*cgi.verdict.borrow(), Verdict::Fine) {
            return Ok(None);
        }
        match pause {
            Pause::Exited(status) => return Ok(Some(status)),
            Pause::Budget => {
                clock.check_busy()?;
                if cgi.wants_input.get() {
                    kernel.push(Event::Readable);
                }
            }
            Pause::Idle { until, on } => {
                cgi.exchange.flush();
                let wants_input = (on.stdin || cgi.wants_input.get()) && cgi.has_input;
                let input = cgi.body().input().filter(|_| wants_input);
                if until.is_none() && input.is_none() && !on.output {
                    if wants_input && cgi.body().is_over() {
                        kernel.push(Event::Readable);
                        continue;
                    }
                    return Err(Failed::new(502, "every process of the handler waits for something that cannot come"));
                }
                let happened = cgi.exchange.with_output(|output| {
                    let outputs = [output.filter(|_| on.output), None];
                    Waiting { until: clock.bound(until), input, outputs }.wait()
                });
                clock.check_rested()?;
                if happened.readable {
                    cgi.wants_input.set(false);
                    kernel.push(Event::Readable);
                }
                if happened.writable {
                    kernel.push(Event::Writable);
                }
            }
        }
    }
}
