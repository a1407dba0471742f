//! One connection: how long it may be silent, and how long its client may take nothing of an answer.

use crate::config::Config;
use hyper::rt::{Read, ReadBufCursor, Sleep, Timer, Write};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// When a head began to arrive, in milliseconds after the connection, and 0 for not yet.
#[derive(Debug)]
struct Pace {
    opened: Instant,
    head_began_ms: AtomicU64,
    heads: AtomicU64,
    header_limit: Duration,
    idle_limit: Duration,
}

/// The bytes of a connection, with a bound on how long a client takes none.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TokioIo<TcpStream>,
    pace: Arc<Pace>,
    stall_limit: Duration,
    stalled: Option<Pin<Box<tokio::time::Sleep>>>,
}

/// The timer of hyper for one connection. hyper has one limit for the head of a request, the silence before it
/// included; here the silence has its own.
#[derive(Debug)]
pub(crate) struct HeadTimer(Arc<Pace>);

struct HeadSleep {
    pace: Arc<Pace>,
    began: Instant,
    is_first: bool,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

/// The bytes and the timer of a connection.
pub(crate) fn open(stream: TcpStream, config: &Config) -> (Wire, HeadTimer) {
    let pace = Arc::new(Pace {
        opened: Instant::now(),
        head_began_ms: AtomicU64::new(0),
        heads: AtomicU64::new(0),
        header_limit: config.header_limit,
        idle_limit: config.idle_limit,
    });
    let wire = Wire {
        stream: TokioIo::new(stream),
        pace: pace.clone(),
        stall_limit: config.stall_limit,
        stalled: None,
    };
    (wire, HeadTimer(pace))
}

impl Pace {
    fn note_bytes(&self) {
        // The first bytes of a head; later ones change nothing.
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        let _ = self
            .head_began_ms
            .compare_exchange(0, now.max(1), Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl HeadSleep {
    /// When the head must be there.
    fn deadline(&self) -> Instant {
        let pace = &self.pace;
        match pace.head_began_ms.load(Ordering::Relaxed) {
            _ if self.is_first => self.began + pace.header_limit,
            0 => self.began + pace.idle_limit,
            began_ms => pace.opened + Duration::from_millis(began_ms) + pace.header_limit,
        }
    }
}

impl Future for HeadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline();
        if self.sleep.deadline().into_std() != deadline {
            self.sleep.as_mut().reset(deadline.into());
        }
        self.sleep.as_mut().poll(cx)
    }
}

impl Sleep for HeadSleep {}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        // hyper asks for the time of a head when it begins to wait for one.
        self.0.head_began_ms.store(0, Ordering::Relaxed);
        let sleep = HeadSleep {
            pace: self.0.clone(),
            began: Instant::now(),
            is_first: self.0.heads.fetch_add(1, Ordering::Relaxed) == 0,
            sleep: Box::pin(tokio::time::sleep(self.0.idle_limit)),
        };
        Box::pin(sleep)
    }
}

impl Wire {
    /// Passes on what writing has come to; a client that takes nothing for too long is given up.
    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.stall_limit;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_ready() {
            self.pace.note_bytes();
        }
        read
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
