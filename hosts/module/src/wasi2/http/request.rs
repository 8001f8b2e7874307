//! The request: its head as bytes, its body as a stream.

use super::super::Input;
use alloc::string::{String, ToString};
use brainworm_abi::{HostError, HostResult};
use brainworm_serverless::Request;
use core::cell::Cell;
use wasip2::http::types::{IncomingBody, IncomingRequest, Method, Scheme};

/// A request. Fields are dropped in order, children first.
pub(super) struct Incoming {
    pub(super) request: Request,
    pub(super) body: Body,
    _request: IncomingRequest,
}

/// The body as a stream.
pub(super) struct Body {
    input: Option<Input>,
    _body: Option<IncomingBody>,
    is_over: Cell<bool>,
    is_broken: Cell<bool>,
}

impl Incoming {
    pub(super) fn new(incoming: IncomingRequest) -> Incoming {
        let method = match incoming.method() {
            Method::Get => "GET".to_string(),
            Method::Head => "HEAD".to_string(),
            Method::Post => "POST".to_string(),
            Method::Put => "PUT".to_string(),
            Method::Delete => "DELETE".to_string(),
            Method::Connect => "CONNECT".to_string(),
            Method::Options => "OPTIONS".to_string(),
            Method::Trace => "TRACE".to_string(),
            Method::Patch => "PATCH".to_string(),
            Method::Other(name) => name,
        };
        let scheme = match incoming.scheme() {
            Some(Scheme::Https) => "https".to_string(),
            Some(Scheme::Other(name)) => name,
            Some(Scheme::Http) | None => "http".to_string(),
        };
        let target = incoming.path_with_query().filter(|path| !path.is_empty()).unwrap_or_else(|| "/".to_string());
        let fields = incoming.headers().entries();
        let authority: Option<String> = incoming.authority();
        let request = Request { method, target, scheme, authority: authority.unwrap_or_default(), fields };
        let body = incoming.consume().ok();
        let input = body.as_ref().and_then(|body| body.stream().ok()).map(Input::new);
        let body = Body { is_over: Cell::new(input.is_none()), input, _body: body, is_broken: Cell::new(false) };
        Incoming { request, body, _request: incoming }
    }
}

impl Body {
    /// Reads what has arrived; 0 is the end.
    pub(super) fn read(&self, buf: &mut [u8]) -> HostResult<usize> {
        let Some(input) = self.input.as_ref().filter(|_| !self.is_over.get()) else { return Ok(0) };
        let answer = input.read(buf);
        match answer {
            Ok(0) if !buf.is_empty() => self.is_over.set(true),
            Err(HostError::WouldBlock) | Ok(_) => {}
            Err(_) => {
                self.is_over.set(true);
                self.is_broken.set(true);
            }
        }
        answer
    }
    /// The client went away in the middle of it.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.get()
    }
    /// Nothing more comes.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }
    /// For waiting.
    pub(super) fn input(&self) -> Option<&Input> {
        self.input.as_ref().filter(|_| !self.is_over.get())
    }
}
