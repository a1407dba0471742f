//! Arrays: what is called on them, and `Array` itself.

use super::value::{arg_int, arg_text, items_of, marked, same, text_of};
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Object, Shape};
use crate::machine::value::{Kind, ObjId, Type, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("Array", array),
    ("Array.of", array_of),
    ("Array.from", array_from),
    ("Array.isArray", is_array),
    ("array#push", push),
    ("array#unshift", unshift),
    ("array#pop", pop),
    ("array#shift", shift),
    ("array#concat", concat),
    ("array#slice", slice),
    ("array#splice", splice),
    ("array#join", join),
    ("array#toString", join),
    ("array#reverse", reverse),
    ("array#toReversed", reversed),
    ("array#sort", sort),
    ("array#toSorted", sorted),
    ("array#fill", fill),
    ("array#copyWithin", copy_within),
    ("array#flat", flat),
    ("array#at", at),
    ("array#with", with),
    ("array#keys", keys),
    ("array#values", values),
    ("array#entries", entries),
    ("array#includes", includes),
    ("array#indexOf", index_of),
    ("array#lastIndexOf", last_index_of),
];

fn array(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if let (1, Some(length)) = (call.count(), call.arg(0).as_int()) {
        let length = usize::try_from(length).ok()?.min(1 << 12);
        return Some(call.machine.list(vec![Value::undefined(); length]));
    }
    array_of(call)
}

fn array_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let list = call.machine.list(call.arguments.places.clone());
    if let (Some(more), Some(id)) = (&call.arguments.more, list.as_object()) {
        call.machine.object_mut(id).add_rest(more);
    }
    Some(list)
}

fn array_from(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    let mapper = call.arg(1);
    let Some(items) = items_of(call.machine, &source) else {
        let mut any = call.machine.any_item(&source);
        if is_given(&mapper) {
            any = call.call_back(&mapper, vec![any, Value::of(Kind::Unknown(Type::Number))]);
        }
        return Some(call.machine.list_of(any));
    };
    if !is_given(&mapper) {
        return Some(call.machine.list(items));
    }
    let mut mapped = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        mapped.push(call.call_back(&mapper, vec![item, place_value(place)]));
    }
    Some(call.machine.list(mapped))
}

fn is_array(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.arg(0).as_object()?;
    Some(Value::bool(matches!(call.machine.object(id).shape, Shape::List)))
}

fn push(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    for value in &call.arguments.places {
        call.machine.append(id, value.clone());
    }
    if let Some(more) = &call.arguments.more {
        call.machine.object_mut(id).add_rest(more);
    }
    Some(length_of(call, id))
}

fn unshift(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let mut items = call.arguments.places.clone();
    let object = call.machine.object_mut(id);
    items.append(&mut object.items);
    object.items = items;
    if let Some(more) = &call.arguments.more {
        object.add_rest(more);
    }
    Some(length_of(call, id))
}

fn pop(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    take(call, |object| object.items.pop())
}

fn shift(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    take(call, |object| {
        if object.items.is_empty() {
            None
        } else {
            Some(object.items.remove(0))
        }
    })
}

fn take(call: &mut Call<'_, '_, '_>, taken: fn(&mut Object) -> Option<Value>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let id = receiver.as_object()?;
    if !call.machine.object(id).exact {
        return Some(call.machine.any_item(&receiver));
    }
    Some(taken(call.machine.object_mut(id)).unwrap_or_else(Value::undefined))
}

fn concat(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let parts: Vec<Value> = std::iter::once(receiver)
        .chain(call.arguments.places.iter().cloned())
        .collect();
    let mut all = Object::list(Vec::new());
    for part in parts {
        match part.as_object() {
            Some(id) if matches!(call.machine.object(id).shape, Shape::List) => {
                let object = call.machine.object(id).clone();
                all.marks = crate::machine::value::merge_marks(&all.marks, &object.marks);
                all.items.extend(object.items);
                if let Some(rest) = &object.rest {
                    all.add_rest(rest);
                }
                all.exact &= object.exact;
            }
            _ if matches!(part.kind, Kind::Unknown(_) | Kind::Path(_) | Kind::OneOf(_)) => {
                let any = call.machine.any_item(&part).marked(&part.marks);
                all.add_rest(&any);
            }
            _ => all.items.push(part),
        }
    }
    Some(call.machine.new_object(all))
}

/// The two ends of `slice(start, end)` in a thing of that length.
pub(super) fn ends(call: &Call<'_, '_, '_>, length: usize) -> Option<(usize, usize)> {
    let whole = i64::try_from(length).ok()?;
    let place = |number: i64| {
        if number < 0 {
            (whole + number).max(0)
        } else {
            number.min(whole)
        }
    };
    let start = place(arg_int(call, 0, 0)?);
    let end = place(arg_int(call, 1, whole)?);
    Some((
        usize::try_from(start).ok()?,
        usize::try_from(end.max(start)).ok()?,
    ))
}

fn slice(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let Some(items) = items_of(call.machine, &receiver) else {
        let any = call.machine.any_item(&receiver);
        return Some(call.machine.list_of(any));
    };
    let (start, end) = ends(call, items.len())?;
    Some(call.machine.list(items[start..end].to_vec()))
}

fn splice(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let id = receiver.as_object()?;
    let added: Vec<Value> = call.arguments.places.iter().skip(2).cloned().collect();
    let length = call.machine.object(id).items.len();
    let start = arg_int(call, 0, 0);
    let count = arg_int(call, 1, i64::MAX);
    let (Some(start), Some(count), true) = (start, count, call.machine.object(id).exact) else {
        let any = call.machine.any_item(&receiver);
        for value in &added {
            call.machine.object_mut(id).add_rest(value);
        }
        return Some(call.machine.list_of(any));
    };
    let whole = i64::try_from(length).ok()?;
    let start = if start < 0 {
        (whole + start).max(0)
    } else {
        start.min(whole)
    };
    let end = start.saturating_add(count.max(0)).min(whole);
    let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
    let removed = call
        .machine
        .object_mut(id)
        .items
        .splice(start..end, added)
        .collect();
    Some(call.machine.list(removed))
}

fn join(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let separator = if call.count() == 0 {
        ",".to_owned()
    } else {
        arg_text(call, 0)?
    };
    let marks = call.marks();
    let Some(items) = call.machine.items(&receiver) else {
        return Some(Value {
            kind: Kind::Unknown(Type::Text),
            marks,
        });
    };
    let mut text = String::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            text.push_str(&separator);
        }
        match &item.kind {
            Kind::Null | Kind::Undefined | Kind::Unbound => {}
            _ => text.push_str(&call.machine.piece(item, crate::ir::Language::JavaScript)),
        }
        if text.len() > crate::machine::ask::TEXT {
            return Some(Value {
                kind: Kind::Unknown(Type::Text),
                marks,
            });
        }
    }
    Some(call.machine.built(text, marks))
}

fn reverse(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    call.machine.object_mut(receiver.as_object()?).items.reverse();
    Some(receiver)
}

fn reversed(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut object = call.machine.object(call.receiver_object()?).clone();
    object.items.reverse();
    Some(call.machine.new_object(object))
}

fn sort(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let id = receiver.as_object()?;
    let sorted = in_order(call, &receiver)?;
    let object = call.machine.object_mut(id);
    *object = Object {
        marks: object.marks.clone(),
        ..sorted
    };
    Some(receiver)
}

fn sorted(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let sorted = in_order(call, &receiver)?;
    Some(call.machine.new_object(sorted))
}

/// The items in the order of their texts; by an order of the program's own, at any place.
fn in_order(call: &mut Call<'_, '_, '_>, receiver: &Value) -> Option<Object> {
    let order = call.arg(0);
    let items = call.machine.items(receiver);
    if is_given(&order) {
        let any = call.machine.any_item(receiver);
        let _ = call.call_back(&order, vec![any.clone(), any.clone()]);
        let mut object = Object::list(Vec::new());
        object.add_rest(&any);
        return Some(object);
    }
    let Some(items) = items else {
        let mut object = Object::list(Vec::new());
        object.add_rest(&call.machine.any_item(receiver));
        return Some(object);
    };
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        match text_of(call.machine, &item) {
            Some(text) => keyed.push((text, item)),
            None => {
                let mut object = Object::list(Vec::new());
                object.add_rest(&call.machine.any_item(receiver));
                return Some(object);
            }
        }
    }
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Some(Object::list(keyed.into_iter().map(|(_, item)| item).collect()))
}

fn fill(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let id = receiver.as_object()?;
    let value = call.arg(0);
    let range = ends_from(call, call.machine.object(id).items.len());
    let object = call.machine.object_mut(id);
    match range {
        Some((start, end)) => object.items[start..end].fill(value),
        None => object.add_rest(&value),
    }
    Some(receiver)
}

fn copy_within(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let any = call.machine.any_item(&receiver);
    call.machine
        .object_mut(receiver.as_object()?)
        .items
        .iter_mut()
        .for_each(|item| *item = item.join(&any));
    Some(receiver)
}

/// The two ends of `fill(value, start, end)`.
fn ends_from(call: &Call<'_, '_, '_>, length: usize) -> Option<(usize, usize)> {
    let whole = i64::try_from(length).ok()?;
    let place = |number: i64| {
        if number < 0 {
            (whole + number).max(0)
        } else {
            number.min(whole)
        }
    };
    let start = place(arg_int(call, 1, 0)?);
    let end = place(arg_int(call, 2, whole)?);
    Some((
        usize::try_from(start).ok()?,
        usize::try_from(end.max(start)).ok()?,
    ))
}

fn flat(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let depth = arg_int(call, 0, 1)?.clamp(0, 8);
    let mut items = call.machine.items(&receiver)?;
    for _ in 0..depth {
        let mut next = Vec::with_capacity(items.len());
        for item in items {
            let list = item
                .as_object()
                .is_some_and(|id| matches!(call.machine.object(id).shape, Shape::List));
            match call.machine.items(&item) {
                Some(inner) if list && next.len() + inner.len() < 1 << 14 => next.extend(inner),
                _ => next.push(item),
            }
        }
        items = next;
    }
    Some(call.machine.list(items))
}

fn at(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let (Some(items), Some(place)) = (call.machine.items(&receiver), arg_int(call, 0, 0)) else {
        return Some(call.machine.any_item(&receiver));
    };
    let whole = i64::try_from(items.len()).ok()?;
    let place = if place < 0 { whole + place } else { place };
    let item = usize::try_from(place)
        .ok()
        .and_then(|place| items.get(place).cloned());
    Some(item.unwrap_or_else(Value::undefined))
}

fn with(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let mut items = call.machine.items(&receiver)?;
    let place = usize::try_from(arg_int(call, 0, 0)?).ok()?;
    *items.get_mut(place)? = call.arg(1);
    Some(call.machine.list(items))
}

fn keys(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let count = call.machine.items(&receiver)?.len();
    let keys = (0..count).map(place_value).collect();
    Some(call.machine.list(keys))
}

fn values(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let object = call.machine.object(call.receiver_object()?).clone();
    Some(call.machine.new_object(object))
}

fn entries(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let items = call.machine.items(&receiver)?;
    let mut pairs = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        pairs.push(call.machine.list(vec![place_value(place), item]));
    }
    Some(call.machine.list(pairs))
}

fn includes(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let found = position(call, Direction::Forward).map(|place| Kind::Bool(place.is_some()));
    Some(marked(call, found.unwrap_or(Kind::Unknown(Type::Bool))))
}

fn index_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(place_found(call, Direction::Forward))
}

fn last_index_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(place_found(call, Direction::Backward))
}

/// From which end is searched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

fn place_found(call: &mut Call<'_, '_, '_>, direction: Direction) -> Value {
    let found = position(call, direction);
    let place = found.map(|place| place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1));
    marked(call, place.map_or(Kind::Unknown(Type::Number), Kind::Int))
}

/// Where the argument is among the items, when that is known.
fn position(call: &mut Call<'_, '_, '_>, direction: Direction) -> Option<Option<usize>> {
    let receiver = call.receiver.clone()?;
    let wanted = call.arg(0);
    let items = call.machine.items(&receiver)?;
    let mut found = None;
    for (place, item) in items.iter().enumerate() {
        if same(item, &wanted)? {
            found = Some(place);
            if direction == Direction::Forward {
                break;
            }
        }
    }
    Some(found)
}

fn length_of(call: &Call<'_, '_, '_>, id: ObjId) -> Value {
    let object = call.machine.object(id);
    if object.exact {
        place_value(object.items.len())
    } else {
        Value::of(Kind::Unknown(Type::Number))
    }
}

pub(super) fn place_value(place: usize) -> Value {
    Value::int(i64::try_from(place).unwrap_or(i64::MAX))
}

/// Whether an argument was given.
pub(super) fn is_given(value: &Value) -> bool {
    !matches!(value.kind, Kind::Unbound | Kind::Undefined | Kind::Null)
}

/// Calls a value as a method of another.
pub(super) fn call_with(
    call: &mut Call<'_, '_, '_>,
    function: &Value,
    this: Option<Value>,
    arguments: Vec<Value>,
) -> Value {
    if call.stop.is_some() {
        return Value::unknown();
    }
    match call.machine.call_back(function, this, arguments, call.span) {
        Ok(value) => value,
        Err(stop) => {
            call.stop = Some(stop);
            Value::unknown()
        }
    }
}
