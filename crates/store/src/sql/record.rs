//! A row of an answer. A column that does not hold what is asked for is an error, never a default.

use super::{Result, Value, malformed};
use crate::model::time;
use std::str::FromStr;
use std::time::SystemTime;

/// The columns of one row; each is taken out at most once.
#[derive(Debug)]
pub(crate) struct Record(Vec<Value<'static>>);

impl Record {
    pub(crate) fn new(columns: Vec<Value<'static>>) -> Self {
        Self(columns)
    }

    pub(crate) fn integer(&self, column: usize) -> Result<i64> {
        self.optional_integer(column)?
            .ok_or_else(|| malformed(column, "no number"))
    }

    pub(crate) fn optional_integer(&self, column: usize) -> Result<Option<i64>> {
        match self.0.get(column) {
            Some(Value::Integer(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            _ => Err(malformed(column, "not a number")),
        }
    }

    /// A count, which databases hold signed.
    pub(crate) fn count(&self, column: usize) -> Result<u64> {
        self.integer(column)
            .map(|count| u64::try_from(count).unwrap_or(0))
    }

    pub(crate) fn optional_count(&self, column: usize) -> Result<Option<u64>> {
        Ok(self
            .optional_integer(column)?
            .map(|count| u64::try_from(count).unwrap_or(0)))
    }

    /// A truth, which SQLite holds as a number.
    pub(crate) fn truth(&self, column: usize) -> Result<bool> {
        self.integer(column).map(|number| number != 0)
    }

    pub(crate) fn time(&self, column: usize) -> Result<SystemTime> {
        self.integer(column).map(time::from_ms)
    }

    pub(crate) fn optional_time(&self, column: usize) -> Result<Option<SystemTime>> {
        Ok(self.optional_integer(column)?.map(time::from_ms))
    }

    pub(crate) fn text(&self, column: usize) -> Result<&str> {
        self.optional_text(column)?
            .ok_or_else(|| malformed(column, "no text"))
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<&str>> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(malformed(column, "not a text")),
        }
    }

    /// An id or another text that has a type.
    pub(crate) fn parsed<T: FromStr>(&self, column: usize) -> Result<T> {
        self.text(column)?
            .parse()
            .map_err(|_| malformed(column, "malformed"))
    }

    pub(crate) fn optional_parsed<T: FromStr>(&self, column: usize) -> Result<Option<T>> {
        let text = self.optional_text(column)?;
        text.map(|text| text.parse().map_err(|_| malformed(column, "malformed")))
            .transpose()
    }

    /// Bytes of any length.
    pub(crate) fn into_bytes(mut self, column: usize) -> Result<Vec<u8>> {
        match self
            .0
            .get_mut(column)
            .map(|value| std::mem::replace(value, Value::Null))
        {
            Some(Value::Bytes(bytes)) => Ok(bytes.into_owned()),
            _ => Err(malformed(column, "not bytes")),
        }
    }

    /// A hash.
    pub(crate) fn hash(&self, column: usize) -> Result<[u8; 32]> {
        match self.0.get(column) {
            Some(Value::Bytes(bytes)) => <[u8; 32]>::try_from(&bytes[..]).ok(),
            _ => None,
        }
        .ok_or_else(|| malformed(column, "not a hash"))
    }
}
