//! Arithmetic.

use super::super::syntax::{Arith, Place, Word};
use super::Lowering;
use crate::ir::{BinaryOp, CompareOp, ExprId, ExprKind, LogicOp, Pattern, UnaryOp};

impl Lowering<'_> {
    pub(super) fn arith(&mut self, arith: &Arith, place: Place) -> ExprId {
        match arith {
            Arith::Number(number) => self.expr(ExprKind::Int(*number), place),
            Arith::Word(word) => self.word(word),
            Arith::Name(name, index) => self.arith_name(name, index.as_deref(), place),
            Arith::Unary(operator, inner) => {
                let inner = self.arith(inner, place);
                let op = match *operator {
                    "!" => UnaryOp::Not,
                    "~" => UnaryOp::BitNot,
                    "-" => UnaryOp::Negate,
                    _ => UnaryOp::Plus,
                };
                self.expr(ExprKind::Unary(op, inner), place)
            }
            Arith::Binary(",", left, right) => {
                let left = self.arith(left, place);
                let right = self.arith(right, place);
                self.expr(ExprKind::Sequence(vec![left, right]), place)
            }
            Arith::Binary(operator, left, right) => {
                let left = self.arith(left, place);
                let right = self.arith(right, place);
                let kind = operation(operator, left, right);
                self.expr(kind, place)
            }
            Arith::Assign(name, index, operator, value) => {
                self.arith_assignment(name, index.as_deref(), operator, value, place)
            }
            Arith::Ternary(test, then, otherwise) => {
                let test = self.arith(test, place);
                let then = self.arith(then, place);
                let otherwise = self.arith(otherwise, place);
                self.expr(ExprKind::Conditional(test, then, otherwise), place)
            }
            Arith::Unknown => self.expr(ExprKind::Unknown(Vec::new()), place),
        }
    }

    fn arith_name(&mut self, name: &str, index: Option<&Arith>, place: Place) -> ExprId {
        let value = match self.variable(name) {
            Some(variable) => self.expr(ExprKind::Var(variable), place),
            None => return self.global(name, place),
        };
        match index {
            None => value,
            Some(index) => {
                let index = self.arith(index, place);
                self.expr(ExprKind::Index(value, index), place)
            }
        }
    }

    fn arith_assignment(
        &mut self,
        name: &str,
        index: Option<&Arith>,
        operator: &str,
        value: &Arith,
        place: Place,
    ) -> ExprId {
        let mut value = self.arith(value, place);
        if !operator.is_empty() {
            let old = self.arith_name(name, index, place);
            let kind = operation(operator, old, value);
            value = self.expr(kind, place);
        }
        let variable = self.assigned(name);
        let pattern = match index {
            None => Pattern::Var(variable),
            Some(index) => {
                let base = self.expr(ExprKind::Var(variable), place);
                let index = self.arith(index, place);
                Pattern::Index(base, index)
            }
        };
        self.expr(ExprKind::Assign(Box::new(pattern), value), place)
    }

    /// A condition: whether the value is not 0.
    pub(super) fn arith_condition(&mut self, arith: &Arith, place: Place) -> ExprId {
        let value = self.arith(arith, place);
        let compares = match arith {
            Arith::Binary(operator, ..) => {
                matches!(*operator, "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||")
            }
            Arith::Unary(operator, _) => *operator == "!",
            _ => false,
        };
        if compares {
            return value;
        }
        let zero = self.expr(ExprKind::Int(0), place);
        self.expr(ExprKind::Compare(CompareOp::NotEqual, value, zero), place)
    }

    /// The value of a word for a variable with which the script calculates.
    pub(super) fn numeric_word(&mut self, word: &Word) -> ExprId {
        match super::super::parse::constant(word) {
            Some(number) => self.expr(ExprKind::Int(number), word.place),
            None => self.word(word),
        }
    }
}

fn operation(operator: &str, left: ExprId, right: ExprId) -> ExprKind {
    let binary = |op| ExprKind::Binary(op, left, right);
    let compare = |op| ExprKind::Compare(op, left, right);
    match operator {
        "+" => binary(BinaryOp::Add),
        "-" => binary(BinaryOp::Subtract),
        "*" => binary(BinaryOp::Multiply),
        "/" => binary(BinaryOp::FloorDivide),
        "%" => binary(BinaryOp::Modulo),
        "**" => binary(BinaryOp::Power),
        "<<" => binary(BinaryOp::ShiftLeft),
        ">>" => binary(BinaryOp::ShiftRight),
        "&" => binary(BinaryOp::BitAnd),
        "|" => binary(BinaryOp::BitOr),
        "^" => binary(BinaryOp::BitXor),
        "==" => compare(CompareOp::Equal),
        "!=" => compare(CompareOp::NotEqual),
        "<" => compare(CompareOp::Less),
        "<=" => compare(CompareOp::LessEqual),
        ">" => compare(CompareOp::Greater),
        ">=" => compare(CompareOp::GreaterEqual),
        "&&" => ExprKind::Logic(LogicOp::And, left, right),
        "||" => ExprKind::Logic(LogicOp::Or, left, right),
        _ => ExprKind::Unknown(vec![left, right]),
    }
}
