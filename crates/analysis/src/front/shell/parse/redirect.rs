//! Redirections.

use super::Parser;
use crate::front::shell::syntax::{Redirect, RedirectOp, Target, Word};

const OPERATORS: [(&str, RedirectOp); 11] = [
    ("<<<", RedirectOp::Text),
    ("&>>", RedirectOp::WriteAll),
    ("&>", RedirectOp::WriteAll),
    (">>", RedirectOp::Append),
    (">|", RedirectOp::Write),
    (">&", RedirectOp::DuplicateOut),
    ("<&", RedirectOp::DuplicateIn),
    ("<>", RedirectOp::Both),
    ("<<", RedirectOp::Text),
    (">", RedirectOp::Write),
    ("<", RedirectOp::Read),
];

impl Parser<'_> {
    /// The redirection that begins here, if one does.
    pub(super) fn redirect(&mut self) -> Option<Redirect> {
        let start = self.at;
        let descriptor = self.descriptor();
        let found = OPERATORS.iter().find(|(text, _)| self.looking_at(text));
        let Some(&(text, mut op)) = found else {
            self.at = start;
            return None;
        };
        // A process substitution, which is a word.
        if matches!(self.bytes.get(self.at..), Some([b'<' | b'>', b'(', ..])) {
            self.at = start;
            return None;
        }
        self.at += text.len();
        let document = text == "<<";
        let tabs = document && self.take("-");
        self.blanks();
        let target = if document {
            let delimiter = self.word().unwrap_or_default();
            Target::Document(self.announce(&delimiter, tabs))
        } else {
            Target::Word(self.word().unwrap_or_else(|| {
                self.error("syntax_error");
                Word::default()
            }))
        };
        if let (RedirectOp::DuplicateOut, Target::Word(word)) = (op, &target) {
            let number = word
                .text()
                .is_none_or(|text| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
            if !number && descriptor.is_none() {
                op = RedirectOp::WriteAll;
            }
        }
        Some(Redirect {
            descriptor,
            op,
            target,
            place: self.place(start),
        })
    }

    /// Digits, or a name in braces, directly before an operator.
    fn descriptor(&mut self) -> Option<u32> {
        let rest = self.bytes.get(self.at..)?;
        let digits = rest
            .iter()
            .take(5)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits > 0 && matches!(rest.get(digits), Some(b'<' | b'>')) {
            let number = self.slice(self.at, self.at + digits).parse().ok();
            self.at += digits;
            return number;
        }
        if rest.first() == Some(&b'{') {
            let inside = rest.iter().skip(1).take(64);
            let name = inside
                .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                .count();
            if name > 0 && matches!(rest.get(name + 1..), Some([b'}', b'<' | b'>', ..])) {
                self.at += name + 2;
                return Some(u32::MAX);
            }
        }
        None
    }
}
