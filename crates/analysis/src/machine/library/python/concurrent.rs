//! What is run later or elsewhere: threads, tasks, executors, timers. It is run at once here.

use super::builtin::{Items, items, sequence};
use super::{Call, Model, Table};
use crate::ir::Language;
use crate::machine::library::Arguments;
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Kind, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: ALIASES,
};

const FUTURE: &str = "concurrent.futures.Future";

const ALIASES: &[(&str, &str)] = &[
    (
        "concurrent.futures.thread.ThreadPoolExecutor",
        "concurrent.futures.ThreadPoolExecutor",
    ),
    (
        "concurrent.futures.process.ProcessPoolExecutor",
        "concurrent.futures.ThreadPoolExecutor",
    ),
    (
        "concurrent.futures.ProcessPoolExecutor",
        "concurrent.futures.ThreadPoolExecutor",
    ),
    ("multiprocessing.context.Process", "multiprocessing.Process"),
    ("multiprocessing.dummy.Pool", "multiprocessing.Pool"),
    ("multiprocessing.pool.ThreadPool", "multiprocessing.Pool"),
    ("multiprocessing.pool.Pool", "multiprocessing.Pool"),
    ("asyncio.new_event_loop", "asyncio.get_event_loop"),
    ("asyncio.get_running_loop", "asyncio.get_event_loop"),
    ("asyncio.ensure_future", "asyncio.create_task"),
];

const MODELS: &[(&str, Model)] = &[
    ("threading.Thread", thread),
    ("threading.Timer", timer),
    ("multiprocessing.Process", thread),
    ("threading.Thread.start", start),
    ("multiprocessing.Process.start", start),
    ("_thread.start_new_thread", tuple_of_arguments),
    ("thread.start_new_thread", tuple_of_arguments),
    ("atexit.register", later),
    ("signal.signal", handler),
    ("concurrent.futures.ThreadPoolExecutor().submit", submit),
    ("concurrent.futures.ThreadPoolExecutor().map", mapped),
    ("concurrent.futures.as_completed", first),
    ("concurrent.futures.Future.result", result),
    ("multiprocessing.Pool().map", mapped),
    ("multiprocessing.Pool().imap", mapped),
    ("multiprocessing.Pool().imap_unordered", mapped),
    ("multiprocessing.Pool().starmap", mapped),
    ("multiprocessing.Pool().apply", applied),
    ("multiprocessing.Pool().apply_async", applied_later),
    ("concurrent.futures.Future.get", result),
    ("asyncio.run", first),
    ("asyncio.create_task", first),
    ("asyncio.wait_for", first),
    ("asyncio.shield", first),
    ("asyncio.get_event_loop().run_until_complete", first),
    ("asyncio.get_event_loop().create_task", first),
    ("asyncio.TaskGroup().create_task", first),
    ("asyncio.TaskGroup().__aenter__().create_task", first),
    ("asyncio.gather", gather),
    ("asyncio.sleep", |call| Some(call.arg(1))),
    ("asyncio.to_thread", to_thread),
    ("asyncio.get_event_loop().run_in_executor", in_executor),
    ("asyncio.get_event_loop().call_soon", later),
    ("asyncio.get_event_loop().call_later", |call| after(call, 1)),
];

fn first(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(call.arg(0))
}

/// The arguments from a place on, as those of another call.
fn from_place(call: &Call<'_, '_, '_>, place: usize) -> Arguments {
    Arguments {
        places: call.arguments.places.iter().skip(place).cloned().collect(),
        more: call.arguments.more.clone(),
        named: call.arguments.named.clone(),
        more_named: call.arguments.more_named.clone(),
    }
}

fn spread(call: &mut Call<'_, '_, '_>, list: &Value, named: &Value) -> Arguments {
    let mut arguments = Arguments::default();
    if !matches!(list.kind, Kind::Unbound | Kind::Null) {
        match items(call, list) {
            Items::Known(items) => arguments.places = items,
            Items::Any(any) => arguments.more = Some(any),
        }
    }
    if let Some(id) = named.as_object() {
        let object = call.machine.object(id).clone();
        for (key, value) in object.entries.iter() {
            if let Key::Name(name) = key {
                arguments.named.push((*name, value.clone()));
            }
        }
    }
    arguments
}

/// `Thread(target=f, args=(...), kwargs={...})`.
fn thread(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let target = call.arg_or_named(1, "target");
    if !matches!(target.kind, Kind::Unbound | Kind::Null) {
        let (list, named) = (call.arg_or_named(3, "args"), call.arg_or_named(4, "kwargs"));
        let arguments = spread(call, &list, &named);
        super::called(call, &target, arguments);
    }
    None
}

fn timer(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let target = call.arg_or_named(1, "function");
    let (list, named) = (call.arg_or_named(2, "args"), call.arg_or_named(3, "kwargs"));
    let arguments = spread(call, &list, &named);
    super::called(call, &target, arguments);
    None
}

/// `start` of a class of the program that is a thread calls its `run`.
fn start(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    if let Some(Err(stop)) = call.machine.call_special(&receiver, "run", Vec::new(), call.span) {
        call.stop = Some(stop);
    }
    Some(Value::null())
}

fn tuple_of_arguments(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (callee, list, named) = (call.arg(0), call.arg(1), call.arg(2));
    let arguments = spread(call, &list, &named);
    super::called(call, &callee, arguments);
    None
}

/// A function that is called with the arguments behind it, some time.
fn later(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    after(call, 0)?;
    Some(call.arg(0))
}

fn after(call: &mut Call<'_, '_, '_>, place: usize) -> Option<Value> {
    let callee = call.arg(place);
    let arguments = from_place(call, place + 1);
    super::called(call, &callee, arguments);
    Some(Value::null())
}

fn handler(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(1);
    if callee.as_object().is_some() {
        call.call_back(&callee, vec![Value::unknown(), Value::unknown()]);
    }
    None
}

fn to_thread(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(0);
    let arguments = from_place(call, 1);
    super::called(call, &callee, arguments)
}

fn in_executor(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(1);
    let arguments = from_place(call, 2);
    super::called(call, &callee, arguments)
}

fn future(call: &mut Call<'_, '_, '_>, value: Value) -> Option<Value> {
    let path = call.machine.path(Language::Python, FUTURE);
    let Kind::Path(path) = path.kind else { return None };
    let mut object = Object::new(Shape::Native(path));
    object.items.push(value);
    Some(call.machine.new_object(object))
}

fn submit(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = to_thread(call)?;
    future(call, value)
}

fn result(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    call.machine.object(id).items.first().cloned()
}

fn applied(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(0);
    let (list, named) = (call.arg_or_named(1, "args"), call.arg_or_named(2, "kwds"));
    let arguments = spread(call, &list, &named);
    super::called(call, &callee, arguments)
}

fn applied_later(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = applied(call)?;
    future(call, value)
}

fn mapped(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let callee = call.arg(0);
    let value = call.arg(1);
    let starred = call.machine.paths.text(call.path).ends_with("starmap");
    let one = |call: &mut Call<'_, '_, '_>, item: Value| {
        if !starred {
            return call.call_back(&callee, vec![item]);
        }
        let arguments = spread(call, &item, &Value::default());
        super::called(call, &callee, arguments).unwrap_or_else(Value::unknown)
    };
    let made = match items(call, &value) {
        Items::Known(items) => Items::Known(items.into_iter().map(|item| one(call, item)).collect()),
        Items::Any(any) => Items::Any(one(call, any)),
    };
    Some(sequence(call, Shape::List, made))
}

fn gather(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let items = match &call.arguments.more {
        Some(more) => Items::Any(
            call.arguments
                .places
                .iter()
                .fold(more.clone(), |any, one| any.join(one)),
        ),
        None => Items::Known(call.arguments.places.clone()),
    };
    Some(sequence(call, Shape::List, items))
}
