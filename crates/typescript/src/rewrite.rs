//! Makes the imports of a transformed program name the files that were written.
//!
//! `strip` runs it over every program once it is known what becomes of each file.

use crate::decorator;
use crate::module::{Module, helper_folder};
use crate::project::Project;
use crate::specifier;
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration,
    ImportExpression, StringLiteral, TemplateLiteral,
};
use oxc_ast_visit::{VisitMut, walk_mut};
use oxc_str::Str;
use std::collections::BTreeSet;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    /// How many imports have another name now.
    pub count: usize,
    /// Helpers that the program calls.
    pub helpers: BTreeSet<String>,
}

/// Rewrites the imports of one program.
pub(crate) fn rewrite<'a>(module: &mut Module<'a>, arena: &'a Allocator, project: &Project) -> Rewritten {
    let mut rewriter = Rewriter {
        arena,
        project,
        path: module.path,
        helpers: helper_folder(module.path) + "/helpers/",
        done: Rewritten::default(),
    };
    rewriter.visit_program(&mut module.program);
    rewriter.done
}

struct Rewriter<'a, 'p> {
    arena: &'a Allocator,
    project: &'p Project<'p>,
    path: &'p str,
    /// What a helper's name begins with.
    helpers: String,
    done: Rewritten,
}

impl<'a> Rewriter<'a, '_> {
    fn renamed(&mut self, specifier: &str) -> Option<Str<'a>> {
        let name = match specifier.strip_prefix(&self.helpers) {
            Some(name) => {
                self.done.helpers.insert(name.to_owned());
                specifier::relative(self.path, &decorator::path(name))
            }
            None => self.project.renamed(self.path, specifier)?,
        };
        self.done.count += 1;
        Some(Str::from_str_in(&name, &self.arena))
    }

    fn literal(&mut self, literal: &mut StringLiteral<'a>) {
        if let Some(name) = self.renamed(literal.value.as_str()) {
            literal.value = name;
            literal.raw = None;
        }
    }

    fn template(&mut self, template: &mut TemplateLiteral<'a>) {
        if !template.is_no_substitution_template() {
            return;
        }
        let Some(quasi) = template.quasis.first_mut() else {
            return;
        };
        if let Some(name) = quasi
            .value
            .cooked
            .and_then(|cooked| self.renamed(cooked.as_str()))
        {
            quasi.value.raw = name;
            quasi.value.cooked = Some(name);
        }
    }
}

impl<'a> VisitMut<'a> for Rewriter<'a, '_> {
    fn visit_import_declaration(&mut self, it: &mut ImportDeclaration<'a>) {
        self.literal(&mut it.source);
    }

    fn visit_export_all_declaration(&mut self, it: &mut ExportAllDeclaration<'a>) {
        self.literal(&mut it.source);
    }

    fn visit_export_from_declaration(&mut self, it: &mut ExportFromDeclaration<'a>) {
        self.literal(&mut it.source);
    }

    fn visit_import_expression(&mut self, it: &mut ImportExpression<'a>) {
        match &mut it.source {
            Expression::StringLiteral(literal) => self.literal(literal),
            Expression::TemplateLiteral(template) => self.template(template),
            _ => {}
        }
        walk_mut::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &mut CallExpression<'a>) {
        if it.callee.is_specific_id("require") {
            match it.arguments.first_mut() {
                Some(Argument::StringLiteral(literal)) => self.literal(literal),
                Some(Argument::TemplateLiteral(template)) => self.template(template),
                _ => {}
            }
        }
        walk_mut::walk_call_expression(self, it);
    }
}
