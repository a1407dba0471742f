//! Rule `file-size`: a file that outgrew its room is split.

use super::source::{Source, is_test_path};
use crate::finding::Finding;

const RULE: &str = "file-size";
const WARN_LINES: usize = 500;
const MAX_LINES: usize = 800;

/// Files that are one table: data in Rust's syntax, with the reason it is not in `resources/`.
const TABLES: &[(&str, &str)] = &[];

/// Whether the file is a table, exempt by name from the limits of size.
pub fn is_table(path: &str) -> bool {
    listed(TABLES, path)
}

/// Checks one file. Tests do not count.
pub fn check(source: &Source) -> Option<Finding> {
    if is_table(&source.path) || is_test_path(&source.path) {
        return None;
    }
    let lines = source.production_lines();
    let message = format!(
        "{lines} lines without tests: split it by concept (at most {MAX_LINES}, better {WARN_LINES})"
    );
    match lines {
        0..=WARN_LINES => None,
        _ if lines <= MAX_LINES => Some(Finding::warning(RULE, &source.path, 0, message)),
        _ => Some(Finding::error(RULE, &source.path, 0, message)),
    }
}

fn listed(tables: &[(&str, &str)], path: &str) -> bool {
    tables.iter().any(|(table, _)| *table == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    fn level(lines: usize, test_lines: usize) -> Option<Level> {
        let text = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "x;\n".repeat(lines),
            "y;\n".repeat(test_lines)
        );
        check(&Source::new("crates/a/src/b.rs", &text)).map(|finding| finding.level)
    }

    #[test]
    fn counts_lines_without_tests() {
        assert_eq!(level(500, 900), None);
        assert_eq!(level(501, 0), Some(Level::Warning));
        assert_eq!(level(800, 0), Some(Level::Warning));
        assert_eq!(level(801, 0), Some(Level::Error));
    }

    #[test]
    fn exempts_tables_by_their_whole_name() {
        let tables = [("crates/a/src/table.rs", "why")];
        assert!(listed(&tables, "crates/a/src/table.rs"));
        assert!(!listed(&tables, "crates/b/src/table.rs"));
    }
}
