//! HTTP as bytes: the tests send what no well-behaved client would, so this is no library but the
//! few lines of RFC 9112 that they need. It must never wait without an end.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::{host, keys};

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// One connection, kept alive.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    key: Option<String>,
}

impl Connection {
    /// Connects; every read and write has a bound.
    #[track_caller]
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, host::seconds(10)).expect("a connection");
        let limit = Some(host::seconds(90));
        stream.set_read_timeout(limit).expect("a read limit");
        stream.set_write_timeout(limit).expect("a write limit");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        Self {
            stream: BufReader::new(stream),
            host: address.to_string(),
            key: keys::key_of(address),
        }
    }

    /// Connects, where that may fail: nobody may be there.
    pub fn try_to(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect_timeout(&address, host::seconds(5)).ok()?;
        let limit = Some(host::seconds(30));
        stream.set_read_timeout(limit).ok()?;
        stream.set_write_timeout(limit).ok()?;
        Some(Self {
            stream: BufReader::new(stream),
            host: address.to_string(),
            key: keys::key_of(address),
        })
    }

    /// Sends no key from now on, unless a header names one.
    pub fn without_key(mut self) -> Self {
        self.key = None;
        self
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a request: `headers` are lines without their end.
    #[track_caller]
    pub fn send(&mut self, method: &str, target: &str, headers: &[&str], body: &[u8]) {
        self.try_send(method, target, headers, body)
            .expect("the request is sent");
    }

    /// The same, to a peer that may be dead.
    pub fn try_send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[&str],
        body: &[u8],
    ) -> std::io::Result<()> {
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        if !headers
            .iter()
            .any(|line| line.to_ascii_lowercase().starts_with("host:"))
        {
            head += &format!("Host: {}\r\n", self.host);
        }
        if let Some(key) = &self.key
            && !headers
                .iter()
                .any(|line| line.to_ascii_lowercase().starts_with("authorization:"))
        {
            head += &format!("Authorization: Bearer {key}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        for line in headers {
            head += &format!("{line}\r\n");
        }
        head += "\r\n";
        self.send_raw(&[head.as_bytes(), body].concat())
    }

    /// Reads an answer; `None` when the connection ended before one.
    #[track_caller]
    pub fn receive(&mut self) -> Option<Answer> {
        let (status, headers) = self.head()?;
        let body = if headers.get("transfer-encoding").is_some_and(|v| v == "chunked") {
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk() {
                body.extend_from_slice(&chunk);
            }
            body
        } else {
            let length = headers
                .get("content-length")
                .map_or(0, |v| v.parse().expect("a length"));
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).expect("a whole body");
            body
        };
        Some(Answer {
            status,
            headers,
            body,
        })
    }

    /// Reads an answer; `None` when the connection ended before its last byte.
    pub fn receive_whole(&mut self) -> Option<Answer> {
        let (status, headers) = self.head()?;
        let length = headers.get("content-length")?.parse().ok()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some(Answer {
            status,
            headers,
            body,
        })
    }

    /// Reads status line and headers.
    pub fn head(&mut self) -> Option<(u16, BTreeMap<String, String>)> {
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {line:?}"));
        let mut headers = BTreeMap::new();
        while let Some(line) = self.line().filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').expect("a header");
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        Some((status, headers))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line) {
            Ok(n) if n > 0 => Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
            _ => None,
        }
    }

    /// One chunk of a chunked body; `None` at its end.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.line()?;
        let size = usize::from_str_radix(line.split(';').next().unwrap_or(""), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).ok()?;
        chunk.truncate(size);
        (size > 0).then_some(chunk)
    }

    /// Narrows how long a read may wait.
    pub fn limit(&mut self, limit: Duration) {
        self.stream
            .get_ref()
            .set_read_timeout(Some(limit))
            .expect("a read limit");
    }
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }

    /// The answer must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// A text of the JSON body.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        let json = self.json();
        let text = json.get(name).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no text {name}: {self}"))
            .to_owned()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = &self.body[..self.body.len().min(4096)];
        write!(
            f,
            "{} {:?}\n{}",
            self.status,
            self.headers,
            String::from_utf8_lossy(shown)
        )
    }
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number.
    pub id: Option<u64>,
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
}

/// Follows a stream of events on a connection of its own.
#[derive(Debug)]
pub struct EventStream {
    connection: Connection,
    text: String,
}

impl EventStream {
    /// Asks for the events after a number.
    #[track_caller]
    pub fn open(address: SocketAddr, id: &str, last: Option<u64>) -> Self {
        let mut connection = Connection::to(address);
        let resume = last.map(|last| format!("Last-Event-ID: {last}"));
        let headers: Vec<&str> = resume.iter().map(String::as_str).collect();
        connection.send("GET", &format!("/v1/executions/{id}/events"), &headers, b"");
        let (status, headers) = connection.head().expect("an answer");
        assert_eq!(status, 200, "{headers:?}");
        assert_eq!(
            headers
                .get("content-type")
                .map(|v| v.split(';').next().unwrap_or("")),
            Some("text/event-stream")
        );
        Self {
            connection,
            text: String::new(),
        }
    }
}

impl Iterator for EventStream {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| {
                    let line = block
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    line.map(|value| value.trim_start().to_owned())
                };
                // Comments say only that the stream is alive.
                if let (Some(name), Some(data)) = (field("event"), field("data")) {
                    return Some(Event {
                        id: field("id").map(|id| id.parse().expect("a number")),
                        name,
                        data: serde_json::from_str(&data).expect("JSON data"),
                    });
                }
            }
            let chunk = self.connection.chunk()?;
            self.text += &String::from_utf8(chunk).expect("UTF-8 events");
        }
    }
}
