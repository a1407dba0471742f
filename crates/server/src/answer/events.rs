//! `GET /v1/executions/{id}/events`: server-sent events, from a living execution or from the record of one.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use super::outcome::{self, Written};
use super::single;
use crate::problem::Problem;
use crate::reply::{self, Content, Frames, Reply};
use crate::slices::{Broken, Source, send};
use crate::state::State;
use crate::watch::{Wake, Watch};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casemate_engine::runtime::oneshot::Stream;
use casemate_engine::service::store;
use casemate_engine::service::{Execution, Found, Index, Mark, Placed};
use casemate_types::ExecutionId;
use hyper::header::HeaderMap;
use std::sync::Arc;
use tokio::time::timeout;

/// Output that is taken from a living execution at once, bytes.
const BATCH_BYTES: usize = 64 << 10;
/// The number of the result of an execution that a dead server left: later than any that it may have told.
const LAST_ID: u64 = u32::MAX as u64;

/// Where the events come from.
enum Origin {
    Live(Arc<Execution>),
    Recorded(Index),
    /// Nobody knows its events any more.
    Swept,
}

pub(super) async fn events(
    state: &Arc<State>,
    id: ExecutionId,
    headers: &HeaderMap,
    is_head: bool,
) -> Result<Reply, Problem> {
    let seen = last_seen(headers)?;
    let origin = match state.service.live(id) {
        Some(execution) => Origin::Live(execution),
        None => state.blocking(move |service| find(service, id)).await?,
    };
    // An end that was seen stops a client from asking again.
    let has_more = match &origin {
        Origin::Live(_) => true,
        Origin::Recorded(index) => index.after(seen).next().is_some(),
        Origin::Swept => seen < LAST_ID,
    };
    if !has_more {
        return Ok(reply::reply(204, "text/event-stream", Content::whole("")));
    }
    let (frames, content) = Content::framed(None);
    if !is_head {
        let state = state.clone();
        tokio::spawn(async move {
            let sender = Sender {
                state: &state,
                id,
                frames: &frames,
            };
            match origin {
                Origin::Live(execution) => sender.live(&execution, seen).await,
                Origin::Recorded(index) => sender.replay(&index, seen).await,
                Origin::Swept => sender.result(LAST_ID).await,
            }
        });
    }
    Ok(reply::reply(200, "text/event-stream", content))
}

fn last_seen(headers: &HeaderMap) -> Result<u64, Problem> {
    let Some(text) = single(headers, "Last-Event-ID")? else {
        return Ok(0);
    };
    // As many digits as always fit.
    let is_number = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| Problem::invalid("Last-Event-ID", "the id of an event of this execution"))
}

fn find(service: &casemate_engine::service::Service, id: ExecutionId) -> Result<Origin, Problem> {
    match service.find(id)? {
        None => Err(Problem::not_found()),
        Some(Found::Live(execution)) => Ok(Origin::Live(execution)),
        Some(Found::Recorded(_)) => {
            let index = service
                .store()
                .events(id)?
                .and_then(|bytes| Index::decode(&bytes));
            Ok(index.map_or(Origin::Swept, Origin::Recorded))
        }
    }
}

/// One stream of events.
struct Sender<'a> {
    state: &'a Arc<State>,
    id: ExecutionId,
    frames: &'a Frames,
}

impl Sender<'_> {
    async fn live(&self, execution: &Arc<Execution>, mut seen: u64) -> Result<(), Broken> {
        let watch = Watch::new(execution, Wake::Always);
        loop {
            // Without an event after these, the reading below would say so; nothing is missed in between.
            let events = execution.events_after(seen, BATCH_BYTES).map_err(|_| Broken)?;
            if events.is_empty() {
                self.wait(&watch).await?;
                continue;
            }
            let mut text = String::new();
            for event in events {
                seen = event.id;
                match event.mark {
                    Mark::Ended => {
                        send(self.frames, std::mem::take(&mut text).into()).await?;
                        return self.ended(execution, event.id).await;
                    }
                    mark => write(&mut text, event.id, mark, &event.bytes),
                }
            }
            send(self.frames, text.into()).await?;
        }
    }

    /// Waits for the next event; says now and then that the stream is alive, and ends it when the server does.
    async fn wait(&self, watch: &Watch) -> Result<(), Broken> {
        let told = self.state.lifecycle.stop.clone();
        let mut stopped = std::pin::pin!(told.told());
        let mut gone = std::pin::pin!(self.frames.closed());
        let mut changed = std::pin::pin!(watch.changed());
        let next = std::future::poll_fn(|cx| {
            use std::task::Poll;
            if gone.as_mut().poll(cx).is_ready() || stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(Broken));
            }
            changed.as_mut().poll(cx).map(Ok)
        });
        match timeout(self.state.config.keep_alive, next).await {
            Ok(next) => next,
            Err(_) => send(self.frames, ": alive\n\n".into()).await,
        }
    }

    async fn ended(&self, execution: &Execution, event: u64) -> Result<(), Broken> {
        use casemate_engine::service::Settled;
        match execution.settled() {
            // What the state holds; a result that is in no record yet is told to whoever asks again.
            Some(Settled::Recorded(outcome)) => {
                let settled = Settled::Recorded(outcome);
                let written = outcome::of_settled(self.state, self.id, settled).await;
                self.send_result(event, written.map(Some)).await
            }
            Some(Settled::Failed(_)) => self.result(event).await,
            _ => Ok(()),
        }
    }

    async fn replay(&self, index: &Index, seen: u64) -> Result<(), Broken> {
        for placed in index.after(seen) {
            if placed.mark == Mark::Ended {
                return self.result(placed.id).await;
            }
            let bytes = self.bytes(&placed).await?;
            let mut text = String::new();
            write(&mut text, placed.id, placed.mark, &bytes);
            send(self.frames, text.into()).await?;
        }
        Ok(())
    }

    /// The bytes of a recorded event.
    async fn bytes(&self, placed: &Placed) -> Result<Vec<u8>, Broken> {
        let Mark::Output(stream, length) = placed.mark else {
            return Ok(Vec::new());
        };
        let stream = match stream {
            Stream::Stdout => store::Stream::Stdout,
            Stream::Stderr => store::Stream::Stderr,
        };
        let (source, offset) = (Source::Stream(self.id, stream), placed.offset);
        let read = self
            .state
            .blocking(move |service| source.read(service, offset, length as usize));
        match read.await {
            Ok(slice) => Ok(slice.unwrap_or_default().bytes),
            Err(problem) => {
                self.state.report(&problem, "events");
                Err(Broken)
            }
        }
    }

    async fn result(&self, event: u64) -> Result<(), Broken> {
        let written = outcome::load(self.state, self.id).await;
        self.send_result(event, written).await
    }

    async fn send_result(&self, event: u64, written: Result<Option<Written>, Problem>) -> Result<(), Broken> {
        let written = match written {
            Ok(Some(written)) => written,
            Ok(None) => return Ok(()),
            Err(problem) => {
                self.state.report(&problem, "events");
                return Err(Broken);
            }
        };
        // JSON without a line break: one line of data.
        let mut head = format!("id: {event}\nevent: result\ndata: ").into_bytes();
        match written {
            Written::Whole(text) => {
                head.extend_from_slice(&text);
                head.extend_from_slice(b"\n\n");
                send(self.frames, head.into()).await
            }
            Written::Large(large) => {
                send(self.frames, head.into()).await?;
                large.send(self.state, self.frames).await?;
                send(self.frames, "\n\n".into()).await
            }
        }
    }
}

/// Writes an event other than the last.
fn write(text: &mut String, id: u64, mark: Mark, bytes: &[u8]) {
    use std::fmt::Write;
    let (name, data) = match mark {
        Mark::Queued => ("state", r#"{"status":"queued"}"#.to_owned()),
        Mark::Running => ("state", r#"{"status":"running"}"#.to_owned()),
        Mark::Output(Stream::Stdout, _) => ("stdout", output(bytes)),
        Mark::Output(Stream::Stderr, _) => ("stderr", output(bytes)),
        Mark::Ended => return,
    };
    // `write!` to a text does not fail.
    let _ = write!(text, "id: {id}\nevent: {name}\ndata: {data}\n\n");
}

fn output(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        // A text always can be written.
        Ok(text) => format!("{{\"text\":{}}}", serde_json::to_string(text).unwrap_or_default()),
        Err(_) => format!("{{\"base64\":\"{}\"}}", STANDARD.encode(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_one_line_of_text_or_base64() {
        assert_eq!(output("a\n\"é".as_bytes()), r#"{"text":"a\n\"é"}"#);
        assert_eq!(output(&[0xff, 0]), r#"{"base64":"/wA="}"#);
        let mut text = String::new();
        write(&mut text, 7, Mark::Output(Stream::Stderr, 2), b"\r\n");
        assert_eq!(text, "id: 7\nevent: stderr\ndata: {\"text\":\"\\r\\n\"}\n\n");
    }
}
