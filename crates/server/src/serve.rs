//! The server's own life: threads, connections, and their end.

use crate::access::Access;
use crate::answer::answer;
use crate::config::Config;
use crate::connection;
use crate::identify::{self, Peer};
use crate::lifecycle::{Ask, Lifecycle};
use crate::state::State;
use casemate_engine::service::Service;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use std::future::{Future, poll_fn};
use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// What one connection too many is told; nothing of it is read.
const CROWDED: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// How long accepting rests when the system gives no connection, as without descriptors.
const REST: Duration = Duration::from_millis(50);
/// How often it is told that no connection can be taken.
const TELL_INTERVAL: Duration = Duration::from_secs(1);

/// What the loop that takes connections has to do.
enum Next {
    Stop,
    Answer(Ask),
    Accepted(io::Result<TcpStream>),
}

/// Answers HTTP on `listener` until `lifecycle.stop` is told, then for at most `config.drain_limit` more.
/// Call it from a thread without a runtime; privileges are dropped before.
///
/// # Errors
/// When the system gives no threads, or the listener cannot be used.
pub fn serve(
    config: Config,
    access: Access,
    listener: TcpListener,
    service: Service,
    lifecycle: Lifecycle,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.threads.max(1))
        .max_blocking_threads(config.blocking_threads.max(1))
        .thread_name("http")
        .enable_io()
        .enable_time()
        .build()?;
    let drain_limit = config.drain_limit;
    let asked = lifecycle.pulse.begin(runtime.handle().clone());
    let state = State::new(config, access, service, lifecycle);
    runtime.spawn(identify::record_uses(state.clone()));
    let ended = runtime.block_on(accept_all(state.clone(), listener, asked));
    identify::record_last_uses(&state);
    // Reads of the state that still go on end by their own bound.
    runtime.shutdown_timeout(drain_limit);
    ended
}

async fn accept_all(
    state: Arc<State>,
    listener: TcpListener,
    mut asked: mpsc::Receiver<Ask>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let most = state.config.most_connections.clamp(1, Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(most));
    let stop = state.lifecycle.stop.clone();
    let mut told = pin!(stop.told());
    let mut told_error_at = None;
    loop {
        let next = poll_fn(|cx| {
            if told.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Next::Stop);
            }
            if let Poll::Ready(Some(ask)) = asked.poll_recv(cx) {
                return Poll::Ready(Next::Answer(ask));
            }
            let accepted = listener.poll_accept(cx);
            accepted.map(|accepted| Next::Accepted(accepted.map(|(stream, _)| stream)))
        });
        match next.await {
            Next::Stop => break,
            Next::Answer(ask) => drop(ask.try_send(())),
            Next::Accepted(Ok(stream)) => admit(&state, &places, stream),
            Next::Accepted(Err(error)) => {
                tell(&state, &error, &mut told_error_at);
                tokio::time::sleep(REST).await;
            }
        }
    }
    // Who asks from now on sees that the loop has ended.
    drop(asked);
    drop(listener);
    // All places are free when every connection has ended.
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(state.config.drain_limit, places.acquire_many(all)).await;
    Ok(())
}

/// Tells the administrator that no connection can be taken, unless that was just told.
fn tell(state: &State, error: &io::Error, told_at: &mut Option<Instant>) {
    if told_at.is_none_or(|at| at.elapsed() >= TELL_INTERVAL) {
        *told_at = Some(Instant::now());
        (state.lifecycle.report)(&format!("accept a connection: {error}"));
    }
}

fn admit(state: &Arc<State>, places: &Arc<Semaphore>, stream: TcpStream) {
    match places.clone().try_acquire_owned() {
        Ok(place) => {
            tokio::spawn(connect(state.clone(), stream, place));
        }
        Err(_) => {
            // A few bytes into an empty buffer: they fit, or nobody is there.
            let _ = stream.try_write(CROWDED);
        }
    }
}

async fn connect(state: Arc<State>, stream: TcpStream, place: OwnedSemaphorePermit) {
    // Answers are short and waited for: tcp(7), TCP_NODELAY.
    let _ = stream.set_nodelay(true);
    let stop = state.lifecycle.stop.clone();
    let most_head = state.config.most_head_bytes.max(8 << 10);
    let peer = Arc::new(Peer {
        address: stream.peer_addr().ok().map(|address| address.ip()),
    });
    let (wire, timer) = connection::open(stream, &state.config);
    let service = service_fn(move |request| answer(state.clone(), peer.clone(), request));
    let mut http = http1::Builder::new();
    http.timer(timer)
        .header_read_timeout(Duration::from_secs(1))
        .max_buf_size(most_head)
        .max_header_size(most_head);
    let mut served = pin!(http.serve_connection(wire, service));
    let mut told = pin!(stop.told());
    let mut is_told = false;
    // Its errors are the client's: it is gone, or spoke no HTTP and was told so.
    let _ = poll_fn(|cx| {
        if !is_told && told.as_mut().poll(cx).is_ready() {
            is_told = true;
            served.as_mut().graceful_shutdown();
        }
        served.as_mut().poll(cx)
    })
    .await;
    drop(place);
}
