//! Functions of functions: `functools`, `operator`, decorators that give back what they are given, copies.

use super::builtin::{Items, items, sequence};
use super::given;
use super::{Call, Model, Table};
use crate::machine::library::Arguments;
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Kind, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: ALIASES,
};

const ALIASES: &[(&str, &str)] = &[
    ("_operator.add", "operator.add"),
    ("operator.concat", "operator.add"),
    ("operator.iadd", "operator.add"),
    ("operator.iconcat", "operator.add"),
    ("functools.cached_property", "property"),
    ("abc.abstractproperty", "property"),
    ("builtins.property", "property"),
];

const MODELS: &[(&str, Model)] = &[
    ("functools.reduce", reduce),
    ("functools.partial", partial),
    (PARTIAL_CALL, partial_call),
    ("functools.wraps", |call| Some(identity(call))),
    ("functools.lru_cache", decorator),
    ("functools.cache", given_back),
    ("functools.singledispatch", given_back),
    ("functools.total_ordering", given_back),
    (IDENTITY_CALL, given_back),
    ("abc.abstractmethod", given_back),
    ("typing.final", given_back),
    ("typing.override", given_back),
    ("typing.overload", given_back),
    ("typing.no_type_check", given_back),
    ("typing.runtime_checkable", given_back),
    ("typing.cast", |call| Some(call.arg(1))),
    ("typing.NewType", |call| Some(identity(call))),
    ("copy.copy", |call| copied(call, 0)),
    ("copy.deepcopy", |call| copied(call, 6)),
    ("operator.add", |call| texts(call, |a, b| format!("{a}{b}"))),
    ("operator.xor", |call| numbers(call, |a, b| Some(a ^ b))),
    ("operator.sub", |call| numbers(call, i64::checked_sub)),
    ("operator.mul", |call| numbers(call, i64::checked_mul)),
    ("operator.getitem", getitem),
    ("str#__getitem__", getitem_of),
    ("list#__getitem__", getitem_of),
    ("tuple#__getitem__", getitem_of),
    ("operator.itemgetter", |call| keeper(call, ITEMGETTER)),
    (ITEMGETTER_CALL, itemgetter_call),
    ("contextlib.closing", given_back),
    ("contextlib.nullcontext", given_back),
    ("contextlib.contextmanager", given_back),
    ("contextlib.asynccontextmanager", given_back),
    ("warnings.deprecated", |call| Some(identity(call))),
];

const IDENTITY: &str = "functools.wraps()";
const IDENTITY_CALL: &str = "functools.wraps()";
const PARTIAL: &str = "functools.partial()";
const PARTIAL_CALL: &str = "functools.partial()";
const ITEMGETTER: &str = "operator.itemgetter()";
const ITEMGETTER_CALL: &str = "operator.itemgetter()";

/// A decorator that gives back the function.
fn identity(call: &mut Call<'_, '_, '_>) -> Value {
    call.machine.path(crate::ir::Language::Python, IDENTITY)
}

fn given_back(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(call.arg(0))
}

/// `@lru_cache` and `@lru_cache(maxsize=...)`.
fn decorator(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match call.arg(0).kind {
        Kind::Object(_) => Some(call.arg(0)),
        _ => Some(identity(call)),
    }
}

fn reduce(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(0);
    let value = call.arg(1);
    let start = (call.count() > 2).then(|| call.arg(2));
    match items(call, &value) {
        Items::Known(items) => {
            let mut items = items.into_iter();
            let mut total = start.or_else(|| items.next()).unwrap_or_else(Value::unknown);
            for item in items {
                total = call.call_back(&callee, vec![total, item]);
            }
            Some(total)
        }
        Items::Any(any) => {
            let start = start.map_or_else(|| any.clone(), |start| start.join(&any));
            let once = call.call_back(&callee, vec![start, any.clone()]);
            let again = call.call_back(&callee, vec![once.clone(), any]);
            Some(once.widen(&again))
        }
    }
}

/// What a call keeps for later calls of what it gives: its arguments.
fn keeper(call: &mut Call<'_, '_, '_>, path: &str) -> Option<Value> {
    let path = call.machine.path(crate::ir::Language::Python, path);
    let Kind::Path(path) = path.kind else { return None };
    let mut object = Object::new(Shape::Native(path));
    object.items = call.arguments.places.clone();
    for (name, value) in &call.arguments.named {
        object.entries.set(Key::Name(*name), value.clone());
    }
    Some(call.machine.new_object(object))
}

fn partial(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    keeper(call, PARTIAL)
}

/// Calls what a `partial` was made of.
fn partial_call(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let kept = call.callee.as_object().or_else(|| call.receiver_object())?;
    let object = call.machine.object(kept).clone();
    let mut places = object.items.into_iter();
    let callee = places.next()?;
    let mut arguments = Arguments {
        places: places.collect(),
        ..Arguments::default()
    };
    for (key, value) in object.entries.iter() {
        if let Key::Name(name) = key {
            arguments.named.push((*name, value.clone()));
        }
    }
    arguments.places.extend(call.arguments.places.iter().cloned());
    arguments.named.extend(call.arguments.named.iter().cloned());
    arguments.more = call.arguments.more.clone();
    super::called(call, &callee, arguments)
}

fn copied(call: &mut Call<'_, '_, '_>, depth: u8) -> Option<Value> {
    let value = call.arg(0);
    Some(copy_of(call, &value, depth))
}

/// A copy of an object, and of what it contains so deep.
fn copy_of(call: &mut Call<'_, '_, '_>, value: &Value, depth: u8) -> Value {
    let Kind::Object(id) = value.kind else {
        return value.clone();
    };
    let mut object = call.machine.object(id).clone();
    if matches!(
        object.shape,
        Shape::Function(_) | Shape::Class(_) | Shape::Module(_) | Shape::Package(_)
    ) {
        return value.clone();
    }
    if depth > 0 && object.items.len() + object.entries.len() < 256 {
        for item in &mut object.items {
            *item = copy_of(call, item, depth - 1);
        }
        for entry in object.entries.values_mut() {
            *entry = copy_of(call, entry, depth - 1);
        }
        object.rest = object.rest.as_ref().map(|rest| copy_of(call, rest, depth - 1));
    }
    call.machine.new_object(object).marked(&value.marks)
}

fn texts(call: &mut Call<'_, '_, '_>, with: impl Fn(&str, &str) -> String) -> Option<Value> {
    let (one, other) = (call.arg(0), call.arg(1));
    match (given::of(&one), given::of(&other)) {
        (given::Given::Text(a), given::Given::Text(b)) => {
            let text = with(&a, &b);
            Some(given::text(call, text))
        }
        _ => numbers(call, i64::checked_add),
    }
}

fn numbers(call: &mut Call<'_, '_, '_>, with: impl Fn(i64, i64) -> Option<i64>) -> Option<Value> {
    let pair = (call.arg(0).as_int(), call.arg(1).as_int());
    Some(match pair {
        (Some(a), Some(b)) => match with(a, b) {
            Some(number) => given::int(call, number),
            None => given::some(call, Type::Number),
        },
        _ => given::some(call, Type::Any),
    })
}

fn getitem(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (base, index) = (call.arg(0), call.arg(1));
    item(call, &base, &index)
}

fn getitem_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (base, index) = (call.receiver.clone()?, call.arg(0));
    item(call, &base, &index)
}

/// An item of a value.
pub(super) fn item(call: &mut Call<'_, '_, '_>, base: &Value, index: &Value) -> Option<Value> {
    if let Some(id) = base.as_object()
        && matches!(call.machine.object(id).shape, Shape::Dict)
    {
        let name = index.as_text()?.to_owned();
        return Some(call.machine.entry_named(base, &name));
    }
    let items = call.machine.items(base);
    let (Some(items), Some(place)) = (items, index.as_int()) else {
        return Some(call.machine.any_item(base));
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = if place < 0 { length + place } else { place };
    let found = usize::try_from(place)
        .ok()
        .and_then(|place| items.get(place).cloned());
    Some(found.unwrap_or_else(Value::unknown))
}

fn itemgetter_call(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let kept = call.callee.as_object().or_else(|| call.receiver_object())?;
    let keys = call.machine.object(kept).items.clone();
    let base = call.arg(0);
    let mut found = Vec::with_capacity(keys.len());
    for key in &keys {
        found.push(item(call, &base, key)?);
    }
    match found.len() {
        1 => found.pop(),
        _ => Some(sequence(call, Shape::Tuple, Items::Known(found))),
    }
}
