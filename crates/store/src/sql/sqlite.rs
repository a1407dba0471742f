//! The statements over SQLite.

use super::{Record, Session, Value};
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, Row, Statement, ToSql};
use std::borrow::Cow;

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Integer(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Session for &Connection {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<u64> {
        let mut statement = self.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        statement.raw_execute().map(|changed| changed as u64)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<Vec<Record>> {
        let mut statement = self.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(record(row, columns)?);
        }
        Ok(records)
    }
}

fn bind(statement: &mut Statement<'_>, values: &[Value<'_>]) -> rusqlite::Result<()> {
    if statement.parameter_count() != values.len() {
        return Err(rusqlite::Error::InvalidParameterCount(
            values.len(),
            statement.parameter_count(),
        ));
    }
    (1..)
        .zip(values)
        .try_for_each(|(index, value)| statement.raw_bind_parameter(index, value))
}

fn record(row: &Row<'_>, columns: usize) -> rusqlite::Result<Record> {
    let column = |index| {
        Ok(match row.get_ref(index)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(_) => return Err(super::record::malformed(index, "a fraction")),
            ValueRef::Text(text) => {
                let text = str::from_utf8(text).map_err(|_| super::record::malformed(index, "not UTF-8"))?;
                Value::Text(Cow::Owned(text.to_owned()))
            }
            ValueRef::Blob(bytes) => Value::Bytes(Cow::Owned(bytes.to_vec())),
        })
    };
    (0..columns)
        .map(column)
        .collect::<rusqlite::Result<_>>()
        .map(Record::new)
}
