//! Code inside code: what `eval` and its kin, shells and interpreters are given is followed.

use super::array::is_given;
use super::value::{items_of, text_of, truth};
use crate::ir::Language;
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::Key;
use crate::machine::value::{HOLE, Kind, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("eval", eval),
    ("Function", function),
    ("vm.runInThisContext", eval),
    ("vm.runInNewContext", eval),
    ("vm.runInContext", eval),
    ("vm.Script", script),
    ("child_process.exec", command),
    ("child_process.execSync", command),
    ("shelljs.exec", command),
    ("child_process.spawn", words),
    ("child_process.spawnSync", words),
    ("child_process.execFile", words),
    ("child_process.execFileSync", words),
];

/// Runs a text as code; gives nothing for what is no text.
pub(super) fn run(
    call: &mut Call<'_, '_, '_>,
    path: &str,
    language: Language,
    code: &Value,
) -> Option<Value> {
    let mut result = None;
    for one in code.alternatives() {
        if !matches!(one.kind, Kind::Text(_)) {
            continue;
        }
        match call.machine.run_inner(path, language, one, call.span) {
            Ok(value) => result = Some(value),
            Err(stop) => {
                call.stop = Some(stop);
                return Some(Value::unknown());
            }
        }
    }
    result
}

/// A text that is run as code where it stands.
fn eval(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let code = call.arg(0);
    let path = call.machine.paths.text(call.path);
    run(call, &path, Language::JavaScript, &code)
}

/// A script is read when it is made: what runs it later gives nothing new.
fn script(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    eval(call);
    None
}

/// `new Function(parameters..., body)` is the function that its text would be.
fn function(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let marks = call.marks();
    let mut texts = Vec::with_capacity(call.count());
    for value in &call.arguments.places {
        texts.push(text_of(call.machine, value)?);
    }
    let body = texts.pop().unwrap_or_default();
    let code = format!("(function anonymous({}\n) {{\n{body}\n}})", texts.join(","));
    let code = Value {
        kind: Kind::Text(code.into()),
        marks,
    };
    run(call, "Function", Language::JavaScript, &code)
}

/// A line for a shell.
fn command(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let line = call.arg(0);
    let path = call.machine.paths.text(call.path);
    run(call, &path, Language::Bash, &line);
    let callback = call
        .arguments
        .places
        .last()
        .cloned()
        .filter(|last| call.count() > 1 && last.as_object().is_some());
    told(call, callback);
    None
}

/// A program and its words: a line for a shell if a shell runs them, or the same with the words quoted.
fn words(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let path = call.machine.paths.text(call.path);
    let program = call.arg(0);
    let marks = call.marks();
    let first = text_of(call.machine, &program)?;
    let list = call.arg(1);
    let items = if is_given(&list) {
        items_of(call.machine, &list).unwrap_or_default()
    } else {
        Vec::new()
    };
    let shell = by_shell(call);
    let mut line = if shell { first } else { quoted(&first) };
    for item in items {
        line.push(' ');
        let word = text_of(call.machine, &item).unwrap_or_else(|| HOLE.to_string());
        line.push_str(&if shell { word } else { quoted(&word) });
    }
    if !line.contains(HOLE) {
        let line = Value {
            kind: Kind::Text(line.into()),
            marks,
        };
        run(call, &path, Language::Bash, &line);
    }
    let last = call
        .arguments
        .places
        .last()
        .cloned()
        .filter(|last| call.count() > 2 && last.as_object().is_some());
    told(call, last);
    None
}

/// Whether the options say `shell: true`.
fn by_shell(call: &mut Call<'_, '_, '_>) -> bool {
    let name = call.machine.program.names.intern("shell");
    call.arguments.places.iter().skip(1).any(|value| {
        let Some(id) = value.as_object() else { return false };
        let found = call.machine.object(id).entries.get(&Key::Name(name));
        found.is_some_and(|found| truth(found) != Some(false))
    })
}

fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A callback that a process tells of its end is called with what is not known.
fn told(call: &mut Call<'_, '_, '_>, callback: Option<Value>) {
    let Some(callback) = callback else { return };
    if call.machine.kind_name(&callback, Language::JavaScript) == Some("function") {
        let unknown = vec![Value::null(), Value::unknown(), Value::unknown()];
        call.machine.defer(&callback, unknown, call.span);
    }
}
