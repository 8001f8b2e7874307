//! One request: an instance, the component's answer or one of ours, and a line in the log.

use super::instances::{Instances, Live};
use super::log::Line;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

/// The component keeps its time limit itself, and says what was late. So much later it is ended.
const GRACE: Duration = Duration::from_secs(1);

/// Answers a request, whatever happens.
pub(super) async fn answer(
    request: Request<Incoming>,
    peer: SocketAddr,
    instances: Arc<Instances>,
) -> Result<Response<Logged>, Infallible> {
    let started = Instant::now();
    let mut line = Line {
        peer,
        method: request.method().to_string(),
        target: request.uri().to_string(),
        status: 0,
        bytes: 0,
        took: Duration::ZERO,
        note: Some("the client went away".into()),
    };
    let is_head = request.method() == Method::HEAD;
    // Should the client go away before there is an answer, this is dropped where it waits, and writes the line.
    let mut pending = Pending { line: Some(line), started };
    let (response, work) = match begin(request, instances).await {
        Ok((response, work)) => (response, Some(work)),
        Err(Failed { status, note }) => {
            pending.note(note);
            (plain(status), None)
        }
    };
    let status = response.status();
    line = pending.take();
    line.status = status.as_u16();
    if work.is_some() {
        line.note = None;
    }
    let has_none = is_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let expected = if has_none { Some(0) } else { length };
    Ok(response.map(|body| Logged { body, line, started, work, expected, is_over: false }))
}

/// The line of a request that has no answer yet.
struct Pending {
    line: Option<Line>,
    started: Instant,
}

impl Pending {
    fn note(&mut self, note: String) {
        self.line.iter_mut().for_each(|line| line.note = Some(note.clone()));
    }
    fn take(mut self) -> Line {
        self.line.take().expect("it is taken once")
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(line) = &mut self.line {
            line.took = self.started.elapsed();
            line.write();
        }
    }
}

/// Why the component gave no answer, or not all of it.
#[derive(Clone)]
struct Failed {
    status: StatusCode,
    note: String,
}

fn failed(status: StatusCode, note: impl ToString) -> Failed {
    Failed { status, note: note.to_string() }
}

/// The instance's work on a request. It ends when nobody waits for it any more.
struct Work {
    task: Option<AbortHandle>,
    failed: Arc<OnceLock<Failed>>,
}

impl Work {
    /// It may come to its end by itself, and the instance serve again.
    fn leave(&mut self) {
        self.task = None;
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// Starts the work on a request and waits for the head of the answer.
async fn begin(
    request: Request<Incoming>,
    instances: Arc<Instances>,
) -> Result<(Response<HyperOutgoingBody>, Work), Failed> {
    use StatusCode as S;
    if request.uri().authority().is_none() && !request.headers().contains_key(HOST) {
        return Err(failed(S::BAD_REQUEST, "no Host header"));
    }
    let (mut live, starting) = match tokio::time::timeout(instances.time_limit(), instances.get()).await {
        Err(_) => return Err(failed(S::SERVICE_UNAVAILABLE, "no instance was free in time")),
        Ok(Err(error)) => return Err(failed(S::INTERNAL_SERVER_ERROR, format_args!("no instance: {}", brief(&error)))),
        Ok(Ok(live)) => live,
    };
    let (sender, receiver) = oneshot::channel();
    let mut http = live.store.data_mut().http();
    let incoming = http.new_incoming_request(Scheme::Http, request).map_err(|e| failed(S::BAD_REQUEST, brief(&e)))?;
    let out = http.new_response_outparam(sender).map_err(|e| failed(S::INTERNAL_SERVER_ERROR, brief(&e)))?;
    let failure = Arc::new(OnceLock::new());
    let task = tokio::spawn({
        let failure = failure.clone();
        async move {
            match work(&mut live, incoming, out, instances.time_limit() + GRACE).await {
                Ok(()) => instances.put_back(live),
                // Before the instance goes, and with it whoever waits for its answer is told.
                Err(failed) => drop(failure.set(failed)),
            }
        }
    });
    let work = Work { task: Some(task.abort_handle()), failed: failure };
    let answer = receiver.await;
    drop(starting);
    match answer {
        Ok(Ok(response)) => Ok((response, work)),
        Ok(Err(code)) => Err(failed(S::BAD_GATEWAY, format_args!("the instance answered with an error: {code:?}"))),
        Err(_) => {
            let known = work.failed.get().cloned();
            Err(known.unwrap_or_else(|| failed(S::INTERNAL_SERVER_ERROR, "the instance gave no answer")))
        }
    }
}

/// Lets an instance handle a request, for so long at most.
async fn work(
    live: &mut Live,
    request: wasmtime::component::Resource<wasmtime_wasi_http::p2::types::HostIncomingRequest>,
    out: wasmtime::component::Resource<wasmtime_wasi_http::p2::types::HostResponseOutparam>,
    limit: Duration,
) -> Result<(), Failed> {
    let handler = live.proxy.wasi_http_incoming_handler();
    match tokio::time::timeout(limit, handler.call_handle(&mut live.store, request, out)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            Err(failed(StatusCode::INTERNAL_SERVER_ERROR, format_args!("the instance failed: {}", brief(&error))))
        }
        Err(_) => Err(failed(StatusCode::GATEWAY_TIMEOUT, "the instance did not keep its time limit")),
    }
}

/// What it is about, without where in the kernel it was.
fn brief(error: &wasmtime::Error) -> String {
    error.root_cause().to_string().lines().next().unwrap_or_default().to_string()
}

fn plain(status: StatusCode) -> Response<HyperOutgoingBody> {
    let text = Full::new(Bytes::from(format!("{status}\n")));
    let mut response = Response::new(text.map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The body on its way; when it is over, in one way or another, the line is written.
pub(super) struct Logged {
    body: HyperOutgoingBody,
    line: Line,
    started: Instant,
    /// `None` when the answer is ours.
    work: Option<Work>,
    /// Bytes of a body whose length was told: behind them nobody asks for more.
    expected: Option<u64>,
    is_over: bool,
}

impl Body for Logged {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => self.line.bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            Poll::Ready(Some(Err(_))) => {
                let failed = self.work.as_ref().and_then(|work| work.failed.get());
                self.line.note = Some(failed.map_or("cut off".into(), |failed| failed.note.clone()));
            }
            Poll::Ready(None) => self.is_over = true,
            Poll::Pending => {}
        }
        frame
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let is_whole = self.is_over || self.body.is_end_stream() || self.expected == Some(self.line.bytes);
        match &mut self.work {
            Some(work) if is_whole => work.leave(),
            Some(_) => drop(self.line.note.get_or_insert_with(|| "the client went away".into())),
            None => {}
        }
        self.line.took = self.started.elapsed();
        self.line.write();
    }
}
