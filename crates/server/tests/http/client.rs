//! As much of HTTP as the tests speak, byte by byte where it matters.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:.200}", self.text()))
    }
}

/// A connection that waits at most 30 s for a byte.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Sends a request on a connection of its own, and reads the answer.
pub fn send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head += "Host: localhost\r\n";
    }
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
    {
        head += &authorization();
    }
    // An empty credential stands for none.
    for (name, value) in headers
        .iter()
        .filter(|(name, value)| *name != "Authorization" || !value.is_empty())
    {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    let mut stream = connect(address);
    stream.write_all(head.as_bytes()).unwrap();
    // The answer may come, and the connection end, before all of a large body is sent.
    let _ = stream.write_all(body);
    read(&mut BufReader::new(stream), method == "HEAD")
}

/// The line of the header that every request has unless it says otherwise.
pub fn authorization() -> String {
    format!("Authorization: Bearer {}\r\n", crate::server::admin_key())
}

/// Sends bytes as they are, and reads the answer.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = connect(address);
    stream.write_all(&with_key(bytes)).unwrap();
    read(&mut BufReader::new(stream), false)
}

/// A request with its credential, behind the name of the host.
pub fn with_key(request: &[u8]) -> Vec<u8> {
    const HOST: &[u8] = b"Host: localhost\r\n";
    match request.windows(HOST.len()).position(|part| part == HOST) {
        None => request.to_vec(),
        Some(at) => {
            let (head, rest) = request.split_at(at + HOST.len());
            [head, authorization().as_bytes(), rest].concat()
        }
    }
}

/// Reads one answer.
pub fn read(stream: &mut impl BufRead, is_head: bool) -> Answer {
    let mut answer = head(stream);
    let length = answer
        .header("content-length")
        .map(|length| length.parse().unwrap());
    if is_head || matches!(answer.status, 204 | 304) {
        return answer;
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        loop {
            let size = usize::from_str_radix(line(stream).trim(), 16).unwrap();
            let mut chunk = vec![0; size];
            stream.read_exact(&mut chunk).unwrap();
            assert_eq!(line(stream), "\r\n");
            if size == 0 {
                break;
            }
            answer.body.extend(chunk);
        }
        return answer;
    }
    answer.body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut answer.body).unwrap();
    answer
}

/// Reads the head of an answer.
pub fn head(stream: &mut impl BufRead) -> Answer {
    let first = line(stream);
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut answer = Answer {
        status: status.unwrap_or_else(|| panic!("no status: {first:?}")),
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let line = line(stream);
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        answer.headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    answer
}

fn line(stream: &mut impl BufRead) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line
}
