//! Arithmetic: `$((...))`, `((...))`, `let`, offsets, indices.

use super::Parser;
use super::expansion::is_name_start;
use crate::front::shell::syntax::{Arith, Part, Word};

/// Binary operators by how tightly they bind, the loosest first.
const LEVELS: [&[&str]; 11] = [
    &[","],
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["**", "*", "/", "%"],
];

const ASSIGNMENTS: [&str; 11] = ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "="];

impl Parser<'_> {
    /// `$((...))`; nothing, and nothing read, where it turns out to be a command in a command.
    pub(super) fn dollar_arithmetic(&mut self) -> Option<Arith> {
        let (start, errors) = (self.at, self.errors.len());
        if self.not_arithmetic.contains(&start) {
            return None;
        }
        self.at += 3;
        let arith = self.arithmetic_until(b")");
        if self.take("))") {
            return Some(arith);
        }
        self.not_arithmetic.insert(start);
        self.at = start;
        self.errors.truncate(errors);
        None
    }

    /// An expression up to one of some bytes. Of `]` the byte itself is taken, too.
    pub(super) fn arithmetic_until(&mut self, ends: &[u8]) -> Arith {
        let arith = self
            .deeper(|parser| parser.arith_level(0))
            .unwrap_or(Arith::Unknown);
        self.arith_blanks();
        if self.peek().is_some_and(|byte| !ends.contains(&byte)) {
            // What is not understood, to the end of the expression.
            let mut open = 0usize;
            while let Some(byte) = self.peek() {
                match byte {
                    b'\n' | b'"' | b'`' => break,
                    b'(' => open += 1,
                    b')' if open > 0 => open -= 1,
                    _ if open == 0 && ends.contains(&byte) => break,
                    _ => {}
                }
                self.at += 1;
            }
        }
        if ends == b"]" {
            self.take("]");
        }
        arith
    }

    pub(super) fn arith_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) || self.looking_at("\\\n") {
            self.at += 1;
        }
    }

    fn arith_level(&mut self, level: usize) -> Arith {
        let Some(operators) = LEVELS.get(level) else {
            return self.arith_unary();
        };
        let mut left = self.arith_level(level + 1);
        loop {
            self.arith_blanks();
            let Some(operator) = operators.iter().find(|operator| self.arith_operator(operator)) else {
                break;
            };
            self.at += operator.len();
            let right = self.arith_level(level + 1);
            left = Arith::Binary(operator, Box::new(left), Box::new(right));
        }
        if level == 1 && self.peek() == Some(b'?') {
            self.at += 1;
            let then = self
                .deeper(|parser| parser.arith_level(0))
                .unwrap_or(Arith::Unknown);
            self.arith_blanks();
            self.take(":");
            let otherwise = self
                .deeper(|parser| parser.arith_level(1))
                .unwrap_or(Arith::Unknown);
            left = Arith::Ternary(Box::new(left), Box::new(then), Box::new(otherwise));
        }
        left
    }

    /// Whether an operator stands here, and not a longer one that begins as it does.
    fn arith_operator(&self, operator: &str) -> bool {
        if !self.looking_at(operator) {
            return false;
        }
        let next = self.peek_at(operator.len());
        match operator {
            "|" => next != Some(b'|') && next != Some(b'='),
            "&" => next != Some(b'&') && next != Some(b'='),
            "<" | ">" => next != self.peek() && next != Some(b'='),
            "*" => next != Some(b'*') && next != Some(b'='),
            "==" | "!=" | "<=" | ">=" | "||" | "&&" | "," => true,
            _ => next != Some(b'='),
        }
    }

    fn arith_unary(&mut self) -> Arith {
        self.arith_blanks();
        for operator in ["++", "--", "!", "~", "-", "+"] {
            if self.take(operator) {
                let inner = self.deeper(Self::arith_unary).unwrap_or(Arith::Unknown);
                return match (operator, inner) {
                    ("++" | "--", Arith::Name(name, index)) => {
                        self.uses.assigned.insert(name.clone());
                        step(name, index, operator)
                    }
                    (_, inner) => Arith::Unary(operator, Box::new(inner)),
                };
            }
        }
        self.arith_primary()
    }

    fn arith_primary(&mut self) -> Arith {
        match self.peek() {
            Some(b'(') => {
                self.at += 1;
                let inner = self
                    .deeper(|parser| parser.arith_level(0))
                    .unwrap_or(Arith::Unknown);
                self.arith_blanks();
                self.take(")");
                inner
            }
            Some(byte) if is_name_start(byte) => self.arith_name(),
            Some(byte) if byte.is_ascii_digit() || matches!(byte, b'$' | b'`' | b'"' | b'\'') => {
                let word = self.arith_word();
                match word.text() {
                    Some(text) => number(&text).map_or(Arith::Word(word), Arith::Number),
                    None => Arith::Word(word),
                }
            }
            _ => Arith::Unknown,
        }
    }

    /// A number or text with substitutions, such as `16#$digits`.
    fn arith_word(&mut self) -> Word {
        let word = self
            .word_until(|byte| {
                !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#' | b'$' | b'`' | b'"' | b'\''))
            })
            .unwrap_or_default();
        for part in &word.parts {
            if let Part::Expansion(expansion, _) = part {
                self.uses.numeric.insert(expansion.name.clone());
            }
        }
        word
    }

    fn arith_name(&mut self) -> Arith {
        let name = self.name();
        self.uses.numeric.insert(name.clone());
        let mut index = None;
        if self.peek() == Some(b'[') {
            self.at += 1;
            index = self.deeper(|parser| parser.arith_level(0)).map(Box::new);
            self.arith_blanks();
            self.take("]");
        }
        self.arith_blanks();
        for operator in ["++", "--"] {
            if self.take(operator) {
                self.uses.assigned.insert(name.clone());
                return step(name, index, operator);
            }
        }
        if self.looking_at("==") {
            return Arith::Name(name, index);
        }
        for operator in ASSIGNMENTS {
            if self.take(operator) {
                self.uses.assigned.insert(name.clone());
                let value = self
                    .deeper(|parser| parser.arith_level(1))
                    .unwrap_or(Arith::Unknown);
                let plain = operator.strip_suffix('=').unwrap_or("");
                return Arith::Assign(name, index, plain, Box::new(value));
            }
        }
        Arith::Name(name, index)
    }
}

/// `++` and `--`, of which the value is taken for the new one.
fn step(name: String, index: Option<Box<Arith>>, operator: &str) -> Arith {
    let plain = if operator == "++" { "+" } else { "-" };
    Arith::Assign(name, index, plain, Box::new(Arith::Number(1)))
}

/// A number in the shell's notations: decimal, octal, hexadecimal, `base#digits`.
pub(super) fn number(text: &str) -> Option<i64> {
    if let Some((base, digits)) = text.split_once('#') {
        let base = base.parse().ok().filter(|base| (2..=36).contains(base))?;
        return i64::from_str_radix(digits, base).ok();
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(digits, 16).ok();
    }
    if text.len() > 1 && text.starts_with('0') {
        return i64::from_str_radix(text, 8).ok();
    }
    text.parse().ok()
}
