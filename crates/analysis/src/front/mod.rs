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

use crate::ir::{FileId, Language, Program};

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
}
