//! What Node gives beside the language: paths of files, texts of `util`.

use super::value::{arg_text, marked_text, some_text};
use crate::ir::Language;
use crate::machine::library::{Call, Model, Reader, Table};
use crate::machine::value::Value;

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: READERS,
    aliases: ALIASES,
};

const MODELS: &[(&str, Model)] = &[
    ("path.join", join),
    ("path.resolve", join),
    ("path.normalize", normalize),
    ("path.basename", basename),
    ("path.dirname", dirname),
    ("path.extname", extname),
    ("util.format", format),
];

const READERS: &[(&str, Reader)] = &[
    ("path.sep", |_| Value::text("/")),
    ("os.EOL", |_| Value::text("\n")),
];

const ALIASES: &[(&str, &str)] = &[
    ("path.posix.join", "path.join"),
    ("fs/promises", "fs.promises"),
    ("child_process.default", "child_process"),
    ("@response.status()", "@response"),
    ("@response.type()", "@response"),
    ("@response.set()", "@response"),
    ("@response.header()", "@response"),
    ("@response.contentType()", "@response"),
];

fn join(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut parts = Vec::with_capacity(call.count());
    for value in &call.arguments.places {
        let part = call.machine.piece(value, Language::JavaScript);
        if !part.is_empty() {
            parts.push(part);
        }
    }
    if call.arguments.more.is_some() {
        return Some(some_text(call));
    }
    let joined = normal(&parts.join("/"));
    Some(marked_text(call, joined))
}

/// A path without `.`, doubled slashes, and `..` behind a name.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts
                .last()
                .is_some_and(|last| *last != ".." && !last.contains(crate::machine::value::HOLE)) =>
            {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') {
        format!("/{joined}")
    } else {
        joined
    }
}

fn normalize(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    part_of(call, normal)
}

fn part_of(call: &mut Call<'_, '_, '_>, part: impl FnOnce(&str) -> String) -> Option<Value> {
    Some(match arg_text(call, 0) {
        Some(path) => marked_text(call, part(&path)),
        None => some_text(call),
    })
}

fn basename(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let ending = arg_text(call, 1).unwrap_or_default();
    part_of(call, |path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.strip_suffix(ending.as_str()).unwrap_or(name).to_owned()
    })
}

fn dirname(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    part_of(call, |path| {
        path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned()
    })
}

fn extname(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    part_of(call, |path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.rfind('.')
            .filter(|at| *at > 0)
            .map_or("", |at| &name[at..])
            .to_owned()
    })
}

/// `util.format("%s", value)`.
fn format(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let pattern = arg_text(call, 0)?;
    let mut values = call.arguments.places.iter().skip(1);
    let mut text = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('s' | 'd' | 'i' | 'f' | 'j' | 'o' | 'O') => {
                if let Some(value) = values.next() {
                    text.push_str(&call.machine.piece(value, Language::JavaScript));
                }
            }
            Some(other) => text.push(other),
            None => text.push('%'),
        }
    }
    for value in values {
        text.push(' ');
        text.push_str(&call.machine.piece(value, Language::JavaScript));
    }
    Some(marked_text(call, text))
}
