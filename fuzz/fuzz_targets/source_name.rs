//! The name that a program's source gets, read from its text where the language asks for that.
//!
//! Text and extension are the caller's. The name is one plain file name of a bounded length, and what
//! is started is made of words and dots, so that neither can become a path or an option.
#![no_main]

use casemate_init::stream::is_plain_relative;
use casemate_runtime::language::Table;

libfuzzer_sys::fuzz_target!(|input: (u8, Option<&str>, &[u8])| {
    let (row, extension, text) = input;
    let rows: Vec<_> = Table::builtin().iter().collect();
    // Most of the time the rows that read the text.
    let naming: Vec<_> = rows.iter().copied().filter(|l| l.naming.is_some()).collect();
    let from = if row.is_multiple_of(4) { &rows } else { &naming };
    let language = from[usize::from(row) % from.len()];
    let name = language.source_name(extension, text);
    assert!(
        is_plain_relative(name.file.as_bytes()) && !name.file.contains('/'),
        "{:?}",
        name.file
    );
    assert!(
        name.file.len() <= 255 && !name.file.starts_with('-'),
        "{:?}",
        name.file
    );
    assert!(
        !name.entry.is_empty() && !name.entry.starts_with('-'),
        "{:?}",
        name.entry
    );
    let plain = |c: char| c.is_ascii_alphanumeric() || "._$".contains(c) || !c.is_ascii();
    assert!(name.entry.chars().all(plain), "{:?}", name.entry);
    assert!(name.entry.len() <= 33 * 201, "{} bytes", name.entry.len());
});
