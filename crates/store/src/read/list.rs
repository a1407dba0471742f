//! Lists: newest first, by pages that visit every execution once, whatever is recorded or removed meanwhile.

use super::row;
use crate::error::StoreError;
use crate::model::bounds::MAX_PAGE;
use crate::model::state::State;
use crate::model::time;
use crate::model::view::{Filter, Page, Summary};
use crate::sql::{self, Dialect, Session, Value};
use crate::store::Store;
use casemate_types::ExecutionId;
use std::fmt::Write;
use std::time::SystemTime;

impl Store {
    /// A page of at most `limit` executions (1 to 200; other numbers count as the nearest), newest first. For the
    /// next page, `older_than` is the `next` of this one.
    ///
    /// # Errors
    /// [`StoreError::Bound`] for labels that no execution can have, and those of every read.
    pub fn list(&self, filter: &Filter, limit: u32) -> Result<Page, StoreError> {
        filter.check()?;
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let mut items = self.readers.read("list executions", |session| {
            Query::new(filter, limit + 1, session.dialect()).run(session)
        })?;
        // One more than asked for tells that there is another page.
        let next = (items.len() > limit)
            .then(|| items.get(limit - 1).map(|last| last.id))
            .flatten();
        items.truncate(limit);
        Ok(Page { items, next })
    }
}

/// The statement of a filter. Its text depends on which conditions there are, never on their values.
struct Query {
    sql: String,
    values: Vec<Value<'static>>,
}

impl Query {
    fn new(filter: &Filter, limit: usize, dialect: Dialect) -> Self {
        let mut query = Self {
            sql: format!("SELECT {} FROM ", row::COLUMNS),
            values: Vec::new(),
        };
        let mut labels = filter.labels.iter();
        // The first label leads, by its index; in SQLite `CROSS JOIN` keeps it from turning the order around:
        // <https://sqlite.org/optoverview.html#crossjoin>.
        let (id, first) = match labels.next() {
            Some(label) => {
                let join = match dialect {
                    Dialect::Sqlite => "CROSS JOIN",
                    Dialect::Postgres => "JOIN",
                };
                // `write!` to a text does not fail.
                let _ = write!(
                    query.sql,
                    "labels l {join} executions e ON e.number = l.execution WHERE "
                );
                ("l.execution_id", Some(label))
            }
            None => {
                query.sql.push_str("executions e WHERE ");
                ("e.id", None)
            }
        };
        query.condition(&format!("{id} >= "), lower(filter));
        query.condition(&format!(" AND {id} < "), upper(filter));
        if let Some((name, value)) = first {
            query.condition(" AND l.name = ", name.clone());
            query.condition(" AND l.value = ", value.clone());
        }
        let scope = &filter.scope;
        let owners = [
            ("e.tenant_id", scope.tenant_id.map(|id| id.to_string())),
            ("e.project_id", scope.project_id.map(|id| id.to_string())),
            ("e.principal_id", scope.principal_id.map(|id| id.to_string())),
        ];
        // Few are open at a time: their index leads then. SQLite, without figures of its own, would take the owner's,
        // but for the plus sign: <https://sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_>.
        let by_state =
            dialect == Dialect::Sqlite && matches!(filter.state, Some(State::Queued | State::Running));
        let plus = if by_state { "+" } else { "" };
        for (column, value) in owners {
            if let Some(value) = value {
                query.condition(&format!(" AND {plus}{column} = "), value);
            }
        }
        if let Some(state) = filter.state {
            query.condition(" AND e.status = ", state.as_str().to_owned());
        }
        if let Some(language) = &filter.language {
            query.condition(" AND e.language = ", language.clone());
        }
        for (name, value) in labels {
            query.condition(
                " AND EXISTS (SELECT 1 FROM labels m WHERE m.execution = e.number AND m.name = ",
                name.clone(),
            );
            query.condition(" AND m.value = ", value.clone());
            query.sql.push(')');
        }
        // `write!` to a text does not fail.
        let _ = write!(query.sql, " ORDER BY {id} DESC LIMIT {limit}");
        query
    }

    fn condition(&mut self, sql: &str, value: String) {
        self.values.push(Value::Text(value.into()));
        let _ = write!(self.sql, "{sql}?{}", self.values.len());
    }

    fn run(&self, session: &mut dyn Session) -> sql::Result<Vec<Summary>> {
        let rows = session.query(&self.sql, &self.values)?;
        rows.iter()
            .map(|found| {
                let (number, mut summary) = row::summary(found)?;
                summary.labels = row::labels(session, number)?;
                Ok(summary)
            })
            .collect()
    }
}

/// The first id that the filter may hold.
fn lower(filter: &Filter) -> String {
    ExecutionId::from_value(filter.created_from.map_or(0, first_of)).to_string()
}

/// The first id that is too young for the filter.
fn upper(filter: &Filter) -> String {
    // Behind the last id, which begins with 7.
    const BEYOND: &str = "8";
    let before = filter
        .created_before
        .map(|time| ExecutionId::from_value(first_of(time)));
    let bound = [filter.older_than, before].into_iter().flatten().min();
    bound.map_or_else(|| BEYOND.to_owned(), |id| id.to_string())
}

/// The first id of a millisecond: 48 bits of time, 80 that are random.
pub(crate) fn first_of(time: SystemTime) -> u128 {
    let ms = u128::try_from(time::to_ms(time)).unwrap_or(0);
    ms.min((1 << 48) - 1) << 80
}
