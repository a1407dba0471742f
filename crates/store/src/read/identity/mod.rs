//! Who may ask, and what was used. Lists are by id, oldest first, by pages.

mod keys;
mod policies;
mod principals;
mod tenants;
mod usage;

use crate::model::bounds::MAX_PAGE;
use crate::model::identity::Listed;
use crate::sql::{self, Record, Session, Value, text};
use std::fmt::{Display, Write};

/// A list's statement: conditions by equality, and pages by id.
struct Pages<'a> {
    sql: String,
    values: Vec<Value<'a>>,
    limit: usize,
}

impl<'a> Pages<'a> {
    /// `select` ends before its WHERE.
    fn new(select: &str, after: Option<String>, limit: u32) -> Self {
        Self {
            sql: format!("{select} WHERE id > ?1"),
            // Nothing sorts before the empty text.
            values: vec![Value::Text(after.unwrap_or_default().into())],
            limit: limit.clamp(1, MAX_PAGE) as usize,
        }
    }

    /// `column` is a word of ours, never a caller's.
    fn only(&mut self, column: &str, value: Option<impl Display>) {
        let Some(value) = value else { return };
        self.values.push(Value::Text(value.to_string().into()));
        // `write!` to a text does not fail.
        let _ = write!(self.sql, " AND {column} = ?{}", self.values.len());
    }

    fn run<T, I>(
        mut self,
        session: &mut dyn Session,
        read: impl Fn(&Record) -> sql::Result<T>,
        id_of: impl Fn(&T) -> I,
    ) -> sql::Result<Listed<T, I>> {
        // One more than asked for tells that there is another page.
        let _ = write!(self.sql, " ORDER BY id LIMIT {}", self.limit + 1);
        let records = session.query(&self.sql, &self.values)?;
        let mut items = records.iter().map(read).collect::<sql::Result<Vec<T>>>()?;
        let next = (items.len() > self.limit)
            .then(|| items.get(self.limit - 1).map(id_of))
            .flatten();
        items.truncate(self.limit);
        Ok(Listed { items, next })
    }
}

/// The row of an id.
fn by_id<T>(
    session: &mut dyn Session,
    select: &str,
    id: impl Display,
    read: impl Fn(&Record) -> sql::Result<T>,
) -> sql::Result<Option<T>> {
    let id = id.to_string();
    let found = session.first(&format!("{select} WHERE id = ?1"), &[text(&id)])?;
    found.map(|record| read(&record)).transpose()
}

#[cfg(test)]
mod tests;
