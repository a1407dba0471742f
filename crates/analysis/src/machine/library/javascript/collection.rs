//! `Map`, `Set` and their weak kin.

use super::value::items_of;
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Object, Shape};
use crate::machine::value::{Kind, Type, Value, merge_marks};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("Map", map),
    ("WeakMap", map),
    ("Set", set),
    ("WeakSet", set),
    ("WeakRef", first),
    ("map#set", map_set),
    ("map#get", map_get),
    ("map#has", map_has),
    ("map#delete", map_delete),
    ("map#clear", clear),
    ("map#keys", map_keys),
    ("map#values", map_values),
    ("map#entries", map_entries),
    ("map#forEach", map_for_each),
    ("set#add", set_add),
    ("set#has", set_has),
    ("set#delete", set_delete),
    ("set#clear", clear),
    ("set#keys", set_values),
    ("set#values", set_values),
    ("set#entries", set_values),
    ("set#forEach", set_for_each),
];

fn first(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(call.arg(0))
}

fn map(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    let mut object = Object::new(Shape::Map);
    if !matches!(source.kind, Kind::Unbound | Kind::Undefined | Kind::Null) {
        match items_of(call.machine, &source) {
            Some(pairs) => {
                for pair in pairs {
                    let parts = call.machine.items(&pair).unwrap_or_default();
                    let value = parts.get(1).cloned().unwrap_or_else(Value::unknown);
                    put(
                        call,
                        &mut object,
                        &parts.first().cloned().unwrap_or_default(),
                        value,
                    );
                }
            }
            None => {
                let pair = call.machine.any_item(&source);
                let any = call.machine.any_item(&pair);
                object.add_rest(&any);
            }
        }
    }
    Some(call.machine.new_object(object))
}

/// Puts an entry into a map; the key's marks become the map's.
fn put(call: &mut Call<'_, '_, '_>, object: &mut Object, key: &Value, value: Value) {
    object.marks = merge_marks(&object.marks, &key.all_marks());
    match call.machine.key_of(key) {
        Some(key) => object.entries.set(key, value),
        None => object.add_rest(&value),
    }
}

fn map_set(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let id = receiver.as_object()?;
    let (key, value) = (call.arg(0), call.arg(1));
    let known = call.machine.key_of(&key);
    let summary = !call.machine.object(id).exact;
    let object = call.machine.object_mut(id);
    object.marks = merge_marks(&object.marks, &key.all_marks());
    match known {
        Some(key) => {
            let value = match object.entries.get(&key) {
                Some(old) if summary => old.join(&value),
                _ => value,
            };
            object.entries.set(key, value);
        }
        None => object.add_rest(&value),
    }
    Some(receiver)
}

fn map_get(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let key = call.arg(0);
    let Some(key) = call.machine.key_of(&key) else {
        return Some(any_value(call, &receiver));
    };
    let object = call.machine.object(receiver.as_object()?);
    Some(match object.entries.get(&key) {
        Some(value) if object.exact => value.clone(),
        Some(value) => object
            .rest
            .as_ref()
            .map_or(value.clone(), |rest| value.join(rest)),
        None => object.rest.clone().unwrap_or_else(Value::undefined),
    })
}

fn any_value(call: &mut Call<'_, '_, '_>, map: &Value) -> Value {
    let Some(id) = map.as_object() else {
        return Value::unknown();
    };
    let object = call.machine.object(id);
    let mut any: Option<Value> = object.rest.clone();
    for (_, value) in object.entries.iter() {
        any = Some(any.map_or_else(|| value.clone(), |any| any.join(value)));
    }
    any.unwrap_or_else(Value::undefined)
}

fn map_has(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let key = call.arg(0);
    let key = call.machine.key_of(&key);
    let object = call.machine.object(call.receiver_object()?);
    let found = key.map(|key| object.entries.get(&key).is_some());
    Some(match found {
        Some(found) if object.exact => Value::bool(found),
        _ => Value::of(Kind::Unknown(Type::Bool)),
    })
}

fn map_delete(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let key = call.arg(0);
    let key = call.machine.key_of(&key)?;
    let removed = call.machine.object_mut(id).entries.remove(&key);
    Some(Value::bool(removed.is_some()))
}

fn clear(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let object = call.machine.object_mut(call.receiver_object()?);
    object.items.clear();
    object.entries.clear();
    object.rest = None;
    object.marks = None;
    object.exact = true;
    Some(Value::undefined())
}

fn map_keys(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let object = call.machine.object(call.receiver_object()?).clone();
    let mut keys = Vec::with_capacity(object.entries.len());
    for (key, _) in object.entries.iter() {
        keys.push(call.machine.key_value(key).marked(&object.marks));
    }
    let list = call.machine.list(keys);
    if !object.exact {
        let any = Value {
            marks: object.marks,
            ..Value::unknown()
        };
        call.machine.object_mut(list.as_object()?).add_rest(&any);
    }
    Some(list)
}

fn map_values(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let object = call.machine.object(call.receiver_object()?).clone();
    let values = object.entries.iter().map(|(_, value)| value.clone()).collect();
    let list = call.machine.list(values);
    if let Some(rest) = &object.rest {
        call.machine.object_mut(list.as_object()?).add_rest(rest);
    }
    Some(list)
}

fn map_entries(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let object = call.machine.object(call.receiver_object()?).clone();
    let mut pairs = Vec::with_capacity(object.entries.len());
    for (key, value) in object.entries.iter() {
        let key = call.machine.key_value(key).marked(&object.marks);
        pairs.push(call.machine.list(vec![key, value.clone()]));
    }
    let list = call.machine.list(pairs);
    if let Some(rest) = &object.rest {
        let key = Value {
            marks: object.marks.clone(),
            ..Value::unknown()
        };
        let pair = call.machine.list(vec![key, rest.clone()]);
        call.machine.object_mut(list.as_object()?).add_rest(&pair);
    }
    Some(list)
}

fn map_for_each(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let object = call.machine.object(receiver.as_object()?).clone();
    let function = call.arg(0);
    for (key, value) in object.entries.iter() {
        let key = call.machine.key_value(key).marked(&object.marks);
        call.call_back(&function, vec![value.clone(), key, receiver.clone()]);
    }
    if let Some(rest) = object.rest {
        call.call_back(&function, vec![rest, Value::unknown(), receiver]);
    }
    Some(Value::undefined())
}

fn set(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    let mut object = Object::new(Shape::Set);
    if !matches!(source.kind, Kind::Unbound | Kind::Undefined | Kind::Null) {
        match items_of(call.machine, &source) {
            Some(items) => {
                for item in items {
                    add_item(&mut object, item);
                }
            }
            None => {
                let any = call.machine.any_item(&source);
                object.add_rest(&any);
            }
        }
    }
    Some(call.machine.new_object(object))
}

fn add_item(object: &mut Object, item: Value) {
    let known = object.items.iter().any(|known| known.same(&item));
    if !known {
        object.items.push(item);
    }
}

fn set_add(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let id = receiver.as_object()?;
    let value = call.arg(0);
    if !call
        .machine
        .object(id)
        .items
        .iter()
        .any(|known| known.same(&value))
    {
        call.machine.append(id, value);
    }
    Some(receiver)
}

fn set_has(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let wanted = call.arg(0);
    let object = call.machine.object(call.receiver_object()?);
    let mut found = object.exact.then_some(false);
    for item in &object.items {
        match super::value::same(item, &wanted) {
            Some(true) => return Some(Value::bool(true)),
            Some(false) => {}
            None => found = None,
        }
    }
    Some(found.map_or(Value::of(Kind::Unknown(Type::Bool)), Value::bool))
}

fn set_delete(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let wanted = call.arg(0);
    let object = call.machine.object_mut(id);
    let before = object.items.len();
    object
        .items
        .retain(|item| super::value::same(item, &wanted) != Some(true));
    Some(Value::bool(object.items.len() < before))
}

fn set_values(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut object = call.machine.object(call.receiver_object()?).clone();
    object.shape = Shape::List;
    Some(call.machine.new_object(object))
}

fn set_for_each(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let object = call.machine.object(receiver.as_object()?).clone();
    let function = call.arg(0);
    for item in object.items.into_iter().chain(object.rest) {
        call.call_back(&function, vec![item.clone(), item, receiver.clone()]);
    }
    Some(Value::undefined())
}
