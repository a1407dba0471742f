//! The tables, and how an older file becomes a current one. Only opening a store calls it.
//!
//! Migrations go forward only. Each is one transaction that ends by raising `user_version`, so a crash leaves the
//! version before or after it. A migration that was released is never changed.

use rusqlite::{Connection, TransactionBehavior};

/// `application_id` of our files: "CSMT". <https://sqlite.org/pragma.html#pragma_application_id>
pub(crate) const APPLICATION_ID: i32 = 0x4353_4d54;

/// The migrations, in order; the version of a file is how many of them it has seen.
pub(crate) const MIGRATIONS: [&str; 2] = [
    include_str!("0001_executions.sql"),
    include_str!("0002_identity.sql"),
];

/// The newest version that this program knows.
pub(crate) fn known_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// What a file says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// No tables yet.
    Empty,
    /// Ours, of this version.
    Ours(u32),
    /// Another program's.
    Foreign,
}

/// Reads what the file is.
pub(crate) fn kind(connection: &Connection) -> rusqlite::Result<Kind> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, u32::try_from(version)) {
        (APPLICATION_ID, Ok(version)) => Kind::Ours(version),
        (0, Ok(0)) if tables == 0 => Kind::Empty,
        _ => Kind::Foreign,
    })
}

/// Brings a file to the newest version.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    for (number, sql) in (1u32..).zip(migrations) {
        // Immediate, so that two programs cannot both decide to migrate.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version >= number {
            continue;
        }
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
