//! Arrays of texts and objects of texts, which stop being read at their bound.

use super::blame::Blame;
use super::scalar::{self, Any, Text, as_text};
use crate::problem::{Kind, Problem};
use casemate_types::request::MAX_STRING_BYTES;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// An array of texts, each made into an item.
pub(super) fn texts<'de, M: MapAccess<'de>, T>(
    map: &mut M,
    blame: &Blame,
    field: &'static str,
    most: usize,
    item: impl FnMut(Cow<'de, str>) -> Result<T, Problem>,
) -> Result<Vec<T>, M::Error> {
    map.next_value_seed(Texts {
        blame,
        field,
        most,
        item,
    })
}

/// An object of texts.
pub(super) fn pairs<'de, M: MapAccess<'de>>(
    map: &mut M,
    blame: &Blame,
    field: &'static str,
    most: usize,
) -> Result<BTreeMap<String, String>, M::Error> {
    map.next_value_seed(Pairs { blame, field, most })
}

/// The problem of too many items.
pub(super) fn too_many(field: &'static str, most: usize) -> Problem {
    Problem::new(Kind::OutOfRange, format!("{field}: more than {most} are given"))
        .field(field)
        .bound(format!("{most}"))
}

struct Texts<'a, F> {
    blame: &'a Blame,
    field: &'static str,
    most: usize,
    item: F,
}

impl<'de, T, F: FnMut(Cow<'de, str>) -> Result<T, Problem>> DeserializeSeed<'de> for Texts<'_, F> {
    type Value = Vec<T>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Vec<T>, D::Error> {
        let (blame, field) = (self.blame, self.field);
        reader
            .deserialize_seq(self)
            .map_err(|error| blame.form(field, "an array of texts", error))
    }
}

impl<'de, T, F: FnMut(Cow<'de, str>) -> Result<T, Problem>> Visitor<'de> for Texts<'_, F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of texts")
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut items: S) -> Result<Vec<T>, S::Error> {
        let (blame, field) = (self.blame, self.field);
        let mut all = Vec::new();
        let mut bytes = 0;
        let any = || Any {
            blame,
            field,
            expected: "a text",
        };
        while let Some(scalar) = items.next_element_seed(any())? {
            if all.len() == self.most {
                return Err(blame.on(too_many(field, self.most)));
            }
            let text = blame.check(as_text(field, scalar))?;
            bytes += text.len();
            blame.most(field, bytes, MAX_STRING_BYTES)?;
            all.push(blame.check((self.item)(text))?);
        }
        Ok(all)
    }
}

struct Pairs<'a> {
    blame: &'a Blame,
    field: &'static str,
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Pairs<'_> {
    type Value = BTreeMap<String, String>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        let (blame, field) = (self.blame, self.field);
        reader
            .deserialize_map(self)
            .map_err(|error| blame.form(field, "an object of texts", error))
    }
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let (blame, field) = (self.blame, self.field);
        let mut all = BTreeMap::new();
        let mut bytes = 0;
        while let Some(name) = map.next_key_seed(Text)? {
            if all.len() == self.most {
                return Err(blame.on(too_many(field, self.most)));
            }
            let value = scalar::text(&mut map, blame, field)?;
            bytes += name.len() + value.len() + 1;
            blame.most(field, bytes, MAX_STRING_BYTES)?;
            if all.contains_key(name.as_ref()) {
                let shown = super::field::shortened(&name);
                let problem =
                    Problem::new(Kind::DuplicateField, format!("{field}: {shown:?} is there twice"));
                return Err(blame.on(problem.field(field)));
            }
            all.insert(name.into_owned(), value.into_owned());
        }
        Ok(all)
    }
}
