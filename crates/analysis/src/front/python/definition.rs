//! Functions, lambdas, classes, decorators.

use super::Lowerer;
use super::assign::assignment;
use super::binding::Bindings;
use super::operator::is_simple;
use super::scope::ScopeKind;
use crate::ir::{
    Class, ExprId, ExprKind, FuncId, Function, FunctionKind, Param, ParamKind, Pattern, Span, Statement,
    StatementKind,
};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{self as ast, Expr, Stmt};

/// What stands before a function's body.
pub(super) struct Header<'a> {
    /// Empty for a lambda.
    pub(super) name: &'a str,
    /// A function or a class body.
    pub(super) kind: FunctionKind,
    /// `async`.
    pub(super) is_async: bool,
    /// None for a class body.
    pub(super) parameters: Option<&'a ast::Parameters>,
    /// Where it stands.
    pub(super) span: Span,
}

/// A function's body.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    /// Of a `def` or a class.
    Block(&'a [Stmt]),
    /// Of a lambda.
    Expr(&'a Expr),
}

impl Lowerer<'_> {
    /// `def`, with its decorators.
    pub(super) fn function_def(&mut self, def: &ast::StmtFunctionDef, span: Span, out: &mut Vec<Statement>) {
        let decorators = self.decorators(&def.decorator_list);
        self.annotations(def, span, out);
        let header = Header {
            name: def.name.as_str(),
            kind: FunctionKind::Function,
            is_async: def.is_async,
            parameters: Some(&def.parameters),
            span,
        };
        let value = self.function_expr(&header, Body::Block(&def.body));
        self.define(def.name.as_str(), decorators, value, span, out);
    }

    fn decorators(&mut self, decorators: &[ast::Decorator]) -> Vec<(ExprId, Span)> {
        decorators
            .iter()
            .map(|decorator| {
                let span = self.span(decorator.range);
                (self.expr(&decorator.expression), span)
            })
            .collect()
    }

    fn define(
        &mut self,
        name: &str,
        decorators: Vec<(ExprId, Span)>,
        mut value: ExprId,
        span: Span,
        out: &mut Vec<Statement>,
    ) {
        for (decorator, at) in decorators.into_iter().rev() {
            value = self.call(decorator, &[value], at);
        }
        let symbol = self.name(name);
        let pattern = self.bind(symbol);
        out.push(assignment(pattern, value, span));
    }

    /// Annotations that call something are evaluated; others are left out.
    fn annotations(&mut self, def: &ast::StmtFunctionDef, span: Span, out: &mut Vec<Statement>) {
        let of_parameters = def
            .parameters
            .iter()
            .filter_map(|parameter| parameter.annotation());
        for annotation in of_parameters
            .chain(def.returns.as_deref())
            .filter(|expr| calls(expr))
        {
            let value = self.expr(annotation);
            out.push(Statement {
                kind: StatementKind::Expr(value),
                span,
            });
        }
    }

    /// A closure. Defaults are evaluated before it is made, in the scope around.
    pub(super) fn function_expr(&mut self, header: &Header<'_>, body: Body<'_>) -> ExprId {
        let mut before = Vec::new();
        let defaults = self.defaults(header.parameters, &mut before);
        let function = self.new_function(header);
        self.function_body(function, header, body, defaults);
        let value = self.expr_at(ExprKind::Function(function), header.span);
        if before.is_empty() {
            return value;
        }
        before.push(value);
        self.expr_at(ExprKind::Sequence(before), header.span)
    }

    fn defaults(
        &mut self,
        parameters: Option<&ast::Parameters>,
        before: &mut Vec<ExprId>,
    ) -> Vec<Option<ExprId>> {
        let Some(parameters) = parameters else {
            return Vec::new();
        };
        let mut defaults = Vec::with_capacity(parameters.len());
        for parameter in parameters.iter_non_variadic_params() {
            defaults.push(parameter.default.as_ref().map(|default| {
                let value = self.expr(default);
                if is_simple(default) && !matches!(default.as_ref(), Expr::Name(_)) {
                    return value;
                }
                let kept = self.temporary();
                let span = self.span(ruff_text_size::Ranged::range(default.as_ref()));
                let assign = ExprKind::Assign(Box::new(Pattern::Var(kept)), value);
                before.push(self.expr_at(assign, span));
                self.expr_at(ExprKind::Var(kept), span)
            }));
        }
        defaults
    }

    fn new_function(&mut self, header: &Header<'_>) -> FuncId {
        let name = self.name(header.name);
        let class = match header.kind {
            FunctionKind::Function if self.in_class() => self.classes.last().copied(),
            _ => None,
        };
        let parent = Some(self.function());
        self.program.function(Function {
            name,
            kind: header.kind,
            span: header.span,
            parent,
            class,
            params: Vec::new(),
            this: None,
            body: Vec::new(),
            is_async: header.is_async,
            is_generator: false,
        })
    }

    fn function_body(
        &mut self,
        function: FuncId,
        header: &Header<'_>,
        body: Body<'_>,
        defaults: Vec<Option<ExprId>>,
    ) {
        let bindings = match body {
            Body::Block(block) => Bindings::of_body(block, self.walrus),
            Body::Expr(expr) => Bindings::of_expr(expr, self.walrus),
        };
        let scope = match header.kind {
            FunctionKind::ClassBody => ScopeKind::Class,
            FunctionKind::Module | FunctionKind::Function => ScopeKind::Function,
        };
        self.open(scope, function, &bindings);
        let params = self.parameters(header.parameters, defaults);
        let block = match body {
            Body::Block(statements) => self.block(statements),
            Body::Expr(expr) => {
                let value = self.expr(expr);
                let kind = StatementKind::Return(Some(value));
                vec![Statement {
                    kind,
                    span: header.span,
                }]
            }
        };
        let yields = self.close().is_some_and(|frame| frame.yields);
        if let Some(function) = self.program.functions.get_mut(function.0 as usize) {
            function.params = params;
            function.body = block;
            function.is_generator = yields;
        }
    }

    fn parameters(
        &mut self,
        parameters: Option<&ast::Parameters>,
        defaults: Vec<Option<ExprId>>,
    ) -> Vec<Param> {
        let Some(parameters) = parameters else {
            return Vec::new();
        };
        let mut list = Vec::with_capacity(parameters.len());
        let mut defaults = defaults.into_iter();
        for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
            let default = defaults.next().flatten();
            list.push(self.parameter(&parameter.parameter, default, ParamKind::Normal));
        }
        if let Some(rest) = &parameters.vararg {
            list.push(self.parameter(rest, None, ParamKind::Rest));
        }
        for parameter in &parameters.kwonlyargs {
            let default = defaults.next().flatten();
            list.push(self.parameter(&parameter.parameter, default, ParamKind::NamedOnly));
        }
        if let Some(rest) = &parameters.kwarg {
            list.push(self.parameter(rest, None, ParamKind::NamedRest));
        }
        list
    }

    fn parameter(&mut self, parameter: &ast::Parameter, default: Option<ExprId>, kind: ParamKind) -> Param {
        let name = self.name(parameter.name.as_str());
        self.declare(name);
        Param {
            name,
            pattern: self.bind(name),
            default,
            kind,
        }
    }

    /// `class`, with its decorators.
    pub(super) fn class_def(&mut self, def: &ast::StmtClassDef, span: Span, out: &mut Vec<Statement>) {
        let decorators = self.decorators(&def.decorator_list);
        let mut bases = Vec::new();
        for base in def.bases() {
            bases.push(self.expr(base));
        }
        for keyword in def.keywords() {
            let value = self.expr(&keyword.value);
            out.push(Statement {
                kind: StatementKind::Expr(value),
                span,
            });
        }
        let header = Header {
            name: def.name.as_str(),
            kind: FunctionKind::ClassBody,
            is_async: false,
            parameters: None,
            span,
        };
        let body = self.new_function(&header);
        let name = self.name(def.name.as_str());
        let class = self.program.class(Class { name, bases, body });
        self.classes.push(class);
        self.function_body(body, &header, Body::Block(&def.body), Vec::new());
        self.classes.pop();
        let value = self.expr_at(ExprKind::Class(class), span);
        self.define(def.name.as_str(), decorators, value, span, out);
    }
}

/// Whether an annotation does something when it is evaluated.
pub(super) fn calls(annotation: &Expr) -> bool {
    struct Calls {
        found: bool,
        depth: u32,
    }
    impl<'a> Visitor<'a> for Calls {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if self.depth > 100 || matches!(expr, Expr::Call(_) | Expr::Named(_)) {
                self.found = true;
            }
            if !self.found {
                self.depth += 1;
                walk_expr(self, expr);
                self.depth -= 1;
            }
        }
    }
    let mut calls = Calls {
        found: false,
        depth: 0,
    };
    calls.visit_expr(annotation);
    calls.found
}
