//! What `$` and backticks begin.

use super::Parser;
use crate::front::shell::syntax::{Expansion, ExpansionOp, Index, List, Part, Quote, Word};

/// Bytes of a name or an index of an expansion.
const NAME_BYTES: usize = 4096;

impl Parser<'_> {
    /// Reads a substitution, if one begins here.
    pub(super) fn substitution(&mut self, parts: &mut Vec<Part>, quote: Quote) -> bool {
        if self.peek() == Some(b'`') {
            self.backticks(parts, quote);
            return true;
        }
        match self.peek_at(1) {
            Some(b'(') if self.peek_at(2) == Some(b'(') => {
                if let Some(arith) = self.dollar_arithmetic() {
                    parts.push(Part::Arithmetic(Box::new(arith)));
                } else {
                    self.command_substitution(parts, quote);
                }
            }
            Some(b'(') => self.command_substitution(parts, quote),
            Some(b'[') => {
                self.at += 2;
                let arith = self.arithmetic_until(b"]");
                parts.push(Part::Arithmetic(Box::new(arith)));
            }
            Some(b'{') => self.braces(parts, quote),
            Some(byte) if is_name_start(byte) => {
                self.at += 1;
                let name = self.name();
                parts.push(plain(name, quote));
            }
            Some(byte @ (b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')) => {
                self.at += 2;
                parts.push(plain(char::from(byte).to_string(), quote));
            }
            _ => return false,
        }
        true
    }

    /// The name that begins here; empty where none does.
    pub(super) fn name(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(is_name_byte) {
            self.at += 1;
        }
        self.slice(start, self.at.min(start + NAME_BYTES)).to_owned()
    }

    fn command_substitution(&mut self, parts: &mut Vec<Part>, quote: Quote) {
        self.at += 2;
        let list = self.parenthesized_list();
        parts.push(Part::Command(Box::new(list), quote));
    }

    /// Behind `(`: commands to `)`.
    pub(super) fn parenthesized_list(&mut self) -> List {
        let pending = std::mem::take(&mut self.pending);
        let list = self.deeper(Self::list).unwrap_or_default();
        if !self.take(")") {
            self.error("syntax_error");
        }
        let inner = std::mem::replace(&mut self.pending, pending);
        self.pending.extend(inner);
        list
    }

    fn backticks(&mut self, parts: &mut Vec<Part>, quote: Quote) {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        let mut from = self.at;
        let mut closed = false;
        while let Some(byte) = self.peek() {
            match (byte, self.peek_at(1)) {
                (b'`', _) => {
                    closed = true;
                    break;
                }
                (b'\\', Some(next)) => {
                    if matches!(next, b'`' | b'\\' | b'$') || (next == b'"' && quote == Quote::Quoted) {
                        text.push_str(self.slice(from, self.at));
                        from = self.at + 1;
                    }
                    self.at += 2;
                    self.align();
                }
                _ => self.at += 1,
            }
        }
        text.push_str(self.slice(from, self.at));
        if closed {
            self.at += 1;
        } else {
            self.error("syntax_error");
        }
        let place = self.place(start);
        let list = self
            .reread(&text, place, |inner| inner.top_level())
            .unwrap_or_default();
        parts.push(Part::Command(Box::new(list), quote));
    }

    /// `${...}`.
    fn braces(&mut self, parts: &mut Vec<Part>, quote: Quote) {
        self.at += 2;
        let expansion = self.deeper(|parser| parser.expansion(quote));
        if let Some(expansion) = expansion {
            parts.push(Part::Expansion(Box::new(expansion), quote));
        }
        if self.take("}") {
            return;
        }
        self.error("syntax_error");
        // To the closing brace, if one stands on this line.
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let line = rest.iter().take(NAME_BYTES).take_while(|&&byte| byte != b'\n');
        if let Some(length) = line.clone().position(|&byte| byte == b'}') {
            self.at += length + 1;
        }
    }

    fn expansion(&mut self, quote: Quote) -> Expansion {
        let mut op = ExpansionOp::None;
        if self.peek() == Some(b'#') && !matches!(self.peek_at(1), Some(b'}' | b'#' | b'%' | b':' | b'/')) {
            self.at += 1;
            op = ExpansionOp::Length;
        } else if self.peek() == Some(b'!') && self.peek_at(1) != Some(b'}') {
            self.at += 1;
            op = ExpansionOp::Indirect;
        }
        let name = self.expansion_name();
        let index = self.expansion_index();
        if self.looking_at(":=") || self.peek() == Some(b'=') {
            self.uses.assigned.insert(name.clone());
        }
        if matches!(op, ExpansionOp::None) {
            op = self.expansion_op(quote);
        } else if matches!(self.peek(), Some(b'@' | b'*')) && self.peek_at(1) == Some(b'}') {
            // `${!prefix@}`.
            self.at += 1;
        } else {
            // Of a variable that another names, what is done to it does not matter here.
            self.expansion_op(quote);
        }
        Expansion { name, index, op }
    }

    fn expansion_name(&mut self) -> String {
        match self.peek() {
            Some(byte @ (b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')) => {
                self.at += 1;
                char::from(byte).to_string()
            }
            _ => self.name(),
        }
    }

    fn expansion_index(&mut self) -> Option<Index> {
        if self.peek() != Some(b'[') {
            return None;
        }
        self.at += 1;
        if matches!(self.peek(), Some(b'@' | b'*')) && self.peek_at(1) == Some(b']') {
            self.at += 2;
            return Some(Index::All);
        }
        let word = self.word_until(|byte| matches!(byte, b']' | b'}' | b'\n'));
        self.take("]");
        word.map(Index::One)
    }

    fn expansion_op(&mut self, quote: Quote) -> ExpansionOp {
        let colon = self.peek() == Some(b':');
        let kind = if colon { self.peek_at(1) } else { self.peek() };
        if let Some(kind @ (b'-' | b'=' | b'+' | b'?')) = kind {
            self.at += 1 + usize::from(colon);
            return ExpansionOp::Default(char::from(kind), self.operand(quote));
        }
        if colon {
            self.at += 1;
            let from = self.arithmetic_until(b":}");
            let length = self.take(":").then(|| self.arithmetic_until(b"}"));
            return ExpansionOp::Slice(from, length);
        }
        for trim in ["##", "#", "%%", "%"] {
            if self.take(trim) {
                return ExpansionOp::Trim(trim, self.operand(quote));
            }
        }
        for replace in ["//", "/#", "/%", "/"] {
            if self.take(replace) {
                return self.replacement(replace, quote);
            }
        }
        for change in [
            "^^", "^", ",,", ",", "~~", "~", "@Q", "@P", "@E", "@U", "@u", "@L", "@A", "@a", "@K", "@k",
        ] {
            if self.take(change) {
                self.operand(quote);
                return ExpansionOp::Change(change);
            }
        }
        ExpansionOp::None
    }

    fn replacement(&mut self, replace: &'static str, quote: Quote) -> ExpansionOp {
        let pattern = self.operand_until(quote, |byte| matches!(byte, b'/' | b'}'));
        let with = if self.take("/") {
            self.operand(quote)
        } else {
            Word::default()
        };
        ExpansionOp::Replace(replace, pattern, with)
    }

    fn operand(&mut self, quote: Quote) -> Word {
        self.operand_until(quote, |byte| byte == b'}')
    }

    /// A word inside braces, in which blanks mean themselves.
    fn operand_until(&mut self, quote: Quote, ends: fn(u8) -> bool) -> Word {
        let mut word = self.word_until(ends).unwrap_or_default();
        if quote == Quote::Quoted {
            for part in &mut word.parts {
                match part {
                    Part::Literal(_, kind) | Part::Expansion(_, kind) | Part::Command(_, kind) => {
                        *kind = quote
                    }
                    _ => {}
                }
            }
        }
        word
    }
}

fn plain(name: String, quote: Quote) -> Part {
    let expansion = Expansion {
        name,
        index: None,
        op: ExpansionOp::None,
    };
    Part::Expansion(Box::new(expansion), quote)
}

/// Whether a name may begin with a byte.
pub(super) fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// Whether a name may hold a byte.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
