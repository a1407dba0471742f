//! Models of what Python programs find around them. See the documentation of [`super`] for how to add one.

mod builtin;
mod bytes;
mod codecs;
mod concurrent;
mod config;
mod convert;
mod dict;
mod files;
mod format;
mod function;
mod given;
mod inner;
mod iterate;
mod list;
mod pathlib;
mod reflect;
mod text;
mod web;

#[cfg(test)]
mod tests;

use super::{Arguments, Call, Model, Table};
use crate::machine::value::Value;

/// Every part.
pub const TABLES: &[&Table] = &[
    &builtin::TABLE,
    &bytes::TABLE,
    &codecs::TABLE,
    &concurrent::TABLE,
    &config::TABLE,
    &convert::TABLE,
    &dict::TABLE,
    &files::TABLE,
    &format::TABLE,
    &function::TABLE,
    &inner::TABLE,
    &iterate::TABLE,
    &list::TABLE,
    &pathlib::TABLE,
    &reflect::TABLE,
    &text::TABLE,
    &web::TABLE,
];

/// Calls a value with arguments that were put together elsewhere.
fn called(call: &mut Call<'_, '_, '_>, callee: &Value, arguments: Arguments) -> Option<Value> {
    if call.stop.is_some() {
        return None;
    }
    match call.machine.call_with(callee, arguments, call.span) {
        Ok(value) => Some(value),
        Err(stop) => {
            call.stop = Some(stop);
            None
        }
    }
}
