//! Files that a script writes and reads again, as far as it writes what is known.

use super::super::{Call, Model, Table};
use super::{known_text, stdin, words};
use crate::ir::{Language, Symbol};
use crate::machine::value::{Kind, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("sh:>", write),
    ("sh:>>", append),
    ("sh:<", read),
    ("sh:cat", cat),
    ("sh:tee", tee),
    ("sh:cp", copy),
    ("sh:mv", copy),
];

/// How many files are kept, and how long a path is.
const FILES: usize = 64;
const PATH: usize = 1024;

/// Under which name a file is kept among the globals.
fn symbol(call: &mut Call<'_, '_, '_>, path: &str) -> Option<Symbol> {
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.is_empty() || path.len() > PATH {
        return None;
    }
    Some(call.machine.program.names.intern(&format!("sh:file:{path}")))
}

/// What a script wrote into a file.
pub(super) fn content(call: &mut Call<'_, '_, '_>, path: &str) -> Option<Value> {
    let symbol = symbol(call, path)?;
    call.machine.globals.get(&symbol).cloned()
}

fn keep(call: &mut Call<'_, '_, '_>, path: &str, value: Value) {
    if call.machine.globals.len() >= FILES * 16 {
        return;
    }
    if let Some(symbol) = symbol(call, path) {
        call.machine.globals.insert(symbol, value);
    }
}

fn write(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let path = known_text(call, &call.arg(0))?;
    let value = call.arg(1);
    run_script(call, &value);
    keep(call, &path, value);
    None
}

fn append(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let path = known_text(call, &call.arg(0))?;
    let value = call.arg(1);
    let whole = match content(call, &path) {
        Some(before) => {
            let text = [
                call.machine.piece(&before, Language::Bash),
                call.machine.piece(&value, Language::Bash),
            ];
            let marks = crate::machine::value::merge_marks(&before.marks, &value.marks);
            call.machine.built(text.join("\n"), marks)
        }
        None => value,
    };
    keep(call, &path, whole);
    None
}

/// A file that says which program runs it is read as that program would.
fn run_script(call: &mut Call<'_, '_, '_>, value: &Value) {
    let (Kind::Text(text) | Kind::Template(text)) = &value.kind else {
        return;
    };
    let Some(first) = text.strip_prefix("#!").and_then(|text| text.lines().next()) else {
        return;
    };
    let program = first
        .split_ascii_whitespace()
        .filter(|word| !word.ends_with("/env"))
        .find(|word| !word.starts_with('-'));
    let name = program
        .and_then(|program| program.rsplit('/').next())
        .unwrap_or("");
    if let Some(language) = super::code::language_of(name) {
        super::code::run(call, "sh:>", language, value);
    }
}

fn read(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let path = known_text(call, &call.arg(0))?;
    content(call, &path)
}

fn cat(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let files: Vec<&String> = words
        .iter()
        .filter(|word| !word.starts_with('-') || *word == "-")
        .collect();
    match files.as_slice() {
        [] => stdin(call),
        [file] if *file == "-" => stdin(call),
        [file] => content(call, file),
        _ => None,
    }
}

fn tee(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = stdin(call)?;
    for path in words(call).iter().filter(|word| !word.starts_with('-')).take(8) {
        keep(call, path, value.clone());
    }
    Some(value)
}

fn copy(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let mut files = words.iter().filter(|word| !word.starts_with('-'));
    if let (Some(from), Some(to), None) = (files.next(), files.next(), files.next())
        && let Some(value) = content(call, from)
    {
        keep(call, to, value);
    }
    None
}
