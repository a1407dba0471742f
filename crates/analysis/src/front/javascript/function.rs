//! Functions, arrows and methods.

use super::lowering::{Lowering, empty};
use crate::ir::{
    Block, ClassId, ExprId, ExprKind, FuncId, FunctionKind, Param, ParamKind, Pattern, PatternItem,
    Statement, StatementKind, Symbol, VarId,
};
use oxc_ast::ast;

/// What a function is made of.
pub(super) struct Parts<'a> {
    pub(super) name: &'a str,
    pub(super) params: &'a ast::FormalParameters<'a>,
    pub(super) body: Body<'a>,
    pub(super) span: ast::Span,
    pub(super) class: Option<ClassId>,
    pub(super) kind: Kind,
    /// Fields that a constructor assigns first.
    pub(super) fields: Vec<&'a ast::PropertyDefinition<'a>>,
}

/// The body of a function.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    Block(&'a ast::FunctionBody<'a>),
    Value(&'a ast::Expression<'a>),
    None,
}

/// What sort of function.
#[derive(Clone, Copy, Default)]
pub(super) struct Kind {
    pub(super) arrow: bool,
    pub(super) is_async: bool,
    pub(super) is_generator: bool,
    /// A constructor of a class that extends another.
    pub(super) derived: bool,
}

impl<'a> Parts<'a> {
    /// The parts of a function that stands as one in the source.
    pub(super) fn of(function: &'a ast::Function<'a>) -> Self {
        Self {
            name: function.id.as_ref().map_or("", |id| id.name.as_str()),
            params: &function.params,
            body: function
                .body
                .as_ref()
                .map_or(Body::None, |body| Body::Block(body)),
            span: function.span,
            class: None,
            kind: Kind {
                arrow: false,
                is_async: function.r#async,
                is_generator: function.generator,
                derived: false,
            },
            fields: Vec::new(),
        }
    }
}

impl<'a> Lowering<'a, '_> {
    /// `function name() {}` where a value is expected: its name is bound inside it alone.
    pub(super) fn function_value(&mut self, function: &'a ast::Function<'a>) -> ExprId {
        let Some(id) = function.id.as_ref() else {
            let made = self.function(Parts::of(function));
            return self.add(ExprKind::Function(made), function.span);
        };
        self.scopes.push();
        let variable = self.declare(id.name.as_str());
        let made = self.function(Parts::of(function));
        self.scopes.pop();
        let value = self.add(ExprKind::Function(made), function.span);
        self.add(
            ExprKind::Assign(Box::new(Pattern::Var(variable)), value),
            function.span,
        )
    }

    /// `(a) => b`.
    pub(super) fn arrow(&mut self, arrow: &'a ast::ArrowFunctionExpression<'a>) -> ExprId {
        let body = match &arrow.body {
            ast::ArrowFunctionBody::FunctionBody(body) => Body::Block(body),
            other => other.as_expression().map_or(Body::None, Body::Value),
        };
        let made = self.function(Parts {
            name: "",
            params: &arrow.params,
            body,
            span: arrow.span,
            class: None,
            kind: Kind {
                arrow: true,
                is_async: arrow.r#async,
                ..Kind::default()
            },
            fields: Vec::new(),
        });
        self.add(ExprKind::Function(made), arrow.span)
    }

    /// Lowers a function and adds it to the program.
    pub(super) fn function(&mut self, parts: Parts<'a>) -> FuncId {
        let name = self.name(parts.name);
        let parent = self.here();
        let mut function = empty(name, FunctionKind::Function, self.span(parts.span));
        function.parent = Some(parent);
        function.class = parts.class;
        function.is_async = parts.kind.is_async;
        function.is_generator = parts.kind.is_generator;
        let id = self.program.function(function);
        self.enter(id, parts.kind.arrow);
        self.scopes.push();
        let (params, body) = self.deeper(|this| this.inside(&parts)).unwrap_or_default();
        self.scopes.pop();
        let frame = self.functions.pop();
        let this = frame.as_ref().and_then(|frame| frame.this);
        let arguments = frame.and_then(|frame| frame.arguments);
        let (params, body) = match arguments {
            Some(variable) => self.behind_arguments(variable, params, body, parts.span),
            None => (params, body),
        };
        if let Some(function) = self.function_at(id) {
            function.params = params;
            function.body = body;
            function.this = this;
        }
        id
    }

    fn inside(&mut self, parts: &Parts<'a>) -> (Vec<Param>, Block) {
        for param in &parts.params.items {
            self.declare_pattern(&param.pattern);
        }
        if let Some(rest) = &parts.params.rest {
            self.declare_pattern(&rest.rest.argument);
        }
        if let Body::Block(body) = parts.body {
            self.hoist(&body.statements);
        }
        let params = self.params(parts.params);
        let mut out = Block::new();
        let mut first = self.parameter_properties(parts.params);
        let fields = std::mem::take(&mut parts.fields.as_slice()).to_vec();
        for field in fields {
            self.instance_field(field, &mut first);
        }
        match parts.body {
            Body::Block(body) => {
                if !parts.kind.derived {
                    out.append(&mut first);
                }
                self.body(&body.statements, &mut out);
                if !first.is_empty() {
                    let at = self.behind_super(&out);
                    out.splice(at..at, first);
                }
            }
            Body::Value(value) => {
                let value_id = self.expr(value);
                out.push(self.statement(StatementKind::Return(Some(value_id)), parts.span));
            }
            Body::None => out.append(&mut first),
        }
        (params, out)
    }

    fn params(&mut self, params: &'a ast::FormalParameters<'a>) -> Vec<Param> {
        let mut lowered = Vec::with_capacity(params.items.len() + 1);
        for param in &params.items {
            let (name, pattern) = self.param_pattern(&param.pattern);
            let default = param.initializer.as_ref().map(|value| self.expr(value));
            lowered.push(Param {
                name,
                pattern,
                default,
                kind: ParamKind::Normal,
            });
        }
        if let Some(rest) = &params.rest {
            let (name, pattern) = self.param_pattern(&rest.rest.argument);
            lowered.push(Param {
                name,
                pattern,
                default: None,
                kind: ParamKind::Rest,
            });
        }
        lowered
    }

    fn param_pattern(&mut self, pattern: &'a ast::BindingPattern<'a>) -> (Symbol, Pattern) {
        let name = match pattern {
            ast::BindingPattern::BindingIdentifier(id) => id.name.as_str(),
            _ => "%",
        };
        (self.name(name), self.binding(pattern))
    }

    /// `constructor(private name)` assigns `this.name`.
    fn parameter_properties(&mut self, params: &'a ast::FormalParameters<'a>) -> Block {
        let mut out = Block::new();
        for param in &params.items {
            let ast::BindingPattern::BindingIdentifier(id) = &param.pattern else {
                continue;
            };
            if param.accessibility.is_none() && !param.readonly && !param.r#override {
                continue;
            }
            let value = self.read(id.name.as_str(), id.span);
            self.assign_to_this(id.name.as_str(), value, id.span, &mut out);
        }
        out
    }

    /// Adds `this.name = value`.
    pub(super) fn assign_to_this(&mut self, name: &str, value: ExprId, span: ast::Span, out: &mut Block) {
        let Some(this) = self.this() else { return };
        let base = self.variable(this, span);
        let field = self.name(name);
        out.push(self.statement(StatementKind::Assign(Pattern::Field(base, field), value), span));
    }

    /// The place behind the first statement that calls `super(...)`; the start where there is none.
    fn behind_super(&self, block: &[Statement]) -> usize {
        block
            .iter()
            .position(|statement| self.calls_super(statement))
            .map_or(0, |at| at + 1)
    }

    fn calls_super(&self, statement: &Statement) -> bool {
        let StatementKind::Expr(expr) = statement.kind else {
            return false;
        };
        let kind = |id: ExprId| self.program.exprs.get(id.0 as usize).map(|expr| &expr.kind);
        let Some(ExprKind::Call { callee, .. }) = kind(expr) else {
            return false;
        };
        matches!(kind(*callee), Some(ExprKind::Super))
    }

    /// A function that uses `arguments` takes all of them there, and its parameters from it.
    fn behind_arguments(
        &mut self,
        variable: VarId,
        params: Vec<Param>,
        body: Block,
        span: ast::Span,
    ) -> (Vec<Param>, Block) {
        let name = self.name("arguments");
        let mut items = Vec::with_capacity(params.len());
        for param in params {
            items.push(match (param.kind, param.default) {
                (ParamKind::Rest, _) => PatternItem::Rest(param.pattern),
                (_, Some(default)) => PatternItem::One(Pattern::Default(Box::new(param.pattern), default)),
                (_, None) => PatternItem::One(param.pattern),
            });
        }
        let all = Param {
            name,
            pattern: Pattern::Var(variable),
            default: None,
            kind: ParamKind::Rest,
        };
        if items.is_empty() {
            return (vec![all], body);
        }
        let value = self.variable(variable, span);
        let mut whole = vec![self.statement(StatementKind::Assign(Pattern::List(items), value), span)];
        whole.extend(body);
        (vec![all], whole)
    }
}
