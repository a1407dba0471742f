//! `casemate run --server URL`: the same flags, carried out by a service.
//!
//! The request goes in at once; what the program writes comes back as events, while this process
//! stays free for Ctrl-C, which cancels the execution.

mod body;
pub mod credential;
mod events;
mod result;

use anyhow::{Context, Result, anyhow};
use casemate_engine::runtime::oneshot::{Observer, Waker};
use casemate_sys::event::{self, interest, no_interest};
use casemate_sys::libc;
use casemate_types::{ExecutionRequest, Outcome, RequestError};
use credential::PrivateKey;
use events::{Event, Events};
use serde_json::Value;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::header::AUTHORIZATION;
use ureq::http::{HeaderValue, Request, Response, StatusCode};
use ureq::middleware::{Middleware, MiddlewareNext};
use ureq::{Agent, Body, SendBody};

/// How long a service may take to answer anything but a stream of events.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// How long a stream of events may be silent before it is asked for again; a service says more often
/// that it is alive.
const SILENCE_LIMIT: Duration = Duration::from_secs(45);
/// Largest answer, bytes: two streams and all files, in base64.
const MOST_ANSWER_BYTES: u64 = 96 << 20;
/// Broken streams of events that are asked for again.
const MOST_RESUMES: u32 = 5;
/// Rest before the first of them; it doubles with each.
const RESUME_REST: Duration = Duration::from_millis(200);
/// How often the observer's tick comes.
const TICK: Duration = Duration::from_millis(100);

/// An outcome, and the result object that it came as.
#[derive(Debug)]
pub struct Answer {
    /// The outcome.
    pub outcome: Outcome,
    /// The result object, as it came.
    pub json: String,
}

/// Runs a request on a service; the content of files is fetched where `wants_files` says so.
///
/// # Errors
/// When the request is refused, or the service cannot be reached or fails.
pub fn run(
    url: &str,
    key: Option<&PrivateKey>,
    request: &ExecutionRequest,
    wants_files: WantsFiles,
    observer: &mut dyn Observer,
) -> Result<Answer> {
    let service = Service::new(url, key)?;
    let id = service.submit(request)?;
    let json = service.follow(&id, observer)?;
    let value = serde_json::from_str(&json).context("read the result of the service")?;
    let mut outcome = result::outcome(&value)?;
    if wants_files == WantsFiles::Content {
        for file in outcome.files.iter_mut().filter(|file| file.content.is_none()) {
            file.content = Some(service.file(&id, &file.path)?);
        }
    }
    Ok(Answer { outcome, json })
}

/// Whether the content of returned files is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WantsFiles {
    /// It is.
    Content,
    /// Names and sizes are enough.
    Names,
}

struct Service {
    agent: Agent,
    base: String,
}

impl Service {
    fn new(url: &str, key: Option<&PrivateKey>) -> Result<Self> {
        Ok(Self {
            agent: agent(key),
            base: base(url)?,
        })
    }

    fn submit(&self, request: &ExecutionRequest) -> Result<String> {
        let body = serde_json::to_vec(&body::of(request)).context("write the request")?;
        let answer = self
            .agent
            .post(format!("{}/v1/executions", self.base))
            .content_type("application/json")
            .header("Prefer", "respond-async")
            .send(&body)
            .with_context(|| format!("reach the service at {}", self.base))?;
        let json = object(answer, StatusCode::ACCEPTED)?;
        let id = json.get("id").and_then(Value::as_str);
        id.map(str::to_owned)
            .ok_or_else(|| anyhow!("the service named no execution"))
    }

    /// Shows events until the result comes.
    fn follow(&self, id: &str, observer: &mut dyn Observer) -> Result<String> {
        let mut last = 0;
        let mut cancelled = false;
        for resumes in 0..=MOST_RESUMES {
            if resumes > 0 {
                std::thread::sleep(RESUME_REST * (1 << (resumes - 1)));
            }
            let stream = self.events(id, last)?;
            let waker = Arc::new(Waker::new().context("make a waker")?);
            let events = Events::start(stream, waker.clone())?;
            loop {
                let interrupt = observer.interrupt();
                let mut fds = [
                    interest(waker.as_fd(), libc::POLLIN),
                    interrupt.map_or_else(no_interest, |fd| interest(fd, libc::POLLIN)),
                ];
                let ready = event::wait(&mut fds, Some(TICK)).context("wait for events")?;
                if ready == 0 {
                    observer.tick();
                }
                waker.clear();
                let (taken, is_over) = events.take();
                for event in taken {
                    last = event.id;
                    match event.what {
                        Event::Output(stream, bytes) => observer.output(stream, &bytes),
                        Event::Result(json) => return Ok(json),
                        Event::State => {}
                    }
                }
                if ready > 0 && observer.wants_end() && !std::mem::replace(&mut cancelled, true) {
                    self.cancel(id)?;
                }
                if is_over {
                    break;
                }
            }
        }
        Err(anyhow!(
            "the service ended the events of execution {id} again and again; ask for {}/v1/executions/{id}",
            self.base
        ))
    }

    fn events(&self, id: &str, last: u64) -> Result<Body> {
        let answer = self
            .agent
            .get(format!("{}/v1/executions/{id}/events", self.base))
            .header("Accept", "text/event-stream")
            .header("Last-Event-ID", last.to_string())
            .config()
            .timeout_recv_body(None)
            .timeout_per_read(Some(SILENCE_LIMIT))
            .timeout_recv_response(Some(SILENCE_LIMIT))
            .build()
            .call()
            .with_context(|| format!("follow execution {id}"))?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            _ => Err(problem(answer)),
        }
    }

    fn cancel(&self, id: &str) -> Result<()> {
        let answer = self
            .agent
            .delete(format!("{}/v1/executions/{id}", self.base))
            .call()
            .with_context(|| format!("cancel execution {id}"))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(problem(answer)),
        }
    }

    fn file(&self, id: &str, path: &str) -> Result<Vec<u8>> {
        let escaped: String = path.bytes().map(escape).collect();
        let mut answer = self
            .agent
            .get(format!("{}/v1/executions/{id}/files/{escaped}", self.base))
            .call()
            .with_context(|| format!("fetch the file {path:?}"))?;
        if answer.status() != StatusCode::OK {
            return Err(problem(answer));
        }
        let body = answer.body_mut().with_config().limit(MOST_ANSWER_BYTES);
        body.read_to_vec()
            .with_context(|| format!("fetch the file {path:?}"))
    }
}

/// The address of a service, without a slash at its end.
///
/// # Errors
/// When it is none.
pub(crate) fn base(url: &str) -> Result<String> {
    let base = url.trim_end_matches('/').to_owned();
    match base.starts_with("http://") {
        true => Ok(base),
        false => Err(crate::exit::usage(format!(
            "server: {url:?} is not of the form http://127.0.0.1:8484"
        ))),
    }
}

/// A client of services. It keeps connections whose answers were read to their ends.
pub(crate) fn agent(key: Option<&PrivateKey>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(ANSWER_LIMIT))
        .max_redirects(0)
        .proxy(None);
    let config = match key.map(PrivateKey::header) {
        None => config.build(),
        Some(header) => config.middleware(with_header(header)).build(),
    };
    config.into()
}

/// Adds the credential to every request.
fn with_header(text: String) -> impl Middleware {
    // A key is ASCII.
    let value = HeaderValue::try_from(text).map(|mut value| {
        value.set_sensitive(true);
        value
    });
    move |mut request: Request<SendBody<'_>>, next: MiddlewareNext<'_>| {
        if let Ok(value) = &value {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
        }
        next.handle(request)
    }
}

/// A byte of a path in a URL (RFC 3986, `pchar` and `/`).
fn escape(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// The object of an answer, which must have this status.
///
/// # Errors
/// When it has another, or is no JSON.
pub(crate) fn object(mut answer: Response<Body>, expected: StatusCode) -> Result<Value> {
    if answer.status() != expected {
        return Err(problem(answer));
    }
    let body = answer.body_mut().with_config().limit(MOST_ANSWER_BYTES);
    let bytes = body.read_to_vec().context("read the answer of the service")?;
    serde_json::from_slice(&bytes).context("read the answer of the service")
}

/// An answer that is none: the service's own words (RFC 9457). What the caller can mend counts as a
/// wrong request.
pub(crate) fn problem(mut answer: Response<Body>) -> anyhow::Error {
    let status = answer.status();
    let body = answer.body_mut().with_config().limit(64 << 10);
    let json = body
        .read_to_vec()
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let text = |name| json.as_ref().and_then(|j| j.get(name)).and_then(Value::as_str);
    let detail = text("detail").or(text("title")).unwrap_or("no reason was given");
    let message = format!("the service answered {}: {detail}", status.as_u16());
    if status == StatusCode::UNAUTHORIZED {
        return anyhow!("{message} (--key-file, CASEMATE_KEY, or admin.key of the service's data folder)");
    }
    if status == StatusCode::BAD_REQUEST || status == StatusCode::PAYLOAD_TOO_LARGE {
        crate::exit::usage(message)
    } else {
        anyhow!(message)
    }
}

/// A bound that the service holds us to would be told by it; ours are checked before anything is sent.
///
/// # Errors
/// The first field that is out of its bound.
pub fn check(request: &ExecutionRequest) -> Result<(), RequestError> {
    if std::str::from_utf8(&request.code).is_err() {
        return Err(RequestError::Form {
            field: "code",
            given: "a source".into(),
            expected: "UTF-8, which a service takes alone",
        });
    }
    if request.profile == casemate_types::Profile::Detonate {
        return Err(RequestError::Form {
            field: "profile",
            given: "detonate".into(),
            expected: "default or fresh: a service does not detonate programs",
        });
    }
    // The service has its own CPUs, and may allow more than we would.
    request.check(&casemate_types::Maxima::largest())
}
