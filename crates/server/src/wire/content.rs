//! Bytes of a program as JSON: text where they are text, base64 where they are not, or a hole to be filled later.

use super::holes::{Form, Holes, What};
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// One string of a result.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Base64(&'a [u8]),
    /// An empty string whose place is noted.
    Hole(&'a Holes, What),
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Base64(bytes) => serializer.collect_str(&Base64Display::new(bytes, &STANDARD)),
            Self::Hole(holes, what) => {
                holes.note(*what);
                serializer.serialize_str("")
            }
        }
    }
}

/// Text, and base64 when the bytes are no UTF-8, be it for a character that the limit cut.
pub(super) fn stream(kept: &[u8]) -> (Content<'_>, Option<Content<'_>>) {
    match std::str::from_utf8(kept) {
        Ok(text) => (Content::Text(Cow::Borrowed(text)), None),
        Err(_) => (
            Content::Text(String::from_utf8_lossy(kept)),
            Some(Content::Base64(kept)),
        ),
    }
}

/// The same, for bytes that are still to be read.
pub(super) fn stream_hole(
    holes: &Holes,
    stream: casemate_engine::service::store::Stream,
    form: Form,
) -> (Content<'_>, Option<Content<'_>>) {
    let hole = |form| Content::Hole(holes, What::Stream(stream, form));
    let base64 = (form == Form::Base64).then(|| hole(Form::Base64));
    (hole(Form::Text), base64)
}

/// Makes text of bytes that come in parts, as [`String::from_utf8_lossy`] does of the whole.
#[derive(Debug, Default)]
pub(crate) struct Lossy {
    /// The beginning of a character whose rest may come.
    carry: Vec<u8>,
    is_lossy: bool,
}

impl Lossy {
    /// Takes the next part, and gives the text that is certain.
    pub(crate) fn push(&mut self, part: &[u8]) -> String {
        let mut bytes = std::mem::take(&mut self.carry);
        bytes.extend_from_slice(part);
        let mut text = String::with_capacity(bytes.len());
        let mut done = 0;
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            done += chunk.valid().len() + chunk.invalid().len();
            if chunk.invalid().is_empty() {
                continue;
            }
            let is_cut = std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
            if is_cut && done == bytes.len() {
                self.carry = chunk.invalid().to_vec();
            } else {
                self.is_lossy = true;
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        text
    }

    /// What is left when no more comes, and whether anything was lost.
    pub(crate) fn end(self) -> (&'static str, bool) {
        match self.carry.is_empty() {
            true => ("", self.is_lossy),
            false => ("\u{fffd}", true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_make_the_text_of_the_whole(
            bytes in proptest::collection::vec(prop_oneof![Just(0xf0u8), Just(0x9f), Just(0x98), Just(0x80), any::<u8>()], 0..60),
            size in 1usize..9,
        ) {
            let mut lossy = Lossy::default();
            let mut text: String = bytes.chunks(size).map(|part| lossy.push(part)).collect();
            let (rest, is_lossy) = lossy.end();
            text.push_str(rest);
            prop_assert_eq!(&text, &String::from_utf8_lossy(&bytes));
            prop_assert_eq!(is_lossy, std::str::from_utf8(&bytes).is_err());
        }
    }
}
