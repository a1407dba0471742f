//! Responses: their bodies, whole or in frames, and the headers that all of them have.

use crate::problem::{self, Problem};
use hyper::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{self, HeaderName, HeaderValue};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// A response of ours.
pub(crate) type Reply = Response<Content>;
/// Frames on their way to a body.
pub(crate) type Frames = mpsc::Sender<io::Result<Bytes>>;

/// The body of a response.
#[derive(Debug)]
pub(crate) struct Content(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Bytes),
    Framed {
        frames: mpsc::Receiver<io::Result<Bytes>>,
        size_bytes: Option<u64>,
    },
}

impl Content {
    /// A body that is there.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Whole(bytes.into()))
    }

    /// A body that comes in frames, two of which may wait; its size where it is known.
    pub(crate) fn framed(size_bytes: Option<u64>) -> (Frames, Self) {
        let (sender, frames) = mpsc::channel(2);
        (sender, Self(Kind::Framed { frames, size_bytes }))
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            Kind::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::Framed { frames, .. } => {
                let next = frames.poll_recv(cx);
                next.map(|next| next.map(|frame| frame.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Framed { size_bytes, .. } => *size_bytes == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Framed { size_bytes, .. } => {
                size_bytes.map_or_else(SizeHint::default, SizeHint::with_exact)
            }
        }
    }
}

/// A response with what every response says: its type, that it is no other, and that nobody keeps it.
pub(crate) fn reply(status: u16, media: &'static str, content: Content) -> Reply {
    let mut reply = Response::new(content);
    // Every status of ours is one of HTTP.
    *reply.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    set(&mut reply, header::CONTENT_TYPE, media);
    set(&mut reply, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut reply, header::CACHE_CONTROL, "no-store");
    reply
}

/// A response of JSON.
pub(crate) fn json(status: u16, value: &impl serde::Serialize) -> Result<Reply, Problem> {
    let text =
        serde_json::to_vec(value).map_err(|error| Problem::internal(format!("write JSON: {error}")))?;
    Ok(reply(status, "application/json", Content::whole(text)))
}

/// Sets a header to one of our own texts.
pub(crate) fn set(reply: &mut Reply, name: HeaderName, value: &'static str) {
    reply.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Sets a header to a text that was made of ASCII.
pub(crate) fn set_text(reply: &mut Reply, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        reply.headers_mut().insert(name, value);
    }
}

impl From<&Problem> for Reply {
    fn from(problem: &Problem) -> Self {
        let status = problem.status();
        let mut reply = reply(
            status,
            "application/problem+json",
            Content::whole(problem.to_json()),
        );
        if let Some(after) = problem.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            set_text(&mut reply, header::RETRY_AFTER, seconds.max(1).to_string());
        }
        // RFC 6750, section 3: without a credential no error is named.
        match problem.kind {
            problem::Kind::Unidentified => {
                set(&mut reply, header::WWW_AUTHENTICATE, "Bearer realm=\"casemate\"")
            }
            problem::Kind::BadCredential => {
                let challenge = "Bearer realm=\"casemate\", error=\"invalid_token\"";
                set(&mut reply, header::WWW_AUTHENTICATE, challenge);
            }
            _ => {}
        }
        // The rest of its body is not waited for.
        if matches!(status, 408 | 413) {
            set(&mut reply, header::CONNECTION, "close");
        }
        reply
    }
}
