//! Comprehensions and generator expressions, each a scope of its own.

use super::Lowerer;
use crate::ir::{Clause, ComprehensionKind, ExprId, ExprKind, Pattern, PatternItem, Span};
use ruff_python_ast as ast;

impl Lowerer<'_> {
    /// `[element for ... in ... if ...]` and its kin; a map has a key.
    pub(super) fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        (key, element): (Option<&ast::Expr>, &ast::Expr),
        generators: &[ast::Comprehension],
        span: Span,
    ) -> ExprId {
        // The outermost iterable is evaluated outside.
        let mut first = generators.first().map(|generator| self.expr(&generator.iter));
        self.open_comprehension();
        let mut clauses = Vec::with_capacity(generators.len());
        for generator in generators {
            let iterable = match first.take() {
                Some(iterable) => iterable,
                None => self.expr(&generator.iter),
            };
            let pattern = self.comprehension_target(&generator.target);
            let conditions = generator.ifs.iter().map(|test| self.expr(test)).collect();
            clauses.push(Clause {
                pattern,
                iterable,
                conditions,
            });
        }
        let key = key.map(|key| self.expr(key));
        let element = self.expr(element);
        self.close_comprehension();
        self.expr_at(
            ExprKind::Comprehension {
                kind,
                element,
                key,
                clauses,
            },
            span,
        )
    }

    fn comprehension_target(&mut self, target: &ast::Expr) -> Pattern {
        match target {
            ast::Expr::Name(name) => {
                let symbol = self.name(name.id.as_str());
                self.bind_comprehension(symbol)
            }
            ast::Expr::Tuple(tuple) => self.comprehension_targets(&tuple.elts, tuple.range),
            ast::Expr::List(list) => self.comprehension_targets(&list.elts, list.range),
            _ => self.target(target),
        }
    }

    fn comprehension_targets(&mut self, targets: &[ast::Expr], range: ruff_text_size::TextRange) -> Pattern {
        if !self.descend(range) {
            return Pattern::Ignore;
        }
        let items = targets
            .iter()
            .map(|target| match target {
                ast::Expr::Starred(starred) => PatternItem::Rest(self.comprehension_target(&starred.value)),
                _ => PatternItem::One(self.comprehension_target(target)),
            })
            .collect();
        self.depth -= 1;
        Pattern::List(items)
    }
}
