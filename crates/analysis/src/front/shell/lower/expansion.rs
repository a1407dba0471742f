//! Expansions of parameters.

use super::super::parse;
use super::super::syntax::{Arith, Expansion, ExpansionOp, Index, Part, Place, Quote, Word};
use super::Lowering;
use crate::ir::{BinaryOp, ExprId, ExprKind, LogicOp, Pattern};

impl Lowering<'_> {
    pub(super) fn expansion(&mut self, expansion: &Expansion, place: Place) -> ExprId {
        let Expansion { name, index, op } = expansion;
        match op {
            ExpansionOp::Length => {
                let value = self.whole(name, index.as_ref(), place);
                return self.call_with("${#}", &[value], place);
            }
            ExpansionOp::Indirect => {
                let value = self.whole(name, index.as_ref(), place);
                return self.call_with("${!}", &[value], place);
            }
            ExpansionOp::Slice(from, length) => {
                let value = self.whole(name, index.as_ref(), place);
                let first = i64::from(index.is_none() && matches!(name.as_str(), "@" | "*"));
                let slice = self.slice(value, from, length.as_ref(), first, place);
                return self.joined(name, index.as_ref(), slice, place);
            }
            _ => {}
        }
        let value = self.parameter(name, index.as_ref(), place);
        match op {
            ExpansionOp::Default(kind, word) => self.defaulted(expansion, value, *kind, word, place),
            ExpansionOp::Trim(operator, word) => {
                let pattern = self.pattern(word);
                self.call_with(&format!("${{x{operator}p}}"), &[value, pattern], place)
            }
            ExpansionOp::Replace(operator, pattern, with) => {
                let pattern = self.pattern(pattern);
                let with = self.word(with);
                self.call_with(&format!("${{x{operator}p}}"), &[value, pattern, with], place)
            }
            ExpansionOp::Change(operator) => self.call_with(&format!("${{x{operator}}}"), &[value], place),
            _ => value,
        }
    }

    /// A pattern of file names, in which what was quoted stands for itself.
    pub(super) fn pattern(&mut self, word: &Word) -> ExprId {
        let special = ['*', '?', '[', '\\'];
        let mut pattern = word.clone();
        for part in &mut pattern.parts {
            if let Part::Literal(text, Quote::Quoted) = part
                && text.contains(special)
            {
                *text = text.chars().fold(String::new(), |mut escaped, letter| {
                    if special.contains(&letter) {
                        escaped.push('\\');
                    }
                    escaped.push(letter);
                    escaped
                });
            }
        }
        self.word(&pattern)
    }

    fn defaulted(
        &mut self,
        expansion: &Expansion,
        value: ExprId,
        kind: char,
        word: &Word,
        place: Place,
    ) -> ExprId {
        match kind {
            '-' => {
                let other = self.word(word);
                self.expr(ExprKind::Logic(LogicOp::Or, value, other), place)
            }
            '=' => {
                let other = self.word(word);
                let either = self.expr(ExprKind::Logic(LogicOp::Or, value, other), place);
                let variable = self.assigned(&expansion.name);
                self.expr(ExprKind::Assign(Box::new(Pattern::Var(variable)), either), place)
            }
            '+' => {
                let other = self.word(word);
                let nothing = self.text("", place);
                self.expr(ExprKind::Conditional(value, other, nothing), place)
            }
            _ => value,
        }
    }

    /// `${x:from:length}`; `first` is the number of the first item.
    pub(super) fn slice(
        &mut self,
        value: ExprId,
        from: &Arith,
        length: Option<&Arith>,
        first: i64,
        place: Place,
    ) -> ExprId {
        let mut low = self.arith(from, place);
        if first > 0 {
            let first = self.expr(ExprKind::Int(first), place);
            low = self.expr(ExprKind::Binary(BinaryOp::Subtract, low, first), place);
        }
        let high = match length {
            None => None,
            Some(Arith::Unary("-", inner)) => {
                let inner = self.arith(inner, place);
                Some(self.expr(ExprKind::Unary(crate::ir::UnaryOp::Negate, inner), place))
            }
            Some(Arith::Number(length)) if matches!(from, Arith::Number(_)) => {
                let from = if let Arith::Number(from) = from { *from } else { 0 };
                let high = from.saturating_sub(first).saturating_add(*length);
                Some(self.expr(ExprKind::Int(high), place))
            }
            Some(length) => {
                let length = self.arith(length, place);
                Some(self.expr(ExprKind::Binary(BinaryOp::Add, low, length), place))
            }
        };
        self.expr(ExprKind::Slice(value, Some(low), high, None), place)
    }

    /// The value of a parameter as text.
    fn parameter(&mut self, name: &str, index: Option<&Index>, place: Place) -> ExprId {
        let value = self.whole(name, index, place);
        self.joined(name, index, value, place)
    }

    /// A list as text.
    fn joined(&mut self, name: &str, index: Option<&Index>, value: ExprId, place: Place) -> ExprId {
        let list = match index {
            Some(Index::All) => self.variable(name).is_some(),
            Some(Index::One(_)) => false,
            None => matches!(name, "@" | "*") && self.arguments_variable().is_some(),
        };
        if list {
            self.call_with("join", &[value], place)
        } else {
            value
        }
    }

    /// The value of a parameter; of all items a list.
    fn whole(&mut self, name: &str, index: Option<&Index>, place: Place) -> ExprId {
        if let Some(arguments) = self.arguments_variable() {
            let list = |this: &mut Self| this.expr(ExprKind::Var(arguments), place);
            match name {
                "@" | "*" => return list(self),
                "#" => {
                    let list = list(self);
                    return self.call_with("${#}", &[list], place);
                }
                _ => {
                    let number = name.parse::<i64>().ok().filter(|number| *number > 0);
                    if let Some(number) = number {
                        let list = list(self);
                        let number = self.expr(ExprKind::Int(number - 1), place);
                        return self.expr(ExprKind::Index(list, number), place);
                    }
                }
            }
        }
        let Some(variable) = self.variable(name) else {
            return self.global(name, place);
        };
        let value = self.expr(ExprKind::Var(variable), place);
        match index {
            None | Some(Index::All) => value,
            Some(Index::One(word)) => {
                let key = self.key(name, word);
                self.expr(ExprKind::Index(value, key), place)
            }
        }
    }

    /// The key of an item: text in a map, a number in a list.
    pub(super) fn key(&mut self, name: &str, word: &Word) -> ExprId {
        if self.uses.maps.contains(name) {
            return self.word(word);
        }
        if let Some(number) = parse::constant(word) {
            return self.expr(ExprKind::Int(number), word.place);
        }
        match word.text() {
            Some(text) => {
                let arith = parse::arithmetic(&text);
                self.arith(&arith, word.place)
            }
            None => self.word(word),
        }
    }
}
