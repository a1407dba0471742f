//! The statements over SQLite.

use super::{Content, Dialect, Record, Result, Session, Value, malformed};
use crate::model::bounds::MAX_SLICE_BYTES;
use crate::model::view::{Sizes, Slice};
use crate::open::connection::PAGE_BYTES;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, MAIN_DB, Row, Statement, ToSql};
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
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        let mut statement = self.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        Ok(statement.raw_execute()? as u64)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Record>> {
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

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    /// By incremental I/O: <https://sqlite.org/c3ref/blob_open.html>.
    fn content(&mut self, of: Content, row: i64, offset: u64, limit_bytes: usize) -> Result<Option<Slice>> {
        let (table, key) = of.table();
        // A stream without a byte has no row.
        let sql = format!("SELECT 1 FROM {table} WHERE {key} = ?1");
        if self.query(&sql, &[row.into()])?.is_empty() {
            return Ok(None);
        }
        let blob = self.blob_open(MAIN_DB, table, "content", row, true)?;
        let size = blob.len();
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(size);
        let mut bytes = vec![0; limit_bytes.min(MAX_SLICE_BYTES).min(size - from)];
        if !bytes.is_empty() {
            blob.read_at_exact(&mut bytes, from)?;
        }
        Ok(Some(Slice {
            bytes,
            size_bytes: size as u64,
        }))
    }

    fn give_back(&mut self, pages: u32) -> Result<u64> {
        let count = || self.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0));
        let before = count()?;
        let mut statement = self.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        // Each step gives back one page; a statement that is not stepped to its end stops early.
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(u64::try_from(before - count()?).unwrap_or(0))
    }

    fn sizes(&mut self) -> Result<Sizes> {
        let pragma = |name| {
            let found = self.pragma_query_value(None, name, |row| row.get::<_, i64>(0))?;
            Ok::<_, rusqlite::Error>(u64::try_from(found).unwrap_or(0) * PAGE_BYTES)
        };
        Ok(Sizes {
            database_bytes: pragma("page_count")?,
            free_bytes: pragma("freelist_count")?,
            log_bytes: 0,
        })
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

fn record(row: &Row<'_>, columns: usize) -> Result<Record> {
    let column = |index| {
        Ok(match row.get_ref(index)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(_) => return Err(malformed(index, "a fraction")),
            ValueRef::Text(text) => {
                let text = str::from_utf8(text).map_err(|_| malformed(index, "not UTF-8"))?;
                Value::Text(Cow::Owned(text.to_owned()))
            }
            ValueRef::Blob(bytes) => Value::Bytes(Cow::Owned(bytes.to_vec())),
        })
    };
    (0..columns).map(column).collect::<Result<_>>().map(Record::new)
}
