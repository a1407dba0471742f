//! What a body binds, before it is lowered: in Python a name that a function assigns anywhere is its own everywhere.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::{ExceptHandler, Expr, Parameters, Pattern, Stmt};

/// Expressions within each other that are searched for bindings.
const DEPTH: u32 = 200;

/// What a body binds.
#[derive(Default, Debug)]
pub(super) struct Bindings<'a> {
    /// Names, in order of their first binding; one may be there twice.
    pub(super) names: Vec<&'a str>,
    /// Names of `global`.
    pub(super) globals: Vec<&'a str>,
    /// Names of `nonlocal`.
    pub(super) nonlocals: Vec<&'a str>,
    /// Whether the source has any `:=`: only then expressions are searched.
    walrus: bool,
    depth: u32,
}

impl<'a> Bindings<'a> {
    /// Those of a body.
    pub(super) fn of_body(body: &'a [Stmt], walrus: bool) -> Self {
        let mut bindings = Self {
            walrus,
            ..Self::default()
        };
        bindings.visit_body(body);
        bindings
    }

    /// Those of a lambda's body.
    pub(super) fn of_expr(body: &'a Expr, walrus: bool) -> Self {
        let mut bindings = Self {
            walrus,
            ..Self::default()
        };
        bindings.visit_expr(body);
        bindings
    }

    /// The targets of an assignment.
    fn target(&mut self, target: &'a Expr) {
        self.depth += 1;
        if self.depth < DEPTH {
            match target {
                Expr::Name(name) => self.names.push(name.id.as_str()),
                Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| self.target(element)),
                Expr::List(list) => list.elts.iter().for_each(|element| self.target(element)),
                Expr::Starred(starred) => self.target(&starred.value),
                _ => {}
            }
        }
        self.depth -= 1;
    }

    fn import(&mut self, name: &'a str, as_name: Option<&'a str>) {
        let first = name.split('.').next().unwrap_or(name);
        self.names.push(as_name.unwrap_or(first));
    }

    fn defaults(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
    }
}

impl<'a> Visitor<'a> for Bindings<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.names.push(function.name.as_str());
                for decorator in &function.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                self.defaults(&function.parameters);
                return;
            }
            Stmt::ClassDef(class) => {
                self.names.push(class.name.as_str());
                return;
            }
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.target(target)),
            Stmt::AugAssign(assign) => self.target(&assign.target),
            Stmt::AnnAssign(assign) => self.target(&assign.target),
            Stmt::TypeAlias(alias) => self.target(&alias.name),
            Stmt::Delete(delete) => delete.targets.iter().for_each(|target| self.target(target)),
            Stmt::For(each) => self.target(&each.target),
            Stmt::With(with) => {
                for target in with.items.iter().filter_map(|item| item.optional_vars.as_deref()) {
                    self.target(target);
                }
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.import(&alias.name, alias.asname.as_ref().map(|name| name.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in import.names.iter().filter(|alias| alias.name.as_str() != "*") {
                    self.names
                        .push(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
                }
            }
            Stmt::Global(global) => self.globals.extend(global.names.iter().map(|name| name.as_str())),
            Stmt::Nonlocal(names) => self
                .nonlocals
                .extend(names.names.iter().map(|name| name.as_str())),
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_annotation(&mut self, _annotation: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        if !self.walrus || self.depth >= DEPTH {
            return;
        }
        self.depth += 1;
        match expr {
            Expr::Named(named) => {
                self.target(&named.target);
                self.visit_expr(&named.value);
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.defaults(parameters);
                }
            }
            _ => walk_expr(self, expr),
        }
        self.depth -= 1;
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.names.push(name.as_str());
        }
        ruff_python_ast::visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(inner) => inner.name.as_ref(),
            Pattern::MatchStar(inner) => inner.name.as_ref(),
            Pattern::MatchMapping(inner) => inner.rest.as_ref(),
            _ => None,
        };
        self.names.extend(name.map(|name| name.as_str()));
        walk_pattern(self, pattern);
    }
}

/// Names that functions of a module declare `global`, which makes them variables of the module.
pub(super) struct Globals<'a> {
    /// The names.
    pub(super) names: Vec<&'a str>,
}

impl<'a> Globals<'a> {
    /// Those of a module.
    pub(super) fn of_module(body: &'a [Stmt]) -> Self {
        let mut globals = Self { names: Vec::new() };
        globals.visit_body(body);
        globals
    }
}

impl<'a> Visitor<'a> for Globals<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Global(global) = statement {
            self.names.extend(global.names.iter().map(|name| name.as_str()));
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, _expr: &'a Expr) {}

    fn visit_annotation(&mut self, _annotation: &'a Expr) {}
}
