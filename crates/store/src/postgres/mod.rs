//! The state in PostgreSQL 14 or newer: the same tables, statements and promises as in SQLite.
//!
//! One instance writes, by a lock of the server that ends with its connection. A connection that is lost comes back
//! by itself; whether the transaction that was under way then was committed is looked up, never guessed. Nothing here
//! opens a socket: a [`Connector`] brings each, so that a process behind walls can use a database.

mod address;
mod connection;
mod doubt;
mod reader;
mod schema;
#[cfg(test)]
mod tests;
mod wire;
mod writer;

pub use address::{Address, MalformedAddress};
pub(crate) use reader::readers;
pub use wire::Link;
pub(crate) use writer::open;

use crate::sql::{DatabaseError, Result};
use connection::Connection;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take until it can be used.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Brings sockets to the server.
pub trait Connector: Send + Sync {
    /// Opens one more.
    ///
    /// # Errors
    /// Those of the system; the store tries again, ever more seldom.
    fn connect(&self) -> io::Result<Link>;
}

/// Connects from this process.
impl Connector for Address {
    fn connect(&self) -> io::Result<Link> {
        Address::connect(self, CONNECT_LIMIT)
    }
}

/// A PostgreSQL database, and the way to it.
#[derive(Clone)]
pub struct Server {
    /// Where it is.
    pub address: Address,
    /// What brings sockets to it.
    pub connector: Arc<dyn Connector>,
}

impl Server {
    /// A server that this process connects to by itself.
    pub fn direct(address: Address) -> Self {
        Self {
            connector: Arc::new(address.clone()),
            address,
        }
    }

    #[cfg(test)]
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        self.connect()?.batch(sql)
    }

    fn connect(&self) -> Result<Connection> {
        let link = self.connector.connect().map_err(DatabaseError::Lost)?;
        Connection::open(link, &self.address, CONNECT_LIMIT)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}
