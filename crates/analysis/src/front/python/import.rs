//! `import` and `from ... import`.

use super::Lowerer;
use super::assign::assignment;
use crate::ir::{ExprKind, Span, Statement, StatementKind};
use ruff_python_ast as ast;

impl Lowerer<'_> {
    /// `import a.b, c as d`.
    pub(super) fn import(&mut self, import: &ast::StmtImport, span: Span, out: &mut Vec<Statement>) {
        for alias in &import.names {
            let path = alias.name.as_str();
            let mut value = self.expr_at(ExprKind::Import(path.into(), None), span);
            let first = path.split('.').next().unwrap_or(path);
            let name = match &alias.asname {
                Some(name) => name.as_str(),
                None => first,
            };
            if alias.asname.is_none() && first.len() < path.len() {
                // `import a.b` binds `a`, and loads both.
                out.push(Statement {
                    kind: StatementKind::Expr(value),
                    span,
                });
                value = self.expr_at(ExprKind::Import(first.into(), None), span);
            }
            let symbol = self.name(name);
            let pattern = self.bind(symbol);
            out.push(assignment(pattern, value, span));
        }
    }

    /// `from ..a import b as c, d`, `from a import *`.
    pub(super) fn import_from(&mut self, import: &ast::StmtImportFrom, span: Span, out: &mut Vec<Statement>) {
        let mut path = ".".repeat(usize::try_from(import.level.min(64)).unwrap_or(0));
        path.push_str(import.module.as_ref().map_or("", |module| module.as_str()));
        let path: std::rc::Rc<str> = path.into();
        for alias in &import.names {
            let item = self.name(alias.name.as_str());
            let value = self.expr_at(ExprKind::Import(path.clone(), Some(item)), span);
            if alias.name.as_str() == "*" {
                out.push(Statement {
                    kind: StatementKind::Expr(value),
                    span,
                });
                continue;
            }
            let symbol = self.name(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
            let pattern = self.bind(symbol);
            out.push(assignment(pattern, value, span));
        }
    }
}
