//! The tables in PostgreSQL, by the same migrations as in SQLite: forward only, each one transaction.

use super::connection::Connection;
use crate::error::StoreError;
use crate::schema;
use crate::sql::{Result, Session};
use std::path::Path;

/// The migrations, in order; each stands beside the one of SQLite with the same number.
const MIGRATIONS: [&str; schema::MIGRATIONS.len()] = [
    include_str!("../schema/postgres/0001_executions.sql"),
    include_str!("../schema/postgres/0002_identity.sql"),
];

/// The oldest server that is used.
const OLDEST: i64 = 140_000;

/// Refuses a server that cannot keep what the state promises.
pub(super) fn unfit(connection: &mut Connection) -> Result<Option<&'static str>> {
    let row = connection.first(
        "SELECT CAST(current_setting('server_version_num') AS BIGINT), current_setting('fsync'),
             pg_is_in_recovery(), current_setting('server_encoding')",
        &[],
    )?;
    let Some(row) = row else {
        return Ok(Some("it says nothing of itself"));
    };
    Ok(if row.integer(0)? < OLDEST {
        Some("it is older than PostgreSQL 14: use a newer one")
    } else if row.text(1)? != "on" {
        Some("it runs with fsync = off and would lose what it has confirmed: switch it on")
    } else if row.truth(2)? {
        Some("it is a standby and takes no writes: name the primary")
    } else if row.text(3)? != "UTF8" {
        Some("its encoding is not UTF8: create the database with ENCODING 'UTF8'")
    } else {
        None
    })
}

/// Brings the database to the newest version. The caller holds the lock of the writer.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
) -> std::result::Result<Result<()>, StoreError> {
    let known = schema::known_version();
    let found = match version(connection) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(create(connection)),
        Err(error) => return Ok(Err(error)),
    };
    if found > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(go_on(connection, found))
}

/// The version of the database; `None` when it has none of our tables.
fn version(connection: &mut Connection) -> Result<Option<u32>> {
    let there = connection.first("SELECT to_regclass('casemate_schema') IS NOT NULL", &[])?;
    if !there.map(|row| row.truth(0)).transpose()?.unwrap_or(false) {
        return Ok(None);
    }
    let row = connection.first("SELECT version FROM casemate_schema", &[])?;
    row.map(|row| Ok(u32::try_from(row.integer(0)?).unwrap_or(u32::MAX)))
        .transpose()
}

fn create(connection: &mut Connection) -> Result<()> {
    connection.batch(
        "BEGIN; CREATE TABLE casemate_schema (version BIGINT NOT NULL); INSERT INTO casemate_schema VALUES (0); COMMIT",
    )?;
    go_on(connection, 0)
}

fn go_on(connection: &mut Connection, from: u32) -> Result<()> {
    for (number, sql) in (1u32..).zip(MIGRATIONS) {
        if number > from {
            connection.batch(&format!(
                "BEGIN; {sql}; UPDATE casemate_schema SET version = {number}; COMMIT"
            ))?;
        }
    }
    Ok(())
}
