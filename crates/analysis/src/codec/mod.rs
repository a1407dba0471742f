//! Submissions and reports as bytes, on their way to a worker process and back.
//!
//! A worker reads what strangers wrote, and may have been taken over by it: what comes from one is read strictly. Every
//! number, word and length has its bound, and nothing is allocated that the bytes at hand do not cover.

mod report;
mod submission;

pub use report::{decode_report, encode_report};
pub use submission::{decode_submission, encode_submission};

use thiserror::Error;

/// Most bytes of an encoded submission: the code, the files and their names of one request.
pub const MAX_SUBMISSION_BYTES: usize = 24 << 20;
/// Most bytes of an encoded report.
pub const MAX_REPORT_BYTES: usize = 4 << 20;

/// Bytes that are none of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CodecError {
    /// They end too early.
    #[error("it ends too early")]
    Short,
    /// More of something than may be.
    #[error("{0}: too many")]
    TooMany(&'static str),
    /// Something that has no meaning.
    #[error("{0}: not one of its values")]
    Value(&'static str),
    /// Something behind the end.
    #[error("there are bytes behind its end")]
    Trailing,
}

/// Bytes in the making.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    fn number(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn real(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    /// A length that no list of ours reaches is told as the largest: the reader refuses it.
    fn length(&mut self, length: usize) {
        self.number(u32::try_from(length).unwrap_or(u32::MAX));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// A text, shortened to so many bytes.
    fn text(&mut self, text: &str, most: usize) {
        let mut end = text.len().min(most);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.bytes(&text.as_bytes()[..end]);
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Bytes that are read.
struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CodecError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        self.take(N)?.try_into().map_err(|_| CodecError::Short)
    }

    fn byte(&mut self) -> Result<u8, CodecError> {
        Ok(self.array::<1>()?[0])
    }

    fn number(&mut self) -> Result<u32, CodecError> {
        self.array().map(u32::from_le_bytes)
    }

    /// A finite number.
    fn real(&mut self, what: &'static str) -> Result<f64, CodecError> {
        let real = self
            .array()
            .map(|bytes| f64::from_bits(u64::from_le_bytes(bytes)))?;
        real.is_finite().then_some(real).ok_or(CodecError::Value(what))
    }

    /// A number of 0 to 1.
    fn share(&mut self, what: &'static str) -> Result<f64, CodecError> {
        let share = self.real(what)?;
        (0.0..=1.0)
            .contains(&share)
            .then_some(share)
            .ok_or(CodecError::Value(what))
    }

    fn length(&mut self, what: &'static str, most: usize) -> Result<usize, CodecError> {
        let length = self.number()? as usize;
        (length <= most)
            .then_some(length)
            .ok_or(CodecError::TooMany(what))
    }

    fn bytes(&mut self, what: &'static str, most: usize) -> Result<&'a [u8], CodecError> {
        let length = self.length(what, most)?;
        self.take(length)
    }

    fn text(&mut self, what: &'static str, most: usize) -> Result<String, CodecError> {
        let bytes = self.bytes(what, most)?;
        let text = std::str::from_utf8(bytes).map_err(|_| CodecError::Value(what))?;
        Ok(text.to_owned())
    }

    fn optional<T>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Option<T>, CodecError> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(CodecError::Value(what)),
        }
    }

    /// A list. Room is made as its items come.
    fn list<T>(
        &mut self,
        what: &'static str,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        let length = self.length(what, most)?;
        (0..length).map(|_| read(self)).collect()
    }

    fn end(&self) -> Result<(), CodecError> {
        self.0.is_empty().then_some(()).ok_or(CodecError::Trailing)
    }
}

#[cfg(test)]
mod tests;
