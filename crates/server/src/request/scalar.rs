//! Texts and numbers. Whatever stands in their place is told by its type, and not read.

use super::blame::Blame;
use crate::problem::{Kind, Problem};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// RFC 4648 with its padding; what the last character holds too much is not looked at, as its form allows it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A value that holds no others.
#[derive(Debug)]
pub(super) enum Scalar<'de> {
    /// A text; borrowed from the body when nothing in it was escaped.
    Text(Cow<'de, str>),
    /// A number that is written as an integer, and fits.
    Int(i128),
    /// Any other number.
    Real(f64),
    /// Anything else, by its name.
    Other(&'static str),
}

/// Reads any scalar; what holds others ends the reading where it begins.
pub(super) struct Any<'a> {
    pub(super) blame: &'a Blame,
    pub(super) field: &'static str,
    pub(super) expected: &'static str,
}

/// Reads a text alone: a name in an object.
pub(super) struct Text;

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Scalar<'de>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Scalar<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Int(number.into()))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Int(number.into()))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Real(number))
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Other("a boolean"))
    }
    fn visit_unit<E: Error>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Other("null"))
    }
    fn visit_seq<S: SeqAccess<'de>>(self, _: S) -> Result<Scalar<'de>, S::Error> {
        let given = Scalar::Other("an array");
        Err(self.blame.on(wrong_type(self.field, &given, self.expected)))
    }
    fn visit_map<M: MapAccess<'de>>(self, _: M) -> Result<Scalar<'de>, M::Error> {
        let given = Scalar::Other("an object");
        Err(self.blame.on(wrong_type(self.field, &given, self.expected)))
    }
}

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

impl Scalar<'_> {
    /// What it is, for messages.
    fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Int(_) | Self::Real(_) => "a number",
            Self::Other(name) => name,
        }
    }
}

/// The problem of a value of another type.
pub(super) fn wrong_type(field: &'static str, given: &Scalar<'_>, expected: &'static str) -> Problem {
    Problem::new(
        Kind::InvalidField,
        format!("{field}: {} is given, {expected} is expected", given.name()),
    )
    .field(field)
    .bound(expected)
}

/// Takes a scalar as a text.
pub(super) fn as_text<'de>(field: &'static str, scalar: Scalar<'de>) -> Result<Cow<'de, str>, Problem> {
    match scalar {
        Scalar::Text(text) => Ok(text),
        other => Err(wrong_type(field, &other, "a text")),
    }
}

/// The value of a field, as a scalar. Numbers that no float holds are told with their field.
pub(super) fn any<'de, M: MapAccess<'de>>(
    map: &mut M,
    blame: &Blame,
    field: &'static str,
    expected: &'static str,
) -> Result<Scalar<'de>, M::Error> {
    let seed = Any {
        blame,
        field,
        expected,
    };
    map.next_value_seed(seed).map_err(|error| {
        if error.to_string().starts_with("number out of range") {
            let problem = Problem::new(Kind::OutOfRange, format!("{field}: the number is too large"));
            return blame.on(problem.field(field).bound("a smaller number"));
        }
        error
    })
}

/// The value of a field, as a text.
pub(super) fn text<'de, M: MapAccess<'de>>(
    map: &mut M,
    blame: &Blame,
    field: &'static str,
) -> Result<Cow<'de, str>, M::Error> {
    let scalar = any(map, blame, field, "a text")?;
    blame.check(as_text(field, scalar))
}

/// The value of a field, as an integer within bounds. `1.0` is one: JSON Schema, section 6.1.1, and JSON itself
/// know no other kind of number.
pub(super) fn integer<'de, M: MapAccess<'de>>(
    map: &mut M,
    blame: &Blame,
    field: &'static str,
    least: u64,
    most: u64,
) -> Result<u64, M::Error> {
    let number = match any(map, blame, field, "an integer")? {
        Scalar::Int(number) => number,
        // A cast saturates, and what is that large is out of every range.
        Scalar::Real(number) if number.fract() == 0.0 => number as i128,
        other => return Err(blame.on(wrong_type(field, &other, "an integer"))),
    };
    if (i128::from(least)..=i128::from(most)).contains(&number) {
        // It is between two numbers of this type.
        return Ok(number as u64);
    }
    let bound = format!("{least} to {most}");
    Err(blame.on(out_of_range(field, &number.to_string(), &bound)))
}

/// The problem of a number outside its range.
pub(super) fn out_of_range(field: &'static str, given: &str, bound: &str) -> Problem {
    Problem::new(Kind::OutOfRange, format!("{field}: {given} is outside {bound}"))
        .field(field)
        .bound(bound.to_owned())
}

/// The bytes of a field in base64.
pub(super) fn base64<'de, M: MapAccess<'de>>(
    map: &mut M,
    blame: &Blame,
    field: &'static str,
    most_bytes: usize,
) -> Result<Vec<u8>, M::Error> {
    let text = text(map, blame, field)?;
    // Before anything is allocated for it: four characters are three bytes.
    blame.most(field, (text.len() / 4 * 3).saturating_sub(2), most_bytes)?;
    let bytes = BASE64
        .decode(text.as_bytes())
        .map_err(|_| blame.on(Problem::invalid(field, "base64 of RFC 4648 with its padding")))?;
    blame.most(field, bytes.len(), most_bytes)?;
    Ok(bytes)
}
