//! Server-sent events: of what lives, of what is recorded, and from the middle on.

use crate::client;
use crate::server::{Server, eventually};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

struct Event {
    id: u64,
    name: String,
    data: Value,
}

fn parse(text: &str) -> Vec<Event> {
    let blocks = text
        .split("\n\n")
        .filter(|block| !block.is_empty() && !block.starts_with(':'));
    blocks
        .map(|block| {
            let field = |name: &str| {
                let prefix = format!("{name}: ");
                let line = block.lines().find_map(|line| line.strip_prefix(&prefix));
                line.unwrap_or_else(|| panic!("no {name} in {block:.80}"))
                    .to_owned()
            };
            Event {
                id: field("id").parse().unwrap(),
                name: field("event"),
                data: serde_json::from_str(&field("data")).unwrap(),
            }
        })
        .collect()
}

fn replay(server: &Server, id: &str, last: Option<&str>) -> Vec<Event> {
    let headers: Vec<_> = last.map(|last| ("Last-Event-ID", last)).into_iter().collect();
    let answer = client::send(
        server.address,
        "GET",
        &format!("/v1/executions/{id}/events"),
        &headers,
        b"",
    );
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/event-stream"))
    );
    parse(&answer.text())
}

#[test]
fn what_is_recorded_is_told_again() {
    let server = Server::start();
    let id = server
        .record("aé\n".repeat(40_000).as_bytes(), &[0xff, b'x'], &[])
        .to_string();
    let events = replay(&server, &id, None);
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(
        names,
        ["state", "state", "stdout", "stdout", "stdout", "stderr", "result"]
    );
    assert!(events.iter().map(|event| event.id).eq(1..=7));
    assert_eq!(
        (&events[0].data["status"], &events[1].data["status"]),
        (&"queued".into(), &"running".into())
    );
    assert_eq!(events[5].data, serde_json::json!({"base64": "/3g="}));
    assert_eq!(events[6].data, server.get(&format!("/v1/executions/{id}")).json());
    let text: String = events[2..5]
        .iter()
        .map(|e| e.data["text"].as_str().unwrap())
        .collect();
    assert_eq!(text, "aé\n".repeat(40_000));
    // From any place on, and no further than the end.
    let rest = replay(&server, &id, Some("5"));
    assert!(rest.iter().map(|event| event.id).eq(6..=7));
    let path = format!("/v1/executions/{id}/events");
    for (last, status) in [
        ("7", 204),
        ("99", 204),
        ("x", 400),
        ("-1", 400),
        ("99999999999999999999", 400),
    ] {
        let answer = client::send(server.address, "GET", &path, &[("Last-Event-ID", last)], b"");
        assert_eq!(answer.status, status, "{last}");
    }
}

#[test]
fn what_lives_is_told_until_its_end() {
    let server = Server::start();
    let id = server.queue();
    let mut stream = follow(&server, &id);
    assert_eq!(next(&mut stream).name, "state");
    server.delete(&format!("/v1/executions/{id}"));
    let last = next(&mut stream);
    assert_eq!(
        (last.name.as_str(), last.data["status"].as_str()),
        ("result", Some("cancelled"))
    );
    // Its record tells the same, by the same numbers.
    eventually("its end is recorded", || {
        server.service.live(id.parse().unwrap()).is_none()
    });
    let again = replay(&server, &id, None);
    assert_eq!(
        (again.last().unwrap().id, &again.last().unwrap().data),
        (last.id, &last.data)
    );
}

#[test]
fn a_long_piece_of_output_is_told_whole() {
    let server = Server::start();
    let text = "0123456789abcdef".repeat(160 << 10);
    let id = server
        .record_pieces(text.as_bytes(), b"", &[], 3 << 20)
        .to_string();
    let events = replay(&server, &id, None);
    assert!(events[2].data["text"].as_str() == Some(text.as_str()));
    assert_eq!(events.last().unwrap().name, "result");
}

#[test]
fn a_number_beyond_the_end_is_waited_for_no_longer_than_the_execution() {
    let server = Server::start();
    let id = server.queue();
    let mut stream = follow_from(&server, &id, "99");
    server.delete(&format!("/v1/executions/{id}"));
    let mut rest = String::new();
    while stream.read_line(&mut rest).unwrap() > 0 && !rest.ends_with("0\r\n\r\n") {}
    assert!(!rest.contains("result"), "{rest:?}");
}

#[test]
fn a_stream_ends_with_the_server() {
    let server = Server::start();
    let id = server.queue();
    let mut stream = follow(&server, &id);
    next(&mut stream);
    assert!(server.pulse.beats_within(std::time::Duration::from_secs(10)));
    server.stop.stop();
    let mut rest = String::new();
    while stream.read_line(&mut rest).unwrap() > 0 {}
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
}

fn follow(server: &Server, id: &str) -> BufReader<TcpStream> {
    follow_from(server, id, "0")
}

fn follow_from(server: &Server, id: &str, last: &str) -> BufReader<TcpStream> {
    let mut stream = client::connect(server.address);
    let head = format!(
        "GET /v1/executions/{id}/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {last}\r\n\r\n"
    );
    stream.write_all(&client::with_key(head.as_bytes())).unwrap();
    let mut stream = BufReader::new(stream);
    assert_eq!(client::head(&mut stream).status, 200);
    stream
}

/// The next event, out of its chunks.
fn next(stream: &mut BufReader<TcpStream>) -> Event {
    let mut text = String::new();
    loop {
        let mut size = String::new();
        assert!(
            stream.read_line(&mut size).unwrap() > 0,
            "the stream ended after {text:?}"
        );
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).unwrap();
        text += std::str::from_utf8(&chunk[..size]).unwrap();
        if text.ends_with("\n\n") {
            return parse(&text).remove(0);
        }
    }
}
