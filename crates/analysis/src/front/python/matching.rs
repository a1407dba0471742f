//! `match`: tests in order, each of which binds as it goes.

use super::Lowerer;
use super::assign::assignment;
use crate::ir::{
    Block, CompareOp, ExprId, ExprKind, LogicOp, Pattern as Target, Span, Statement, StatementKind, VarId,
};
use ruff_python_ast::{self as ast, Pattern};
use ruff_text_size::Ranged;

impl Lowerer<'_> {
    /// `match subject: case ...`.
    pub(super) fn match_statement(&mut self, inner: &ast::StmtMatch, span: Span, out: &mut Block) {
        let value = self.expr(&inner.subject);
        let subject = self.temporary();
        out.push(assignment(Target::Var(subject), value, span));
        let label = self.label();
        let mut block = Vec::with_capacity(inner.cases.len());
        for case in &inner.cases {
            let at = self.span(case.range);
            let value = self.variable(subject, at);
            let test = self.test(&case.pattern, value);
            let guard = case.guard.as_ref().map(|guard| self.expr(guard));
            let mut body = self.block(&case.body);
            body.push(Statement {
                kind: StatementKind::Break(label),
                span: at,
            });
            let test = match guard {
                Some(guard) => self.expr_at(ExprKind::Logic(LogicOp::And, test, guard), at),
                None => test,
            };
            block.push(Statement {
                kind: StatementKind::If(test, body, Vec::new()),
                span: at,
            });
        }
        out.push(Statement {
            kind: StatementKind::Labelled(label, block),
            span,
        });
    }

    fn variable(&mut self, variable: VarId, span: Span) -> ExprId {
        self.expr_at(ExprKind::Var(variable), span)
    }

    /// The test that a value passes when it has the form of a pattern.
    fn test(&mut self, pattern: &Pattern, value: ExprId) -> ExprId {
        let span = self.span(pattern.range());
        if !self.descend(pattern.range()) {
            return self.expr_at(ExprKind::Unknown(vec![value]), span);
        }
        let test = self.pattern_test(pattern, value, span);
        self.depth -= 1;
        test
    }

    fn pattern_test(&mut self, pattern: &Pattern, value: ExprId, span: Span) -> ExprId {
        match pattern {
            Pattern::MatchValue(inner) => {
                let wanted = self.expr(&inner.value);
                self.expr_at(ExprKind::Compare(CompareOp::Equal, value, wanted), span)
            }
            Pattern::MatchSingleton(inner) => {
                let wanted = self.expr_at(
                    match inner.value {
                        ast::Singleton::None => ExprKind::Null,
                        ast::Singleton::True => ExprKind::Bool(true),
                        ast::Singleton::False => ExprKind::Bool(false),
                    },
                    span,
                );
                self.expr_at(ExprKind::Compare(CompareOp::Is, value, wanted), span)
            }
            Pattern::MatchSequence(inner) => self.sequence_test(inner, value, span),
            Pattern::MatchMapping(inner) => self.mapping_test(inner, value, span),
            Pattern::MatchClass(inner) => self.class_test(inner, value, span),
            Pattern::MatchStar(inner) => self.capture(inner.name.as_ref(), value, span),
            Pattern::MatchAs(inner) => {
                let capture = self.capture(inner.name.as_ref(), value, span);
                match &inner.pattern {
                    Some(pattern) => {
                        let test = self.test(pattern, value);
                        self.all(&[test, capture], span)
                    }
                    None => capture,
                }
            }
            Pattern::MatchOr(inner) => {
                let tests: Vec<_> = inner
                    .patterns
                    .iter()
                    .map(|pattern| self.test(pattern, value))
                    .collect();
                self.balance(&tests, &|a, b| ExprKind::Logic(LogicOp::Or, a, b), span)
            }
        }
    }

    fn all(&mut self, tests: &[ExprId], span: Span) -> ExprId {
        self.balance(tests, &|a, b| ExprKind::Logic(LogicOp::And, a, b), span)
    }

    /// Binds a name, if there is one; always true.
    fn capture(&mut self, name: Option<&ast::Identifier>, value: ExprId, span: Span) -> ExprId {
        let truth = self.expr_at(ExprKind::Bool(true), span);
        let Some(name) = name else {
            return truth;
        };
        let symbol = self.name(name.as_str());
        let pattern = self.bind(symbol);
        let assign = self.expr_at(ExprKind::Assign(Box::new(pattern), value), span);
        self.expr_at(ExprKind::Sequence(vec![assign, truth]), span)
    }

    fn sequence_test(&mut self, inner: &ast::PatternMatchSequence, value: ExprId, span: Span) -> ExprId {
        let star = inner
            .patterns
            .iter()
            .position(|pattern| matches!(pattern, Pattern::MatchStar(_)));
        let count = i64::try_from(inner.patterns.len()).unwrap_or(i64::MAX);
        let length = self.global("len", span);
        let length = self.call(length, &[value], span);
        let (op, wanted) = match star {
            Some(_) => (CompareOp::GreaterEqual, count - 1),
            None => (CompareOp::Equal, count),
        };
        let wanted = self.expr_at(ExprKind::Int(wanted), span);
        let mut tests = vec![self.expr_at(ExprKind::Compare(op, length, wanted), span)];
        for (place, pattern) in (0_i64..).zip(&inner.patterns) {
            let place_of_star = star.and_then(|star| i64::try_from(star).ok());
            let from_end = place_of_star.is_some_and(|star| place > star);
            let index = if from_end { place - count } else { place };
            let index = self.expr_at(ExprKind::Int(index), span);
            let item = if matches!(pattern, Pattern::MatchStar(_)) {
                let end = match place + 1 - count {
                    0 => None,
                    end => Some(self.expr_at(ExprKind::Int(end), span)),
                };
                ExprKind::Slice(value, Some(index), end, None)
            } else {
                ExprKind::Index(value, index)
            };
            let item = self.expr_at(item, span);
            tests.push(self.test(pattern, item));
        }
        self.all(&tests, span)
    }

    fn mapping_test(&mut self, inner: &ast::PatternMatchMapping, value: ExprId, span: Span) -> ExprId {
        let mut tests = Vec::new();
        for (key, pattern) in inner.keys.iter().zip(&inner.patterns) {
            let key = self.expr(key);
            tests.push(self.expr_at(ExprKind::Compare(CompareOp::In, key, value), span));
            let item = self.expr_at(ExprKind::Index(value, key), span);
            tests.push(self.test(pattern, item));
        }
        if tests.is_empty() || inner.rest.is_some() {
            tests.push(self.capture(inner.rest.as_ref(), value, span));
        }
        self.all(&tests, span)
    }

    fn class_test(&mut self, inner: &ast::PatternMatchClass, value: ExprId, span: Span) -> ExprId {
        let class = self.expr(&inner.cls);
        let mut tests = vec![self.expr_at(ExprKind::Compare(CompareOp::InstanceOf, value, class), span)];
        let plain = matches!(inner.cls.as_ref(), ast::Expr::Name(name) if is_plain(name.id.as_str()));
        for (place, pattern) in (0_i64..).zip(&inner.arguments.patterns) {
            if plain {
                tests.push(self.test(pattern, value));
                continue;
            }
            let order = self.name("__match_args__");
            let order = self.expr_at(ExprKind::Field(class, order), span);
            let place = self.expr_at(ExprKind::Int(place), span);
            let name = self.expr_at(ExprKind::Index(order, place), span);
            let getattr = self.global("getattr", span);
            let item = self.call(getattr, &[value, name], span);
            tests.push(self.test(pattern, item));
        }
        for keyword in &inner.arguments.keywords {
            let name = self.name(keyword.attr.as_str());
            let item = self.expr_at(ExprKind::Field(value, name), span);
            tests.push(self.test(&keyword.pattern, item));
        }
        self.all(&tests, span)
    }
}

/// Classes whose pattern takes the whole value.
fn is_plain(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "bytearray"
            | "bytes"
            | "dict"
            | "float"
            | "frozenset"
            | "int"
            | "list"
            | "set"
            | "str"
            | "tuple"
    )
}
