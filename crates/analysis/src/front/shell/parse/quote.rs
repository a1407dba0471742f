//! Quotes and escapes.

use super::Parser;
use crate::front::shell::syntax::{Part, Quote};

impl Parser<'_> {
    /// Behind `'`: the text to the next one. Nothing where none follows.
    pub(super) fn single_quoted(&mut self) -> Option<String> {
        if self.at >= self.no_quote_from {
            return None;
        }
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let Some(length) = rest.iter().position(|&byte| byte == b'\'') else {
            self.no_quote_from = self.at;
            self.error("syntax_error");
            return None;
        };
        let text = self.slice(self.at, self.at + length).to_owned();
        self.at += length + 1;
        Some(text)
    }

    /// Behind `$'`: the text with its escapes computed.
    pub(super) fn ansi_quoted(&mut self) -> String {
        let mut bytes = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\'' => return String::from_utf8_lossy(&bytes).into_owned(),
                b'\\' => self.ansi_escape(&mut bytes),
                _ => bytes.push(byte),
            }
        }
        self.error("syntax_error");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn ansi_escape(&mut self, bytes: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => bytes.push(b'\n'),
            b't' => bytes.push(b'\t'),
            b'r' => bytes.push(b'\r'),
            b'a' => bytes.push(7),
            b'b' => bytes.push(8),
            b'e' | b'E' => bytes.push(27),
            b'f' => bytes.push(12),
            b'v' => bytes.push(11),
            b'\\' | b'\'' | b'"' | b'?' => bytes.push(byte),
            b'x' => push_byte(bytes, self.digits(16, 2)),
            b'u' | b'U' => {
                let code = self.digits(16, if byte == b'u' { 4 } else { 8 });
                let letter = code.and_then(char::from_u32).unwrap_or('\u{FFFD}');
                bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'0'..=b'7' => {
                self.at -= 1;
                push_byte(bytes, self.digits(8, 3));
            }
            b'c' => {
                let control = self.peek().unwrap_or(b'@');
                self.at += 1;
                bytes.push(control & 0x1f);
            }
            _ => bytes.extend_from_slice(&[b'\\', byte]),
        }
    }

    /// Up to so many digits of a base.
    fn digits(&mut self, base: u32, most: usize) -> Option<u32> {
        let mut number = None;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(base)) else {
                break;
            };
            self.at += 1;
            number = Some(number.unwrap_or(0u32).wrapping_mul(base).wrapping_add(digit));
        }
        number
    }

    /// Behind `"`: its parts, to the closing one.
    pub(super) fn double_quoted(&mut self, parts: &mut Vec<Part>) {
        self.quoted_until(parts, Some(b'"'));
    }

    /// Text in which only `$`, backticks and `\` mean something: to a closing byte, or all that there is.
    pub(super) fn quoted_until(&mut self, parts: &mut Vec<Part>, close: Option<u8>) {
        let empty = parts.len();
        let mut start = self.at;
        loop {
            let Some(byte) = self.peek() else {
                self.push_quoted(parts, start);
                if close.is_some() {
                    self.error("syntax_error");
                }
                break;
            };
            match byte {
                _ if Some(byte) == close => {
                    self.push_quoted(parts, start);
                    self.at += 1;
                    break;
                }
                b'\\' => {
                    let escapes = match self.peek_at(1) {
                        Some(b'$' | b'`' | b'\\' | b'\n') => true,
                        next => next.is_some() && next == close,
                    };
                    if escapes {
                        self.push_quoted(parts, start);
                        start = self.at + 1;
                        self.at += 2;
                        if self.bytes.get(start) == Some(&b'\n') {
                            start += 1;
                        }
                    } else {
                        self.at += 1;
                    }
                }
                b'$' | b'`' => {
                    self.push_quoted(parts, start);
                    start = self.at;
                    if self.substitution(parts, Quote::Quoted) {
                        start = self.at;
                    } else {
                        self.at += 1;
                    }
                }
                _ => self.at += 1,
            }
        }
        // An empty pair of quotes is an empty word, and not none.
        if parts.len() == empty {
            parts.push(Part::Literal(String::new(), Quote::Quoted));
        }
    }

    fn push_quoted(&self, parts: &mut Vec<Part>, start: usize) {
        let text = self.slice(start, self.at);
        push_literal(parts, text, Quote::Quoted);
    }
}

/// Adds text to the last part, where that is text of the same kind.
pub(super) fn push_literal(parts: &mut Vec<Part>, text: &str, quote: Quote) {
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(Part::Literal(last, kind)) if *kind == quote => last.push_str(text),
        _ => parts.push(Part::Literal(text.to_owned(), quote)),
    }
}

fn push_byte(bytes: &mut Vec<u8>, number: Option<u32>) {
    if let Some(number) = number {
        bytes.push(u8::try_from(number & 0xff).unwrap_or(0));
    }
}
