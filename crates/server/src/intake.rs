//! Bodies of requests, on their way into memory: within a size, a time, and a budget of all of them together.

use crate::config::Config;
use crate::problem::{Kind, Problem};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

/// The budget is taken in such pieces, so that a body that trickles in is not counted byte by byte.
const PIECE_BYTES: usize = 16 << 10;
/// From this size on room is made for all that a body says it has: pages that are never written cost nothing.
const ROOM_BYTES: usize = 64 << 10;

/// Memory for bodies.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Semaphore>);

/// A part of the budget, until dropped.
#[derive(Debug, Default)]
pub(crate) struct Share {
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

/// A body that is there.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) bytes: Bytes,
    /// To be held as long as what was made of the body takes memory.
    pub(crate) share: Share,
}

impl Budget {
    /// So many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// Bytes that are free.
    pub(crate) fn free_bytes(&self) -> usize {
        self.0.available_permits()
    }

    /// Makes a share at least so large.
    async fn grow(&self, share: &mut Share, bytes: usize, wait: Duration) -> Result<(), Problem> {
        if bytes <= share.bytes {
            return Ok(());
        }
        let more = (bytes - share.bytes).next_multiple_of(PIECE_BYTES);
        // A body is at most some MiB: it fits.
        let acquire = self.0.clone().acquire_many_owned(more as u32);
        match timeout(wait, acquire).await {
            Ok(Ok(permit)) => {
                match &mut share.permit {
                    Some(held) => held.merge(permit),
                    None => share.permit = Some(permit),
                }
                share.bytes += more;
                Ok(())
            }
            _ => Err(Problem::unavailable(
                "the bodies of requests take all the memory they may",
                Duration::from_secs(1),
            )),
        }
    }
}

/// Refuses what is not plain JSON.
pub(crate) fn check_media(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |field, bound| {
        let detail = "the body is JSON in UTF-8, sent as application/json without an encoding";
        Err(Problem::new(Kind::MediaType, detail).field(field).bound(bound))
    };
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !given.is_some_and(is_json) || headers.get_all(CONTENT_TYPE).iter().count() > 1 {
        return refused("Content-Type", "application/json");
    }
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            refused("Content-Encoding", "identity")
        }
        _ => Ok(()),
    }
}

fn is_json(media: &str) -> bool {
    let mut parts = media.split(';').map(str::trim);
    let named = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    named
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Takes a body in.
pub(crate) async fn take(mut body: Incoming, config: &Config, budget: &Budget) -> Result<Taken, Problem> {
    let most = config.most_body_bytes;
    let announced = body.size_hint();
    if announced.lower() > most as u64 {
        return Err(too_large(most));
    }
    let deadline = Instant::now() + config.body_limit;
    let mut share = Share::default();
    // A body of one frame, as most are, is never copied.
    let mut first = Bytes::new();
    let mut rest: Vec<u8> = Vec::new();
    loop {
        let frame = timeout_at(deadline, poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)));
        let frame = match frame.await {
            Err(_) => {
                let detail = "the body did not arrive in time";
                let bound = format!("{} ms", config.body_limit.as_millis());
                return Err(Problem::new(Kind::BodyTimeout, detail).bound(bound));
            }
            Ok(None) => break,
            Ok(Some(frame)) => frame.map_err(|error| broken(&error))?,
        };
        let Ok(data) = frame.into_data() else { continue };
        let total = first.len() + rest.len() + data.len();
        if total > most {
            return Err(too_large(most));
        }
        let counted = total.saturating_sub(config.free_body_bytes);
        budget.grow(&mut share, counted, config.budget_wait).await?;
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        if total >= ROOM_BYTES
            && let Some(whole) = announced.exact()
        {
            // Within `most`: it fits.
            rest.reserve_exact((whole as usize).saturating_sub(rest.len()));
        }
        rest.extend_from_slice(&data);
    }
    let bytes = if rest.is_empty() { first } else { rest.into() };
    Ok(Taken { bytes, share })
}

fn too_large(most: usize) -> Problem {
    Problem::new(Kind::BodyTooLarge, "the body is larger than any request can be")
        .bound(format!("{most} bytes"))
}

/// Nobody may be there to read it.
fn broken(error: &hyper::Error) -> Problem {
    Problem::new(Kind::MalformedJson, format!("the body cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_by_its_name() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/json",
            "application/json; charset=latin1",
            "application/jsonx",
            "text/plain",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
