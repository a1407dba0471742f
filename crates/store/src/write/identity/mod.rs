//! Changes to who may ask. Names are looked for before they are written: there is one writer, so nothing comes between.

mod keys;
mod policies;
mod principals;
mod projects;
mod tenants;

pub(crate) use keys::{Revocation, Touches};
pub(crate) use policies::NewPolicySet;
pub(crate) use principals::ChangePrincipal;
pub(crate) use projects::ChangeProject;
pub(crate) use tenants::ChangeTenant;

use crate::error::StoreError;
use crate::job::Failure;
use crate::sql::{self, Session, Value};

/// Whether there is such a row.
fn exists(session: &mut dyn Session, sql: &str, values: &[Value<'_>]) -> sql::Result<bool> {
    Ok(session.first(sql, values)?.is_some())
}

/// Refuses what would be more than a bound: `sql` counts what is there.
fn room(
    session: &mut dyn Session,
    field: &'static str,
    bound: u64,
    sql: &str,
    values: &[Value<'_>],
) -> Result<(), Failure> {
    let there = session
        .first(sql, values)?
        .map(|row| row.count(0))
        .transpose()?
        .unwrap_or(0);
    if there < bound {
        return Ok(());
    }
    Err(Failure::Refused(StoreError::Bound {
        field,
        given: there + 1,
        bound,
    }))
}
