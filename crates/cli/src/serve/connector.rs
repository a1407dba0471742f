//! The way to a database server. The server process can open no socket: a process beside it, with no privilege and one
//! job, opens each connection to the one address that is configured, and hands it over.

use casemate_engine::service::store::postgres::{Address, Connector, Link};
use casemate_sys::{credentials, socket};
use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a connection may take to be made.
const LIMIT: Duration = Duration::from_secs(5);
/// Longest message, bytes.
const MAX_BYTES: usize = 1024;
const ASK: &[u8] = b"connect";

/// The server's end.
#[derive(Debug)]
pub struct Outside(Mutex<OwnedFd>);

impl Outside {
    /// Over a socket to the connector.
    pub fn new(socket: OwnedFd) -> Self {
        Self(Mutex::new(socket))
    }
}

impl Connector for Outside {
    fn connect(&self) -> io::Result<Link> {
        let to = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        socket::send(to.as_fd(), ASK, &[])?;
        let mut buffer = [0; MAX_BYTES];
        let answer = socket::receive(to.as_fd(), &mut buffer)?;
        let text = String::from_utf8_lossy(buffer.get(..answer.len).unwrap_or_default()).into_owned();
        match (text.as_str(), answer.fds.into_iter().next()) {
            ("tcp", Some(link)) => Ok(Link::Tcp(TcpStream::from(link))),
            ("unix", Some(link)) => Ok(Link::Unix(UnixStream::from(link))),
            ("", _) => Err(io::ErrorKind::BrokenPipe.into()),
            _ => Err(io::Error::new(io::ErrorKind::ConnectionRefused, text)),
        }
    }
}

/// The life of the connector: it ends with the server's end of the socket.
pub fn run(from: BorrowedFd<'_>, address: &Address, id: Option<u32>) -> io::Result<()> {
    if let Some(id) = id {
        credentials::drop_bounding_set()?;
        credentials::lock_securebits()?;
        credentials::drop_groups()?;
        credentials::set_gid(id)?;
        credentials::set_uid(id)?;
        credentials::set_capabilities(0)?;
        // The change of ids clears it.
        credentials::die_with_parent()?;
    }
    credentials::set_no_new_privileges()?;
    credentials::set_dumpable(false)?;
    let mut buffer = [0; MAX_BYTES];
    loop {
        let asked = socket::receive(from, &mut buffer)?;
        match buffer.get(..asked.len) {
            Some(b"") => return Ok(()),
            Some(ASK) => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
        match address.connect(LIMIT) {
            Ok(Link::Tcp(link)) => socket::send(from, b"tcp", &[link.as_fd()])?,
            Ok(Link::Unix(link)) => socket::send(from, b"unix", &[link.as_fd()])?,
            Err(error) => {
                let mut text = error.to_string();
                text.truncate(text.floor_char_boundary(MAX_BYTES));
                socket::send(from, text.as_bytes(), &[])?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn connections_are_handed_over_and_refusals_told() {
        let folder = std::env::temp_dir().join(format!("casemate-connector-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let url = format!(
            "postgres://u@{}/name",
            folder.display().to_string().replace('/', "%2F")
        );
        let address: Address = url.parse().unwrap();
        let (ours, theirs) = socket::pair().unwrap();
        let connector = std::thread::spawn(move || run(theirs.as_fd(), &address, None));
        let outside = Outside::new(ours);
        assert!(outside.connect().is_err());
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        assert!(matches!(outside.connect(), Ok(Link::Unix(_))));
        listener.accept().unwrap();
        drop(outside);
        connector.join().unwrap().unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
