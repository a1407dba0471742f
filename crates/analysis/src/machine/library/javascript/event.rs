//! What tells of events, as far as the program itself listens and tells: emitters, workers, child processes. Generators.

use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Kind, Type, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: ALIASES,
};

const MODELS: &[(&str, Model)] = &[
    ("events.EventEmitter", emitter),
    ("events.EventEmitter().on", on),
    ("events.EventEmitter().emit", emit),
    ("events.EventEmitter.on", on),
    ("events.EventEmitter.once", on),
    ("events.EventEmitter.addListener", on),
    ("events.EventEmitter.emit", emit),
    ("worker_threads.Worker", emitter),
    ("worker_threads.Worker().on", on),
    ("worker_threads.Worker().postMessage", post),
    ("generator#next", next),
    ("array#next", next),
];

const ALIASES: &[(&str, &str)] = &[
    ("events.EventEmitter().once", "events.EventEmitter().on"),
    ("events.EventEmitter().addListener", "events.EventEmitter().on"),
    ("worker_threads.Worker().once", "worker_threads.Worker().on"),
    ("events", "events.EventEmitter"),
    ("events.EventEmitter.EventEmitter", "events.EventEmitter"),
    ("Worker", "worker_threads.Worker"),
    ("Worker().addEventListener", "worker_threads.Worker().on"),
];

fn emitter(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let path = call.machine.paths.call(call.path);
    let mut object = Object::new(Shape::Native(path));
    object.marks = call.marks();
    Some(call.machine.new_object(object))
}

fn event_key(call: &mut Call<'_, '_, '_>, event: &str) -> Key {
    Key::Name(call.machine.program.names.intern(&format!("on:{event}")))
}

fn on(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let id = receiver.as_object()?;
    let event = call.arg(0).as_text()?.to_owned();
    let listener = call.arg(1);
    let key = event_key(call, &event);
    match call
        .machine
        .object(id)
        .entries
        .get(&key)
        .and_then(Value::as_object)
    {
        Some(list) => call.machine.append(list, listener),
        None => {
            let list = call.machine.list(vec![listener]);
            call.machine.object_mut(id).entries.set(key, list);
        }
    }
    Some(receiver)
}

fn emit(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let event = call.arg(0).as_text()?.to_owned();
    let arguments: Vec<Value> = call.arguments.places.iter().skip(1).cloned().collect();
    tell(call, &event, arguments)
}

/// What is posted to a worker comes back as its message, as far as is known.
fn post(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let message = call.arg(0);
    tell(call, "message", vec![message])
}

fn tell(call: &mut Call<'_, '_, '_>, event: &str, arguments: Vec<Value>) -> Option<Value> {
    let id = call.receiver_object()?;
    let key = event_key(call, event);
    let list = call.machine.object(id).entries.get(&key).cloned()?;
    for listener in call.machine.items(&list)? {
        call.call_back(&listener, arguments.clone());
    }
    Some(Value::bool(true))
}

/// What a generator yields next. What is sent to it may be what it yields.
fn next(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let id = receiver.as_object()?;
    let sent = call.argument_marks();
    let key = Key::Name(call.machine.program.names.intern("%next"));
    let at = call
        .machine
        .object(id)
        .entries
        .get(&key)
        .map_or(Some(0), Value::as_int);
    let items = call.machine.items(&receiver);
    let (Some(items), Some(at)) = (items, at) else {
        let value = call.machine.any_item(&receiver).marked(&sent);
        let done = Value::of(Kind::Unknown(Type::Bool));
        return Some(
            call.machine
                .record(Shape::Record, vec![("value", value), ("done", done)]),
        );
    };
    let item = usize::try_from(at).ok().and_then(|at| items.get(at).cloned());
    call.machine.object_mut(id).entries.set(key, Value::int(at + 1));
    let done = Value::bool(item.is_none());
    let value = item.unwrap_or_else(Value::undefined).marked(&sent);
    Some(
        call.machine
            .record(Shape::Record, vec![("value", value), ("done", done)]),
    )
}
