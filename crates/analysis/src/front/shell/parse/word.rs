//! Words.

use super::Parser;
use super::quote::push_literal;
use crate::front::shell::syntax::{Part, Quote, Word};

impl Parser<'_> {
    /// The next word, if one stands here.
    pub(super) fn word(&mut self) -> Option<Word> {
        self.word_until(is_end)
    }

    /// A word to the first unquoted byte of a kind.
    pub(super) fn word_until(&mut self, ends: fn(u8) -> bool) -> Option<Word> {
        let start = self.at;
        let mut parts = Vec::new();
        while let Some(byte) = self.peek() {
            if matches!(byte, b'<' | b'>') && self.peek_at(1) == Some(b'(') {
                self.process(&mut parts);
                continue;
            }
            if ends(byte) {
                break;
            }
            self.part(byte, &mut parts, ends);
        }
        (self.at > start).then(|| Word {
            parts,
            place: self.place(start),
        })
    }

    fn part(&mut self, byte: u8, parts: &mut Vec<Part>, ends: fn(u8) -> bool) {
        match byte {
            b'\\' => self.escaped(parts),
            b'\'' => {
                self.at += 1;
                match self.single_quoted() {
                    Some(text) if text.is_empty() => parts.push(Part::Literal(text, Quote::Quoted)),
                    Some(text) => push_literal(parts, &text, Quote::Quoted),
                    None => push_literal(parts, "'", Quote::Quoted),
                }
            }
            b'"' => {
                self.at += 1;
                self.double_quoted(parts);
            }
            b'$' if self.peek_at(1) == Some(b'\'') => {
                self.at += 2;
                let text = self.ansi_quoted();
                push_literal(parts, &text, Quote::Quoted);
            }
            b'$' if self.peek_at(1) == Some(b'"') => {
                self.at += 2;
                self.double_quoted(parts);
            }
            b'$' | b'`' if self.substitution(parts, Quote::None) => {}
            b'?' | b'*' | b'+' | b'@' | b'!' if self.peek_at(1) == Some(b'(') => self.extended_pattern(parts),
            _ => self.plain(parts, ends),
        }
    }

    /// A run of bytes that mean themselves. Takes at least one.
    fn plain(&mut self, parts: &mut Vec<Part>, ends: fn(u8) -> bool) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            let special = matches!(
                byte,
                b'\\' | b'\'' | b'"' | b'$' | b'`' | b'?' | b'*' | b'+' | b'@' | b'!' | b'<' | b'>'
            );
            if special || ends(byte) {
                break;
            }
            self.at += 1;
        }
        self.align();
        push_literal(parts, self.slice(start, self.at), Quote::None);
    }

    fn escaped(&mut self, parts: &mut Vec<Part>) {
        self.at += 1;
        if self.take("\n") || self.take("\r\n") {
            return;
        }
        let start = self.at;
        if self.at < self.bytes.len() {
            self.at += 1;
            self.align();
        }
        push_literal(parts, self.slice(start, self.at), Quote::Quoted);
    }

    /// `@(a|b)`, taken as text to the closing parenthesis of the same line.
    fn extended_pattern(&mut self, parts: &mut Vec<Part>) {
        let start = self.at;
        let mut open = 0usize;
        let mut at = self.at + 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                b'\n' => break,
                _ => {}
            }
            at += 1;
            // Longer than any pattern: no pattern, and the cost of looking stays bounded.
            if open == 0 || at - start > 256 {
                break;
            }
        }
        if open == 0 {
            self.at = at;
        } else {
            self.at += 1;
        }
        self.align();
        push_literal(parts, self.slice(start, self.at), Quote::None);
    }

    fn process(&mut self, parts: &mut Vec<Part>) {
        let out = self.peek() == Some(b'>');
        self.at += 2;
        let list = self.parenthesized_list();
        parts.push(Part::Process(Box::new(list), out));
    }
}

/// Whether an unquoted byte ends a word.
pub(super) fn is_end(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\n' | b'\r' | b'|' | b'&' | b';' | b'(' | b')' | b'<' | b'>'
    )
}
