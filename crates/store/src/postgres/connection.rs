//! One connection to PostgreSQL: its settings, its statements, and values to and from it.

use super::address::Address;
use super::wire::{Driver, Link};
use crate::model::bounds::MAX_SLICE_BYTES;
use crate::model::view::{Sizes, Slice};
use crate::sql::{Content, DatabaseError, Dialect, Record, Result, Session, Value, malformed};
use std::borrow::Cow;
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row, Statement};

/// How long a statement may take. The server is told the same, a little less.
const STATEMENT_LIMIT: Duration = Duration::from_secs(35);
/// Statements that are kept prepared; beyond, all are prepared anew.
const STATEMENTS: usize = 256;

/// What every connection is set to. A commit is on the disk of the server before it is answered.
const SETTINGS: &str = "SET synchronous_commit = on; SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET default_transaction_isolation = 'read committed'";

/// A connection.
pub(super) struct Connection {
    client: Client,
    driver: Driver,
    statements: HashMap<String, Statement>,
}

impl Connection {
    /// Says who we are over a socket, and makes the settings.
    pub(super) fn open(link: Link, address: &Address, limit: Duration) -> Result<Self> {
        let (mut driver, stream) = Driver::new(link).map_err(DatabaseError::Lost)?;
        let greeted = driver.run(address.config().connect_raw(stream, NoTls), limit);
        let (client, traffic) = greeted.map_err(DatabaseError::Lost)??;
        driver.carry(traffic);
        let mut connection = Self {
            client,
            driver,
            statements: HashMap::new(),
        };
        connection.batch(SETTINGS)?;
        Ok(connection)
    }

    /// Runs statements without values.
    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        let answer = self.client.batch_execute(sql);
        wait(&mut self.driver, answer)
    }

    fn statement(&mut self, sql: &str) -> Result<Statement> {
        if let Some(found) = self.statements.get(sql) {
            return Ok(found.clone());
        }
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        // Ours are `?1`, theirs `$1`; nothing else in our statements has a question mark.
        let theirs = sql.replace('?', "$");
        let statement = wait(&mut self.driver, self.client.prepare(&theirs))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn wait<T>(
    driver: &mut Driver,
    answer: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
) -> Result<T> {
    Ok(driver
        .run(answer, STATEMENT_LIMIT)
        .map_err(DatabaseError::Lost)??)
}

fn parameters<'a>(values: &'a [Value<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl Session for Connection {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        let statement = self.statement(sql)?;
        let parameters = parameters(values);
        let answer = self.client.execute(&statement, &parameters);
        wait(&mut self.driver, answer)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Record>> {
        let statement = self.statement(sql)?;
        let parameters = parameters(values);
        let answer = self.client.query(&statement, &parameters);
        wait(&mut self.driver, answer)?.iter().map(record).collect()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn content(&mut self, of: Content, row: i64, offset: u64, limit_bytes: usize) -> Result<Option<Slice>> {
        let (table, key) = of.table();
        // Positions count from 1, as integers of 32 bits; no content is as large.
        let from = i64::try_from(offset).unwrap_or(i64::MAX).min(1 << 30) + 1;
        let most = limit_bytes.min(MAX_SLICE_BYTES) as i64;
        let sql = format!(
            "SELECT octet_length(content), substring(content FROM CAST(?2 AS INTEGER) FOR CAST(?3 AS INTEGER))
             FROM {table} WHERE {key} = ?1"
        );
        let found = self.first(&sql, &[row.into(), from.into(), most.into()])?;
        found
            .map(|record| {
                Ok(Slice {
                    size_bytes: record.count(0)?,
                    bytes: record.into_bytes(1)?,
                })
            })
            .transpose()
    }

    fn give_back(&mut self, _: u32) -> Result<u64> {
        // The server's own autovacuum does.
        Ok(0)
    }

    fn sizes(&mut self) -> Result<Sizes> {
        let found = self.first("SELECT pg_database_size(current_database())", &[])?;
        Ok(Sizes {
            database_bytes: found.map(|row| row.count(0)).transpose()?.unwrap_or(0),
            ..Sizes::default()
        })
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Integer(number) if *of == Type::INT4 => {
                out.extend_from_slice(&i32::try_from(*number)?.to_be_bytes());
            }
            Self::Integer(number) if *of == Type::INT8 => out.extend_from_slice(&number.to_be_bytes()),
            // The server keeps no NUL in a text: <https://www.postgresql.org/docs/current/datatype-character.html>.
            Self::Text(text) if *of == Type::TEXT && text.contains('\0') => {
                out.extend_from_slice(text.replace('\0', "\u{fffd}").as_bytes());
            }
            Self::Text(text) if *of == Type::TEXT => out.extend_from_slice(text.as_bytes()),
            Self::Bytes(bytes) if *of == Type::BYTEA => out.extend_from_slice(bytes),
            _ => return Err(format!("no value of {of}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        // Told apart when it is written.
        true
    }

    to_sql_checked!();
}

fn record(row: &Row) -> Result<Record> {
    let column = |index: usize| {
        let of = row.columns().get(index).map(|column| column.type_());
        Ok(match of {
            Some(&Type::BOOL) => row.try_get::<_, Option<bool>>(index)?.map(i64::from).into(),
            Some(&Type::INT4) => row.try_get::<_, Option<i32>>(index)?.map(i64::from).into(),
            Some(&Type::INT8) => row.try_get::<_, Option<i64>>(index)?.into(),
            Some(&Type::TEXT) => match row.try_get::<_, Option<String>>(index)? {
                Some(text) => Value::Text(Cow::Owned(text)),
                None => Value::Null,
            },
            Some(&Type::BYTEA) => match row.try_get::<_, Option<Vec<u8>>>(index)? {
                Some(bytes) => Value::Bytes(Cow::Owned(bytes)),
                None => Value::Null,
            },
            _ => return Err(malformed(index, "of an unknown type")),
        })
    };
    (0..row.len()).map(column).collect::<Result<_>>().map(Record::new)
}
