//! Methods of lists, tuples and sets.

use super::{Call, Model, Table, given};
use crate::machine::object::{Object, Shape};
use crate::machine::value::{Kind, ObjId, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("list#append", append),
    ("list#extend", extend),
    ("list#insert", insert),
    ("list#pop", pop),
    ("list#remove", remove),
    ("list#clear", clear),
    ("list#reverse", reverse),
    ("list#sort", sort),
    ("list#copy", copy),
    ("list#index", |call| place_or_count(call, Ask::Place)),
    ("list#count", |call| place_or_count(call, Ask::Count)),
    ("tuple#index", |call| place_or_count(call, Ask::Place)),
    ("tuple#count", |call| place_or_count(call, Ask::Count)),
    ("set#add", add),
    ("set#discard", remove),
    ("set#remove", remove),
    ("set#pop", pop),
    ("set#clear", clear),
    ("set#copy", copy),
    ("set#update", extend),
    ("set#union", union),
    ("set#difference", |call| keep(call, Keep::Others)),
    ("set#intersection", |call| keep(call, Keep::Shared)),
    ("set#difference_update", |call| keep_here(call, Keep::Others)),
    ("set#intersection_update", |call| keep_here(call, Keep::Shared)),
    ("set#symmetric_difference", union),
    ("set#__sub__", |call| keep(call, Keep::Others)),
    ("set#__and__", |call| keep(call, Keep::Shared)),
    ("set#__xor__", union),
    ("set#issubset", |call| Some(given::some(call, Type::Bool))),
    ("set#issuperset", |call| Some(given::some(call, Type::Bool))),
    ("set#isdisjoint", |call| Some(given::some(call, Type::Bool))),
];

/// Whether the object is one whose contents are known and may be changed.
fn is_exact(call: &Call<'_, '_, '_>, id: ObjId) -> bool {
    !call.machine.store.is_summary(id)
        && call.machine.object(id).exact
        && call.machine.object(id).rest.is_none()
}

/// Forgets at which place what stands.
fn blur(object: &mut Object) {
    for item in std::mem::take(&mut object.items) {
        object.add_rest(&item);
    }
    object.exact = false;
}

fn nothing() -> Option<Value> {
    Some(Value::null())
}

fn append(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let value = call.arg(0);
    call.machine.append(id, value);
    nothing()
}

fn add(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let value = call.arg(0);
    add_to_set(call, id, value);
    nothing()
}

/// Adds an item to a set, unless the set has it.
pub(super) fn add_to_set(call: &mut Call<'_, '_, '_>, id: ObjId, value: Value) {
    let place = call
        .machine
        .object(id)
        .items
        .iter()
        .position(|item| equal(item, &value) == Some(true));
    match place {
        Some(place) => {
            let marks = value.all_marks();
            let object = call.machine.object_mut(id);
            if let Some(item) = object.items.get_mut(place) {
                *item = item.clone().marked(&marks);
            }
        }
        None => call.machine.append(id, value),
    }
}

fn extend(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let is_set = matches!(call.machine.object(id).shape, Shape::Set);
    for place in 0..call.count() {
        let more = call.arg(place);
        match call.machine.items(&more) {
            Some(items) => {
                for item in items {
                    if is_set {
                        add_to_set(call, id, item);
                    } else {
                        call.machine.append(id, item);
                    }
                }
            }
            None => {
                let any = call
                    .machine
                    .any_item(&more)
                    .marked(&call.machine.deep_marks(&more));
                call.machine.object_mut(id).add_rest(&any);
            }
        }
    }
    nothing()
}

fn insert(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let value = call.arg(1);
    let place = call.arg(0).as_int();
    let exact = is_exact(call, id);
    let object = call.machine.object_mut(id);
    match place {
        Some(place) if exact => {
            let place = clamp(place, object.items.len());
            object.items.insert(place, value);
        }
        _ => {
            object.add_rest(&value);
            blur(object);
        }
    }
    nothing()
}

fn clamp(place: i64, length: usize) -> usize {
    let length_signed = i64::try_from(length).unwrap_or(i64::MAX);
    let place = if place < 0 {
        (length_signed + place).max(0)
    } else {
        place
    };
    usize::try_from(place).unwrap_or(length).min(length)
}

fn pop(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let receiver = call.receiver.clone()?;
    let place = if call.count() == 0 {
        Some(-1)
    } else {
        call.arg(0).as_int()
    };
    let exact = is_exact(call, id);
    if let (true, Some(place)) = (exact, place) {
        let object = call.machine.object_mut(id);
        let length = i64::try_from(object.items.len()).unwrap_or(i64::MAX);
        let place = if place < 0 { length + place } else { place };
        let place = usize::try_from(place)
            .ok()
            .filter(|&place| place < object.items.len());
        let marks = object.marks.clone();
        return Some(match place {
            Some(place) => object.items.remove(place).marked(&marks),
            None => Value::unknown().marked(&marks),
        });
    }
    let any = call.machine.any_item(&receiver);
    if !call.machine.store.is_summary(id) {
        blur(call.machine.object_mut(id));
    }
    Some(any)
}

fn remove(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let wanted = call.arg(0);
    let items = &call.machine.object(id).items;
    let found = items.iter().position(|item| equal(item, &wanted) == Some(true));
    let unsure = items
        .iter()
        .take(found.unwrap_or(items.len()))
        .any(|item| equal(item, &wanted).is_none());
    match found {
        Some(place) if !unsure && is_exact(call, id) => {
            call.machine.object_mut(id).items.remove(place);
        }
        None if !unsure && is_exact(call, id) => {}
        _ if call.machine.store.is_summary(id) => {}
        _ => blur(call.machine.object_mut(id)),
    }
    nothing()
}

fn clear(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    if !call.machine.store.is_summary(id) {
        let object = call.machine.object_mut(id);
        object.items.clear();
        object.rest = None;
        object.exact = true;
        object.marks = None;
    }
    nothing()
}

fn reverse(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    if is_exact(call, id) {
        call.machine.object_mut(id).items.reverse();
    }
    nothing()
}

fn sort(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    if !is_exact(call, id) {
        return nothing();
    }
    let plain = call.arguments.named.is_empty();
    let reversed = matches!(call.named("reverse").kind, Kind::Bool(true)) && call.arguments.named.len() == 1;
    let object = call.machine.object_mut(id);
    if (plain || reversed) && sort_items(&mut object.items) {
        if reversed {
            object.items.reverse();
        }
    } else {
        blur(object);
    }
    nothing()
}

/// Sorts constants of one type; tells whether it could.
pub(super) fn sort_items(items: &mut [Value]) -> bool {
    let numbers = items.iter().all(|item| item.as_int().is_some());
    let texts = items.iter().all(|item| item.as_text().is_some());
    if numbers {
        items.sort_by_key(Value::as_int);
    } else if texts {
        items.sort_by(|one, other| one.as_text().cmp(&other.as_text()));
    }
    numbers || texts
}

fn copy(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let object = call.machine.object(id).clone();
    Some(call.machine.new_object(object))
}

#[derive(Clone, Copy)]
enum Ask {
    Place,
    Count,
}

fn place_or_count(call: &mut Call<'_, '_, '_>, ask: Ask) -> Option<Value> {
    let wanted = call.arg(0);
    let items = call
        .receiver
        .clone()
        .and_then(|receiver| call.machine.items(&receiver));
    let same: Option<Vec<bool>> =
        items.map(|items| items.iter().map(|item| equal(item, &wanted)).collect())?;
    let number = same.and_then(|same| match ask {
        Ask::Place => same.iter().position(|&same| same),
        Ask::Count => Some(same.iter().filter(|&&same| same).count()),
    });
    match number.and_then(|number| i64::try_from(number).ok()) {
        Some(number) => Some(given::int(call, number)),
        None => Some(given::some(call, Type::Number)),
    }
}

/// Whether two values are equal; none when that is not known.
pub(super) fn equal(one: &Value, other: &Value) -> Option<bool> {
    let constant = |value: &Value| {
        matches!(
            value.kind,
            Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) | Kind::Text(_) | Kind::Bytes(_)
        )
    };
    if let (Some(a), Some(b)) = (one.as_int(), other.as_int()) {
        return Some(a == b);
    }
    match (&one.kind, &other.kind) {
        (Kind::Object(a), Kind::Object(b)) if a == b => Some(true),
        _ if constant(one) && constant(other) => {
            Some(crate::machine::value::same_kind(&one.kind, &other.kind))
        }
        _ => None,
    }
}

fn union(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let object = call.machine.object(id).clone();
    let copy = call.machine.new_object(object);
    let receiver = call.receiver.replace(copy.clone());
    extend(call);
    call.receiver = receiver;
    Some(copy)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// What the argument has too.
    Shared,
    /// What the argument lacks.
    Others,
}

/// The receiver's items that the arguments have, or lack. One of which that is not known stays.
fn keep(call: &mut Call<'_, '_, '_>, keep: Keep) -> Option<Value> {
    let id = call.receiver_object()?;
    let object = kept(call, id, keep);
    Some(call.machine.new_object(object))
}

fn keep_here(call: &mut Call<'_, '_, '_>, keep: Keep) -> Option<Value> {
    let id = call.receiver_object()?;
    if !call.machine.store.is_summary(id) {
        let object = kept(call, id, keep);
        *call.machine.object_mut(id) = object;
    }
    nothing()
}

fn kept(call: &mut Call<'_, '_, '_>, id: ObjId, keep: Keep) -> Object {
    let mut object = call.machine.object(id).clone();
    for place in 0..call.count() {
        let other = call.arg(place);
        let Some(others) = call.machine.items(&other) else {
            object.exact = false;
            continue;
        };
        object.items.retain(|item| {
            let mut unsure = false;
            let has = others.iter().any(|other| match equal(item, other) {
                Some(same) => same,
                None => {
                    unsure = true;
                    false
                }
            });
            unsure || has == (keep == Keep::Shared)
        });
    }
    object
}
