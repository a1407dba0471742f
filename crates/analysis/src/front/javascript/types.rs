//! What TypeScript adds that runs: enums, namespaces, `import x = require()`.

use super::lowering::Lowering;
use crate::ir::{Block, Entry, ExprId, ExprKind, LogicOp, StatementKind};
use oxc_ast::ast;

impl<'a> Lowering<'a, '_> {
    pub(super) fn declare_typescript(&mut self, declaration: &'a ast::Declaration<'a>) {
        let name = match declaration {
            ast::Declaration::TSEnumDeclaration(node) if !node.declare => node.id.name.as_str(),
            ast::Declaration::TSNamespaceDeclaration(node) if !node.declare => node.id.name.as_str(),
            ast::Declaration::TSImportEqualsDeclaration(node) => node.id.name.as_str(),
            _ => return,
        };
        self.declare(name);
    }

    pub(super) fn typescript(&mut self, declaration: &'a ast::Declaration<'a>, out: &mut Block) {
        match declaration {
            ast::Declaration::TSEnumDeclaration(node) if !node.declare => self.enumeration(node, out),
            ast::Declaration::TSNamespaceDeclaration(node) if !node.declare => self.namespace(node, out),
            ast::Declaration::TSImportEqualsDeclaration(node) => {
                let value = match &node.module_reference {
                    ast::TSModuleReference::ExternalModuleReference(module) => {
                        self.import(module.expression.value.as_str(), None, node.span)
                    }
                    ast::TSModuleReference::IdentifierReference(id) => self.read(id.name.as_str(), id.span),
                    ast::TSModuleReference::QualifiedName(name) => self.qualified(name),
                };
                let pattern = self.name_pattern(node.id.name.as_str());
                out.push(self.statement(StatementKind::Assign(pattern, value), node.span));
            }
            _ => {}
        }
    }

    fn qualified(&mut self, name: &'a ast::TSQualifiedName<'a>) -> ExprId {
        let base = match &name.left {
            ast::TSTypeName::IdentifierReference(id) => self.read(id.name.as_str(), id.span),
            ast::TSTypeName::QualifiedName(inner) => self
                .deeper(|this| this.qualified(inner))
                .unwrap_or_else(|| self.add(ExprKind::Unknown(Vec::new()), inner.span)),
            ast::TSTypeName::ThisExpression(this) => self.add(ExprKind::Unknown(Vec::new()), this.span),
        };
        self.field(base, name.right.name.as_str(), name.span)
    }

    /// An enum is an object; a member without a value counts on from the one before it.
    fn enumeration(&mut self, node: &'a ast::TSEnumDeclaration<'a>, out: &mut Block) {
        let mut entries = Vec::with_capacity(node.body.members.len());
        let mut next = Some(0_i64);
        for member in &node.body.members {
            let name = match &member.id {
                ast::TSEnumMemberName::Identifier(id) => id.name.as_str(),
                ast::TSEnumMemberName::String(text) | ast::TSEnumMemberName::ComputedString(text) => {
                    text.value.as_str()
                }
                ast::TSEnumMemberName::ComputedTemplateString(_) => continue,
            };
            let value = match &member.initializer {
                Some(value) => self.expr(value),
                None => match next {
                    Some(number) => self.add(ExprKind::Int(number), member.span),
                    None => self.add(ExprKind::Unknown(Vec::new()), member.span),
                },
            };
            next = match self.program.exprs.get(value.0 as usize).map(|expr| &expr.kind) {
                Some(ExprKind::Int(number)) => number.checked_add(1),
                _ => None,
            };
            let key = self.text(name, member.span);
            entries.push(Entry::Pair(key, value));
        }
        let value = self.add(ExprKind::Map(entries), node.span);
        let pattern = self.name_pattern(node.id.name.as_str());
        out.push(self.statement(StatementKind::Assign(pattern, value), node.span));
    }

    /// A namespace is an object; what its body exports becomes its fields.
    fn namespace(&mut self, node: &'a ast::TSNamespaceDeclaration<'a>, out: &mut Block) {
        let object = self.declare(node.id.name.as_str());
        let known = self.variable(object, node.span);
        let fresh = self.add(ExprKind::Map(Vec::new()), node.span);
        let value = self.add(ExprKind::Logic(LogicOp::Coalesce, known, fresh), node.span);
        out.push(self.assign_to(object, value, node.span));
        let outer = self.namespace.replace(object);
        match &node.body {
            ast::TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                self.scopes.push();
                self.hoist(&block.body);
                self.body(&block.body, out);
                self.scopes.pop();
            }
            ast::TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                self.scopes.push();
                self.deeper(|this| this.namespace(inner, out));
                self.export_name(inner.id.name.as_str(), inner.id.name.as_str(), inner.span, out);
                self.scopes.pop();
            }
        }
        self.namespace = outer;
    }
}
