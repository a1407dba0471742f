//! Contents that are read from the state in slices and sent as they are read: no answer is held as a whole.

use crate::problem::Problem;
use crate::reply::Frames;
use crate::state::State;
use crate::wire::{Form, Holes, Lossy, What, Wire};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casemate_engine::service::store::{Slice, Stream};
use casemate_engine::service::{Recorded, Service};
use casemate_types::ExecutionId;
use hyper::body::Bytes;
use std::io;
use std::sync::Arc;

/// Bytes of one slice: a multiple of 3, so that base64 of slices is base64 of the whole.
const SLICE_BYTES: usize = 48 << 10;

/// A content in the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// A kept stream.
    Stream(ExecutionId, Stream),
    /// A kept file.
    File(ExecutionId, String),
}

/// The client is gone, or the content ended early: the answer cannot be finished.
#[derive(Debug)]
pub(crate) struct Broken;

impl Source {
    /// A slice; `None` when there is no such content.
    pub(crate) fn read(&self, service: &Service, offset: u64, most: usize) -> Result<Option<Slice>, Problem> {
        let store = service.store();
        let read = match self {
            Self::Stream(id, stream) => store.read_stream(*id, *stream, offset, most),
            Self::File(id, path) => store.read_file(*id, path, offset, most),
        };
        read.map_err(Problem::from)
    }
}

/// The text of a large result, with what belongs in its holes.
#[derive(Debug)]
pub(crate) struct Large {
    text: Bytes,
    holes: Vec<(usize, Hole)>,
}

#[derive(Debug)]
struct Hole {
    source: Source,
    form: Form,
    size_bytes: u64,
}

impl Large {
    /// Describes a recorded execution. It reads both streams once: call it where blocking is allowed.
    pub(crate) fn new(service: &Service, recorded: &Recorded, most_inline: u64) -> Result<Self, Problem> {
        let outline = recorded.outline();
        let summary = &recorded.detail.summary;
        let form = |stream, size_bytes| form_of(service, &Source::Stream(outline.id, stream), size_bytes);
        let forms = [
            form(Stream::Stdout, summary.stdout.kept_bytes)?,
            form(Stream::Stderr, summary.stderr.kept_bytes)?,
        ];
        let holes = Holes::default();
        let wire = Wire::with_holes(&outline, recorded, forms, most_inline, &holes);
        let written = holes.write(&wire);
        let (text, places) =
            written.map_err(|error| Problem::internal(format!("write a result: {error}")))?;
        let hole = |what| match what {
            What::Stream(stream, form) => Hole {
                source: Source::Stream(outline.id, stream),
                form,
                size_bytes: match stream {
                    Stream::Stdout => summary.stdout.kept_bytes,
                    Stream::Stderr => summary.stderr.kept_bytes,
                },
            },
            What::File(index) => Hole {
                source: Source::File(outline.id, recorded.detail.files[index].path.clone()),
                form: Form::Base64,
                size_bytes: recorded.detail.files[index].size_bytes,
            },
        };
        Ok(Self {
            text: text.into(),
            holes: places.into_iter().map(|(at, what)| (at, hole(what))).collect(),
        })
    }

    /// Sends all of it.
    pub(crate) async fn send(self, state: &Arc<State>, frames: &Frames) -> Result<(), Broken> {
        let mut sent = 0;
        for (at, hole) in self.holes {
            send(frames, self.text.slice(sent..at)).await?;
            sent = at;
            hole.send(state, frames).await?;
        }
        send(frames, self.text.slice(sent..)).await
    }
}

impl Hole {
    async fn send(self, state: &Arc<State>, frames: &Frames) -> Result<(), Broken> {
        let mut lossy = Lossy::default();
        let mut offset = 0;
        while offset < self.size_bytes {
            let bytes = slice(state, frames, &self.source, offset).await?;
            offset += bytes.len() as u64;
            let text = match self.form {
                Form::Base64 => STANDARD.encode(&bytes),
                Form::Text => escaped(&lossy.push(&bytes)),
            };
            send(frames, text.into()).await?;
        }
        send(frames, lossy.end().0.into()).await
    }
}

/// Sends a content as it is.
pub(crate) async fn send_raw(
    state: &Arc<State>,
    frames: &Frames,
    source: &Source,
    size_bytes: u64,
) -> Result<(), Broken> {
    let mut offset = 0;
    while offset < size_bytes {
        let bytes = slice(state, frames, source, offset).await?;
        offset += bytes.len() as u64;
        send(frames, bytes.into()).await?;
    }
    Ok(())
}

/// Sends a frame; waits while the client takes none.
pub(crate) async fn send(frames: &Frames, bytes: Bytes) -> Result<(), Broken> {
    if bytes.is_empty() {
        return Ok(());
    }
    frames.send(Ok(bytes)).await.map_err(|_| Broken)
}

async fn slice(state: &Arc<State>, frames: &Frames, source: &Source, offset: u64) -> Result<Vec<u8>, Broken> {
    let wanted = source.clone();
    let read = state
        .blocking(move |service| wanted.read(service, offset, SLICE_BYTES))
        .await;
    match read {
        Ok(Some(slice)) if !slice.bytes.is_empty() => Ok(slice.bytes),
        // The head is out, so nothing but an end in the middle can tell.
        other => {
            if let Err(problem) = other {
                state.report(&problem, "an answer in slices");
            }
            let _ = frames.send(Err(io::ErrorKind::UnexpectedEof.into())).await;
            Err(Broken)
        }
    }
}

/// A text as it stands between the quotes of JSON.
fn escaped(text: &str) -> String {
    // A text always can be written.
    let mut quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.pop();
    quoted.drain(..1);
    quoted
}

/// Whether a stream is text; one look at all of it.
fn form_of(service: &Service, source: &Source, size_bytes: u64) -> Result<Form, Problem> {
    let mut lossy = Lossy::default();
    let mut offset = 0;
    while offset < size_bytes {
        match source.read(service, offset, SLICE_BYTES)? {
            Some(slice) if !slice.bytes.is_empty() => {
                offset += slice.bytes.len() as u64;
                lossy.push(&slice.bytes);
            }
            _ => break,
        }
    }
    Ok(if lossy.end().1 { Form::Base64 } else { Form::Text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_whole_groups_of_base64() {
        assert_eq!(SLICE_BYTES % 3, 0);
        assert_eq!(escaped("a\"\n\u{1}"), "a\\\"\\n\\u0001");
        assert_eq!(escaped(""), "");
    }
}
