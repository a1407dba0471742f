//! The bytes to and from the server, over a socket that somebody else has opened, and the loop that waits for them.
//!
//! The protocol's client is made of futures; nothing of them needs a runtime. One thread at a time drives a
//! connection: it sends, waits for bytes with a limit, and goes on. So any thread may use one, and nothing but reading
//! and writing the socket is asked of the kernel.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long one call of the kernel waits for bytes before the limit is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How long the server may take no bytes.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// Most bytes of one read.
const READ_BYTES: usize = 64 << 10;

/// A socket to the server.
#[derive(Debug)]
pub enum Link {
    /// Over a network, or loopback.
    Tcp(TcpStream),
    /// By a name in the file system.
    Unix(UnixStream),
}

impl Link {
    fn prepare(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(WRITE_LIMIT))
            }
            Self::Unix(stream) => {
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(WRITE_LIMIT))
            }
        }
    }

    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(bytes),
            Self::Unix(stream) => stream.read(bytes),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }
}

/// What has come and was not taken yet.
#[derive(Default)]
struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
    is_over: bool,
}

/// The socket as the client sees it: reading takes what the loop has fetched, writing blocks.
pub(super) struct Stream {
    link: Link,
    inbox: Arc<Mutex<Inbox>>,
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let there = inbox.bytes.get(inbox.taken..).unwrap_or_default();
        if there.is_empty() && !inbox.is_over {
            // The loop polls again when more has come.
            return Poll::Pending;
        }
        let fits = there.len().min(into.remaining());
        into.put_slice(there.get(..fits).unwrap_or_default());
        inbox.taken += fits;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.link.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return Poll::Ready(other),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Whether something was woken since the last look.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// The part of the client that moves the bytes of one connection.
type Traffic = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// The loop of one connection.
pub(super) struct Driver {
    link: Link,
    inbox: Arc<Mutex<Inbox>>,
    traffic: Option<Traffic>,
}

impl Driver {
    pub(super) fn new(link: Link) -> io::Result<(Self, Stream)> {
        link.prepare()?;
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let stream = Stream {
            link: link.try_clone()?,
            inbox: Arc::clone(&inbox),
        };
        let driver = Self {
            link,
            inbox,
            traffic: None,
        };
        Ok((driver, stream))
    }

    /// From now on the loop moves this as well.
    pub(super) fn carry(
        &mut self,
        traffic: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
    ) {
        self.traffic = Some(Box::pin(traffic));
    }

    /// Waits for an answer, and no longer than the limit.
    ///
    /// # Errors
    /// The connection is gone or silent: what was asked may have been done or not.
    pub(super) fn run<T>(&mut self, answer: impl Future<Output = T>, limit: Duration) -> io::Result<T> {
        let until = Instant::now() + limit;
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut answer = pin!(answer);
        let mut is_over = false;
        loop {
            woken.0.store(false, Ordering::Release);
            if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
                return Ok(answer);
            }
            if is_over {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(traffic) = &mut self.traffic
                && traffic.as_mut().poll(&mut context).is_ready()
            {
                // Whoever waits is told by the client; one more look finds that out.
                self.traffic = None;
                is_over = true;
                continue;
            }
            if !woken.0.load(Ordering::Acquire) {
                self.fetch(until)?;
            }
        }
    }

    /// Waits for bytes.
    fn fetch(&mut self, until: Instant) -> io::Result<()> {
        let mut bytes = vec![0; READ_BYTES];
        loop {
            match self.link.read(&mut bytes) {
                Ok(count) => {
                    let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
                    if inbox.taken == inbox.bytes.len() {
                        inbox.bytes.clear();
                        inbox.taken = 0;
                    }
                    inbox
                        .bytes
                        .extend_from_slice(bytes.get(..count).unwrap_or_default());
                    if count == 0 && inbox.is_over {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    inbox.is_over = count == 0;
                    return Ok(());
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut if Instant::now() >= until => {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }
}
