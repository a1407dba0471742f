//! Models of what JavaScript programs find around them. See the documentation of [`super`] for how to add one.

mod array;
mod buffer;
mod collection;
mod event;
mod function;
mod inner;
mod json;
mod number;
mod object;
mod process;
mod promise;
mod regexp;
mod replace;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod visit;

pub(in crate::machine) use promise::{reason_now, rejected_with, settled_with, value_now};

use super::Table;

/// Every part.
pub const TABLES: &[&Table] = &[
    &array::TABLE,
    &buffer::TABLE,
    &collection::TABLE,
    &event::TABLE,
    &function::TABLE,
    &inner::TABLE,
    &json::TABLE,
    &number::TABLE,
    &object::TABLE,
    &process::TABLE,
    &promise::TABLE,
    &regexp::TABLE,
    &replace::TABLE,
    &text::TABLE,
    &visit::TABLE,
];
