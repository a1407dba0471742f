//! Words.

use super::super::parse;
use super::super::syntax::{Expansion, ExpansionOp, Index, Part, Place, Quote, Word};
use super::{Lowering, positional};
use crate::ir::{Argument, ArgumentKind, ExprId, ExprKind};

impl Lowering<'_> {
    /// The text of a word.
    pub(super) fn word(&mut self, word: &Word) -> ExprId {
        let place = word.place;
        let mut parts = Vec::with_capacity(word.parts.len());
        let vanishing = vanishing(word);
        let mut text = String::new();
        for part in &word.parts {
            match part {
                Part::Literal(literal, _) => text.push_str(literal),
                part if vanishing && self.is_nothing(part) => {}
                part => {
                    if !text.is_empty() {
                        parts.push(self.text(&text, place));
                        text.clear();
                    }
                    parts.push(self.part(part, place));
                }
            }
        }
        if !text.is_empty() || parts.is_empty() {
            parts.push(self.text(&text, place));
        }
        match parts.as_slice() {
            [one] => *one,
            _ => self.expr(ExprKind::Concat(parts), place),
        }
    }

    fn part(&mut self, part: &Part, place: Place) -> ExprId {
        match part {
            Part::Literal(text, _) => self.text(text, place),
            Part::Expansion(expansion, _) => self.expansion(expansion, place),
            Part::Command(list, _) => self.captured(list, place),
            Part::Process(list, false) => self.captured(list, place),
            Part::Process(list, true) => {
                let value = self.captured(list, place);
                self.expr(ExprKind::Unknown(vec![value]), place)
            }
            Part::Arithmetic(arith) => self.arith(arith, place),
        }
    }

    /// The text of a word whose parts all are known or stand for nothing.
    pub(super) fn static_text(&self, word: &Word) -> Option<String> {
        let vanishing = vanishing(word);
        let mut text = String::new();
        for part in &word.parts {
            match part {
                Part::Literal(literal, _) => text.push_str(literal),
                part if vanishing && self.is_nothing(part) => {}
                _ => return None,
            }
        }
        Some(text)
    }

    /// Whether a part stands for nothing unless the environment plays tricks: arguments that no function has, and variables
    /// that are never assigned and are not named as those of the environment are.
    fn is_nothing(&self, part: &Part) -> bool {
        let Part::Expansion(expansion, _) = part else {
            return false;
        };
        if !matches!(expansion.op, ExpansionOp::None) || expansion.index.is_some() {
            return false;
        }
        match expansion.name.as_bytes() {
            [b'@' | b'*'] | [b'1'..=b'9'] => self.arguments_variable().is_none(),
            [first, ..] => {
                first.is_ascii_lowercase()
                    && !self.uses.assigned.contains(&expansion.name)
                    && !self
                        .frames
                        .iter()
                        .any(|frame| frame.locals.contains_key(&expansion.name))
            }
            [] => false,
        }
    }

    /// The words of a command as arguments.
    pub(super) fn arguments(&mut self, words: &[Word]) -> Vec<Argument> {
        let mut arguments = Vec::with_capacity(words.len());
        for word in words {
            if let Some(list) = self.spread(word) {
                arguments.push(Argument {
                    value: list,
                    kind: ArgumentKind::Spread,
                });
                continue;
            }
            for word in parse::expand_braces(word.clone(), &mut self.pieces) {
                let value = self.word(&word);
                arguments.push(positional(value));
            }
        }
        arguments
    }

    /// A word that is all items of a list: `"$@"`, `${items[@]}`.
    pub(super) fn spread(&mut self, word: &Word) -> Option<ExprId> {
        let [Part::Expansion(expansion, _)] = word.parts.as_slice() else {
            return None;
        };
        let Expansion { name, index, op } = &**expansion;
        let all = match index {
            Some(Index::All) => self.variable(name)?,
            Some(Index::One(_)) => return None,
            None if name == "@" || name == "*" => self.arguments_variable()?,
            None => return None,
        };
        let list = self.expr(ExprKind::Var(all), word.place);
        match op {
            ExpansionOp::None => Some(list),
            ExpansionOp::Slice(from, length) => {
                // The arguments count from one, with the name of the script before them.
                let first = i64::from(index.is_none());
                Some(self.slice(list, from, length.as_ref(), first, word.place))
            }
            _ => None,
        }
    }

    /// Whether a word is split where blanks are in it.
    pub(super) fn is_split(word: &Word) -> bool {
        word.parts.iter().any(|part| {
            matches!(
                part,
                Part::Expansion(_, Quote::None) | Part::Command(_, Quote::None)
            )
        })
    }
}

/// Whether a word has letters of its own, among which empty parts would hide: `wh$@oami`.
fn vanishing(word: &Word) -> bool {
    let letters = |part: &Part| match part {
        Part::Literal(text, Quote::None) => text.ends_with(|letter: char| letter.is_ascii_alphanumeric()),
        _ => false,
    };
    let following = |part: &Part| match part {
        Part::Literal(text, Quote::None) => text.starts_with(|letter: char| letter.is_ascii_alphanumeric()),
        _ => false,
    };
    word.parts.len() > 1
        && word.parts.windows(3).any(|parts| match parts {
            [before, _, after] => letters(before) && following(after),
            _ => false,
        })
}
