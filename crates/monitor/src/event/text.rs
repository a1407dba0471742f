//! Texts that a program chose, cut to their bounds.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Bytes of one text.
pub const MAX_TEXT_BYTES: usize = 256;
/// Arguments that are kept of one exec.
pub const MAX_ARGUMENTS: usize = 64;
/// Bytes that are kept of all arguments of one exec.
pub const MAX_ARGV_BYTES: usize = 1024;

/// At most [`MAX_TEXT_BYTES`] bytes of UTF-8; what was not UTF-8 has replacement characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Text(Box<str>);

impl Text {
    /// What stands before the first NUL of `bytes`, cut to the bound.
    pub fn new(bytes: &[u8]) -> Self {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let lossy = String::from_utf8_lossy(&bytes[..end]);
        Self(cut(&lossy, MAX_TEXT_BYTES).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        if text.len() > MAX_TEXT_BYTES || text.contains('\0') {
            return Err(D::Error::custom("a text has at most 256 bytes and no NUL"));
        }
        Ok(Self(text.into()))
    }
}

/// The arguments of an exec: at most [`MAX_ARGUMENTS`] of them and [`MAX_ARGV_BYTES`] bytes in all.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Argv(Vec<Text>);

impl Argv {
    /// The arguments, as many as the bounds take.
    pub fn new<'a>(arguments: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut left = MAX_ARGV_BYTES;
        let texts = arguments.into_iter().take(MAX_ARGUMENTS).map_while(|bytes| {
            let text = Text::new(bytes);
            left = left.checked_sub(text.len())?;
            Some(text)
        });
        Self(texts.collect())
    }

    /// The arguments, the program's name first.
    pub fn as_slice(&self) -> &[Text] {
        &self.0
    }
}

impl std::ops::Deref for Argv {
    type Target = [Text];
    fn deref(&self) -> &[Text] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Argv {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let texts = Vec::<Text>::deserialize(reader)?;
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        if texts.len() > MAX_ARGUMENTS || bytes > MAX_ARGV_BYTES {
            return Err(D::Error::custom("argv has at most 64 arguments and 1024 bytes"));
        }
        Ok(Self(texts))
    }
}

/// The longest beginning of `text` that has at most `limit` bytes.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
