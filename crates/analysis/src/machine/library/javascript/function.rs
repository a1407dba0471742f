//! Functions: how they are called by others than their caller.

use super::array::{call_with as run, is_given};
use super::promise::native;
use super::value::items_of;
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Object, Shape};
use crate::machine::value::Value;

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("function#call", call_by),
    ("function#apply", apply),
    ("function#bind", bind),
    ("?.call", call_by),
    ("?.apply", apply),
    ("?.bind", bind),
    ("%bound", bound),
];

fn call_by(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let function = call.receiver.clone()?;
    let this = call.arg(0);
    let arguments = call.arguments.places.iter().skip(1).cloned().collect();
    Some(run(call, &function, Some(this), arguments))
}

fn apply(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let function = call.receiver.clone()?;
    let (this, list) = (call.arg(0), call.arg(1));
    let arguments = match items_of(call.machine, &list) {
        Some(items) => items,
        None if is_given(&list) => vec![call.machine.any_item(&list); 4],
        None => Vec::new(),
    };
    Some(run(call, &function, Some(this), arguments))
}

fn bind(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let function = call.receiver.clone()?;
    if call.count() <= 1 {
        let receiver = call.arg(0);
        return Some(call.machine.new_object(Object::new(Shape::Bound {
            receiver,
            callee: function,
        })));
    }
    let mut held = vec![function];
    held.extend(call.arguments.places.iter().cloned());
    let held = call.machine.list(held);
    Some(native(call.machine, held, "%bound"))
}

fn bound(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let held = call.receiver.clone()?;
    let mut held = call.machine.items(&held)?.into_iter();
    let (function, this) = (held.next()?, held.next()?);
    let arguments = held.chain(call.arguments.places.iter().cloned()).collect();
    Some(run(call, &function, Some(this), arguments))
}
