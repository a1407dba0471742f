//! Code inside code: what `eval`, `exec`, shells and interpreters are given is followed.

use super::given::{self, Given};
use super::{Call, Model, Table};
use crate::ir::Language;
use crate::machine::value::{HOLE, Kind, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: ALIASES,
};

const ALIASES: &[(&str, &str)] = &[
    ("builtins.eval", "eval"),
    ("builtins.exec", "exec"),
    ("builtins.compile", "compile"),
    ("__builtin__.eval", "eval"),
    ("posix.system", "os.system"),
    ("nt.system", "os.system"),
];

const MODELS: &[(&str, Model)] = &[
    ("eval", |call| code(call, "source")),
    ("exec", |call| code(call, "source")),
    ("timeit.timeit", |call| code(call, "stmt")),
    ("pty.spawn", shell),
    ("compile", |call| Some(call.arg_or_named(0, "source"))),
    ("os.system", shell),
    ("os.popen", shell),
    ("os.popen2", shell),
    ("os.popen3", shell),
    ("os.popen4", shell),
    ("commands.getoutput", shell),
    ("commands.getstatusoutput", shell),
    ("popen2.popen2", shell),
    ("popen2.popen3", shell),
    ("subprocess.Popen", shell),
    ("subprocess.call", shell),
    ("subprocess.run", shell),
    ("subprocess.check_call", shell),
    ("subprocess.check_output", shell),
    ("subprocess.getoutput", shell),
    ("subprocess.getstatusoutput", shell),
    ("asyncio.create_subprocess_shell", shell),
    ("asyncio.create_subprocess_exec", words),
    ("pexpect.spawn", shell),
    ("pexpect.run", shell),
    ("os.execl", words_behind_first),
    ("os.execlp", words_behind_first),
    ("os.execle", words_behind_first),
    ("os.execv", list_behind_first),
    ("os.execvp", list_behind_first),
    ("os.execve", list_behind_first),
    ("os.execvpe", list_behind_first),
    ("os.posix_spawn", list_behind_first),
    ("os.spawnl", |call| words_from(call, 2)),
    ("os.spawnlp", |call| words_from(call, 2)),
    ("os.spawnv", |call| list_at(call, 2)),
    ("os.spawnvp", |call| list_at(call, 2)),
];

/// Runs a text as Python; of an expression its value.
fn code(call: &mut Call<'_, '_, '_>, name: &str) -> Option<Value> {
    let mut value = call.arg_or_named(0, name);
    if value.as_object().is_some()
        && let Some(bytes) = super::convert::bytes_of_items(call, &value)
    {
        let marks = call.machine.deep_marks(&value);
        value = given::uncovered(Value::bytes(&bytes).marked(&marks));
    }
    let path = call.machine.paths.text(call.path);
    for one in value.alternatives().to_vec() {
        if !matches!(one.kind, Kind::Text(_) | Kind::Bytes(_)) {
            continue;
        }
        let result = call.machine.run_inner(&path, Language::Python, &one, call.span);
        match result {
            Ok(result) if value.alternatives().len() == 1 => {
                return Some(result.marked(&call.machine.deep_marks(&value)));
            }
            Ok(_) => {}
            Err(stop) => {
                call.stop = Some(stop);
                return None;
            }
        }
    }
    if call
        .machine
        .deep_marks(&value)
        .is_some_and(|marks| !marks.taints.is_empty())
    {
        // What code gives is not the code.
        return Some(Value::unknown());
    }
    None
}

/// A command line, or the words of a command.
fn shell(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = [call.arg(0), call.named("args"), call.named("cmd")]
        .into_iter()
        .find(|value| !matches!(value.kind, Kind::Unbound))?;
    for one in value.alternatives().to_vec() {
        command(call, &one);
    }
    None
}

fn command(call: &mut Call<'_, '_, '_>, value: &Value) {
    match given::of(value) {
        Given::Text(text) => run(call, &text, value),
        Given::Bytes(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            run(call, &text, value);
        }
        Given::Other => {
            let Some(id) = value.as_object() else { return };
            let items = call.machine.object(id).items.clone();
            run_words(call, &items, value);
        }
    }
}

/// Runs a text as a shell would.
fn run(call: &mut Call<'_, '_, '_>, text: &str, from: &Value) {
    if text
        .chars()
        .all(|letter| letter == HOLE || letter.is_whitespace())
    {
        return;
    }
    let marks = call.machine.deep_marks(from);
    let line = Value::text(text).marked(&marks);
    let path = call.machine.paths.text(call.path);
    if let Err(stop) = call.machine.run_inner(&path, Language::Bash, &line, call.span) {
        call.stop = Some(stop);
    }
}

/// Runs the words of a command; a shell reads them as one line in which they are quoted.
fn run_words(call: &mut Call<'_, '_, '_>, words: &[Value], from: &Value) {
    let mut line = String::new();
    for word in words.iter().take(256) {
        if !line.is_empty() {
            line.push(' ');
        }
        let text = match given::of(word) {
            Given::Text(text) => text.to_string(),
            Given::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Given::Other => call.machine.piece(word, Language::Python),
        };
        line.push_str(&quoted(&text));
    }
    if !line.is_empty() {
        run(call, &line, from);
    }
}

fn quoted(word: &str) -> String {
    let plain =
        |letter: char| letter.is_ascii_alphanumeric() || letter == HOLE || "@%+=:,./-_".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn words(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    words_from(call, 0)
}

fn words_behind_first(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    words_from(call, 1)
}

fn words_from(call: &mut Call<'_, '_, '_>, place: usize) -> Option<Value> {
    let words: Vec<Value> = call.arguments.places.iter().skip(place).cloned().collect();
    run_words(call, &words, &Value::unknown());
    None
}

fn list_behind_first(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    list_at(call, 1)
}

fn list_at(call: &mut Call<'_, '_, '_>, place: usize) -> Option<Value> {
    let value = call.arg(place);
    if value.as_object().is_some() {
        command(call, &value);
    } else {
        let program = call.arg(place.saturating_sub(1));
        command(call, &program);
    }
    None
}
