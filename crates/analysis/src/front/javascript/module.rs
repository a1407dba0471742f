//! Modules: imports, exports, CommonJS.

use super::lowering::{CommonJs, Lowering};
use crate::ir::{Block, Entry, ExprId, ExprKind, Pattern, StatementKind, VarId};
use oxc_ast::ast;
use oxc_span::GetSpan;
use std::rc::Rc;

/// The path of a module without the `node:` of Node's own.
pub(super) fn module_path(path: &str) -> Rc<str> {
    Rc::from(path.strip_prefix("node:").unwrap_or(path))
}

impl<'a> Lowering<'a, '_> {
    pub(super) fn declare_imports(&mut self, import: &'a ast::ImportDeclaration<'a>) {
        if import.import_kind == ast::ImportOrExportKind::Type {
            return;
        }
        for specifier in import.specifiers.iter().flatten() {
            match specifier {
                ast::ImportDeclarationSpecifier::ImportSpecifier(item) => {
                    if item.import_kind == ast::ImportOrExportKind::Value {
                        self.declare(item.local.name.as_str());
                    }
                }
                ast::ImportDeclarationSpecifier::ImportDefaultSpecifier(item) => {
                    self.declare(item.local.name.as_str());
                }
                ast::ImportDeclarationSpecifier::ImportNamespaceSpecifier(item) => {
                    self.declare(item.local.name.as_str());
                }
            }
        }
    }

    pub(super) fn import_declaration(&mut self, import: &'a ast::ImportDeclaration<'a>, out: &mut Block) {
        if import.import_kind == ast::ImportOrExportKind::Type {
            return;
        }
        let path = import.source.value.as_str();
        let specifiers = import
            .specifiers
            .as_ref()
            .map(|specifiers| specifiers.as_slice())
            .unwrap_or_default();
        if specifiers.is_empty() {
            let value = self.import(path, None, import.span);
            out.push(self.statement(StatementKind::Expr(value), import.span));
        }
        for specifier in specifiers {
            let (local, item) = match specifier {
                ast::ImportDeclarationSpecifier::ImportSpecifier(item) => {
                    if item.import_kind == ast::ImportOrExportKind::Type {
                        continue;
                    }
                    (&item.local, Some(export_text(&item.imported)))
                }
                ast::ImportDeclarationSpecifier::ImportDefaultSpecifier(item) => {
                    (&item.local, Some("default"))
                }
                ast::ImportDeclarationSpecifier::ImportNamespaceSpecifier(item) => (&item.local, None),
            };
            let value = self.import(path, item, specifier.span());
            let pattern = self.name_pattern(local.name.as_str());
            out.push(self.statement(StatementKind::Assign(pattern, value), specifier.span()));
        }
    }

    /// Statements that modules alone have, and TypeScript's own.
    pub(super) fn module_statement(&mut self, statement: &'a ast::Statement<'a>, out: &mut Block) {
        use ast::Statement as S;
        match statement {
            S::ExportDeclaration(export) => self.export_declaration(export, out),
            S::ExportDefaultDeclaration(export) => self.export_default(export, out),
            S::ExportAllDeclaration(export) if export.export_kind == ast::ImportOrExportKind::Value => {
                let value = self.import(export.source.value.as_str(), None, export.span);
                let name = export.exported.as_ref().map_or("*", export_text);
                self.export(name, value, export.span, out);
            }
            S::ExportFromDeclaration(export) if export.export_kind == ast::ImportOrExportKind::Value => {
                for specifier in &export.specifiers {
                    let item = export_text(&specifier.local);
                    let value = self.import(export.source.value.as_str(), Some(item), specifier.span);
                    self.export(export_text(&specifier.exported), value, specifier.span, out);
                }
            }
            S::ExportNamedDeclaration(export) if self.namespace.is_some() => {
                for specifier in &export.specifiers {
                    let local = export_text(&specifier.local);
                    self.export_name(export_text(&specifier.exported), local, specifier.span, out);
                }
            }
            S::TSExportAssignment(export) => {
                let value = self.expr(&export.expression);
                self.export("=", value, export.span, out);
            }
            other => {
                if let Some(declaration) = other.as_declaration() {
                    self.typescript(declaration, out);
                }
            }
        }
    }

    fn export_declaration(&mut self, export: &'a ast::ExportDeclaration<'a>, out: &mut Block) {
        match &export.declaration {
            ast::Declaration::VariableDeclaration(declaration) => {
                self.declaration(declaration, out);
                if declaration.declare {
                    return;
                }
                for declarator in &declaration.declarations {
                    for name in names_of(&declarator.id) {
                        self.export_name(name, name, declarator.span, out);
                    }
                }
            }
            ast::Declaration::ClassDeclaration(class) => {
                self.class_declaration(class, out);
                if let (Some(id), false) = (&class.id, class.declare) {
                    self.export_name(id.name.as_str(), id.name.as_str(), id.span, out);
                }
            }
            ast::Declaration::FunctionDeclaration(_) => {}
            other => {
                self.typescript(other, out);
                if let Some(id) = other.id() {
                    self.export_name(id.name.as_str(), id.name.as_str(), id.span, out);
                }
            }
        }
    }

    fn export_default(&mut self, export: &'a ast::ExportDefaultDeclaration<'a>, out: &mut Block) {
        match &export.declaration {
            ast::ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                let value = match &class.id {
                    Some(id) => {
                        self.class_declaration(class, out);
                        self.read(id.name.as_str(), class.span)
                    }
                    None => self.class_value(class),
                };
                self.export("default", value, export.span, out);
            }
            // A function is exported where functions are hoisted.
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(_)
            | ast::ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => {}
            other => {
                if let Some(value) = other.as_expression() {
                    let value = self.named(value, "default");
                    self.export("default", value, export.span, out);
                }
            }
        }
    }

    /// `export default function`.
    pub(super) fn default_function(&mut self, function: &'a ast::Function<'a>, out: &mut Block) {
        let value = match &function.id {
            _ if function.body.is_none() => return,
            Some(id) => {
                self.function_declaration(function, out);
                self.read(id.name.as_str(), function.span)
            }
            None => self.function_value(function),
        };
        self.export("default", value, function.span, out);
    }

    /// Exports a variable by name.
    pub(super) fn export_name(&mut self, exported: &str, local: &str, span: ast::Span, out: &mut Block) {
        let value = self.read(local, span);
        self.export(exported, value, span, out);
    }

    fn export(&mut self, name: &str, value: ExprId, span: ast::Span, out: &mut Block) {
        let symbol = self.name(name);
        let kind = match self.namespace {
            Some(object) => {
                let base = self.variable(object, span);
                StatementKind::Assign(Pattern::Field(base, symbol), value)
            }
            None => StatementKind::Export(symbol, value),
        };
        out.push(self.statement(kind, span));
    }

    /// `export {a as b}` exports what the variable holds when the module has run.
    pub(super) fn exports_behind(&mut self, statements: &'a [ast::Statement<'a>], out: &mut Block) {
        for statement in statements {
            let ast::Statement::ExportNamedDeclaration(export) = statement else {
                continue;
            };
            if export.export_kind == ast::ImportOrExportKind::Type {
                continue;
            }
            for specifier in &export.specifiers {
                if specifier.export_kind == ast::ImportOrExportKind::Value {
                    let local = export_text(&specifier.local);
                    self.export_name(export_text(&specifier.exported), local, specifier.span, out);
                }
            }
        }
    }

    /// The variable that `module` or `exports` is, where nothing else binds it.
    pub(super) fn commonjs_variable(&mut self, name: &str) -> Option<VarId> {
        if name != "module" && name != "exports" {
            return None;
        }
        let commonjs = match self.commonjs {
            Some(commonjs) => commonjs,
            None => {
                let owner = self.functions.first()?.id;
                let (module, exports) = (self.name("module"), self.name("exports"));
                let module = self.program.variable(module, owner);
                let exports = self.program.variable(exports, owner);
                let made = CommonJs { module, exports };
                self.commonjs = Some(made);
                made
            }
        };
        Some(if name == "module" {
            commonjs.module
        } else {
            commonjs.exports
        })
    }

    /// Makes both variables before the module's body, and exports behind it what `module.exports` holds then.
    pub(super) fn commonjs_around(&mut self, commonjs: CommonJs, span: crate::ir::Span, body: &mut Block) {
        let start = ast::Span::new(span.start, span.start);
        let object = self.add(ExprKind::Map(Vec::new()), start);
        let exports = self.variable(commonjs.exports, start);
        let key = self.text("exports", start);
        let module = self.add(ExprKind::Map(vec![Entry::Pair(key, exports)]), start);
        let whole = self.name("=");
        let before = vec![
            self.assign_to(commonjs.exports, object, start),
            self.assign_to(commonjs.module, module, start),
            self.statement(StatementKind::Export(whole, exports), start),
        ];
        body.splice(0..0, before);
        let end = ast::Span::new(span.end, span.end);
        let module = self.variable(commonjs.module, end);
        let value = self.field(module, "exports", end);
        body.push(self.statement(StatementKind::Export(whole, value), end));
    }
}

/// The names that a pattern binds.
fn names_of<'a>(pattern: &'a ast::BindingPattern<'a>) -> Vec<&'a str> {
    pattern
        .get_binding_identifiers()
        .into_iter()
        .map(|id| id.name.as_str())
        .collect()
}

/// The text of a name in an import or export.
fn export_text<'a>(name: &ast::ModuleExportName<'a>) -> &'a str {
    match name {
        ast::ModuleExportName::IdentifierName(name) => name.name.as_str(),
        ast::ModuleExportName::IdentifierReference(name) => name.name.as_str(),
        ast::ModuleExportName::StringLiteral(text) => text.value.as_str(),
    }
}
