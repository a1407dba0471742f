//! Everything has a bound, and who keeps to it does not feel who does not.

use crate::client;
use crate::server::{Server, body, eventually, quick};
use casemate_server::Config;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const ASYNC: (&str, &str) = ("Prefer", "respond-async");

#[test]
fn a_full_queue_is_told_at_once() {
    let server = Server::with(quick(), 2);
    server.queue();
    server.queue();
    let begun = Instant::now();
    let answer = server.post(&body(""), &[]);
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("1")),
        "{}",
        answer.text()
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn large_bodies_are_refused_before_they_are_read() {
    let config = Config {
        most_body_bytes: 100_000,
        ..quick()
    };
    let server = Server::with(config, 10);
    let head = "POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let announced = format!("{head}Content-Length: 100001\r\n\r\n");
    let answer = client::raw(server.address, announced.as_bytes());
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000)).repeat(4);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n");
    let mut stream = client::connect(server.address);
    let _ = stream.write_all(&client::with_key(chunked.as_bytes()));
    assert_eq!(client::head(&mut BufReader::new(stream)).status, 413);
    let fits = body(&format!(r#","stdin":"{}""#, "x".repeat(90_000)));
    assert_eq!(server.post(&fits, &[ASYNC]).status, 202);
}

#[test]
fn the_largest_request_is_accepted_and_gives_its_memory_back() {
    let server = Server::start();
    let large = "A".repeat(8 << 20);
    let code = "\\u0061".repeat(1 << 20);
    let request = format!(
        r#"{{"language":"bash","code":"{code}","stdin":"{large}","files":[{{"path":"a","content":"{large}"}}]}}"#
    );
    // Two of them do not fit the budget at once.
    let first = server.post(&request, &[ASYNC]);
    assert_eq!(first.status, 202, "{:.300}", first.text());
    server.post(&request, &[ASYNC]);
    let refused = server.post(&request, &[ASYNC]);
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("1")),
        "{:.300}",
        refused.text()
    );
    // Small ones are not kept out, and the end of the first ones makes room.
    server.queue();
    for execution in server.service.all_live() {
        server.service.cancel(execution.id);
    }
    eventually("there is room", || server.service.load().queued == 0);
    assert_eq!(server.post(&request, &[ASYNC]).status, 202);
}

#[test]
fn slow_clients_are_given_up() {
    let config = Config {
        header_limit: Duration::from_millis(300),
        idle_limit: Duration::from_millis(600),
        body_limit: Duration::from_millis(300),
        ..quick()
    };
    let server = Server::with(config, 10);
    let closed = |mut stream: TcpStream| {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        String::from_utf8_lossy(&rest).into_owned()
    };
    // No head at all, and half of one.
    assert!(!closed(client::connect(server.address)).contains("200"));
    let mut half = client::connect(server.address);
    half.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    assert!(!closed(half).contains("200"));
    // Silence after an answer may last longer, but not for ever.
    let mut silent = client::connect(server.address);
    silent
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let begun = Instant::now();
    assert!(closed(silent).contains("alive"));
    assert!(
        begun.elapsed() > Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    // Half of a body.
    let head = b"POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    assert_eq!(client::raw(server.address, head).status, 408);
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_given_up() {
    let config = Config {
        stall_limit: Duration::from_millis(300),
        ..quick()
    };
    let server = Server::with(config, 10);
    // More than the buffers of two sockets hold.
    let id = server.record(&vec![b'x'; 16 << 20], &vec![0xff; 4 << 20], &[]);
    let mut stream = client::connect(server.address);
    let head = format!("GET /v1/executions/{id} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(&client::with_key(head.as_bytes())).unwrap();
    eventually("the connection is closed", || (&stream).write_all(b"x").is_err());
}

#[test]
fn a_head_that_trickles_in_after_a_silence_has_its_own_limit() {
    let config = Config {
        header_limit: Duration::from_millis(300),
        idle_limit: Duration::from_secs(20),
        ..quick()
    };
    let server = Server::with(config, 10);
    let mut stream = client::connect(server.address);
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    assert_eq!(client::read(&mut reader, false).status, 200);
    let begun = Instant::now();
    stream.write_all(b"GET /heal").unwrap();
    let mut rest = Vec::new();
    let _ = reader.read_to_end(&mut rest);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn one_connection_too_many_is_told_so() {
    let config = Config {
        most_connections: 2,
        ..quick()
    };
    let server = Server::with(config, 10);
    let held = [client::connect(server.address), client::connect(server.address)];
    eventually("there is no place", || {
        let mut stream = client::connect(server.address);
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client::head(&mut BufReader::new(stream)).status == 503
    });
    drop(held);
    eventually("there is a place", || {
        let mut stream = client::connect(server.address);
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client::head(&mut BufReader::new(stream)).status == 200
    });
}

#[test]
fn a_server_that_stops_finishes_what_it_is_at() {
    let config = Config {
        drain_limit: Duration::from_secs(5),
        ..quick()
    };
    let server = Server::with(config, 10);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.post(&body(""), &[]));
        eventually("it is queued", || server.service.load().queued == 1);
        let id = server.service.all_live()[0].id;
        server.stop.stop();
        server.service.cancel(id);
        assert_eq!(waiting.join().unwrap().status, 200);
    });
    eventually("nobody listens", || TcpStream::connect(server.address).is_err());
}
