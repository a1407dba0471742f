//! Paths of files, words of a shell, constants of `string`, and other texts.

use super::given::{self, Given};
use super::{Call, Model, Table};
use crate::machine::Machine;
use crate::machine::library::Reader;
use crate::machine::value::{HOLE, Kind, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: READERS,
    aliases: ALIASES,
};

const ALIASES: &[(&str, &str)] = &[
    ("posixpath.join", "os.path.join"),
    ("ntpath.join", "os.path.join"),
    ("pipes.quote", "shlex.quote"),
    ("urllib.quote", "urllib.parse.quote"),
    ("urllib.quote_plus", "urllib.parse.quote_plus"),
    ("string.join", "string.joinfields"),
    ("os.getcwdu", "os.getcwd"),
];

const MODELS: &[(&str, Model)] = &[
    ("os.path.join", join),
    ("os.path.basename", |call| {
        part(call, |path| path.rsplit('/').next().unwrap_or(path).to_owned())
    }),
    ("os.path.dirname", |call| {
        part(call, |path| {
            path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()
        })
    }),
    ("os.path.normpath", |call| part(call, str::to_owned)),
    ("os.path.abspath", |call| part(call, str::to_owned)),
    ("os.path.realpath", |call| part(call, str::to_owned)),
    ("os.path.expanduser", |call| part(call, str::to_owned)),
    ("os.path.expandvars", |call| part(call, str::to_owned)),
    ("os.fspath", |call| part(call, str::to_owned)),
    ("os.fsencode", |call| part(call, str::to_owned)),
    ("os.fsdecode", |call| part(call, str::to_owned)),
    ("os.path.splitext", splitext),
    ("os.path.split", split),
    ("os.path.exists", |_| Some(Value::of(Kind::Unknown(Type::Bool)))),
    ("os.path.isfile", |_| Some(Value::of(Kind::Unknown(Type::Bool)))),
    ("os.path.isdir", |_| Some(Value::of(Kind::Unknown(Type::Bool)))),
    ("shlex.quote", quote),
    ("shlex.split", words),
    ("urllib.parse.quote", percent),
    ("urllib.parse.quote_plus", percent),
    ("textwrap.dedent", dedent),
    ("inspect.cleandoc", dedent),
    ("re.escape", |call| part(call, str::to_owned)),
    ("re.sub", sub),
    ("re.compile().sub", |_| None),
    ("sys.intern", |call| part(call, str::to_owned)),
    ("string.joinfields", join_fields),
    ("json.dumps", dumps),
];

const READERS: &[(&str, Reader)] = &[
    ("string.ascii_letters", |_| {
        Value::text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    }),
    ("string.letters", |_| {
        Value::text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    }),
    ("string.ascii_lowercase", |_| {
        Value::text("abcdefghijklmnopqrstuvwxyz")
    }),
    ("string.lowercase", |_| Value::text("abcdefghijklmnopqrstuvwxyz")),
    ("string.ascii_uppercase", |_| {
        Value::text("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    }),
    ("string.uppercase", |_| Value::text("ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
    ("string.digits", |_| Value::text("0123456789")),
    ("string.hexdigits", |_| Value::text("0123456789abcdefABCDEF")),
    ("string.octdigits", |_| Value::text("01234567")),
    ("string.punctuation", |_| {
        Value::text("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    }),
    ("string.whitespace", |_| Value::text(" \t\n\r\u{b}\u{c}")),
    ("string.printable", printable),
    ("os.sep", |_| Value::text("/")),
    ("os.path.sep", |_| Value::text("/")),
    ("os.linesep", |_| Value::text("\n")),
    ("os.curdir", |_| Value::text(".")),
    ("os.pardir", |_| Value::text("..")),
    ("os.pathsep", |_| Value::text(":")),
    ("os.devnull", |_| Value::text("/dev/null")),
];

fn printable(_: &mut Machine<'_>) -> Value {
    Value::text(concat!(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\u{b}\u{c}"
    ))
}

/// A text as a part of a path; a hole where it is not known.
fn piece(value: &Value) -> String {
    match given::of(value) {
        Given::Text(text) => text.to_string(),
        Given::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Given::Other => HOLE.to_string(),
    }
}

fn join(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if call.count() == 0 || call.arguments.more.is_some() {
        return Some(given::some_text(call));
    }
    let mut path = String::new();
    let mut marks = None;
    for place in 0..call.count() {
        let value = call.arg(place);
        let part = piece(&value);
        if part.starts_with('/') {
            // What stands before an absolute path is dropped.
            path.clear();
            marks = None;
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(&part);
        marks = crate::machine::value::merge_marks(&marks, &call.machine.deep_marks(&value));
    }
    Some(call.machine.built(path, marks))
}

/// A text made from the first argument's.
fn part(call: &mut Call<'_, '_, '_>, with: impl Fn(&str) -> String) -> Option<Value> {
    match given::of(&call.arg(0)) {
        Given::Text(text) => {
            let made = with(&text);
            Some(given::text(call, made))
        }
        _ => None,
    }
}

fn pair(call: &mut Call<'_, '_, '_>, parts: Option<(String, String)>) -> Option<Value> {
    let (left, right) = match parts {
        Some((left, right)) => (given::text(call, left), given::text(call, right)),
        None => (given::some_text(call), given::some_text(call)),
    };
    Some(call.machine.tuple(vec![left, right]))
}

fn splitext(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let parts = given::known(given::of(&call.arg(0))).map(|path| {
        let name = path.rfind('/').map_or(0, |place| place + 1);
        let dot = path.rfind('.').filter(|&dot| dot > name).unwrap_or(path.len());
        let (root, extension) = path.split_at(dot);
        (root.to_owned(), extension.to_owned())
    });
    pair(call, parts)
}

fn split(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let parts = given::known(given::of(&call.arg(0))).map(|path| match path.rsplit_once('/') {
        Some((folder, name)) => (folder.to_owned(), name.to_owned()),
        None => (String::new(), path.to_string()),
    });
    pair(call, parts)
}

fn quote(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "@%+=:,./-_".contains(letter);
    part(call, |text| {
        if !text.is_empty() && text.chars().all(safe) {
            return text.to_owned();
        }
        format!("'{}'", text.replace('\'', "'\"'\"'"))
    })
}

/// The words of a command line.
fn words(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let Given::Text(text) = given::of(&call.arg(0)) else {
        return Some(given::some_texts(call));
    };
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(letters.next()),
            (letter, Some(_)) => word.get_or_insert_default().push(letter),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, None) if letter.is_whitespace() => words.extend(word.take()),
            (letter, None) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Some(given::texts(call, words))
}

fn percent(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    use std::fmt::Write as _;
    let safe = match given::known(given::of(&call.arg_or_named(1, "safe"))) {
        Some(safe) => safe.to_string(),
        None => "/".to_owned(),
    };
    let Some(text) = given::known(given::of(&call.arg(0))) else {
        return Some(given::some_text(call));
    };
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = char::from(byte);
        if letter.is_ascii_alphanumeric()
            || "_.-~".contains(letter)
            || (letter.is_ascii() && safe.contains(letter))
        {
            out.push(letter);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Some(given::text(call, out))
}

fn dedent(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    part(call, |text| {
        let blank = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let margin = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(blank)
            .min()
            .unwrap_or(0);
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            out.push_str(line.get(margin.min(blank(line))..).unwrap_or(line));
        }
        out
    })
}

/// `re.sub` of a pattern that is a plain text, on constants.
fn sub(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let parts = (
        given::of(&call.arg(0)),
        given::of(&call.arg(1)),
        given::of(&call.arg(2)),
    );
    if let (Given::Text(pattern), Given::Text(new), Given::Text(text)) = parts
        && call.count() == 3
    {
        let special =
            |text: &str| text.contains(['\\', '.', '^', '$', '*', '+', '?', '{', '[', '(', '|', ')']);
        if !pattern.is_empty() && !special(&pattern) && !new.contains('\\') {
            let replaced = text.replace(&*pattern, &new);
            return Some(given::text(call, replaced));
        }
    }
    let callee = call.arg(1);
    if callee.as_object().is_some() {
        let marks = call.machine.deep_marks(&call.arg(2));
        let found = Value::unknown().marked(&marks);
        call.call_back(&callee, vec![found]);
    }
    Some(given::some_text(call))
}

/// `string.join(list, between)` of Python 2.
fn join_fields(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let between = if call.count() > 1 {
        piece(&call.arg(1))
    } else {
        " ".to_owned()
    };
    let list = call.arg(0);
    let items = call.machine.items(&list)?;
    let pieces: Vec<_> = items.iter().map(piece).collect();
    let joined = pieces.join(&between);
    Some(given::text(call, joined))
}

fn dumps(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let text = match &value.kind {
        Kind::Text(text) => format!("{text:?}"),
        _ => HOLE.to_string(),
    };
    Some(given::text(call, text))
}
