//! Many slow clients, in a process of their own: its memory is measured.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "../http/client.rs"]
mod client;
#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "../http/server.rs"]
mod server;

use server::Server;
use std::io::Write;
use std::time::{Duration, Instant};

#[test]
fn a_thousand_slow_clients_cost_little() {
    let server = Server::start();
    let ask = || {
        let begun = Instant::now();
        assert_eq!(server.get("/v1/status").status, 200);
        begun.elapsed()
    };
    let before = memory_bytes();
    let half = b"POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{";
    // As many as the descriptors of this process hold, both ends.
    let mut slow = Vec::new();
    for _ in 0..descriptors().saturating_sub(100).min(2000) / 2 {
        let mut stream = client::connect(server.address);
        stream.write_all(&client::with_key(half)).unwrap();
        slow.push(stream);
    }
    // Until the server has taken all of them, a newcomer may have to knock twice (tcp(7), SYN retries).
    ask();
    let took = (0..20).map(|_| ask()).max().unwrap();
    let grown = memory_bytes().saturating_sub(before);
    assert!(
        took < Duration::from_secs(1),
        "{took:?} beside {} slow clients",
        slow.len()
    );
    assert!(grown < 64 << 20, "{grown} bytes for {} slow clients", slow.len());
}

/// Resident memory: proc_pid_statm(5).
fn memory_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// Descriptors that this process may have: proc_pid_limits(5).
fn descriptors() -> usize {
    let text = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(1024)
}
