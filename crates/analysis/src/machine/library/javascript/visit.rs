//! Arrays whose items are given to a function one by one.

use super::array::{Direction, call_with, place_value};
use super::value::truth;
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Object, Shape};
use crate::machine::value::{Kind, Type, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("array#map", map),
    ("array#flatMap", flat_map),
    ("array#forEach", for_each),
    ("array#filter", filter),
    ("array#find", find),
    ("array#findLast", find),
    ("array#findIndex", find_index),
    ("array#some", some),
    ("array#every", every),
    ("array#reduce", reduce),
    ("array#reduceRight", reduce_right),
];

/// How many items are gone through one by one; of more, any stands for all.
const ROUNDS: usize = 2_048;

/// The items one by one, when they are known and few enough.
fn rounds(call: &mut Call<'_, '_, '_>) -> Option<Result<Vec<Value>, Value>> {
    let receiver = call.receiver.clone()?;
    match call.machine.items(&receiver) {
        Some(items) if items.len() <= ROUNDS => Some(Ok(items)),
        _ => Some(Err(call.machine.any_item(&receiver))),
    }
}

/// Calls the function with an item, its place and the array.
fn each(call: &mut Call<'_, '_, '_>, item: Value, place: Option<usize>) -> Value {
    let function = call.arg(0);
    let place = place.map_or(Value::of(Kind::Unknown(Type::Number)), place_value);
    let whole = call.receiver.clone().unwrap_or_default();
    let this = if call.count() > 1 { Some(call.arg(1)) } else { None };
    call_with(call, &function, this, vec![item, place, whole])
}

fn map(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match rounds(call)? {
        Ok(items) => {
            let mut mapped = Vec::with_capacity(items.len());
            for (place, item) in items.into_iter().enumerate() {
                mapped.push(each(call, item, Some(place)));
            }
            Some(call.machine.list(mapped))
        }
        Err(any) => {
            let mapped = each(call, any, None);
            Some(call.machine.list_of(mapped))
        }
    }
}

fn flat_map(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mapped = map(call)?;
    let lists = call.machine.items(&mapped);
    let Some(lists) = lists else {
        let any = call.machine.any_item(&mapped);
        let inner = call.machine.any_item(&any);
        return Some(call.machine.list_of(inner));
    };
    let mut all = Vec::new();
    for one in lists {
        let list = one
            .as_object()
            .is_some_and(|id| matches!(call.machine.object(id).shape, Shape::List));
        match call.machine.items(&one) {
            Some(inner) if list => all.extend(inner),
            _ => all.push(one),
        }
    }
    Some(call.machine.list(all))
}

fn for_each(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match rounds(call)? {
        Ok(items) => {
            for (place, item) in items.into_iter().enumerate() {
                each(call, item, Some(place));
                if call.stop.is_some() {
                    break;
                }
            }
        }
        Err(any) => {
            each(call, any, None);
        }
    }
    Some(Value::undefined())
}

fn filter(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let items = match rounds(call)? {
        Ok(items) => items,
        Err(any) => {
            each(call, any.clone(), None);
            return Some(call.machine.list_of(any));
        }
    };
    let mut kept = Object::list(Vec::new());
    for (place, item) in items.into_iter().enumerate() {
        let verdict = each(call, item.clone(), Some(place));
        match truth(&verdict) {
            Some(true) if kept.exact => kept.items.push(item),
            Some(false) => {}
            _ => kept.add_rest(&item),
        }
    }
    Some(call.machine.new_object(kept))
}

fn find(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let items = match rounds(call)? {
        Ok(items) => items,
        Err(any) => {
            each(call, any.clone(), None);
            return Some(any.join(&Value::undefined()));
        }
    };
    let mut found: Option<Value> = None;
    for (place, item) in items.into_iter().enumerate() {
        let verdict = each(call, item.clone(), Some(place));
        match truth(&verdict) {
            Some(false) => {}
            Some(true) => return Some(found.map_or(item.clone(), |found| found.join(&item))),
            None => found = Some(found.map_or(item.clone(), |found| found.join(&item))),
        }
    }
    let nothing = Value::undefined();
    Some(found.map_or(nothing.clone(), |found| found.join(&nothing)))
}

fn find_index(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let Ok(items) = rounds(call)? else {
        return Some(Value::of(Kind::Unknown(Type::Number)));
    };
    for (place, item) in items.into_iter().enumerate() {
        let verdict = each(call, item, Some(place));
        match truth(&verdict) {
            Some(false) => {}
            Some(true) => return Some(place_value(place)),
            None => return Some(Value::of(Kind::Unknown(Type::Number))),
        }
    }
    Some(Value::int(-1))
}

fn some(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(quantified(call, true))
}

fn every(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(quantified(call, false))
}

/// Goes on until an item's verdict is the one that decides.
fn quantified(call: &mut Call<'_, '_, '_>, decides: bool) -> Value {
    let items = match rounds(call) {
        Some(Ok(items)) => items,
        Some(Err(any)) => {
            each(call, any, None);
            return Value::of(Kind::Unknown(Type::Bool));
        }
        None => return Value::of(Kind::Unknown(Type::Bool)),
    };
    let mut known = true;
    for (place, item) in items.into_iter().enumerate() {
        let verdict = each(call, item, Some(place));
        match truth(&verdict) {
            Some(truth) if truth == decides => {
                return if known {
                    Value::bool(decides)
                } else {
                    Value::of(Kind::Unknown(Type::Bool))
                };
            }
            Some(_) => {}
            None => known = false,
        }
    }
    if known {
        Value::bool(!decides)
    } else {
        Value::of(Kind::Unknown(Type::Bool))
    }
}

fn reduce(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    folded(call, Direction::Forward)
}

fn reduce_right(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    folded(call, Direction::Backward)
}

fn folded(call: &mut Call<'_, '_, '_>, direction: Direction) -> Option<Value> {
    let function = call.arg(0);
    let whole = call.receiver.clone()?;
    let initial = (call.count() > 1).then(|| call.arg(1));
    let mut items = match rounds(call)? {
        Ok(items) => items,
        Err(any) => {
            let mut folded = initial.map_or(any.clone(), |initial| initial.join(&any));
            for _ in 0..2 {
                let arguments = vec![
                    folded.clone(),
                    any.clone(),
                    Value::of(Kind::Unknown(Type::Number)),
                    whole.clone(),
                ];
                folded = folded.join(&call.call_back(&function, arguments));
            }
            return Some(folded);
        }
    };
    if direction == Direction::Backward {
        items.reverse();
    }
    let mut items = items.into_iter().enumerate();
    let mut folded = match initial {
        Some(initial) => initial,
        None => items.next()?.1,
    };
    for (place, item) in items {
        folded = call.call_back(&function, vec![folded, item, place_value(place), whole.clone()]);
        if call.stop.is_some() {
            break;
        }
    }
    Some(folded)
}
