//! Reads a segment record by record.

use crate::error::AuditError;
use crate::record::{self, Header, MAX_RECORD_BYTES};
use std::io::{self, BufRead, Read};

/// The lines of a segment.
pub(crate) struct Lines<R> {
    from: R,
    line: Vec<u8>,
}

/// A line that was read.
pub(crate) enum Line<'a> {
    /// A record, without its line's end.
    Record(Header, &'a [u8]),
    /// Not a record, and why; so many bytes of it were read.
    Bad(&'static str),
    /// There are no more.
    End,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Self {
            from,
            line: Vec::new(),
        }
    }

    /// Reads the next line.
    pub(crate) fn next(&mut self) -> io::Result<Line<'_>> {
        self.line.clear();
        let most = MAX_RECORD_BYTES as u64 + 1;
        (&mut self.from).take(most).read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(Line::End);
        }
        if self.line.pop_if(|last| *last == b'\n').is_none() {
            return Ok(Line::Bad("the record has no end"));
        }
        Ok(match record::parse(&self.line) {
            Ok(header) => Line::Record(header, &self.line),
            Err(AuditError::NotARecord(why)) => Line::Bad(why),
            Err(_) => Line::Bad("it is not a record"),
        })
    }
}
