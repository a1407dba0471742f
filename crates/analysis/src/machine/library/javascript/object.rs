//! Records: `Object`, `Reflect`, `Proxy`, and what every object answers to.

use super::array::{call_with, is_given};
use super::value::{items_of, text_of};
use crate::ir::Language;
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Kind, ObjId, Type, Value, merge_marks};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("Object", object),
    ("Object.assign", assign),
    ("Object.keys", keys),
    ("Object.getOwnPropertyNames", keys),
    ("Reflect.ownKeys", keys),
    ("Object.values", values),
    ("Object.entries", entries),
    ("Object.fromEntries", from_entries),
    ("Object.freeze", first),
    ("Object.seal", first),
    ("Object.preventExtensions", first),
    ("structuredClone", clone),
    ("Object.create", create),
    ("Object.setPrototypeOf", set_prototype),
    ("Reflect.setPrototypeOf", set_prototype),
    ("Object.getPrototypeOf", get_prototype),
    ("Reflect.getPrototypeOf", get_prototype),
    ("Object.defineProperty", define),
    ("Reflect.defineProperty", define),
    ("Object.defineProperties", define_all),
    ("Proxy", proxy),
    ("Reflect.get", get),
    ("Reflect.set", set),
    ("Reflect.has", has),
    ("Reflect.apply", apply),
    ("Reflect.construct", construct),
    ("object#hasOwnProperty", has_own),
    ("Object.hasOwn", has),
    ("object#toString", to_string),
    ("object#valueOf", value_of),
];

fn object(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if is_given(&call.arg(0)) {
        return Some(call.arg(0));
    }
    Some(call.machine.new_object(Object::new(Shape::Record)))
}

fn first(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(call.arg(0))
}

fn assign(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let target = call.arg(0);
    let id = target.as_object()?;
    for place in 1..call.count() {
        let source = call.arg(place);
        copy_into(call, id, &source);
    }
    if let Some(more) = &call.arguments.more {
        let any = call.machine.any_item(more);
        call.machine.object_mut(id).add_rest(&any);
    }
    Some(target)
}

fn copy_into(call: &mut Call<'_, '_, '_>, id: ObjId, source: &Value) {
    match source.as_object() {
        Some(from) => {
            let from = call.machine.object(from).clone();
            let object = call.machine.object_mut(id);
            object.marks = merge_marks(&object.marks, &from.marks);
            for (key, value) in from.entries.iter() {
                object.entries.set(key.clone(), value.clone());
            }
            if let Some(rest) = &from.rest {
                object.add_rest(rest);
            }
        }
        None if matches!(source.kind, Kind::Path(_) | Kind::Unknown(_) | Kind::OneOf(_)) => {
            let any = call.machine.any_item(source);
            call.machine.object_mut(id).add_rest(&any);
        }
        None => {}
    }
}

/// Whether all entries of an object are known.
fn known(call: &Call<'_, '_, '_>, value: &Value) -> Option<Object> {
    let object = call.machine.object(value.as_object()?);
    let plain = matches!(
        object.shape,
        Shape::Record | Shape::Instance | Shape::List | Shape::Class(_) | Shape::Function(_)
    );
    (plain && object.exact && object.rest.is_none()).then(|| object.clone())
}

/// The keys and values in order; those of a list by place.
fn pairs(call: &mut Call<'_, '_, '_>, object: &Object) -> Vec<(Value, Value)> {
    let mut pairs = Vec::with_capacity(object.items.len() + object.entries.len());
    for (place, item) in object.items.iter().enumerate() {
        pairs.push((Value::text(&place.to_string()), item.clone()));
    }
    for (key, value) in object.entries.iter() {
        let key = call.machine.key_value(key);
        let key = match text_of(call.machine, &key) {
            Some(text) => Value {
                kind: Kind::Text(text.into()),
                marks: object.marks.clone(),
            },
            None => key,
        };
        pairs.push((key, value.clone()));
    }
    pairs
}

fn keys(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    match known(call, &source) {
        Some(object) => {
            let keys = pairs(call, &object).into_iter().map(|(key, _)| key).collect();
            Some(call.machine.list(keys))
        }
        None => {
            let marks = source
                .as_object()
                .and_then(|id| call.machine.object(id).marks.clone());
            let marks = merge_marks(&marks, &source.all_marks());
            Some(call.machine.list_of(Value {
                kind: Kind::Unknown(Type::Text),
                marks,
            }))
        }
    }
}

fn values(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    match known(call, &source) {
        Some(object) => {
            let values = pairs(call, &object).into_iter().map(|(_, value)| value).collect();
            Some(call.machine.list(values))
        }
        None => {
            let any = call.machine.any_item(&source);
            Some(call.machine.list_of(any))
        }
    }
}

fn entries(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    match known(call, &source) {
        Some(object) => {
            let mut all = Vec::new();
            for (key, value) in pairs(call, &object) {
                all.push(call.machine.list(vec![key, value]));
            }
            Some(call.machine.list(all))
        }
        None => {
            let any = call.machine.any_item(&source);
            let key = Value {
                kind: Kind::Unknown(Type::Text),
                marks: source.all_marks(),
            };
            let pair = call.machine.list(vec![key, any]);
            Some(call.machine.list_of(pair))
        }
    }
}

fn from_entries(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    let mut object = Object::new(Shape::Record);
    let Some(all) = items_of(call.machine, &source) else {
        let pair = call.machine.any_item(&source);
        let any = call.machine.any_item(&pair);
        object.add_rest(&any);
        return Some(call.machine.new_object(object));
    };
    for pair in all {
        let parts = call.machine.items(&pair).unwrap_or_default();
        let value = parts.get(1).cloned().unwrap_or_else(Value::unknown);
        match parts.first().and_then(|key| key_of(call, key)) {
            Some(key) => object.entries.set(key, value),
            None => object.add_rest(&value),
        }
    }
    Some(call.machine.new_object(object))
}

/// The key of a record's entry.
pub(super) fn key_of(call: &mut Call<'_, '_, '_>, value: &Value) -> Option<Key> {
    let text = text_of(call.machine, value)?;
    Some(match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Key::Int(number),
        _ => Key::Name(call.machine.program.names.intern(&text)),
    })
}

fn clone(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    Some(copy_of(call, &value, 0))
}

fn copy_of(call: &mut Call<'_, '_, '_>, value: &Value, depth: u32) -> Value {
    let Some(id) = value.as_object() else {
        return value.clone();
    };
    let mut object = call.machine.object(id).clone();
    if depth > 4
        || !matches!(
            object.shape,
            Shape::Record | Shape::List | Shape::Map | Shape::Set | Shape::Instance
        )
    {
        return value.clone();
    }
    for item in &mut object.items {
        *item = copy_of(call, item, depth + 1);
    }
    let values: Vec<(Key, Value)> = object.entries.iter().cloned().collect();
    for (key, value) in values {
        let value = copy_of(call, &value, depth + 1);
        object.entries.set(key, value);
    }
    call.machine.new_object(object)
}

fn create(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let prototype = call.arg(0);
    let mut object = Object::new(Shape::Instance);
    if is_given(&prototype) {
        object.class = Some(prototype);
    } else {
        object.shape = Shape::Record;
    }
    let made = call.machine.new_object(object);
    let more = call.arg(1);
    if let (Some(id), Some(from)) = (made.as_object(), more.as_object()) {
        describe_all(call, id, from);
    }
    Some(made)
}

fn set_prototype(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let target = call.arg(0);
    let prototype = call.arg(1);
    let id = target.as_object()?;
    let object = call.machine.object_mut(id);
    if let Shape::Class(class) = &mut object.shape {
        class.bases = vec![prototype];
    } else {
        object.class = Some(prototype);
    }
    Some(target)
}

fn get_prototype(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let object = call.machine.object(call.arg(0).as_object()?);
    match &object.shape {
        Shape::Class(class) => class.bases.first().cloned(),
        _ => object.class.clone(),
    }
}

/// `defineProperty(object, key, {value} or {get, set})`.
fn define(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let target = call.arg(0);
    let key = call.arg(1);
    let description = call.arg(2);
    describe(call, target.as_object()?, &key, &description);
    Some(target)
}

fn define_all(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let target = call.arg(0);
    let all = call.arg(1);
    describe_all(call, target.as_object()?, all.as_object()?);
    Some(target)
}

fn describe_all(call: &mut Call<'_, '_, '_>, id: ObjId, from: ObjId) {
    let all = call.machine.object(from).clone();
    for (key, description) in pairs(call, &all) {
        describe(call, id, &key, &description);
    }
}

fn describe(call: &mut Call<'_, '_, '_>, id: ObjId, key: &Value, description: &Value) {
    let part = |call: &mut Call<'_, '_, '_>, name: &str| {
        let key = Key::Name(call.machine.program.names.intern(name));
        call.machine
            .object(description.as_object()?)
            .entries
            .get(&key)
            .cloned()
    };
    let (getter, setter) = (part(call, "get"), part(call, "set"));
    let value = if getter.is_some() || setter.is_some() {
        call.machine
            .new_object(Object::new(Shape::Accessor { getter, setter }))
    } else {
        part(call, "value").unwrap_or_else(Value::unknown)
    };
    match key_of(call, key) {
        Some(key) => call.machine.object_mut(id).entries.set(key, value),
        None => call.machine.object_mut(id).add_rest(&value),
    }
}

/// `new Proxy(target, handler)`: an object with both as entries.
fn proxy(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (target, handler) = (call.arg(0), call.arg(1));
    let mut object = Object::new(Shape::Native(call.machine.paths.call(call.path)));
    for (name, value) in [("%target", target), ("%handler", handler)] {
        let key = Key::Name(call.machine.program.names.intern(name));
        object.entries.set(key, value);
    }
    Some(call.machine.new_object(object))
}

fn get(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let target = call.arg(0);
    let key = call.arg(1);
    let key = key_of(call, &key)?;
    let object = call.machine.object(target.as_object()?);
    object.entries.get(&key).cloned().or_else(|| object.rest.clone())
}

fn set(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let target = call.arg(0);
    let key = call.arg(1);
    let value = call.arg(2);
    let id = target.as_object()?;
    match key_of(call, &key) {
        Some(key) => call.machine.object_mut(id).entries.set(key, value),
        None => call.machine.object_mut(id).add_rest(&value),
    }
    Some(Value::bool(true))
}

fn has(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (target, key) = (call.arg(0), call.arg(1));
    Some(has_key(call, &target, &key))
}

fn has_own(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (target, key) = (call.receiver.clone()?, call.arg(0));
    Some(has_key(call, &target, &key))
}

fn has_key(call: &mut Call<'_, '_, '_>, target: &Value, key: &Value) -> Value {
    let unknown = Value::of(Kind::Unknown(Type::Bool));
    let (Some(id), Some(key)) = (target.as_object(), key_of(call, key)) else {
        return unknown;
    };
    let object = call.machine.object(id);
    match object.entries.get(&key) {
        Some(_) if object.exact => Value::bool(true),
        None if object.exact => Value::bool(false),
        _ => unknown,
    }
}

/// `Reflect.apply(function, this, arguments)`.
fn apply(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (function, this, list) = (call.arg(0), call.arg(1), call.arg(2));
    let arguments = call
        .machine
        .items(&list)
        .unwrap_or_else(|| vec![call.machine.any_item(&list)]);
    Some(call_with(call, &function, Some(this), arguments))
}

fn construct(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (class, list) = (call.arg(0), call.arg(1));
    let arguments = call
        .machine
        .items(&list)
        .unwrap_or_else(|| vec![call.machine.any_item(&list)]);
    Some(call.call_back(&class, arguments))
}

fn to_string(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let marks = call.marks();
    let text = call.machine.piece(call.receiver.as_ref()?, Language::JavaScript);
    Some(call.machine.built(text, marks))
}

fn value_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    call.receiver.clone()
}
