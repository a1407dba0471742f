//! `itertools` and `collections`.

use super::builtin::{Items, items, sequence};
use super::{Call, Model, Table, given};
use crate::machine::object::{Object, Shape};
use crate::machine::value::{Kind, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[
        ("queue.LifoQueue", "queue.Queue"),
        ("queue.SimpleQueue", "queue.Queue"),
        ("queue.PriorityQueue", "queue.Queue"),
        ("asyncio.Queue", "queue.Queue"),
        ("multiprocessing.Queue", "queue.Queue"),
        ("Queue.Queue", "queue.Queue"),
    ],
};

const MODELS: &[(&str, Model)] = &[
    ("itertools.chain", chain),
    ("itertools.chain.from_iterable", from_iterable),
    ("itertools.islice", islice),
    ("itertools.repeat", repeat),
    ("itertools.cycle", any_of),
    ("itertools.starmap", starmap),
    ("itertools.takewhile", any_of_second),
    ("itertools.dropwhile", any_of_second),
    ("itertools.accumulate", any_of),
    ("collections.deque", deque),
    ("collections.defaultdict", defaultdict),
    ("collections.Counter", |call| {
        let value = call.arg(0);
        let any = call.machine.any_item(&value);
        let mut object = Object::new(Shape::Dict);
        object.marks = any.all_marks();
        object.add_rest(&Value::of(Kind::Unknown(Type::Number)));
        Some(call.machine.new_object(object))
    }),
    ("array.array", array),
    ("queue.Queue", |call| {
        Some(sequence(call, Shape::List, Items::Known(Vec::new())))
    }),
    ("list#put", append),
    ("list#put_nowait", append),
    ("list#get", take_first),
    ("list#get_nowait", take_first),
    ("list#popleft", take_first),
    ("list#appendleft", append_first),
    ("list#extendleft", append_all),
    ("list#fromlist", append_all),
    ("list#frombytes", append_all),
    ("list#tolist", |call| call.receiver.clone()),
    ("list#tobytes", |call| Some(given::some(call, Type::Bytes))),
    ("list#qsize", |_| Some(Value::of(Kind::Unknown(Type::Number)))),
    ("list#empty", |_| Some(Value::of(Kind::Unknown(Type::Bool)))),
];

/// All items of several values.
fn chained(call: &mut Call<'_, '_, '_>, values: &[Value]) -> Option<Value> {
    let mut object = Object::new(Shape::Generator);
    for value in values {
        match items(call, value) {
            Items::Known(items) if object.exact => object.items.extend(items),
            Items::Known(items) => items.iter().for_each(|item| object.add_rest(item)),
            Items::Any(any) => object.add_rest(&any),
        }
    }
    Some(call.machine.new_object(object))
}

fn chain(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let values = call.arguments.places.clone();
    chained(call, &values)
}

fn from_iterable(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    match items(call, &value) {
        Items::Known(values) => chained(call, &values),
        Items::Any(any) => chained(call, &[any]),
    }
}

fn islice(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let bound = |place: usize| {
        let value = call.arg(place);
        value.as_int().and_then(|bound| usize::try_from(bound).ok())
    };
    let (start, end) = if call.count() == 2 {
        (Some(0), bound(1))
    } else {
        (bound(1).or(Some(0)), bound(2))
    };
    let step = if call.count() > 3 { bound(3) } else { Some(1) };
    let sliced = match (items(call, &value), start, end, step) {
        (Items::Known(items), Some(start), Some(end), Some(step)) if step > 0 => {
            let items = items.into_iter().take(end).skip(start).step_by(step);
            Items::Known(items.collect())
        }
        (Items::Known(items), ..) => {
            Items::Any(items.iter().fold(Value::default(), |any, item| any.join(item)))
        }
        (any, ..) => any,
    };
    Some(sequence(call, Shape::Generator, sliced))
}

fn repeat(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let times = call.arg(1).as_int().and_then(|times| usize::try_from(times).ok());
    let items = match times.filter(|&times| times <= 1024) {
        Some(times) => Items::Known(vec![value; times]),
        None => Items::Any(value),
    };
    Some(sequence(call, Shape::Generator, items))
}

fn any_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let any = call.machine.any_item(&value);
    Some(sequence(call, Shape::Generator, Items::Any(any)))
}

fn any_of_second(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (callee, value) = (call.arg(0), call.arg(1));
    let any = call.machine.any_item(&value);
    call.call_back(&callee, vec![any.clone()]);
    Some(sequence(call, Shape::Generator, Items::Any(any)))
}

fn starmap(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (callee, value) = (call.arg(0), call.arg(1));
    let made = match items(call, &value) {
        Items::Known(rows) => {
            let mut made = Vec::with_capacity(rows.len());
            for row in rows {
                let row = call.machine.items(&row).unwrap_or_default();
                made.push(call.call_back(&callee, row));
            }
            Items::Known(made)
        }
        Items::Any(any) => {
            let row = call.machine.items(&any).unwrap_or_default();
            Items::Any(call.call_back(&callee, row))
        }
    };
    Some(sequence(call, Shape::Generator, made))
}

fn deque(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let items = if call.count() == 0 {
        Items::Known(Vec::new())
    } else {
        let value = call.arg(0);
        items(call, &value)
    };
    Some(sequence(call, Shape::List, items))
}

/// Missing keys share one value.
fn defaultdict(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(0);
    let mut object = Object::new(Shape::Dict);
    if !matches!(callee.kind, Kind::Unbound | Kind::Null) {
        let default = call.call_back(&callee, Vec::new());
        object.add_rest(&default);
    }
    Some(call.machine.new_object(object))
}

/// `array.array(type, items)`: a list.
fn array(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let items = if call.count() < 2 {
        Items::Known(Vec::new())
    } else {
        let value = call.arg(1);
        items(call, &value)
    };
    Some(sequence(call, Shape::List, items))
}

fn append(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let value = call.arg(0);
    call.machine.append(id, value);
    Some(Value::null())
}

fn append_all(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let value = call.arg(0);
    match items(call, &value) {
        Items::Known(items) => items.into_iter().for_each(|item| call.machine.append(id, item)),
        Items::Any(any) => call.machine.object_mut(id).add_rest(&any),
    }
    Some(Value::null())
}

fn append_first(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let value = call.arg(0);
    let summary = call.machine.store.is_summary(id);
    let object = call.machine.object_mut(id);
    if summary || !object.exact {
        object.add_rest(&value);
    } else {
        object.items.insert(0, value);
    }
    Some(Value::null())
}

fn take_first(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let receiver = call.receiver.clone()?;
    let summary = call.machine.store.is_summary(id);
    let object = call.machine.object(id);
    if summary || !object.exact || object.rest.is_some() || object.items.is_empty() {
        return Some(call.machine.any_item(&receiver));
    }
    let marks = object.marks.clone();
    Some(call.machine.object_mut(id).items.remove(0).marked(&marks))
}
