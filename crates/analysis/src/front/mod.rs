//! Front ends: from the text of a file to the intermediate form, one for each language.
//!
//! A front end is tolerant: of a file with errors it lowers what parsed, and says so in the file. It bounds its own
//! recursion; the parsers below it may not, which is why analysis has a process of its own.

mod javascript;
mod python;
mod shell;
mod tree;

#[cfg(test)]
mod show;

use crate::ir::{Block, FileId, Language, Program, StatementKind};

/// Lowers a file of the program by the front end of its language.
pub fn lower(program: &mut Program, file: FileId) {
    let Some(entry) = program.files.get(usize::from(file.0)) else {
        return;
    };
    match entry.language {
        Language::Python => python::lower(program, file),
        Language::JavaScript | Language::TypeScript => javascript::lower(program, file),
        Language::Bash => shell::lower(program, file),
        Language::C
        | Language::Cpp
        | Language::Rust
        | Language::Go
        | Language::Java
        | Language::Ruby
        | Language::Php
        | Language::Perl
        | Language::Lua
        | Language::R => tree::lower(program, file),
    }
    stay(program, file);
}

/// What ends a top level in a file that could not be read whole was inside a function that is not there: what follows
/// it is read all the same.
fn stay(program: &mut Program, file: FileId) {
    let Some(entry) = program
        .files
        .get(usize::from(file.0))
        .filter(|entry| entry.broken)
    else {
        return;
    };
    let module = entry
        .module
        .and_then(|module| program.functions.get_mut(module.0 as usize));
    let mut left: Vec<&mut Block> = module.into_iter().map(|module| &mut module.body).collect();
    while let Some(block) = left.pop() {
        for statement in block {
            if let StatementKind::Return(Some(value)) | StatementKind::Raise(Some(value)) = statement.kind {
                statement.kind = StatementKind::Expr(value);
            }
            match &mut statement.kind {
                StatementKind::If(_, then, otherwise) => left.extend([then, otherwise]),
                StatementKind::For { body, .. }
                | StatementKind::While { body, .. }
                | StatementKind::Labelled(_, body) => {
                    left.push(body);
                }
                StatementKind::Try { body, finally, .. } => left.extend([body, finally]),
                _ => {}
            }
        }
    }
}
