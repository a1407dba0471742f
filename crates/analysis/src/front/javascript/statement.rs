//! Statements: declarations and what is hoisted, conditions, jumps, exceptions.

use super::lowering::{Again, Jump, Lowering};
use crate::ir::{Block, Case, ExprKind, Handler, Label, StatementKind};
use oxc_ast::ast;

impl<'a> Lowering<'a, '_> {
    /// Binds in the scope of a function what its body declares: `var` and functions anywhere in it, the rest at its top.
    pub(super) fn hoist(&mut self, statements: &'a [ast::Statement<'a>]) {
        self.hoist_vars(statements);
        self.declare_lexical(statements);
    }

    fn hoist_vars(&mut self, statements: &'a [ast::Statement<'a>]) {
        for statement in statements {
            self.hoist_var(statement);
        }
    }

    fn hoist_var(&mut self, statement: &'a ast::Statement<'a>) {
        self.deeper(|this| this.hoist_var_inside(statement));
    }

    fn hoist_var_inside(&mut self, statement: &'a ast::Statement<'a>) {
        use ast::Statement as S;
        match statement {
            S::VariableDeclaration(declaration) => self.hoist_declaration(declaration),
            S::FunctionDeclaration(function) => {
                if let (Some(id), Some(_)) = (&function.id, &function.body) {
                    self.declare(id.name.as_str());
                }
            }
            S::BlockStatement(block) => self.hoist_vars(&block.body),
            S::IfStatement(node) => {
                self.hoist_var(&node.consequent);
                if let Some(otherwise) = &node.alternate {
                    self.hoist_var(otherwise);
                }
            }
            S::ForStatement(node) => {
                if let Some(ast::ForStatementInit::VariableDeclaration(declaration)) = &node.init {
                    self.hoist_declaration(declaration);
                }
                self.hoist_var(&node.body);
            }
            S::ForInStatement(node) => {
                if let ast::ForStatementLeft::VariableDeclaration(declaration) = &node.left {
                    self.hoist_declaration(declaration);
                }
                self.hoist_var(&node.body);
            }
            S::ForOfStatement(node) => {
                if let ast::ForStatementLeft::VariableDeclaration(declaration) = &node.left {
                    self.hoist_declaration(declaration);
                }
                self.hoist_var(&node.body);
            }
            S::WhileStatement(node) => self.hoist_var(&node.body),
            S::DoWhileStatement(node) => self.hoist_var(&node.body),
            S::LabeledStatement(node) => self.hoist_var(&node.body),
            S::WithStatement(node) => self.hoist_var(&node.body),
            S::SwitchStatement(node) => {
                for case in &node.cases {
                    self.hoist_vars(&case.consequent);
                }
            }
            S::TryStatement(node) => {
                self.hoist_vars(&node.block.body);
                if let Some(handler) = &node.handler {
                    self.hoist_vars(&handler.body.body);
                }
                if let Some(finalizer) = &node.finalizer {
                    self.hoist_vars(&finalizer.body);
                }
            }
            S::ExportDeclaration(export) => self.hoist_exported(&export.declaration),
            S::ExportDefaultDeclaration(export) => {
                if let ast::ExportDefaultDeclarationKind::FunctionDeclaration(function) = &export.declaration
                    && let Some(id) = &function.id
                {
                    self.declare(id.name.as_str());
                }
            }
            _ => {}
        }
    }

    fn hoist_exported(&mut self, declaration: &'a ast::Declaration<'a>) {
        match declaration {
            ast::Declaration::VariableDeclaration(declaration) => self.hoist_declaration(declaration),
            ast::Declaration::FunctionDeclaration(function) => {
                if let (Some(id), Some(_)) = (&function.id, &function.body) {
                    self.declare(id.name.as_str());
                }
            }
            _ => {}
        }
    }

    fn hoist_declaration(&mut self, declaration: &'a ast::VariableDeclaration<'a>) {
        if declaration.kind == ast::VariableDeclarationKind::Var && !declaration.declare {
            for declarator in &declaration.declarations {
                self.declare_pattern(&declarator.id);
            }
        }
    }

    /// Binds in the innermost scope what the statements declare for it alone.
    pub(super) fn declare_lexical(&mut self, statements: &'a [ast::Statement<'a>]) {
        use ast::Statement as S;
        for statement in statements {
            match statement {
                S::VariableDeclaration(declaration) => self.declare_variables(declaration),
                S::ClassDeclaration(class) => self.declare_class(class),
                S::ImportDeclaration(import) => self.declare_imports(import),
                S::ExportDeclaration(export) => match &export.declaration {
                    ast::Declaration::VariableDeclaration(declaration) => self.declare_variables(declaration),
                    ast::Declaration::ClassDeclaration(class) => self.declare_class(class),
                    other => self.declare_typescript(other),
                },
                S::ExportDefaultDeclaration(export) => {
                    if let ast::ExportDefaultDeclarationKind::ClassDeclaration(class) = &export.declaration {
                        self.declare_class(class);
                    }
                }
                other => {
                    if let Some(declaration) = other.as_declaration() {
                        self.declare_typescript(declaration);
                    }
                }
            }
        }
    }

    fn declare_variables(&mut self, declaration: &'a ast::VariableDeclaration<'a>) {
        if declaration.kind != ast::VariableDeclarationKind::Var && !declaration.declare {
            for declarator in &declaration.declarations {
                self.declare_pattern(&declarator.id);
            }
        }
    }

    fn declare_class(&mut self, class: &'a ast::Class<'a>) {
        if let (Some(id), false) = (&class.id, class.declare) {
            self.declare(id.name.as_str());
        }
    }

    /// Statements whose names are bound: imports and functions first, then the rest in order.
    pub(super) fn body(&mut self, statements: &'a [ast::Statement<'a>], out: &mut Block) {
        for statement in statements {
            if let ast::Statement::ImportDeclaration(import) = statement {
                self.import_declaration(import, out);
            }
        }
        for statement in statements {
            self.hoisted_function(statement, out);
        }
        for statement in statements {
            self.statement_into(statement, out);
        }
    }

    fn hoisted_function(&mut self, statement: &'a ast::Statement<'a>, out: &mut Block) {
        match statement {
            ast::Statement::FunctionDeclaration(function) => self.function_declaration(function, out),
            ast::Statement::ExportDeclaration(export) => {
                if let ast::Declaration::FunctionDeclaration(function) = &export.declaration {
                    self.function_declaration(function, out);
                    if let Some(id) = &function.id {
                        self.export_name(id.name.as_str(), id.name.as_str(), id.span, out);
                    }
                }
            }
            ast::Statement::ExportDefaultDeclaration(export) => {
                if let ast::ExportDefaultDeclarationKind::FunctionDeclaration(function) = &export.declaration
                {
                    self.default_function(function, out);
                }
            }
            _ => {}
        }
    }

    pub(super) fn function_declaration(&mut self, function: &'a ast::Function<'a>, out: &mut Block) {
        if function.body.is_none() || function.declare {
            return;
        }
        let made = self.function(super::function::Parts::of(function));
        let value = self.add(ExprKind::Function(made), function.span);
        if let Some(id) = &function.id {
            let pattern = self.name_pattern(id.name.as_str());
            out.push(self.statement(StatementKind::Assign(pattern, value), function.span));
        }
    }

    /// A statement with a scope of its own if it is a block.
    pub(super) fn nested(&mut self, statement: &'a ast::Statement<'a>) -> Block {
        let mut out = Block::new();
        self.statement_into(statement, &mut out);
        out
    }

    /// The statements of a block, in a scope of their own.
    pub(super) fn block(&mut self, statements: &'a [ast::Statement<'a>], out: &mut Block) {
        self.scopes.push();
        self.declare_lexical(statements);
        self.body(statements, out);
        self.scopes.pop();
    }

    /// Lowers a statement; one that nests too deep is left out.
    pub(super) fn statement_into(&mut self, statement: &'a ast::Statement<'a>, out: &mut Block) {
        let labels = match statement {
            ast::Statement::LabeledStatement(_) => Vec::new(),
            _ => std::mem::take(&mut self.pending),
        };
        self.deeper(|this| this.statement_inside(statement, labels, out));
    }

    fn statement_inside(&mut self, statement: &'a ast::Statement<'a>, labels: Vec<&'a str>, out: &mut Block) {
        use ast::Statement as S;
        match statement {
            S::ExpressionStatement(node) => self.expression_statement(&node.expression, node.span, out),
            S::VariableDeclaration(declaration) => self.declaration(declaration, out),
            S::BlockStatement(block) if labels.is_empty() => self.block(&block.body, out),
            S::BlockStatement(block) => self.labelled(labels, block.span, out, |this, out| {
                this.block(&block.body, out);
            }),
            S::IfStatement(node) if labels.is_empty() => self.if_statement(node, out),
            S::IfStatement(node) => {
                self.labelled(labels, node.span, out, |this, out| this.if_statement(node, out))
            }
            S::ForStatement(node) => self.for_statement(node, labels, out),
            S::ForInStatement(node) => self.for_in(node, labels, out),
            S::ForOfStatement(node) => self.for_of(node, labels, out),
            S::WhileStatement(node) => self.while_statement(node, labels, out),
            S::DoWhileStatement(node) => self.do_while(node, labels, out),
            S::SwitchStatement(node) => self.switch(node, labels, out),
            S::LabeledStatement(node) => {
                self.pending.push(node.label.name.as_str());
                self.statement_into(&node.body, out);
                self.pending.clear();
            }
            S::BreakStatement(node) => {
                let name = node.label.as_ref().map(|label| label.name.as_str());
                self.break_statement(name, node.span, out);
            }
            S::ContinueStatement(node) => {
                let name = node.label.as_ref().map(|label| label.name.as_str());
                self.continue_statement(name, node.span, out);
            }
            S::ReturnStatement(node) => {
                let value = node.argument.as_ref().map(|value| self.expr(value));
                out.push(self.statement(StatementKind::Return(value), node.span));
            }
            S::ThrowStatement(node) => {
                let value = self.expr(&node.argument);
                out.push(self.statement(StatementKind::Raise(Some(value)), node.span));
            }
            S::TryStatement(node) => self.try_statement(node, out),
            S::WithStatement(node) => {
                let object = self.expr(&node.object);
                out.push(self.statement(StatementKind::Expr(object), node.span));
                self.statement_into(&node.body, out);
            }
            S::ClassDeclaration(class) => self.class_declaration(class, out),
            other => self.module_statement(other, out),
        }
    }

    fn expression_statement(&mut self, expr: &'a ast::Expression<'a>, span: ast::Span, out: &mut Block) {
        match expr {
            ast::Expression::AssignmentExpression(assignment)
                if assignment.operator == ast::AssignmentOperator::Assign =>
            {
                let (pattern, value) = self.plain_assignment(assignment);
                out.push(self.statement(StatementKind::Assign(pattern, value), span));
            }
            ast::Expression::UnaryExpression(unary) if unary.operator == ast::UnaryOperator::Delete => {
                let pattern = self.expression_target(&unary.argument);
                out.push(self.statement(StatementKind::Delete(pattern), span));
            }
            ast::Expression::SequenceExpression(sequence) => {
                for part in &sequence.expressions {
                    self.expression_statement(part, span, out);
                }
            }
            _ => {
                let value = self.unused(expr);
                out.push(self.statement(StatementKind::Expr(value), span));
            }
        }
    }

    pub(super) fn declaration(&mut self, declaration: &'a ast::VariableDeclaration<'a>, out: &mut Block) {
        if declaration.declare {
            return;
        }
        for declarator in &declaration.declarations {
            let value = match (&declarator.init, &declarator.id) {
                (Some(value), ast::BindingPattern::BindingIdentifier(id)) => {
                    self.named(value, id.name.as_str())
                }
                (Some(value), _) => self.expr(value),
                (None, _) if declaration.kind == ast::VariableDeclarationKind::Var => continue,
                (None, _) => self.undefined(declarator.span),
            };
            let pattern = self.binding(&declarator.id);
            out.push(self.statement(StatementKind::Assign(pattern, value), declarator.span));
        }
    }

    pub(super) fn class_declaration(&mut self, class: &'a ast::Class<'a>, out: &mut Block) {
        let Some(id) = &class.id else { return };
        if class.declare {
            return;
        }
        let Some(holder) = self.scopes.find(id.name.as_str()) else {
            return;
        };
        let value = self.class(class, holder);
        out.push(self.statement(StatementKind::Expr(value), class.span));
    }

    fn if_statement(&mut self, node: &'a ast::IfStatement<'a>, out: &mut Block) {
        let test = self.expr(&node.test);
        let then = self.nested(&node.consequent);
        let otherwise = node
            .alternate
            .as_ref()
            .map(|otherwise| self.nested(otherwise))
            .unwrap_or_default();
        out.push(self.statement(StatementKind::If(test, then, otherwise), node.span));
    }

    fn labelled(
        &mut self,
        names: Vec<&'a str>,
        span: ast::Span,
        out: &mut Block,
        lower: impl FnOnce(&mut Self, &mut Block),
    ) {
        let leave = self.label();
        self.jump(Jump {
            names,
            leave,
            again: None,
            plain: false,
        });
        let mut inner = Block::new();
        lower(self, &mut inner);
        self.end_jump();
        out.push(self.statement(StatementKind::Labelled(leave, inner), span));
    }

    fn switch(&mut self, node: &'a ast::SwitchStatement<'a>, names: Vec<&'a str>, out: &mut Block) {
        let subject = self.expr(&node.discriminant);
        let label = self.label();
        self.jump(Jump {
            names,
            leave: label,
            again: None,
            plain: true,
        });
        self.scopes.push();
        for case in &node.cases {
            self.declare_lexical(&case.consequent);
        }
        let mut cases = Vec::with_capacity(node.cases.len());
        for case in &node.cases {
            let test = case.test.as_ref().map(|test| self.expr(test));
            let mut body = Block::new();
            self.body(&case.consequent, &mut body);
            cases.push(Case { test, body });
        }
        self.scopes.pop();
        self.end_jump();
        out.push(self.statement(
            StatementKind::Switch {
                label,
                subject,
                cases,
            },
            node.span,
        ));
    }

    fn try_statement(&mut self, node: &'a ast::TryStatement<'a>, out: &mut Block) {
        let mut body = Block::new();
        self.block(&node.block.body, &mut body);
        let mut handlers = Vec::new();
        if let Some(handler) = &node.handler {
            self.scopes.push();
            let pattern = handler.param.as_ref().map(|param| {
                self.declare_pattern(&param.pattern);
                self.binding(&param.pattern)
            });
            let mut block = Block::new();
            self.block(&handler.body.body, &mut block);
            self.scopes.pop();
            handlers.push(Handler {
                class: None,
                pattern,
                body: block,
            });
        }
        let mut finally = Block::new();
        if let Some(finalizer) = &node.finalizer {
            self.block(&finalizer.body, &mut finally);
        }
        let kind = StatementKind::Try {
            body,
            handlers,
            otherwise: Block::new(),
            finally,
        };
        out.push(self.statement(kind, node.span));
    }

    pub(super) fn jump(&mut self, jump: Jump<'a>) {
        if let Some(frame) = self.functions.last_mut() {
            frame.jumps.push(jump);
        }
    }

    pub(super) fn end_jump(&mut self) {
        if let Some(frame) = self.functions.last_mut() {
            frame.jumps.pop();
        }
    }

    fn break_statement(&mut self, name: Option<&str>, span: ast::Span, out: &mut Block) {
        let Some(frame) = self.functions.last() else {
            return;
        };
        let jump = frame.jumps.iter().rev().find(|jump| match name {
            Some(name) => jump.names.contains(&name),
            None => jump.plain,
        });
        if let Some(jump) = jump {
            out.push(self.statement(StatementKind::Break(jump.leave), span));
        }
    }

    fn continue_statement(&mut self, name: Option<&str>, span: ast::Span, out: &mut Block) {
        let Some(frame) = self.functions.last() else {
            return;
        };
        let again = frame.jumps.iter().rev().find_map(|jump| match name {
            Some(name) if !jump.names.contains(&name) => None,
            _ => jump.again,
        });
        match again {
            Some(Again::Continue(label)) => out.push(self.statement(StatementKind::Continue(label), span)),
            Some(Again::Break(label)) => out.push(self.statement(StatementKind::Break(label), span)),
            None => {}
        }
    }

    /// `if (!test) break label`.
    pub(super) fn break_unless(
        &mut self,
        test: &'a ast::Expression<'a>,
        label: Label,
        span: ast::Span,
        out: &mut Block,
    ) {
        let test = self.expr(test);
        let leave = vec![self.statement(StatementKind::Break(label), span)];
        out.push(self.statement(StatementKind::If(test, Block::new(), leave), span));
    }
}
