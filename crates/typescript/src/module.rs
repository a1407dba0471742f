//! One source file: parsed, checked, and transformed.
//!
//! `strip` drives it file by file. It must never look at another file: what depends on the others is
//! `project`'s and `rewrite`'s business.

use crate::decorator;
use crate::file::{Format, Kind};
use crate::survey::{Syntax, survey};
use oxc_allocator::Allocator;
use oxc_ast::ast::{Program, Statement};
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_diagnostics::OxcDiagnostic;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_transformer::{DecoratorOptions, HelperLoaderMode, JsxRuntime, TransformOptions, Transformer};
use std::path::Path;

/// A parsed source.
pub(crate) struct Module<'a> {
    pub path: &'a str,
    pub text: &'a str,
    pub kind: Kind,
    pub program: Program<'a>,
    pub syntax: Syntax,
}

impl<'a> Module<'a> {
    /// Parses a source.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(
        arena: &'a Allocator,
        path: &'a str,
        text: &'a str,
        kind: Kind,
    ) -> Result<Self, Vec<OxcDiagnostic>> {
        let parsed = Parser::new(arena, text, kind.source_type()).parse();
        let errors: Vec<_> = parsed.diagnostics.errors().cloned().collect();
        if parsed.panicked || !errors.is_empty() {
            return Err(errors);
        }
        let syntax = survey(&parsed.program);
        Ok(Self {
            path,
            text,
            kind,
            program: parsed.program,
            syntax,
        })
    }

    /// Takes the types out and writes out what only TypeScript and JSX have.
    ///
    /// # Errors
    /// What the parser left to be checked, and what cannot be transformed.
    pub(crate) fn transform(
        &mut self,
        arena: &'a Allocator,
        format: Format,
    ) -> Result<(), Vec<OxcDiagnostic>> {
        if format == Format::CommonJs {
            self.program.source_type = self.program.source_type.with_commonjs(true);
        }
        let checked = SemanticBuilder::new()
            .with_check_syntax_error(true)
            .with_enum_eval(true)
            .build(&self.program);
        let errors: Vec<_> = checked.diagnostics.errors().cloned().collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let scoping = checked.semantic.into_scoping();
        let done = Transformer::new(arena, Path::new(self.path), &options(self.path))
            .build_with_scoping(scoping, &mut self.program);
        let errors: Vec<_> = done.diagnostics.errors().cloned().collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        if format == Format::CommonJs {
            // The transformer leaves `export {}` where imports and exports were; CommonJS cannot have it.
            self.program.body.retain(|statement| {
                !matches!(statement, Statement::ExportNamedDeclaration(export) if export.specifiers.is_empty())
            });
        }
        Ok(())
    }

    /// The JavaScript, with a source map in its last line.
    pub(crate) fn print(&self) -> String {
        // The map stands beside its source.
        let name = self.path.rsplit('/').next().unwrap_or(self.path);
        let options = CodegenOptions {
            source_map_path: Some(name.into()),
            ..CodegenOptions::default()
        };
        let printed = Codegen::new().with_options(options).build(&self.program);
        let map = printed.map.map(|map| map.to_data_url());
        let map = map.map_or_else(String::new, |url| format!("//# sourceMappingURL={url}\n"));
        let line_end = if printed.code.is_empty() || printed.code.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        printed.code + line_end + &map
    }
}

/// What is transformed: TypeScript, decorators as `experimentalDecorators` means them, and JSX as calls
/// of `React.createElement`. What is new in JavaScript itself is left to node.
fn options(path: &str) -> TransformOptions {
    let mut options = TransformOptions {
        decorator: DecoratorOptions {
            legacy: true,
            ..DecoratorOptions::default()
        },
        ..TransformOptions::default()
    };
    options.jsx.runtime = JsxRuntime::Classic;
    options.helper_loader.mode = HelperLoaderMode::Runtime;
    options.helper_loader.module_name = helper_folder(path).into();
    options
}

/// How a file names the folder of the helpers.
pub(crate) fn helper_folder(path: &str) -> String {
    crate::specifier::relative(path, decorator::FOLDER)
}
