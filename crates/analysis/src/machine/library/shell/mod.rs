//! Models of what scripts find around them: commands that print and filter, files that they write and read again, expansions,
//! and commands that run code. See the documentation of [`super`] for how to add one, and `front/shell` for the names.

mod code;
mod expand;
mod files;
mod filter;
mod glob;
mod letters;
mod print;
#[cfg(test)]
mod tests;

use super::{Call, Table};
use crate::ir::Language;
use crate::machine::value::{HOLE, Kind, Marks, Value};
use std::rc::Rc;

/// Every part.
pub const TABLES: &[&Table] = &[
    &code::TABLE,
    &expand::TABLE,
    &files::TABLE,
    &filter::TABLE,
    &letters::TABLE,
    &print::TABLE,
];

/// Bytes of text on which a model computes.
const TEXT: usize = 1 << 20;

/// A value as a text, with holes for what is not known.
fn text_of(call: &Call<'_, '_, '_>, value: &Value) -> String {
    match &value.kind {
        Kind::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Kind::Undefined | Kind::Unbound | Kind::Null => String::new(),
        _ => call.machine.piece(value, Language::Bash),
    }
}

/// The text of a value, when all of it is known.
fn known_text(call: &Call<'_, '_, '_>, value: &Value) -> Option<String> {
    match &value.kind {
        Kind::Text(_) | Kind::Int(_) | Kind::Bytes(_) => {
            let text = text_of(call, value);
            (text.len() <= TEXT && !text.contains(HOLE)).then_some(text)
        }
        _ => None,
    }
}

/// The words of a command.
fn words(call: &Call<'_, '_, '_>) -> Vec<String> {
    let places = call.arguments.places.iter().take(4096);
    places.map(|value| text_of(call, value)).collect()
}

/// Whether options of one letter among the words hold a letter.
fn has_option(words: &[String], letter: char) -> bool {
    words
        .iter()
        .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
}

/// What flows into a command, if something does.
fn stdin(call: &Call<'_, '_, '_>) -> Option<Value> {
    let value = call.named("stdin");
    let given = !matches!(value.kind, Kind::Unbound | Kind::Undefined);
    given.then_some(value)
}

/// What a filter reads: what flows in, or the file that a word names.
fn input(call: &mut Call<'_, '_, '_>, file: Option<&str>) -> Option<Value> {
    match file.filter(|file| *file != "-") {
        Some(file) => files::content(call, file),
        None => stdin(call),
    }
}

/// A text that a command prints; the last end of line is no part of it.
fn printed(call: &mut Call<'_, '_, '_>, text: &str) -> Value {
    let marks = call.marks();
    call.machine.built(text.trim_end_matches('\n').to_owned(), marks)
}

/// What a decoder gives: text where it is text, and deeper hidden than what it came from.
fn decoded(call: &mut Call<'_, '_, '_>, bytes: Vec<u8>) -> Value {
    let marks = hidden(call.marks());
    let mut value = match String::from_utf8(bytes) {
        Ok(text) => Value::text(text.trim_end_matches('\n')),
        Err(error) => Value::bytes(error.as_bytes()),
    };
    value.marks = marks;
    value
}

/// Marks of what was hidden once more.
fn hidden(marks: Option<Rc<Marks>>) -> Option<Rc<Marks>> {
    let mut marks = marks.map(|marks| (*marks).clone()).unwrap_or_default();
    marks.hidden = marks.hidden.saturating_add(1);
    Some(Rc::new(marks))
}
