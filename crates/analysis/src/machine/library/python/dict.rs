//! Methods of dictionaries.

use super::{Call, Model, Table, given};
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("dict#get", get),
    ("dict#__getitem__", get),
    ("dict#setdefault", setdefault),
    ("dict#pop", pop),
    ("dict#popitem", popitem),
    ("dict#update", update),
    ("dict#__setitem__", set),
    ("dict#clear", clear),
    ("dict#copy", copy),
    ("dict#keys", keys),
    ("dict#iterkeys", keys),
    ("dict#viewkeys", keys),
    ("dict#values", values),
    ("dict#itervalues", values),
    ("dict#items", items),
    ("dict#iteritems", items),
    ("dict#viewitems", items),
    ("dict#has_key", has_key),
    ("dict#__contains__", has_key),
    ("dict.fromkeys", fromkeys),
    ("dict#fromkeys", fromkeys),
];

/// The value of a key, or none when the dictionary surely lacks it.
fn look(call: &mut Call<'_, '_, '_>, key: &Value) -> Option<Value> {
    let id = call.receiver_object()?;
    let key = call.machine.key_of(key);
    let object = call.machine.object(id);
    let found = match &key {
        Some(key) => match object.entries.get(key) {
            // The marks of the whole are those of the keys: they are not the value's.
            Some(value) => return Some(value.clone()),
            None => object.rest.clone(),
        },
        None => {
            let mut any = object.rest.clone();
            for (_, value) in object.entries.iter() {
                any = Some(any.as_ref().map_or_else(|| value.clone(), |any| any.join(value)));
            }
            any
        }
    };
    let marks = object.marks.clone();
    found.map(|value| value.marked(&marks))
}

/// Whether it has a key; none when that is not known.
fn has(call: &mut Call<'_, '_, '_>, key: &Value) -> Option<bool> {
    let id = call.receiver_object()?;
    let key = call.machine.key_of(key)?;
    let object = call.machine.object(id);
    match object.entries.get(&key) {
        Some(_) if object.exact => Some(true),
        None if object.exact && object.rest.is_none() => Some(false),
        _ => None,
    }
}

fn get(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    call.receiver_object()?;
    let key = call.arg(0);
    let default = if call.count() > 1 {
        call.arg(1)
    } else {
        Value::null()
    };
    let sure = has(call, &key) == Some(true);
    Some(match look(call, &key) {
        Some(value) if sure => value,
        Some(value) => value.join(&default),
        None => default,
    })
}

fn set(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (key, value) = (call.arg(0), call.arg(1));
    put(call, &key, value);
    Some(Value::null())
}

/// Sets a key.
fn put(call: &mut Call<'_, '_, '_>, key: &Value, value: Value) {
    let Some(id) = call.receiver_object() else {
        return;
    };
    let key_marks = key.all_marks();
    let key = call.machine.key_of(key);
    let summary = call.machine.store.is_summary(id);
    let object = call.machine.object_mut(id);
    object.marks = crate::machine::value::merge_marks(&object.marks, &key_marks);
    match key {
        Some(key) if !summary => object.entries.set(key, value),
        Some(key) => {
            let value = object
                .entries
                .get(&key)
                .map_or_else(|| value.clone(), |old| old.join(&value));
            object.entries.set(key, value);
        }
        None => object.add_rest(&value),
    }
}

fn setdefault(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    call.receiver_object()?;
    let key = call.arg(0);
    let default = if call.count() > 1 {
        call.arg(1)
    } else {
        Value::null()
    };
    let has = has(call, &key);
    let value = match look(call, &key) {
        Some(value) if has == Some(true) => return Some(value),
        Some(value) => value.join(&default),
        None => default,
    };
    put(call, &key, value.clone());
    Some(value)
}

fn pop(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let value = get(call)?;
    let key = call.arg(0);
    let key = call.machine.key_of(&key);
    if !call.machine.store.is_summary(id) {
        let object = call.machine.object_mut(id);
        match key {
            Some(key) => {
                object.entries.remove(&key);
            }
            None => object.exact = false,
        }
    }
    Some(value)
}

fn popitem(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let object = call.machine.object(id);
    let last = object.entries.iter().next_back().cloned();
    let marks = object.marks.clone();
    match last {
        Some((key, value)) if object.exact && !call.machine.store.is_summary(id) => {
            call.machine.object_mut(id).entries.remove(&key);
            let key = call.machine.key_value(&key).marked(&marks);
            Some(call.machine.tuple(vec![key, value.marked(&marks)]))
        }
        _ => {
            let (key, value) = any_pair(call)?;
            Some(call.machine.tuple(vec![key, value]))
        }
    }
}

/// Any key and any value.
fn any_pair(call: &mut Call<'_, '_, '_>) -> Option<(Value, Value)> {
    let id = call.receiver_object()?;
    let object = call.machine.object(id).clone();
    let mut key = object
        .rest
        .as_ref()
        .map(|_| Value::of(crate::machine::value::Kind::Unknown(Type::Any)));
    let mut value = object.rest.clone();
    for (one_key, one) in object.entries.iter() {
        let one_key = call.machine.key_value(one_key);
        key = Some(key.map_or_else(|| one_key.clone(), |known| known.join(&one_key)));
        value = Some(value.map_or_else(|| one.clone(), |known| known.join(one)));
    }
    let key = key.unwrap_or_else(Value::unknown).marked(&object.marks);
    let value = value.unwrap_or_else(Value::unknown).marked(&object.marks);
    Some((key, value))
}

/// `update` with dictionaries, pairs or names.
fn update(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    for place in 0..call.count() {
        let more = call.arg(place);
        merge(call, &more);
    }
    for (name, value) in call.arguments.named.clone() {
        let object = call.machine.object_mut(id);
        object.entries.set(Key::Name(name), value);
    }
    Some(Value::null())
}

/// Adds the entries of another dictionary, or of a list of pairs.
pub(super) fn merge(call: &mut Call<'_, '_, '_>, more: &Value) {
    let Some(id) = call.receiver_object() else {
        return;
    };
    if let Some(other) = more.as_object() {
        let other = call.machine.object(other).clone();
        if matches!(other.shape, Shape::Dict | Shape::Instance) {
            let object = call.machine.object_mut(id);
            for (key, value) in other.entries.iter() {
                object.entries.set(key.clone(), value.clone());
            }
            if let Some(rest) = &other.rest {
                object.add_rest(rest);
            }
            object.exact &= other.exact;
            object.marks = crate::machine::value::merge_marks(&object.marks, &other.marks);
            return;
        }
    }
    let Some(pairs) = call.machine.items(more) else {
        let any = call.machine.any_item(more);
        call.machine.object_mut(id).add_rest(&any);
        return;
    };
    for pair in pairs {
        match call.machine.items(&pair).as_deref() {
            Some([key, value]) => put(call, key, value.clone()),
            _ => call.machine.object_mut(id).add_rest(&pair),
        }
    }
}

fn clear(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    if !call.machine.store.is_summary(id) {
        let object = call.machine.object_mut(id);
        object.entries.clear();
        object.rest = None;
        object.exact = true;
        object.marks = None;
    }
    Some(Value::null())
}

fn copy(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let object = call.machine.object(id).clone();
    Some(call.machine.new_object(object))
}

/// A list of something for each entry, or of something for any.
fn listed(
    call: &mut Call<'_, '_, '_>,
    with: impl Fn(&mut Call<'_, '_, '_>, Value, Value) -> Value,
) -> Option<Value> {
    let id = call.receiver_object()?;
    let object = call.machine.object(id).clone();
    let mut items = Vec::with_capacity(object.entries.len());
    for (key, value) in object.entries.iter() {
        let key = call.machine.key_value(key).marked(&object.marks);
        items.push(with(call, key, value.clone()));
    }
    let mut list = Object::list(items);
    if !object.exact || object.rest.is_some() {
        let (key, value) = any_pair(call)?;
        let any = with(call, key, value);
        for item in std::mem::take(&mut list.items) {
            list.add_rest(&item);
        }
        list.add_rest(&any);
    }
    Some(call.machine.new_object(list))
}

fn keys(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    listed(call, |_, key, _| key)
}

fn values(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    listed(call, |_, _, value| value)
}

fn items(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    listed(call, |call, key, value| call.machine.tuple(vec![key, value]))
}

fn has_key(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    call.receiver_object()?;
    let key = call.arg(0);
    Some(match has(call, &key) {
        Some(truth) => Value::bool(truth),
        None => given::some(call, Type::Bool),
    })
}

fn fromkeys(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let keys = call.arg(0);
    let keys = call.machine.items(&keys)?;
    let value = if call.count() > 1 {
        call.arg(1)
    } else {
        Value::null()
    };
    let dict = call.machine.new_object(Object::new(Shape::Dict));
    let receiver = call.receiver.replace(dict.clone());
    for key in keys {
        put(call, &key, value.clone());
    }
    call.receiver = receiver;
    Some(dict)
}
