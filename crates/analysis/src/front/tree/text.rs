//! Texts with their escapes, and numbers.

use super::role::Role;
use super::scope::Lowering;
use crate::ir::{ExprId, ExprKind};
use tree_sitter::Node;

impl Lowering<'_, '_> {
    /// A text: its contents and what is put between them.
    pub(super) fn string(&mut self, node: Node<'_>) -> ExprId {
        let span = self.span(node);
        let mut parts = Vec::new();
        let mut text = String::new();
        let raw = self.is_raw(node);
        if node.named_child_count() == 0 {
            text = unescaped(unquoted(self.source(node)), raw);
        } else {
            self.pieces(node, raw, true, &mut text, &mut parts);
        }
        if parts.is_empty() {
            return self.text_of(&text, span);
        }
        if !text.is_empty() {
            let text = self.text_of(&text, span);
            parts.push(text);
        }
        self.expr_of(ExprKind::Concat(parts), span)
    }

    /// Whether a text means no escapes: in single quotes, where these are no letters.
    fn is_raw(&self, node: Node<'_>) -> bool {
        use crate::ir::Language::{Perl, Php, Ruby};
        let source = self.source(node);
        let single = matches!(self.grammar.which, Perl | Php | Ruby) && source.starts_with(['\'', 'q']);
        single
            || source.starts_with(['`', 'r', 'R'])
            || node.kind().contains("raw")
            || source.starts_with("[[")
    }

    fn pieces(&mut self, node: Node<'_>, raw: bool, outer: bool, text: &mut String, parts: &mut Vec<ExprId>) {
        let span = self.span(node);
        let mut at = node.start_byte();
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        for child in children {
            // Between the parts stands text, but for the marks around the whole.
            if !outer {
                let gap = self.text.get(at..child.start_byte()).unwrap_or("");
                text.push_str(&unescaped(gap, raw));
            }
            at = child.end_byte();
            match self.grammar.role(child) {
                Role::Content => {
                    if child.named_child_count() == 0 {
                        text.push_str(&unescaped(self.source(child), raw));
                    } else {
                        self.deeper(|this| this.pieces(child, raw, false, text, parts));
                    }
                }
                Role::Escape => text.push_str(&unescaped(self.source(child), false)),
                Role::Skip => {}
                _ if !child.is_named() => {
                    if !outer {
                        text.push_str(self.source(child));
                    }
                }
                _ => {
                    if !text.is_empty() {
                        let known = self.text_of(text, span);
                        parts.push(known);
                        text.clear();
                    }
                    let value = self.expr(child);
                    parts.push(value);
                }
            }
        }
        if !outer {
            text.push_str(&unescaped(self.text.get(at..node.end_byte()).unwrap_or(""), raw));
        }
    }

    /// A number; text where it is none that we can read.
    pub(super) fn number(&mut self, node: Node<'_>) -> ExprId {
        let span = self.span(node);
        let source = self.source(node);
        let text: String = source.chars().filter(|letter| *letter != '_').take(64).collect();
        let lower = text.to_ascii_lowercase();
        let hex = lower.strip_prefix("0x");
        let digits = hex.unwrap_or(&lower).trim_end_matches(['u', 'l', 'z']);
        let radix = if hex.is_some() { 16 } else { 10 };
        if let Ok(number) = i64::from_str_radix(digits, radix) {
            return self.expr_of(ExprKind::Int(number), span);
        }
        match digits.trim_end_matches('f').parse::<f64>() {
            Ok(number) => self.expr_of(ExprKind::Float(number), span),
            Err(_) => self.text_of(source, span),
        }
    }
}

/// A text without the marks around it.
fn unquoted(source: &str) -> &str {
    let inner = source
        .trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '%' || letter == '#');
    for mark in ["\"\"\"", "'''", "\"", "'", "`"] {
        if let Some(rest) = inner.strip_prefix(mark) {
            return rest.strip_suffix(mark).unwrap_or(rest);
        }
    }
    source
}

/// A text with its escapes computed, as the languages agree on them.
fn unescaped(source: &str, raw: bool) -> String {
    if raw || !source.contains('\\') {
        return source.to_owned();
    }
    let mut bytes = Vec::with_capacity(source.len());
    let mut letters = source.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let Some(escape) = letters.next() else {
            bytes.push(b'\\');
            break;
        };
        match escape {
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            'r' => bytes.push(b'\r'),
            'a' => bytes.push(7),
            'e' => bytes.push(27),
            '\n' => {}
            'x' => bytes.push(low_byte(number_of(&mut letters, 16, 2, 0))),
            '0'..='7' => {
                let first = escape.to_digit(8).unwrap_or(0);
                bytes.push(low_byte(number_of(&mut letters, 8, 2, first)));
            }
            'u' | 'U' => {
                let braced = letters.as_str().starts_with('{');
                if braced {
                    letters.next();
                }
                let most = if escape == 'U' || braced { 8 } else { 4 };
                let code = number_of(&mut letters, 16, most, 0);
                if braced && letters.as_str().starts_with('}') {
                    letters.next();
                }
                let letter = char::from_u32(code).unwrap_or('\u{FFFD}');
                bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Up to so many digits, after a first value.
fn number_of(letters: &mut std::str::Chars<'_>, radix: u32, most: usize, first: u32) -> u32 {
    let mut value = first;
    for _ in 0..most {
        let mut ahead = letters.clone();
        let Some(digit) = ahead.next().and_then(|next| next.to_digit(radix)) else {
            break;
        };
        *letters = ahead;
        value = value.wrapping_mul(radix).wrapping_add(digit);
    }
    value
}

fn low_byte(number: u32) -> u8 {
    u8::try_from(number & 0xff).unwrap_or(0)
}
