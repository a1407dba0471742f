//! The grammars with their roles, looked up once per process.

use super::role::Role;
use super::tables;
use crate::ir::Language;
use std::sync::OnceLock;

/// What a table says of a language.
pub(super) struct Table {
    /// Kinds of nodes, separated by blanks, and their role.
    pub(super) roles: &'static [(&'static str, Role)],
    /// Operators that join texts.
    pub(super) joins: &'static [&'static str],
    /// The function that the system calls.
    pub(super) main: Option<&'static str>,
    /// How a path begins that means nothing to rules: `std::` of C++.
    pub(super) dropped: &'static str,
    /// Whether a name alone calls a function, where no variable has it.
    pub(super) bare_calls: bool,
}

/// A grammar and what its nodes mean.
pub(super) struct Grammar {
    pub(super) language: tree_sitter::Language,
    pub(super) table: &'static Table,
    pub(super) which: Language,
    /// By the number of a kind.
    roles: Vec<Role>,
}

impl Grammar {
    fn new(which: Language, (language, table): (tree_sitter::Language, &'static Table)) -> Self {
        let count = language.node_kind_count();
        let mut roles = vec![Role::Other; count];
        for &(kinds, role) in table.roles {
            for kind in kinds.split_ascii_whitespace() {
                // One name may have several numbers.
                for (number, slot) in roles.iter_mut().enumerate() {
                    let number = u16::try_from(number).unwrap_or(u16::MAX);
                    if language.node_kind_is_named(number) && language.node_kind_for_id(number) == Some(kind)
                    {
                        *slot = role;
                    }
                }
            }
        }
        Self {
            language,
            table,
            which,
            roles,
        }
    }

    /// What a node means.
    pub(super) fn role(&self, node: tree_sitter::Node<'_>) -> Role {
        self.roles
            .get(usize::from(node.kind_id()))
            .copied()
            .unwrap_or(Role::Other)
    }
}

/// The grammar of a language that has one.
pub(super) fn of(language: Language, text: &str) -> Option<&'static Grammar> {
    // A piece of PHP without its tag would be text of a page for the usual grammar.
    static PHP_PIECE: OnceLock<Grammar> = OnceLock::new();
    if language == Language::Php && !text.contains("<?") {
        return Some(PHP_PIECE.get_or_init(|| Grammar::new(language, tables::php_piece())));
    }
    static GRAMMARS: [OnceLock<Option<Grammar>>; Language::ALL.len()] =
        [const { OnceLock::new() }; Language::ALL.len()];
    let number = Language::ALL.iter().position(|known| *known == language)?;
    GRAMMARS
        .get(number)?
        .get_or_init(|| tables::of(language).map(|table| Grammar::new(language, table)))
        .as_ref()
}
