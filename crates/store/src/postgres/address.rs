//! Where the database is: a URL, whose password is never shown.

use super::wire::Link;
use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// The port of PostgreSQL.
const PORT: u16 = 5432;

/// Where a PostgreSQL database is, and as whom it is used.
#[derive(Clone)]
pub struct Address {
    config: Config,
    host: Where,
    label: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Where {
    Tcp(String, u16),
    Unix(std::path::PathBuf),
}

/// A text that is no address of a database. The text itself is not told, for it may have a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum MalformedAddress {
    /// It does not parse.
    #[error("not an address of a database: postgres://USER[:PASSWORD]@HOST[:PORT]/NAME is expected")]
    Form,
    /// More than one server, or none.
    #[error("an address of a database names one host")]
    Host,
    /// No user or no database.
    #[error("an address of a database names a user and a database")]
    Name,
    /// The way to the server is not protected.
    #[error(
        "the database is reached by a Unix socket or on this host only: connections to another host are not encrypted"
    )]
    Remote,
}

impl FromStr for Address {
    type Err = MalformedAddress;

    fn from_str(text: &str) -> Result<Self, MalformedAddress> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(MalformedAddress::Form);
        }
        let config: Config = text.parse().map_err(|_| MalformedAddress::Form)?;
        let [host] = config.get_hosts() else {
            return Err(MalformedAddress::Host);
        };
        let (Some(user), Some(name)) = (config.get_user(), config.get_dbname()) else {
            return Err(MalformedAddress::Name);
        };
        let port = config.get_ports().first().copied().unwrap_or(PORT);
        let host = match host {
            Host::Tcp(host) if is_here(host) => Where::Tcp(host.clone(), port),
            Host::Tcp(_) => return Err(MalformedAddress::Remote),
            Host::Unix(folder) => Where::Unix(folder.join(format!(".s.PGSQL.{port}"))),
        };
        let label = match &host {
            Where::Tcp(host, port) => format!("postgres://{user}@{host}:{port}/{name}"),
            Where::Unix(path) => format!("postgres://{user}@{}/{name}", path.display()),
        };
        Ok(Self { config, host, label })
    }
}

/// Whether a host is this one, so that nobody reads along. A name that resolves elsewhere is refused when it is
/// connected to.
fn is_here(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

impl Address {
    /// Opens a socket to the server; nothing is said over it yet.
    ///
    /// # Errors
    /// Those of the system; and a name of this host that is none.
    pub fn connect(&self, limit: Duration) -> io::Result<Link> {
        match &self.host {
            Where::Unix(path) => UnixStream::connect(path).map(Link::Unix),
            Where::Tcp(host, port) => {
                let host = host.trim_matches(['[', ']']);
                let mut last = io::ErrorKind::AddrNotAvailable.into();
                for address in (host, *port).to_socket_addrs()? {
                    if !address.ip().is_loopback() {
                        continue;
                    }
                    match TcpStream::connect_timeout(&address, limit) {
                        Ok(stream) => return Ok(Link::Tcp(stream)),
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
        }
    }

    /// The address without its password.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether it has a password in it.
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config
    }
}

impl Eq for Address {}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_and_never_show_a_password() {
        let shown = |text: &str| text.parse::<Address>().map(|found| format!("{found:?}"));
        assert_eq!(
            shown("postgres://u:secret@127.0.0.1:5433/state").unwrap(),
            "postgres://u@127.0.0.1:5433/state"
        );
        assert_eq!(
            shown("postgresql://u:secret@%2Frun%2Fpg/state").unwrap(),
            "postgres://u@/run/pg/.s.PGSQL.5432/state"
        );
        assert_eq!(
            shown("postgres://u@localhost/state").unwrap(),
            "postgres://u@localhost:5432/state"
        );
        for (text, expected) in [
            ("sqlite", MalformedAddress::Form),
            ("postgres://u@db.example/state", MalformedAddress::Remote),
            ("postgres://u@10.0.0.1/state", MalformedAddress::Remote),
            ("postgres://127.0.0.1/state", MalformedAddress::Name),
            ("postgres://u@127.0.0.1", MalformedAddress::Name),
            ("postgres://u@127.0.0.1,127.0.0.2/state", MalformedAddress::Host),
            ("postgres://u@127.0.0.1/state?nonsense=1", MalformedAddress::Form),
        ] {
            assert_eq!(text.parse::<Address>().unwrap_err(), expected, "{text}");
        }
    }
}
