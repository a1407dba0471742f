//! The names in an object whose form is known: each once, none else.

use super::blame::Blame;
use super::scalar::Text;
use crate::problem::{Kind, Problem};
use serde::de::MapAccess;

/// Which fields of an object were there.
pub(super) struct Seen {
    prefix: &'static str,
    names: &'static [&'static str],
    bits: u32,
}

impl Seen {
    /// None yet, of an object whose fields are told with this prefix.
    pub(super) fn new(prefix: &'static str, names: &'static [&'static str]) -> Self {
        debug_assert!(names.len() <= 32);
        Self {
            prefix,
            names,
            bits: 0,
        }
    }

    /// The next field; unknown ones and those that were there end the reading.
    pub(super) fn next<'de, M: MapAccess<'de>>(
        &mut self,
        map: &mut M,
        blame: &Blame,
    ) -> Result<Option<&'static str>, M::Error> {
        let Some(name) = map.next_key_seed(Text)? else {
            return Ok(None);
        };
        let Some(index) = self.names.iter().position(|known| *known == name) else {
            let full = format!("{}{}", self.prefix, shortened(&name));
            let problem = Problem::new(Kind::UnknownField, format!("{full:?} is not a field"));
            return Err(blame.on(problem.bound(self.names.join(", ")).field(full)));
        };
        if self.bits & 1 << index != 0 {
            let full = format!("{}{name}", self.prefix);
            let problem = Problem::new(Kind::DuplicateField, format!("{full} is there twice"));
            return Err(blame.on(problem.field(full)));
        }
        self.bits |= 1 << index;
        Ok(Some(self.names[index]))
    }

    /// Whether a field was there.
    pub(super) fn has(&self, name: &str) -> bool {
        let index = self.names.iter().position(|known| *known == name);
        index.is_some_and(|index| self.bits & 1 << index != 0)
    }
}

/// The problem of a required field that is not there.
pub(super) fn missing(field: &'static str) -> Problem {
    Problem::new(Kind::InvalidField, format!("{field} is required"))
        .field(field)
        .bound("required")
}

/// The problem of two fields that say the same.
pub(super) fn both(field: &'static str, other: &'static str) -> Problem {
    Problem::new(
        Kind::InvalidField,
        format!("{field}: give it or {other}, not both"),
    )
    .field(field)
    .bound("one of two")
}

/// A text of the client's, short enough to be told back.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
