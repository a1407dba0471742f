//! `pathlib`: a path is a thing that keeps its text.

use super::given;
use super::{Call, Model, Table};
use crate::ir::Language;
use crate::machine::object::{Object, Shape};
use crate::machine::value::{HOLE, Kind, Value, merge_marks};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[
        ("pathlib.PurePath", "pathlib.Path"),
        ("pathlib.PosixPath", "pathlib.Path"),
        ("pathlib.PurePosixPath", "pathlib.Path"),
        ("pathlib.WindowsPath", "pathlib.Path"),
        ("pathlib.PureWindowsPath", "pathlib.Path"),
    ],
};

const PATH: &str = "pathlib.Path()";

const MODELS: &[(&str, Model)] = &[
    ("pathlib.Path", new),
    ("pathlib.Path.home", |call| of(call, Value::text("~"))),
    ("pathlib.Path.cwd", |call| of(call, Value::text("."))),
    ("pathlib.Path()#__truediv__", join),
    ("pathlib.Path().joinpath", join),
    ("pathlib.Path().resolve", same),
    ("pathlib.Path().absolute", same),
    ("pathlib.Path().expanduser", same),
    ("pathlib.Path().as_posix", text),
    ("pathlib.Path().__str__", text),
    ("pathlib.Path().with_suffix", changed),
    ("pathlib.Path().with_name", changed),
    ("pathlib.Path().relative_to", changed),
];

/// The text of a path, when a value is one.
pub(super) fn text_of(call: &Call<'_, '_, '_>, value: &Value) -> Option<Value> {
    let object = call.machine.object(value.as_object()?);
    match object.shape {
        Shape::Native(path) if &*call.machine.paths.text(path) == PATH => object.items.first().cloned(),
        _ => None,
    }
}

fn of(call: &mut Call<'_, '_, '_>, text: Value) -> Option<Value> {
    let Kind::Path(path) = call.machine.path(Language::Python, PATH).kind else {
        return None;
    };
    let mut object = Object::new(Shape::Native(path));
    object.items.push(text);
    Some(call.machine.new_object(object))
}

fn new(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let parts = call.arguments.places.clone();
    joined(call, parts)
}

fn join(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut parts = vec![call.receiver.clone()?];
    parts.extend(call.arguments.places.iter().cloned());
    joined(call, parts)
}

fn joined(call: &mut Call<'_, '_, '_>, parts: Vec<Value>) -> Option<Value> {
    let mut path = String::new();
    let mut marks = None;
    for part in parts {
        let part = text_of(call, &part).unwrap_or(part);
        let piece = match given::of(&part) {
            given::Given::Text(text) => text.to_string(),
            _ => HOLE.to_string(),
        };
        if piece.starts_with('/') {
            path.clear();
            marks = None;
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(&piece);
        marks = merge_marks(&marks, &call.machine.deep_marks(&part));
    }
    let text = call.machine.built(path, marks);
    of(call, text)
}

fn same(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    call.receiver.clone()
}

fn text(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    text_of(call, &receiver)
}

fn changed(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let text = given::some_text(call);
    of(call, text)
}
