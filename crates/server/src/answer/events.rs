//! `GET /v1/executions/{id}/events`: server-sent events, from a living execution or from the record of one.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use super::outcome::{self, Written};
use super::single;
use crate::authorize::{self, Caller};
use crate::problem::Problem;
use crate::reply::{self, Content, Frames, Reply};
use crate::slices::{Broken, Source, send};
use crate::state::State;
use crate::watch::{Wake, Watch};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casemate_engine::runtime::oneshot::Stream;
use casemate_engine::service::store;
use casemate_engine::service::{Execution, Found, Index, Mark, Placed, Service, Settled};
use casemate_types::{Action, ExecutionId};
use hyper::header::HeaderMap;
use std::sync::{Arc, Weak};
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
    caller: &Caller,
    id: ExecutionId,
    headers: &HeaderMap,
    is_head: bool,
) -> Result<Reply, Problem> {
    let seen = last_seen(headers)?;
    let origin = match authorize::reach(state, caller, Action::ExecutionRead, id).await? {
        Found::Live(execution) => Origin::Live(execution),
        Found::Recorded(_) => state.blocking(move |service| find(service, id)).await?,
    };
    // An end that was seen stops a client from asking again.
    let has_more = match &origin {
        Origin::Live(execution) => !is_over(execution, seen),
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
            sender.send(origin, seen).await
        });
    }
    Ok(reply::reply(200, "text/event-stream", content))
}

/// Whether a living execution has nothing more to tell.
fn is_over(execution: &Execution, seen: u64) -> bool {
    // In this order: the last event is there when it is settled.
    execution.settled().is_some()
        && execution
            .events_after(seen, 0)
            .is_ok_and(|events| events.is_empty())
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

fn find(service: &Service, id: ExecutionId) -> Result<Origin, Problem> {
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

/// What a look at a living execution came to.
enum Look {
    /// Events, as text, and the number of the last of them.
    Events(String, u64),
    /// The same, and the end by its number.
    Ended(String, u64, Option<Settled>),
    /// Nothing yet.
    Nothing,
    /// Nothing, and nothing will come.
    Over,
}

impl Look {
    fn at(execution: &Execution, seen: u64) -> Result<Self, Broken> {
        let is_settled = execution.settled().is_some();
        let events = execution.events_after(seen, BATCH_BYTES).map_err(|_| Broken)?;
        let (mut text, mut last) = (String::new(), None);
        for event in events {
            if event.mark == Mark::Ended {
                return Ok(Self::Ended(text, event.id, execution.settled()));
            }
            write(&mut text, event.id, event.mark, &event.bytes);
            last = Some(event.id);
        }
        Ok(match last {
            Some(last) => Self::Events(text, last),
            None if is_settled => Self::Over,
            None => Self::Nothing,
        })
    }
}

impl Sender<'_> {
    async fn send(&self, origin: Origin, seen: u64) -> Result<(), Broken> {
        match origin {
            Origin::Live(execution) => {
                let watch = Watch::new(&execution, Wake::Always);
                let weak = Arc::downgrade(&execution);
                drop(execution);
                match self.live(&weak, &watch, seen).await? {
                    Some(seen) => self.recorded(seen).await,
                    None => Ok(()),
                }
            }
            Origin::Recorded(index) => self.replay(&index, seen).await,
            Origin::Swept => self.result(LAST_ID).await,
        }
    }

    /// Tells a living execution to its end. A client that reads slowly must not keep an outcome in memory, so
    /// the execution is held for each look alone; once it is gone, its record tells what comes after the given
    /// number.
    async fn live(
        &self,
        execution: &Weak<Execution>,
        watch: &Watch,
        mut seen: u64,
    ) -> Result<Option<u64>, Broken> {
        loop {
            let look = match execution.upgrade() {
                Some(execution) => Look::at(&execution, seen)?,
                None => return Ok(Some(seen)),
            };
            match look {
                Look::Events(text, last) => {
                    seen = last;
                    send(self.frames, text.into()).await?;
                }
                Look::Ended(text, event, settled) => {
                    return self.ended(text, event, settled).await.map(|()| None);
                }
                Look::Nothing => self.wait(watch).await?,
                Look::Over => return Ok(None),
            }
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

    async fn ended(&self, text: String, event: u64, settled: Option<Settled>) -> Result<(), Broken> {
        let written = match settled {
            // What the state holds; a result that is in no record yet is told to whoever asks again.
            Some(settled @ Settled::Recorded(_)) => {
                outcome::of_settled(self.state, self.id, settled).await.map(Some)
            }
            Some(Settled::Failed(_)) => outcome::load(self.state, self.id).await,
            _ => Ok(None),
        };
        send(self.frames, text.into()).await?;
        self.send_result(event, written).await
    }

    /// Goes on from the record of an execution that lived until now.
    async fn recorded(&self, seen: u64) -> Result<(), Broken> {
        let id = self.id;
        match self.state.blocking(move |service| find(service, id)).await {
            Ok(Origin::Recorded(index)) => self.replay(&index, seen).await,
            Ok(Origin::Swept) => self.result(LAST_ID).await,
            // It is not live any more, and without a record it was never accepted.
            Ok(Origin::Live(_)) | Err(_) => Ok(()),
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
            .blocking(move |service| whole(service, &source, offset, length as usize));
        match read.await {
            Ok(bytes) => Ok(bytes),
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

/// Reads a part of a content, in as many slices as the state gives.
fn whole(service: &Service, source: &Source, offset: u64, length: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let slice = source.read(service, offset + bytes.len() as u64, length - bytes.len())?;
        match slice.filter(|slice| !slice.bytes.is_empty()) {
            Some(slice) => bytes.extend(slice.bytes),
            None => {
                return Err(Problem::internal(
                    "a record holds less output than its events tell",
                ));
            }
        }
    }
    Ok(bytes)
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
