//! What a program's own syntax says of its format, as node decides it: after the types are gone.
//!
//! `module` asks it before anything is transformed.

use oxc_ast::ast::{
    ArrowFunctionExpression, AwaitExpression, Declaration, ExportDefaultDeclarationKind, ForOfStatement,
    Function, ImportMeta, ImportOrExportKind, ModuleDeclaration, Program, PropertyDefinition, Statement,
    StaticBlock, TSModuleReference,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::ScopeFlags;

/// Where a program shows what it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Syntax {
    /// The first thing that only an ES module has.
    pub module: Option<Span>,
    /// The first thing that only CommonJS has: `import x = require()` and `export =`.
    pub common_js: Option<Span>,
}

/// Looks a program over.
pub(crate) fn survey(program: &Program<'_>) -> Syntax {
    let mut syntax = Syntax::default();
    for statement in &program.body {
        if let Statement::TSImportEqualsDeclaration(import) = statement
            && matches!(
                import.module_reference,
                TSModuleReference::ExternalModuleReference(_)
            )
            && import.import_kind == ImportOrExportKind::Value
        {
            syntax.common_js.get_or_insert(import.span);
        }
        match statement.as_module_declaration() {
            Some(ModuleDeclaration::TSExportAssignment(export)) => {
                _ = syntax.common_js.get_or_insert(export.span)
            }
            Some(declaration) if !is_type(declaration) => _ = syntax.module.get_or_insert(declaration.span()),
            _ => {}
        }
    }
    if syntax.module.is_none() {
        let mut deep = Deep::default();
        deep.visit_program(program);
        syntax.module = deep.found;
    }
    syntax
}

/// Whether nothing of an import or export is left without the types.
fn is_type(declaration: &ModuleDeclaration<'_>) -> bool {
    let is_type = |kind: ImportOrExportKind| kind == ImportOrExportKind::Type;
    match declaration {
        ModuleDeclaration::ImportDeclaration(import) => is_type(import.import_kind),
        ModuleDeclaration::ExportAllDeclaration(export) => is_type(export.export_kind),
        ModuleDeclaration::ExportNamedDeclaration(export) => is_type(export.export_kind),
        ModuleDeclaration::ExportFromDeclaration(export) => is_type(export.export_kind),
        ModuleDeclaration::ExportDefaultDeclaration(export) => {
            matches!(
                export.declaration,
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_)
            )
        }
        ModuleDeclaration::ExportDeclaration(export) => is_type_declaration(&export.declaration),
        ModuleDeclaration::TSExportAssignment(_) => false,
        ModuleDeclaration::TSNamespaceExportDeclaration(_) => true,
    }
}

fn is_type_declaration(declaration: &Declaration<'_>) -> bool {
    declaration.is_type() || declaration.declare()
}

/// Looks for `import.meta` anywhere, and for `await` outside every function.
#[derive(Default)]
struct Deep {
    functions: usize,
    found: Option<Span>,
}

impl Deep {
    fn inside(&mut self, visit: impl FnOnce(&mut Self)) {
        self.functions += 1;
        visit(self);
        self.functions -= 1;
    }
}

impl<'a> Visit<'a> for Deep {
    fn visit_import_meta(&mut self, it: &ImportMeta) {
        self.found.get_or_insert(it.span);
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        if self.functions == 0 {
            self.found.get_or_insert(it.span);
        }
        walk::walk_await_expression(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        if self.functions == 0 && it.r#await {
            self.found.get_or_insert(it.span);
        }
        walk::walk_for_of_statement(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        self.inside(|deep| walk::walk_function(deep, it, flags));
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.inside(|deep| walk::walk_arrow_function_expression(deep, it));
    }

    fn visit_static_block(&mut self, it: &StaticBlock<'a>) {
        self.inside(|deep| walk::walk_static_block(deep, it));
    }

    fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
        self.inside(|deep| walk::walk_property_definition(deep, it));
    }
}
