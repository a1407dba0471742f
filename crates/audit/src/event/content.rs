//! A program's source and output: in the log as they are but for secrets, as a hash, or not at all.

use super::{Event, Kind, floor, push_string};
use crate::hash::Hash;
use crate::redact::redact;
use std::fmt;
use std::str::FromStr;

/// Most bytes of a stream or a source that are stored, and bytes of one piece.
const MAX_STORED_BYTES: usize = 256 << 10;
const PIECE_BYTES: usize = 8 << 10;

/// What is recorded of sources and output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ContentRule {
    /// The bytes without secrets, up to 256 KiB of each, and the hash of all.
    Stored,
    /// The hash and the length.
    #[default]
    Hashed,
    /// The length.
    LeftOut,
}

/// A word that is no rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not stored, hashed or left_out")]
pub struct UnknownRule;

impl ContentRule {
    /// The word of the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Hashed => "hashed",
            Self::LeftOut => "left_out",
        }
    }
}

impl FromStr for ContentRule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let all = [Self::Stored, Self::Hashed, Self::LeftOut];
        all.into_iter()
            .find(|rule| rule.word() == text)
            .ok_or(UnknownRule)
    }
}

impl fmt::Display for ContentRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The hash of content, where the rule has one.
pub fn digest_of(rule: ContentRule, content: &[u8]) -> Option<Hash> {
    (rule != ContentRule::LeftOut).then(|| Hash::of(content))
}

/// The content of an execution as events, where the rule has it stored: `part` is `source`, `stdout` or `stderr`. What is
/// not text has U+FFFD where bytes were none.
pub fn pieces(rule: ContentRule, execution: &str, part: &'static str, content: &[u8]) -> Vec<Event> {
    if rule != ContentRule::Stored || content.is_empty() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&content[..content.len().min(MAX_STORED_BYTES)]);
    let clean = redact(&text);
    let mut rest: &str = &clean;
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(floor(rest, PIECE_BYTES).max(1).min(rest.len()));
        let mut event = Event::new(Kind::Content)
            .word("execution_id", execution)
            .word("part", part)
            .number("piece", events.len() as u64)
            .number("total_bytes", content.len() as u64);
        event.name("text");
        push_string(&mut event.rest, piece);
        events.push(event);
        rest = behind;
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_content_comes_back_without_its_secrets() {
        let source = format!(
            "key = 'AKIAIOSFODNN7EXAMPLE'\n{}",
            "print('\u{e4}')\n".repeat(3000)
        );
        let events = pieces(ContentRule::Stored, "x", "source", source.as_bytes());
        assert!(events.len() > 3);
        let text: String = events
            .into_iter()
            .map(|event| {
                let json: serde_json::Value =
                    serde_json::from_str(&format!("{{{}}}", event.into_members())).expect("json");
                json["unmapped"]["text"].as_str().expect("text").to_owned()
            })
            .collect();
        assert_eq!(text.len(), redact(&source).len());
        assert!(!text.contains("AKIA"));
        assert!(pieces(ContentRule::Hashed, "x", "source", b"a").is_empty());
        assert_eq!(digest_of(ContentRule::LeftOut, b"a"), None);
        for rule in [ContentRule::Stored, ContentRule::Hashed, ContentRule::LeftOut] {
            assert_eq!(rule.word().parse(), Ok(rule));
        }
    }
}
