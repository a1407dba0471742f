//! Promises, timers, and functions that take a callback. What is to happen later is deferred to when the running code is done.
//!
//! A promise is a native object with the entry `value` once it is settled, and `waiting`: what is called then.

use super::array::is_given;
use super::value::items_of;
use crate::ir::{Language, Span};
use crate::machine::Machine;
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Kind, ObjId, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: ALIASES,
};

const MODELS: &[(&str, Model)] = &[
    ("Promise", promise),
    ("Promise.resolve", resolved),
    ("Promise.reject", rejected),
    ("Promise.all", all),
    ("Promise.allSettled", all_settled),
    ("Promise.race", any),
    ("Promise().then", then),
    ("Promise().catch", catch),
    ("Promise().finally", finally),
    ("string#then", then),
    ("number#then", then),
    ("boolean#then", then),
    ("array#then", then),
    ("object#then", then),
    ("map#then", then),
    ("set#then", then),
    ("buffer#then", then),
    ("function#then", then),
    ("?.then", then),
    ("string#catch", catch),
    ("number#catch", catch),
    ("boolean#catch", catch),
    ("array#catch", catch),
    ("object#catch", catch),
    ("?.catch", catch),
    ("?.finally", finally),
    ("%resolve", resolve_now),
    ("%reject", reject_now),
    ("%react", react),
    ("%callback", callback),
    ("%promisified", promisified),
    ("util.promisify", promisify),
    ("setTimeout", later),
    ("setImmediate", later_at_once),
    ("setInterval", later),
    ("queueMicrotask", later_at_once),
    ("process.nextTick", later_at_once),
    ("timers/promises.setTimeout", pause),
];

const ALIASES: &[(&str, &str)] = &[
    ("Promise.any", "Promise.race"),
    ("timers.setTimeout", "setTimeout"),
    ("timers.setImmediate", "setImmediate"),
    ("requestAnimationFrame", "setImmediate"),
];

/// A promise that is not settled.
fn pending(machine: &mut Machine<'_>) -> Value {
    let path = machine.paths.root(Language::JavaScript, "Promise");
    let path = machine.paths.call(path);
    machine.new_object(Object::new(Shape::Native(path)))
}

/// The object of a promise.
fn promise_of(machine: &Machine<'_>, value: &Value) -> Option<ObjId> {
    let id = value.as_object()?;
    let Shape::Native(path) = machine.object(id).shape else {
        return None;
    };
    (&*machine.paths.text(path) == "Promise()").then_some(id)
}

fn entry(machine: &mut Machine<'_>, id: ObjId, name: &str) -> Option<Value> {
    let key = Key::Name(machine.program.names.intern(name));
    machine.object(id).entries.get(&key).cloned()
}

fn set_entry(machine: &mut Machine<'_>, id: ObjId, name: &str, value: Value) {
    let key = Key::Name(machine.program.names.intern(name));
    machine.object_mut(id).entries.set(key, value);
}

/// What a promise is settled with; of anything else, itself. None when a promise is not settled.
pub(in crate::machine) fn value_now(machine: &mut Machine<'_>, value: &Value) -> Option<Value> {
    match promise_of(machine, value) {
        Some(id) => entry(machine, id, "value"),
        None => Some(value.clone()),
    }
}

/// Why a promise failed, when it did.
pub(in crate::machine) fn reason_now(machine: &mut Machine<'_>, value: &Value) -> Option<Value> {
    let id = promise_of(machine, value)?;
    entry(machine, id, "reason")
}

/// A promise that is settled with a value.
pub(in crate::machine) fn settled_with(machine: &mut Machine<'_>, value: Value) -> Value {
    let promise = pending(machine);
    if let Some(id) = promise.as_object() {
        set_entry(machine, id, "value", value);
    }
    promise
}

/// A promise that failed.
pub(in crate::machine) fn rejected_with(machine: &mut Machine<'_>, reason: Value) -> Value {
    let promise = pending(machine);
    if let Some(id) = promise.as_object() {
        set_entry(machine, id, "reason", reason);
    }
    promise
}

/// Settles a promise, with what another is settled with if it is one.
fn settle(machine: &mut Machine<'_>, promise: &Value, value: &Value, span: Span) {
    let Some(id) = promise.as_object() else { return };
    if let Some(other) = promise_of(machine, value) {
        match entry(machine, other, "value") {
            Some(value) => settle(machine, promise, &value, span),
            None if other != id => {
                let forward = native(machine, promise.clone(), "%resolve");
                wait(machine, other, forward);
            }
            None => {}
        }
        return;
    }
    let value = match entry(machine, id, "value") {
        Some(known) => known.join(value),
        None => value.clone(),
    };
    set_entry(machine, id, "value", value.clone());
    let Some(waiting) = entry(machine, id, "waiting").and_then(|waiting| machine.items(&waiting)) else {
        return;
    };
    let none = machine.list(Vec::new());
    set_entry(machine, id, "waiting", none);
    for reaction in waiting {
        machine.defer(&reaction, vec![value.clone()], span);
    }
}

fn wait(machine: &mut Machine<'_>, promise: ObjId, reaction: Value) {
    match entry(machine, promise, "waiting").and_then(|waiting| waiting.as_object()) {
        Some(list) => machine.append(list, reaction),
        None => {
            let list = machine.list(vec![reaction]);
            set_entry(machine, promise, "waiting", list);
        }
    }
}

/// A function of ours with something that it holds.
pub(super) fn native(machine: &mut Machine<'_>, holds: Value, name: &str) -> Value {
    let callee = Value::of(Kind::Path(machine.paths.root(Language::JavaScript, name)));
    machine.new_object(Object::new(Shape::Bound {
        receiver: holds,
        callee,
    }))
}

fn promise(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let promise = pending(call.machine);
    let executor = call.arg(0);
    let resolve = native(call.machine, promise.clone(), "%resolve");
    let reject = native(call.machine, promise.clone(), "%reject");
    call.call_back(&executor, vec![resolve, reject]);
    Some(promise)
}

fn resolved(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = if call.count() == 0 {
        Value::undefined()
    } else {
        call.arg(0)
    };
    if promise_of(call.machine, &value).is_some() {
        return Some(value);
    }
    let promise = pending(call.machine);
    settle(call.machine, &promise, &value, call.span);
    Some(promise)
}

fn rejected(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let reason = call.arg(0);
    Some(rejected_with(call.machine, reason))
}

/// Rejects a promise: what catches it gets the reason.
fn reject(call: &mut Call<'_, '_, '_>, promise: &Value, reason: &Value) {
    let Some(id) = promise.as_object() else { return };
    set_entry(call.machine, id, "reason", reason.clone());
    let Some(catching) = entry(call.machine, id, "catching").and_then(|list| call.machine.items(&list))
    else {
        return;
    };
    for reaction in catching {
        call.machine.defer(&reaction, vec![reason.clone()], call.span);
    }
}

fn resolve_now(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let promise = call.receiver.clone()?;
    let value = if call.count() == 0 {
        Value::undefined()
    } else {
        call.arg(0)
    };
    settle(call.machine, &promise, &value, call.span);
    Some(Value::undefined())
}

fn reject_now(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let promise = call.receiver.clone()?;
    let reason = call.arg(0);
    reject(call, &promise, &reason);
    Some(Value::undefined())
}

/// A function called with what a promise is settled with; settles another promise with what it gives.
fn react(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let parts = call.receiver.clone()?;
    let parts = call.machine.items(&parts)?;
    let (promise, function) = (parts.first()?.clone(), parts.get(1)?.clone());
    let value = call.arg(0);
    let result = if is_given(&function) {
        call.call_back(&function, vec![value])
    } else {
        value
    };
    settle(call.machine, &promise, &result, call.span);
    Some(Value::undefined())
}

fn reaction(call: &mut Call<'_, '_, '_>, promise: &Value, function: Value) -> Value {
    let parts = call.machine.list(vec![promise.clone(), function]);
    native(call.machine, parts, "%react")
}

fn then(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let next = pending(call.machine);
    let function = call.arg(0);
    let reaction_to = reaction(call, &next, function);
    match promise_of(call.machine, &receiver) {
        Some(id) => {
            match entry(call.machine, id, "value") {
                Some(value) => call.machine.defer(&reaction_to, vec![value], call.span),
                None => wait(call.machine, id, reaction_to),
            }
            let failed = call.arg(1);
            if is_given(&failed) {
                catch_by(call, id, &next, failed);
            }
        }
        None => call.machine.defer(&reaction_to, vec![receiver], call.span),
    }
    Some(next)
}

fn catch(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let function = call.arg(0);
    match promise_of(call.machine, &receiver) {
        Some(id) => {
            let next = pending(call.machine);
            let forward = native(call.machine, next.clone(), "%resolve");
            match entry(call.machine, id, "value") {
                Some(value) => settle(call.machine, &next, &value, call.span),
                None => wait(call.machine, id, forward),
            }
            catch_by(call, id, &next, function);
            Some(next)
        }
        None => Some(receiver),
    }
}

fn catch_by(call: &mut Call<'_, '_, '_>, id: ObjId, next: &Value, function: Value) {
    let reaction = reaction(call, next, function);
    match entry(call.machine, id, "reason") {
        Some(reason) => call.machine.defer(&reaction, vec![reason], call.span),
        None => match entry(call.machine, id, "catching").and_then(|list| list.as_object()) {
            Some(list) => call.machine.append(list, reaction),
            None => {
                let list = call.machine.list(vec![reaction]);
                set_entry(call.machine, id, "catching", list);
            }
        },
    }
}

fn finally(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let function = call.arg(0);
    call.machine.defer(&function, Vec::new(), call.span);
    call.receiver.clone()
}

/// Settled with the list of what all are settled with.
fn all(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let values = values_of(call)?;
    let promise = pending(call.machine);
    let list = call.machine.list(values);
    settle(call.machine, &promise, &list, call.span);
    Some(promise)
}

/// What the promises of a list are settled with, after what is deferred was run.
fn values_of(call: &mut Call<'_, '_, '_>) -> Option<Vec<Value>> {
    let list = call.arg(0);
    let items = items_of(call.machine, &list)?;
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        match call.machine.await_value(item, call.span) {
            Ok(value) => values.push(value),
            Err(stop) => {
                call.stop = Some(stop);
                values.push(Value::unknown());
            }
        }
    }
    Some(values)
}

fn all_settled(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let values = values_of(call)?;
    let promise = pending(call.machine);
    let mut all = Vec::with_capacity(values.len());
    for value in values {
        let status = Value::text("fulfilled");
        all.push(
            call.machine
                .record(Shape::Record, vec![("status", status), ("value", value)]),
        );
    }
    let list = call.machine.list(all);
    settle(call.machine, &promise, &list, call.span);
    Some(promise)
}

fn any(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let values = values_of(call)?;
    let promise = pending(call.machine);
    let value = values
        .into_iter()
        .reduce(|one, other| one.join(&other))
        .unwrap_or_else(Value::undefined);
    settle(call.machine, &promise, &value, call.span);
    Some(promise)
}

/// `(error, value) => ...` of a function that takes a callback.
fn callback(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let promise = call.receiver.clone()?;
    if is_given(&call.arg(0)) && call.count() < 2 {
        let reason = call.arg(0);
        reject(call, &promise, &reason);
    } else {
        let value = if call.count() < 2 {
            Value::undefined()
        } else {
            call.arg(1)
        };
        settle(call.machine, &promise, &value, call.span);
    }
    Some(Value::undefined())
}

fn promisify(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let function = call.arg(0);
    Some(native(call.machine, function, "%promisified"))
}

fn promisified(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let function = call.receiver.clone()?;
    let promise = pending(call.machine);
    let done = native(call.machine, promise.clone(), "%callback");
    let mut arguments = call.arguments.places.clone();
    arguments.push(done);
    let outside = matches!(function.kind, Kind::Path(_));
    let result = call.call_back(&function, arguments);
    if outside {
        settle(call.machine, &promise, &result, call.span);
    }
    Some(promise)
}

/// `setTimeout(function, milliseconds, ...arguments)`.
fn later(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    deferred(call, 2)
}

fn later_at_once(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    deferred(call, 1)
}

fn deferred(call: &mut Call<'_, '_, '_>, skipped: usize) -> Option<Value> {
    let function = call.arg(0);
    if let Some(value) = super::inner::run(call, "setTimeout", Language::JavaScript, &function) {
        return Some(value);
    }
    function.as_object()?;
    let arguments = call.arguments.places.iter().skip(skipped).cloned().collect();
    call.machine.defer(&function, arguments, call.span);
    Some(Value::unknown())
}

fn pause(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(call.arg(1))
}
