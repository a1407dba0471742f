//! Conditions: `[ ... ]` and `[[ ... ]]`.

use super::super::syntax::{Junction, Place, Test, Word};
use super::Lowering;
use crate::ir::{ExprId, ExprKind, LogicOp, UnaryOp};

impl Lowering<'_> {
    /// The words of `[` without the name.
    pub(super) fn test_command(&mut self, words: &[Word], place: Place) -> ExprId {
        let words = match words.split_last() {
            Some((last, rest)) if last.bare() == Some("]") => rest,
            _ => words,
        };
        let connects = |word: &Word| matches!(word.bare(), Some("-a" | "-o"));
        if words.len() > 4
            && let Some(at) = words.iter().position(connects)
        {
            let (left, right) = words.split_at(at);
            let op = if right.first().and_then(Word::bare) == Some("-a") {
                LogicOp::And
            } else {
                LogicOp::Or
            };
            let left = self.test_words(left, place);
            let right = self.test_words(right.get(1..).unwrap_or(&[]), place);
            return self.expr(ExprKind::Logic(op, left, right), place);
        }
        self.test_words(words, place)
    }

    fn test_words(&mut self, words: &[Word], place: Place) -> ExprId {
        if let Some((first, rest)) = words.split_first()
            && first.bare() == Some("!")
        {
            let arguments = self.arguments(rest);
            let value = self.call("test", arguments, place);
            return self.expr(ExprKind::Unary(UnaryOp::Not, value), place);
        }
        let arguments = self.arguments(words);
        self.call("test", arguments, place)
    }

    pub(super) fn test(&mut self, test: &Test, place: Place) -> ExprId {
        match test {
            Test::Word(word) => {
                let value = self.word(word);
                self.call_with("test", &[value], place)
            }
            Test::Unary(operator, word) => {
                let operator = self.text(operator, place);
                let value = self.word(word);
                self.call_with("test", &[operator, value], place)
            }
            Test::Binary(left, operator, right) => {
                let left = self.word(left);
                let right = match operator.as_str() {
                    "=" | "==" | "!=" => self.pattern(right),
                    _ => self.word(right),
                };
                let operator = self.text(operator, place);
                self.call_with("test", &[left, operator, right], place)
            }
            Test::Not(inner) => {
                let inner = self.test(inner, place);
                self.expr(ExprKind::Unary(UnaryOp::Not, inner), place)
            }
            Test::Both(junction, left, right) => {
                let left = self.test(left, place);
                let right = self.test(right, place);
                let op = match junction {
                    Junction::And => LogicOp::And,
                    Junction::Or => LogicOp::Or,
                };
                self.expr(ExprKind::Logic(op, left, right), place)
            }
        }
    }
}
