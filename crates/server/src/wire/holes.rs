//! Large results are written with holes where their contents belong, which are read and sent in slices: so one
//! description of the result object serves both ways.

use casemate_engine::service::store::Stream;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::io;

/// How bytes become a string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// As text, lossy where they are none.
    Text,
    /// As base64.
    Base64,
}

/// What belongs in a hole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// A kept stream.
    Stream(Stream, Form),
    /// The file of this index, in base64.
    File(usize),
}

/// A text, and the places of its holes.
pub(crate) type Punched = (Vec<u8>, Vec<(usize, What)>);

/// The holes of one text, in their order.
#[derive(Debug, Default)]
pub(crate) struct Holes {
    written: Cell<usize>,
    found: RefCell<Vec<(usize, What)>>,
}

impl Holes {
    /// Notes that an empty string is written next.
    pub(super) fn note(&self, what: What) {
        // Past its opening quote.
        self.found.borrow_mut().push((self.written.get() + 1, what));
    }

    /// Writes a value, and gives its text with the holes in it.
    pub(crate) fn write(&self, value: &impl Serialize) -> serde_json::Result<Punched> {
        let mut counted = Counted {
            text: Vec::new(),
            written: &self.written,
        };
        self.written.set(0);
        serde_json::to_writer(&mut counted, value)?;
        Ok((counted.text, self.found.take()))
    }
}

struct Counted<'a> {
    text: Vec<u8>,
    written: &'a Cell<usize>,
}

impl io::Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        self.written.set(self.text.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
