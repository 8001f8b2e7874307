//! The answer on its way to the engine: a head, then a body as fast as the client takes it.

use super::super::Output;
use alloc::format;
use brainworm_abi::{HostError, HostResult};
use brainworm_serverless::{Bad, Head};
use core::cell::RefCell;
use wasip2::http::types::{Fields, HeaderError, OutgoingBody, OutgoingResponse, ResponseOutparam};

/// One answer.
pub(super) struct Exchange(RefCell<State>);

enum State {
    /// Nothing was said yet.
    Open(ResponseOutparam),
    /// The head is out. Fields are dropped in order, children first.
    Sending(Sending),
    /// It ended, well or not.
    Over,
}

struct Sending {
    output: Output,
    body: OutgoingBody,
}

impl Exchange {
    pub(super) fn new(out: ResponseOutparam) -> Exchange {
        Exchange(RefCell::new(State::Open(out)))
    }

    /// Sends the head. `has_body`: one may follow; without, a Content-Length is about what a GET would give.
    pub(super) fn start(&self, head: &Head, has_body: bool) -> Result<(), Bad> {
        let fields = Fields::new();
        for (name, value) in &head.fields {
            match fields.append(name, value) {
                // The engine says how messages are framed, and will not hear of it.
                Ok(()) | Err(HeaderError::Forbidden) => {}
                Err(_) => return Err(Bad("its headers hold bytes that no header may have")),
            }
        }
        let mut state = self.0.borrow_mut();
        let State::Open(out) = core::mem::replace(&mut *state, State::Over) else { return Ok(()) };
        let response = OutgoingResponse::new(fields);
        if response.set_status_code(head.status).is_err() {
            *state = State::Open(out);
            return Err(Bad("its status is none"));
        }
        // Some engines need a response to have its body taken, be it an empty one.
        let body = response.body().ok();
        let stream = body.as_ref().filter(|_| has_body).and_then(|body| body.write().ok());
        ResponseOutparam::set(out, Ok(response));
        match (body, stream) {
            (Some(body), Some(stream)) => *state = State::Sending(Sending { output: Output::new(stream), body }),
            // The error that a Content-Length is not met is no concern of an answer without a body.
            (Some(body), None) => drop(OutgoingBody::finish(body, None)),
            (None, _) => {}
        }
        Ok(())
    }

    /// Sends bytes of the body: as many as the engine takes. `Closed`: the client is gone.
    pub(super) fn write(&self, bytes: &[u8]) -> HostResult<usize> {
        match &*self.0.borrow() {
            State::Open(_) => Err(HostError::Refused),
            State::Sending(sending) => sending.output.write(bytes),
            // There is no body: what is put out nevertheless is nobody's.
            State::Over => Ok(bytes.len()),
        }
    }

    /// Nothing was said yet.
    pub(super) fn is_open(&self) -> bool {
        matches!(&*self.0.borrow(), State::Open(_))
    }

    /// Calls `f` with the stream of the body, for waiting.
    pub(super) fn with_output<T>(&self, f: impl FnOnce(Option<&Output>) -> T) -> T {
        match &*self.0.borrow() {
            State::Sending(sending) => f(Some(&sending.output)),
            _ => f(None),
        }
    }

    /// What was written may go out.
    pub(super) fn flush(&self) {
        self.with_output(|output| output.into_iter().for_each(Output::flush));
    }

    /// The body is complete.
    pub(super) fn finish(&self) {
        if let State::Sending(Sending { output, body }) = self.0.replace(State::Over) {
            output.flush();
            drop(output);
            // An error: the length was announced and is another. The engine tells the client by closing.
            let _ = OutgoingBody::finish(body, None);
        }
    }

    /// There is no answer, or none to its end: a status of ours, or, when a head is out already, a body that is cut off.
    pub(super) fn fail(&self, status: u16) {
        if !self.is_open() {
            // Dropped without `finish`: the engine closes the connection, so that the client knows.
            self.0.replace(State::Over);
            return;
        }
        let text = match status {
            502 => "502 Bad Gateway: the handler gave no valid answer\n",
            504 => "504 Gateway Timeout: the handler gave no answer in time\n",
            _ => "500 Internal Server Error\n",
        };
        let length = format!("{}", text.len()).into_bytes();
        let fields =
            [("content-type".into(), b"text/plain; charset=utf-8".to_vec()), ("content-length".into(), length)];
        let head = Head { status, fields: fields.into() };
        if self.start(&head, true).is_ok() {
            let _ = self.write(text.as_bytes());
            self.finish();
        }
    }
}
