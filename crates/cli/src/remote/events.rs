//! Server-sent events (WHATWG HTML, "Server-sent events"), read by a thread of their own, so that the
//! main one can wait for signals too. Everything that comes is bounded.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casemate_engine::runtime::oneshot::{Stream, Waker};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use ureq::Body;

/// Longest line, bytes: a whole result.
const MOST_LINE_BYTES: u64 = 96 << 20;

/// What an event says.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The state changed.
    State,
    /// The program wrote.
    Output(Stream, Vec<u8>),
    /// It is over.
    Result(String),
}

/// An event and its number.
#[derive(Clone, PartialEq, Debug)]
pub struct Numbered {
    /// The number.
    pub id: u64,
    /// What it says.
    pub what: Event,
}

#[derive(Default)]
struct Inbox {
    waiting: Vec<Numbered>,
    is_over: bool,
}

/// A stream of events on its way in.
pub struct Events {
    inbox: Arc<Mutex<Inbox>>,
}

impl Events {
    /// Reads a stream, waking `waker` for what comes and at its end.
    pub fn start(stream: Body, waker: Arc<Waker>) -> Result<Self> {
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let filling = inbox.clone();
        let work = move || {
            let mut reader = BufReader::new(stream.into_reader());
            let put = |event| {
                let mut inbox = filling.lock().unwrap_or_else(PoisonError::into_inner);
                match event {
                    Some(event) => inbox.waiting.push(event),
                    None => inbox.is_over = true,
                }
                drop(inbox);
                waker.wake();
            };
            while let Some(event) = next(&mut reader) {
                put(Some(event));
            }
            put(None);
        };
        let thread = std::thread::Builder::new().name("events".into());
        thread.spawn(work).context("start a thread")?;
        Ok(Self { inbox })
    }

    /// Takes what has come; true when nothing more will.
    pub fn take(&self) -> (Vec<Numbered>, bool) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut inbox.waiting), inbox.is_over)
    }
}

/// Reads the next event that we know; `None` at the end, and for what is no event stream.
fn next(reader: &mut impl BufRead) -> Option<Numbered> {
    let (mut id, mut name, mut data) = (0, String::new(), String::new());
    loop {
        let mut line = Vec::new();
        let read = reader.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line);
        if read.ok()? == 0 || line.last() != Some(&b'\n') {
            return None;
        }
        let text = String::from_utf8(line).ok()?;
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            if let Some(what) = event(&name, &data) {
                return Some(Numbered { id, what });
            }
            (name, data) = (String::new(), String::new());
            continue;
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => id = value.parse().ok()?,
            "event" => name = value.to_owned(),
            "data" => data = value.to_owned(),
            _ => {}
        }
    }
}

fn event(name: &str, data: &str) -> Option<Event> {
    let json = serde_json::from_str::<Value>(data).ok()?;
    match name {
        "state" => Some(Event::State),
        "stdout" => Some(Event::Output(Stream::Stdout, bytes(&json)?)),
        "stderr" => Some(Event::Output(Stream::Stderr, bytes(&json)?)),
        "result" => Some(Event::Result(data.to_owned())),
        _ => None,
    }
}

fn bytes(json: &Value) -> Option<Vec<u8>> {
    let text = |name| json.get(name).and_then(Value::as_str);
    match text("text") {
        Some(text) => Some(text.as_bytes().to_vec()),
        None => STANDARD.decode(text("base64")?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn events_are_read_and_others_passed_over() {
        let text = "id: 1\nevent: state\ndata: {\"status\":\"running\"}\n\n: alive\n\n\
                    id: 2\r\nevent: stdout\r\ndata: {\"text\":\"hi\\n\"}\r\n\r\n\
                    event: monitor\ndata: {}\n\n\
                    id: 3\nevent: stderr\ndata: {\"base64\":\"/w==\"}\n\nid: 4\nevent: result\ndata: {}\n\nid: 5\n";
        let mut reader = text.as_bytes();
        let seen: Vec<_> = std::iter::from_fn(|| next(&mut reader))
            .map(|e| (e.id, e.what))
            .collect();
        let expected = [
            (1, Event::State),
            (2, Event::Output(Stream::Stdout, b"hi\n".to_vec())),
            (3, Event::Output(Stream::Stderr, vec![0xff])),
            (4, Event::Result("{}".into())),
        ];
        assert_eq!(seen, expected);
    }

    proptest! {
        #[test]
        fn any_stream_ends(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut reader = &bytes[..];
            prop_assert!(std::iter::from_fn(|| next(&mut reader)).count() <= bytes.len());
        }
    }
}
