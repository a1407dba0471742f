//! What several models ask of values, as JavaScript has them.

use crate::ir::Language;
use crate::machine::Machine;
use crate::machine::library::Call;
use crate::machine::object::{Key, Shape};
use crate::machine::value::{Kind, Type, Value};
use std::rc::Rc;

/// The truth of a value, when it is known.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match &value.kind {
        Kind::Null | Kind::Undefined | Kind::Unbound => Some(false),
        Kind::Bool(truth) => Some(*truth),
        Kind::Int(number) => Some(*number != 0),
        Kind::Float(number) => Some(*number != 0.0 && !number.is_nan()),
        Kind::Text(text) => Some(!text.is_empty()),
        Kind::Bytes(_) | Kind::Object(_) => Some(true),
        _ => None,
    }
}

/// A value as a text, when it is constant.
pub(super) fn text_of(machine: &Machine<'_>, value: &Value) -> Option<String> {
    match &value.kind {
        Kind::Text(text) => Some(text.to_string()),
        Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) | Kind::Null | Kind::Undefined => {
            Some(machine.piece(value, Language::JavaScript))
        }
        Kind::Bytes(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
        _ => None,
    }
}

/// The receiver as a text, when it is constant.
pub(super) fn receiver_text(call: &Call<'_, '_, '_>) -> Option<String> {
    text_of(call.machine, call.receiver.as_ref()?)
}

/// An argument as a text; what is missing is none.
pub(super) fn arg_text(call: &Call<'_, '_, '_>, place: usize) -> Option<String> {
    if place >= call.count() {
        return None;
    }
    text_of(call.machine, &call.arg(place))
}

/// An argument as an integer, or what stands for a missing one; none when it is not known.
pub(super) fn arg_int(call: &Call<'_, '_, '_>, place: usize, missing: i64) -> Option<i64> {
    let value = call.arg(place);
    match value.kind {
        Kind::Unbound | Kind::Undefined => Some(missing),
        Kind::Float(number) if number.is_finite() => Some(number as i64),
        _ => value.as_int(),
    }
}

/// A text with the marks of everything that the call was given.
pub(super) fn marked_text(call: &mut Call<'_, '_, '_>, text: String) -> Value {
    let marks = call.marks();
    call.machine.built(text, marks)
}

/// A value with the marks of everything that the call was given.
pub(super) fn marked(call: &Call<'_, '_, '_>, kind: Kind) -> Value {
    Value {
        kind,
        marks: call.marks(),
    }
}

/// A text of which nothing is known but what reached it.
pub(super) fn some_text(call: &Call<'_, '_, '_>) -> Value {
    marked(call, Kind::Unknown(Type::Text))
}

/// The items of what a call may go through: an array, a set, a text, a `Map`'s pairs, the values of an array-like record.
pub(super) fn items_of(machine: &mut Machine<'_>, value: &Value) -> Option<Vec<Value>> {
    if let Some(items) = machine.items(value) {
        return Some(items);
    }
    let object = machine.object(value.as_object()?);
    if !matches!(object.shape, Shape::Record) || !object.exact {
        return None;
    }
    let mut items = Vec::new();
    let mut place = 0;
    while let Some(item) = object.entries.get(&Key::Int(place)) {
        items.push(item.clone());
        place += 1;
    }
    if let (true, Some(length)) = (items.is_empty(), machine.program.names.find("length")) {
        let length = machine
            .object(value.as_object()?)
            .entries
            .get(&Key::Name(length))?
            .as_int()?;
        let length = usize::try_from(length).ok()?.min(1 << 12);
        items.resize(length, Value::undefined());
    }
    Some(items)
}

/// Whether both are the same by `===`, when that is known.
pub(super) fn same(one: &Value, other: &Value) -> Option<bool> {
    match (&one.kind, &other.kind) {
        (Kind::Unknown(_) | Kind::OneOf(_) | Kind::Path(_) | Kind::Template(_), _)
        | (_, Kind::Unknown(_) | Kind::OneOf(_) | Kind::Path(_) | Kind::Template(_)) => None,
        (Kind::Int(a), Kind::Float(b)) | (Kind::Float(b), Kind::Int(a)) => Some(*a as f64 == *b),
        (Kind::Float(a), Kind::Float(b)) => Some(a == b),
        (a, b) => Some(crate::machine::value::same_kind(a, b)),
    }
}

/// A value that was hidden behind one more decoding.
pub(super) fn uncovered(mut value: Value) -> Value {
    let mut marks = value.marks.as_deref().cloned().unwrap_or_default();
    marks.hidden = marks.hidden.saturating_add(1);
    value.marks = Some(Rc::new(marks));
    value
}
