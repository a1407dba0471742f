//! What decoding gives: bounded, told as a fact, and marked as hidden one level deeper.

use super::Machine;
use super::value::{Kind, Marks, Value};
use crate::decode::Failure;
use crate::fact::{FactKind, Origin};
use crate::ir::Span;
use std::rc::Rc;

impl Machine<'_> {
    /// How many bytes a decoding may yield now.
    pub fn decoding_bound(&self) -> usize {
        let all = self.bounds.decoded_bytes.saturating_mul(4);
        all.saturating_sub(self.decoded).min(self.bounds.decoded_bytes)
    }

    /// The bytes that a decoder gave, as a value with the marks of what was decoded. Nothing when it was no such encoding; of
    /// what was too large a fact tells.
    pub fn decoded_bytes(
        &mut self,
        result: Result<Vec<u8>, Failure>,
        marks: Option<Rc<Marks>>,
        span: Span,
    ) -> Option<Value> {
        let bytes = self.admit(result, span)?;
        let marks = deeper(marks);
        let text = String::from_utf8_lossy(&bytes);
        self.tell_decoded(&text, marks.as_deref(), span);
        Some(Value {
            kind: Kind::Bytes(bytes.into()),
            marks,
        })
    }

    /// The same as a text; bytes that are none are replaced.
    pub fn decoded_text(
        &mut self,
        result: Result<Vec<u8>, Failure>,
        marks: Option<Rc<Marks>>,
        span: Span,
    ) -> Option<Value> {
        let bytes = self.admit(result, span)?;
        let marks = deeper(marks);
        let text = String::from_utf8_lossy(&bytes);
        self.tell_decoded(&text, marks.as_deref(), span);
        Some(Value {
            kind: Kind::Text(Rc::from(text.as_ref())),
            marks,
        })
    }

    fn admit(&mut self, result: Result<Vec<u8>, Failure>, span: Span) -> Option<Vec<u8>> {
        match result {
            Ok(bytes) if bytes.len() <= self.decoding_bound() => {
                self.decoded += bytes.len();
                Some(bytes)
            }
            Ok(_) | Err(Failure::TooLarge) => {
                self.collect.limit("decoded_bytes");
                self.tell_at(
                    span,
                    FactKind::Unreadable {
                        what: "decompression_bomb",
                    },
                );
                None
            }
            Err(Failure::Malformed) => None,
        }
    }

    fn tell_decoded(&mut self, text: &str, marks: Option<&Marks>, span: Span) {
        let control = text
            .chars()
            .filter(|letter| letter.is_control() && !letter.is_whitespace())
            .count();
        if text.len() < 3 || control * 8 > text.len() {
            return;
        }
        let hidden = marks.map_or(1, |marks| marks.hidden);
        let text = super::tell::cut(&Rc::from(text));
        self.tell_at(
            span,
            FactKind::Text {
                text,
                origin: Origin::Decoded(hidden),
            },
        );
    }
}

/// Marks of what was hidden once more.
pub fn deeper(marks: Option<Rc<Marks>>) -> Option<Rc<Marks>> {
    let mut marks = marks.map_or_else(Marks::default, Rc::unwrap_or_clone);
    marks.hidden = marks.hidden.saturating_add(1);
    Some(Rc::new(marks))
}
