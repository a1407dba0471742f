//! Connections for reading: each is made when it is first needed, and made anew when it was lost.

use super::Server;
use super::connection::Connection;
use crate::read::Reader;
use crate::sql::{Result, Session};
use crate::trouble::Trouble;

/// So many connections for reading.
pub(crate) fn readers(server: &Server, count: usize) -> Vec<Box<dyn Reader>> {
    let reader = || PostgresReader {
        server: server.clone(),
        connection: None,
    };
    (0..count.max(1))
        .map(|_| Box::new(reader()) as Box<dyn Reader>)
        .collect()
}

struct PostgresReader {
    server: Server,
    connection: Option<Connection>,
}

/// One moment for all statements, and no write.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl Reader for PostgresReader {
    fn moment(&mut self, read: &mut dyn FnMut(&mut dyn Session) -> Result<()>) -> Result<()> {
        let mut connection = self.begin()?;
        let done = read(&mut connection).and_then(|()| connection.batch("COMMIT"));
        match &done {
            Err(error) if Trouble::of(error) == Trouble::Away => {}
            Err(_) if connection.batch("ROLLBACK").is_err() => {}
            _ => self.connection = Some(connection),
        }
        done
    }
}

impl PostgresReader {
    /// A connection with a transaction; one that stood idle may have been lost meanwhile.
    fn begin(&mut self) -> Result<Connection> {
        if let Some(mut idle) = self.connection.take()
            && idle.batch(BEGIN).is_ok()
        {
            return Ok(idle);
        }
        let mut connection = self.server.connect()?;
        connection.batch(BEGIN)?;
        Ok(connection)
    }
}
