//! What is given to a model and what it gives back, as most models need it.

use super::Call;
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{HOLE, Kind, Marks, Type, Value};
use std::rc::Rc;

/// A text or something else.
#[derive(Clone, Debug)]
pub(super) enum Given {
    /// A text, perhaps with holes.
    Text(Rc<str>),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// Something else, or nothing.
    Other,
}

/// What a value is, as a text.
pub(super) fn of(value: &Value) -> Given {
    match &value.kind {
        Kind::Text(text) | Kind::Template(text) => Given::Text(Rc::clone(text)),
        Kind::Bytes(bytes) => Given::Bytes(Rc::clone(bytes)),
        _ => Given::Other,
    }
}

/// The receiver. For `str.upper(x)` it is the first argument, which the machine has moved there.
pub(super) fn receiver(call: &Call<'_, '_, '_>) -> Option<Given> {
    call.receiver.as_ref().map(of)
}

/// The text of something that is one without holes.
pub(super) fn known(given: Given) -> Option<Rc<str>> {
    match given {
        Given::Text(text) if !text.contains(HOLE) => Some(text),
        _ => None,
    }
}

/// The bytes of a text or of bytes that are known.
pub(super) fn bytes_of(value: &Value) -> Option<Rc<[u8]>> {
    match &value.kind {
        Kind::Bytes(bytes) => Some(Rc::clone(bytes)),
        Kind::Text(text) => Some(Rc::from(text.as_bytes())),
        _ => None,
    }
}

/// A text that was made from receiver and arguments.
pub(super) fn text(call: &mut Call<'_, '_, '_>, text: String) -> Value {
    let marks = call.marks();
    call.machine.built(text, marks)
}

/// Bytes that were made from receiver and arguments.
pub(super) fn bytes(call: &mut Call<'_, '_, '_>, bytes: Vec<u8>) -> Value {
    let marks = call.marks();
    if bytes.len() > crate::machine::ask::TEXT {
        return Value {
            kind: Kind::Unknown(Type::Bytes),
            marks,
        };
    }
    Value {
        kind: Kind::Bytes(bytes.into()),
        marks,
    }
}

/// A list of texts that were made from receiver and arguments.
pub(super) fn texts(call: &mut Call<'_, '_, '_>, pieces: Vec<String>) -> Value {
    let marks = call.marks();
    let items = pieces
        .into_iter()
        .take(1 << 16)
        .map(|piece| call.machine.built(piece, marks.clone()))
        .collect();
    call.machine.list(items)
}

/// A number that was made from receiver and arguments.
pub(super) fn int(call: &Call<'_, '_, '_>, number: i64) -> Value {
    Value {
        kind: Kind::Int(number),
        marks: call.marks(),
    }
}

/// A truth value that was made from receiver and arguments.
pub(super) fn truth(call: &Call<'_, '_, '_>, truth: bool) -> Value {
    Value {
        kind: Kind::Bool(truth),
        marks: call.marks(),
    }
}

/// Something of a type that was made from receiver and arguments.
pub(super) fn some(call: &Call<'_, '_, '_>, ty: Type) -> Value {
    Value {
        kind: Kind::Unknown(ty),
        marks: call.marks(),
    }
}

/// A text that is not known.
pub(super) fn some_text(call: &Call<'_, '_, '_>) -> Value {
    some(call, Type::Text)
}

/// A list of texts that are not known.
pub(super) fn some_texts(call: &mut Call<'_, '_, '_>) -> Value {
    let any = some(call, Type::Text);
    call.machine.list_of(any)
}

/// A dictionary by numbers.
pub(super) fn dict(call: &mut Call<'_, '_, '_>, pairs: Vec<(i64, Value)>) -> Value {
    let mut object = Object::new(Shape::Dict);
    for (key, value) in pairs {
        object.entries.set(Key::Int(key), value);
    }
    object.marks = call.marks();
    call.machine.new_object(object)
}

/// A value with marks that say that it was hidden once more.
pub(super) fn uncovered(mut value: Value) -> Value {
    let mut marks = value.marks.as_deref().cloned().unwrap_or_default();
    marks.hidden = marks.hidden.saturating_add(1);
    value.marks = Some(Rc::new(Marks::clone(&marks)));
    value
}
