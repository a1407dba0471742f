//! What the nodes of each grammar mean.

mod native;
mod object;
mod script;

use super::grammar::Table;
use crate::ir::Language;

/// The grammar and the table of a language that is read by this front end.
pub(super) fn of(language: Language) -> Option<(tree_sitter::Language, &'static Table)> {
    Some(match language {
        Language::C => (tree_sitter_c::LANGUAGE.into(), &native::C),
        Language::Cpp => (tree_sitter_cpp::LANGUAGE.into(), &native::CPP),
        Language::Rust => (tree_sitter_rust::LANGUAGE.into(), &native::RUST),
        Language::Go => (tree_sitter_go::LANGUAGE.into(), &native::GO),
        Language::Java => (tree_sitter_java::LANGUAGE.into(), &object::JAVA),
        Language::Ruby => (tree_sitter_ruby::LANGUAGE.into(), &object::RUBY),
        Language::Php => (tree_sitter_php::LANGUAGE_PHP.into(), &object::PHP),
        Language::Perl => (ts_parser_perl::LANGUAGE.into(), &script::PERL),
        Language::Lua => (tree_sitter_lua::LANGUAGE.into(), &script::LUA),
        Language::R => (tree_sitter_r::LANGUAGE.into(), &script::R),
        Language::Python | Language::JavaScript | Language::TypeScript | Language::Bash => return None,
    })
}

/// PHP that does not begin with the tag that says so.
pub(super) fn php_piece() -> (tree_sitter::Language, &'static Table) {
    (tree_sitter_php::LANGUAGE_PHP_ONLY.into(), &object::PHP)
}
