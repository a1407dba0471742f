//! The first line of a program whose language nobody named.
//!
//! The line only picks a row of the table. Bytes beyond the kernel's own limit make no difference.
#![no_main]

use casemate_runtime::language::{SHEBANG_LIMIT_BYTES, Table};

libfuzzer_sys::fuzz_target!(|head: &[u8]| {
    let table = Table::builtin();
    let found = table.by_shebang(head).map(|l| l.name);
    assert!(found.is_none() || head.starts_with(b"#!"));
    assert_eq!(
        found,
        table
            .by_shebang(&head[..head.len().min(SHEBANG_LIMIT_BYTES)])
            .map(|l| l.name)
    );
    if let Ok(text) = std::str::from_utf8(head) {
        let (by_name, by_extension) = (table.find(text), table.by_extension(text));
        assert!(by_name.is_none_or(|l| l.name.is_ascii()) && by_extension.is_none_or(|l| l.name.is_ascii()));
    }
});
