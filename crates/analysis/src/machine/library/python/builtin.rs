//! Builtins that make and go through sequences.

use super::given;
use super::{Call, Model, Table};
use crate::machine::object::{Object, Shape};
use crate::machine::value::{Kind, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: ALIASES,
};

/// Builtins under their other names.
const ALIASES: &[(&str, &str)] = &[
    ("xrange", "range"),
    ("unicode", "str"),
    ("basestring", "str"),
    ("unichr", "chr"),
    ("long", "int"),
    ("frozenset", "set"),
    ("reduce", "functools.reduce"),
    ("itertools.izip", "zip"),
    ("itertools.imap", "map"),
    ("itertools.ifilter", "filter"),
    ("itertools.izip_longest", "itertools.zip_longest"),
    ("collections.OrderedDict", "dict"),
    ("raw_input", "input"),
];

const MODELS: &[(&str, Model)] = &[
    ("len", len),
    ("range", range),
    ("list", |call| collected(call, Shape::List)),
    ("tuple", |call| collected(call, Shape::Tuple)),
    ("set", |call| collected(call, Shape::Set)),
    ("iter", |call| collected(call, Shape::Generator)),
    ("dict", dict),
    ("enumerate", enumerate),
    ("zip", zip),
    ("map", map),
    ("filter", filter),
    ("sorted", sorted),
    ("reversed", reversed),
    ("sum", sum),
    ("min", |call| extreme(call, std::cmp::Ordering::Less)),
    ("max", |call| extreme(call, std::cmp::Ordering::Greater)),
    ("any", |call| all_or_any(call, true)),
    ("all", |call| all_or_any(call, false)),
    ("next", next),
    ("generator#__next__", next_of_receiver),
    ("generator#next", next_of_receiver),
    ("print", |_| Some(Value::null())),
];

/// So many items of a `range` are kept one by one.
const RANGE: i64 = 1 << 15;

fn len(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    if let Some(result) = call
        .machine
        .call_special(&value, "__len__", Vec::new(), call.span)
    {
        return result.ok();
    }
    let length = match &value.kind {
        Kind::Text(text) => Some(text.chars().count()),
        Kind::Bytes(bytes) => Some(bytes.len()),
        Kind::Object(id) => {
            let object = call.machine.object(*id);
            (object.exact && object.rest.is_none()).then(|| match object.shape {
                Shape::Dict => object.entries.len(),
                _ => object.items.len(),
            })
        }
        _ => None,
    };
    Some(match length.and_then(|length| i64::try_from(length).ok()) {
        Some(length) => Value::int(length),
        None => Value::of(Kind::Unknown(Type::Number)),
    })
}

fn range(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let marks = call.argument_marks();
    let bounds = [call.arg(0).as_int(), call.arg(1).as_int(), call.arg(2).as_int()];
    let known = match (call.count(), bounds) {
        (1, [Some(end), _, _]) => Some((0, end, 1)),
        (2, [Some(start), Some(end), _]) => Some((start, end, 1)),
        (3, [Some(start), Some(end), Some(step)]) if step != 0 => Some((start, end, step)),
        _ => None,
    };
    let few = known.filter(|&(start, end, step)| end.saturating_sub(start).saturating_div(step) <= RANGE);
    let Some((start, end, step)) = few else {
        let any = Value {
            kind: Kind::Unknown(Type::Number),
            marks,
        };
        return Some(call.machine.list_of(any));
    };
    let mut items = Vec::new();
    let mut number = start;
    while (step > 0 && number < end) || (step < 0 && number > end) {
        items.push(Value {
            kind: Kind::Int(number),
            marks: marks.clone(),
        });
        let Some(next) = number.checked_add(step) else {
            break;
        };
        number = next;
    }
    Some(call.machine.list(items))
}

/// The items of a value, or what any of them may be.
pub(super) enum Items {
    /// All of them.
    Known(Vec<Value>),
    /// Any of them.
    Any(Value),
}

/// What a loop over a value goes through.
pub(super) fn items(call: &mut Call<'_, '_, '_>, value: &Value) -> Items {
    match call.machine.items(value) {
        Some(items) => Items::Known(items),
        None => {
            let marks = call.machine.deep_marks(value);
            Items::Any(call.machine.any_item(value).marked(&marks))
        }
    }
}

/// A new sequence of items.
pub(super) fn sequence(call: &mut Call<'_, '_, '_>, shape: Shape, items: Items) -> Value {
    let mut object = Object::new(shape);
    match items {
        Items::Known(items) => object.items = items,
        Items::Any(any) => object.add_rest(&any),
    }
    call.machine.new_object(object)
}

fn collected(call: &mut Call<'_, '_, '_>, shape: Shape) -> Option<Value> {
    if call.count() == 0 {
        return Some(sequence(call, shape, Items::Known(Vec::new())));
    }
    let value = call.arg(0);
    let mut items = items(call, &value);
    if let (Shape::Set, Items::Known(known)) = (&shape, &mut items) {
        let mut kept: Vec<Value> = Vec::with_capacity(known.len().min(64));
        for item in known.drain(..) {
            let twin = kept
                .iter_mut()
                .take(256)
                .find(|one| super::list::equal(one, &item) == Some(true));
            match twin {
                Some(twin) => *twin = twin.clone().marked(&item.all_marks()),
                None => kept.push(item),
            }
        }
        *known = kept;
    }
    Some(sequence(call, shape, items))
}

fn dict(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let dict = call.machine.new_object(Object::new(Shape::Dict));
    let receiver = call.receiver.replace(dict.clone());
    if call.count() > 0 {
        let more = call.arg(0);
        super::dict::merge(call, &more);
    }
    call.receiver = receiver;
    let id = dict.as_object()?;
    for (name, value) in call.arguments.named.clone() {
        let object = call.machine.object_mut(id);
        object.entries.set(crate::machine::object::Key::Name(name), value);
    }
    if let Some(more) = call.arguments.more_named.clone() {
        call.machine.object_mut(id).add_rest(&more);
    }
    Some(dict)
}

fn enumerate(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let start = call.arg_or_named(1, "start");
    let start = if matches!(start.kind, Kind::Unbound) {
        Some(0)
    } else {
        start.as_int()
    };
    let pairs = match (items(call, &value), start) {
        (Items::Known(items), Some(start)) => Items::Known(
            (start..)
                .zip(items)
                .map(|(number, item)| call.machine.tuple(vec![Value::int(number), item]))
                .collect(),
        ),
        (Items::Known(items), None) => Items::Known(
            items
                .into_iter()
                .map(|item| {
                    call.machine
                        .tuple(vec![Value::of(Kind::Unknown(Type::Number)), item])
                })
                .collect(),
        ),
        (Items::Any(any), _) => Items::Any(
            call.machine
                .tuple(vec![Value::of(Kind::Unknown(Type::Number)), any]),
        ),
    };
    Some(sequence(call, Shape::Generator, pairs))
}

fn zip(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut columns = Vec::with_capacity(call.count());
    for place in 0..call.count() {
        let value = call.arg(place);
        columns.push(items(call, &value));
    }
    let shortest = columns
        .iter()
        .map(|column| match column {
            Items::Known(items) => Some(items.len()),
            Items::Any(_) => None,
        })
        .try_fold(usize::MAX, |shortest, length| Some(shortest.min(length?)));
    let rows = match shortest {
        Some(length) if !columns.is_empty() => Items::Known(
            (0..length)
                .map(|place| {
                    let row = columns.iter().map(|column| match column {
                        Items::Known(items) => items.get(place).cloned().unwrap_or_default(),
                        Items::Any(any) => any.clone(),
                    });
                    let row = row.collect();
                    call.machine.tuple(row)
                })
                .collect(),
        ),
        _ => {
            let row = columns
                .iter()
                .map(|column| match column {
                    Items::Known(items) => items.iter().fold(Value::default(), |any, item| any.join(item)),
                    Items::Any(any) => any.clone(),
                })
                .collect();
            Items::Any(call.machine.tuple(row))
        }
    };
    Some(sequence(call, Shape::Generator, rows))
}

/// `map(f, xs, ys)`: what it makes is made now.
fn map(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(0);
    let value = call.arg(1);
    let made = if call.count() > 2 {
        let mut row = Vec::new();
        for place in 1..call.count() {
            let column = call.arg(place);
            row.push(call.machine.any_item(&column));
        }
        Items::Any(call.call_back(&callee, row))
    } else {
        match items(call, &value) {
            Items::Known(items) => Items::Known(
                items
                    .into_iter()
                    .map(|item| call.call_back(&callee, vec![item]))
                    .collect(),
            ),
            Items::Any(any) => Items::Any(call.call_back(&callee, vec![any])),
        }
    };
    Some(sequence(call, Shape::Generator, made))
}

fn filter(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(0);
    let value = call.arg(1);
    let mut object = Object::new(Shape::Generator);
    match items(call, &value) {
        Items::Known(items) => {
            for item in items {
                let kept = if matches!(callee.kind, Kind::Null) {
                    item.clone()
                } else {
                    call.call_back(&callee, vec![item.clone()])
                };
                match call.machine.truth(&kept) {
                    Some(true) if object.exact => object.items.push(item),
                    Some(false) => {}
                    _ => object.add_rest(&item),
                }
            }
        }
        Items::Any(any) => {
            call.call_back(&callee, vec![any.clone()]);
            object.add_rest(&any);
        }
    }
    Some(call.machine.new_object(object))
}

fn sorted(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let mut items = items(call, &value);
    let key = call.named("key");
    let backwards = call.named("reverse");
    let plain = matches!(key.kind, Kind::Unbound | Kind::Null);
    let mut known = false;
    if let Items::Known(list) = &mut items {
        known = plain && super::list::sort_items(list);
        if known && call.machine.truth(&backwards) == Some(true) {
            list.reverse();
        }
        if !plain && let Some(one) = list.first().cloned() {
            call.call_back(&key, vec![one]);
        }
    }
    if !known && let Items::Known(list) = items {
        items = Items::Any(list.iter().fold(Value::default(), |any, item| any.join(item)));
    }
    Some(sequence(call, Shape::List, items))
}

fn reversed(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let mut items = items(call, &value);
    if let Items::Known(list) = &mut items {
        list.reverse();
    }
    Some(sequence(call, Shape::Generator, items))
}

fn sum(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let start = if call.count() > 1 {
        call.arg(1).as_int()
    } else {
        Some(0)
    };
    let numbers: Option<Vec<i64>> = call
        .machine
        .items(&value)
        .and_then(|items| items.iter().map(Value::as_int).collect());
    let total = numbers.zip(start).and_then(|(numbers, start)| {
        numbers
            .iter()
            .try_fold(start, |total, number| total.checked_add(*number))
    });
    Some(match total {
        Some(total) => given::int(call, total),
        None => given::some(call, Type::Any),
    })
}

fn extreme(call: &mut Call<'_, '_, '_>, wanted: std::cmp::Ordering) -> Option<Value> {
    let items = if call.count() > 1 {
        Items::Known(call.arguments.places.clone())
    } else {
        let value = call.arg(0);
        items(call, &value)
    };
    let items = match items {
        Items::Known(items) => items,
        Items::Any(any) => return Some(any),
    };
    let plain = call.arguments.named.is_empty();
    let mut best: Option<Value> = None;
    for item in &items {
        let (Some(number), true) = (item.as_int(), plain) else {
            return Some(items.iter().fold(Value::default(), |any, item| any.join(item)));
        };
        let better = best
            .as_ref()
            .and_then(Value::as_int)
            .is_none_or(|known| number.cmp(&known) == wanted);
        if better {
            best = Some(item.clone());
        }
    }
    best
}

/// `any` is over at a true item, `all` at a false one.
fn all_or_any(call: &mut Call<'_, '_, '_>, over_at: bool) -> Option<Value> {
    let value = call.arg(0);
    let truths = call.machine.items(&value).map(|items| {
        items
            .iter()
            .map(|item| call.machine.truth(item))
            .collect::<Vec<_>>()
    });
    let Some(truths) = truths else {
        return Some(given::some(call, Type::Bool));
    };
    if truths.contains(&Some(over_at)) {
        return Some(given::truth(call, over_at));
    }
    if truths.contains(&None) {
        return Some(given::some(call, Type::Bool));
    }
    Some(given::truth(call, !over_at))
}

fn next(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let from = call.arg(0);
    if let Some(result) = call
        .machine
        .call_special(&from, "__next__", Vec::new(), call.span)
    {
        return result.ok();
    }
    let default = (call.count() > 1).then(|| call.arg(1));
    next_of(call, &from, default)
}

fn next_of_receiver(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let from = call.receiver.clone()?;
    next_of(call, &from, None)
}

fn next_of(call: &mut Call<'_, '_, '_>, from: &Value, default: Option<Value>) -> Option<Value> {
    let id = from.as_object()?;
    let object = call.machine.object(id);
    if !matches!(object.shape, Shape::Generator) {
        return None;
    }
    if object.exact && object.rest.is_none() && !call.machine.store.is_summary(id) {
        if object.items.is_empty() {
            return Some(default.unwrap_or_else(Value::unknown));
        }
        let marks = object.marks.clone();
        return Some(call.machine.object_mut(id).items.remove(0).marked(&marks));
    }
    let any = call.machine.any_item(from);
    Some(match default {
        Some(default) => any.join(&default),
        None => any,
    })
}
