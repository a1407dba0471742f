//! Every bound of the server. The supervisor fills it from settings; the defaults hold for loopback.

use std::time::Duration;

/// How much of everything the server takes, and how long it waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Threads that speak HTTP.
    pub threads: usize,
    /// Threads that read the state or large bodies, where waiting is allowed.
    pub blocking_threads: usize,
    /// Most connections; one more is answered 503 and closed. The process needs as many descriptors, and some.
    pub most_connections: usize,
    /// How long a client may take for the head of its first request.
    pub header_limit: Duration,
    /// How long a connection may be silent between two requests.
    pub idle_limit: Duration,
    /// How long a client may take for the body of a request.
    pub body_limit: Duration,
    /// How long a client may take no byte of an answer that waits for it.
    pub stall_limit: Duration,
    /// Largest head of a request, bytes; at least 8 KiB.
    pub most_head_bytes: usize,
    /// Largest body of a request, bytes.
    pub most_body_bytes: usize,
    /// Memory for the bodies of all requests together, until their programs have them, bytes.
    pub body_budget_bytes: usize,
    /// Bytes of a body that the budget does not count, so that large ones do not keep small ones out.
    pub free_body_bytes: usize,
    /// How long a body waits for its part of the budget before it is refused.
    pub budget_wait: Duration,
    /// Results up to this size are answered from memory, bytes; larger ones in slices from the state.
    pub whole_result_bytes: u64,
    /// How often a silent stream of events says that it is alive.
    pub keep_alive: Duration,
    /// How long the answer of `/readyz` stands.
    pub ready_cache: Duration,
    /// How long the program of `/readyz` may take.
    pub ready_limit: Duration,
    /// How long answers may take once the server was told to stop.
    pub drain_limit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: 2,
            blocking_threads: 8,
            most_connections: 2048,
            header_limit: Duration::from_secs(10),
            idle_limit: Duration::from_secs(60),
            body_limit: Duration::from_secs(30),
            stall_limit: Duration::from_secs(30),
            most_head_bytes: 16 << 10,
            most_body_bytes: 32 << 20,
            body_budget_bytes: 48 << 20,
            free_body_bytes: 8 << 10,
            budget_wait: Duration::from_secs(2),
            whole_result_bytes: 256 << 10,
            keep_alive: Duration::from_secs(15),
            ready_cache: Duration::from_secs(5),
            ready_limit: Duration::from_secs(10),
            drain_limit: Duration::from_secs(10),
        }
    }
}
