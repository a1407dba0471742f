//! One output stream: what is kept, what is counted, what is shown.

use super::{Keeping, Observer, Stream};
use casemate_sys::fd;
use casemate_types::Captured;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A stream that grew beyond so many times its limit ends the run.
pub const KILL_FACTOR: u64 = 16;
/// Bytes taken from one stream before the others have their turn.
const TURN_BYTES: usize = 256 << 10;

/// The reading end of one of the program's pipes.
#[derive(Debug)]
pub(super) struct Output {
    stream: Stream,
    pipe: Option<OwnedFd>,
    limit: u64,
    keeping: Keeping,
    kept_bytes: u64,
    captured: Captured,
}

impl Output {
    pub(super) fn new(stream: Stream, limit: u64, keeping: Keeping) -> Self {
        Self {
            stream,
            pipe: None,
            limit,
            keeping,
            kept_bytes: 0,
            captured: Captured::default(),
        }
    }

    pub(super) fn open(&mut self, pipe: OwnedFd) -> io::Result<()> {
        fd::set_nonblocking(pipe.as_fd(), true)?;
        self.pipe = Some(pipe);
        Ok(())
    }

    pub(super) fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(|p| p.as_fd())
    }

    /// Whether it grew so far that the run must end.
    pub(super) fn floods(&self) -> bool {
        self.captured.total_bytes > self.limit.saturating_mul(KILL_FACTOR)
    }

    /// Reads what is there, for one turn; false when nothing more waits.
    pub(super) fn read(&mut self, buffer: &mut [u8], observer: &mut dyn Observer) -> bool {
        let mut taken = 0;
        while taken < TURN_BYTES {
            let Some(pipe) = &self.pipe else { return false };
            match fd::read(pipe.as_fd(), buffer) {
                Ok(0) => self.pipe = None,
                Ok(n) => {
                    taken += n;
                    self.keep(&buffer[..n], observer);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => self.pipe = None,
            }
        }
        true
    }

    fn keep(&mut self, bytes: &[u8], observer: &mut dyn Observer) {
        self.captured.total_bytes += bytes.len() as u64;
        let room = self.limit.saturating_sub(self.kept_bytes);
        let kept = &bytes[..bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        if !kept.is_empty() {
            self.kept_bytes += kept.len() as u64;
            if self.keeping == Keeping::Report {
                self.captured.kept.extend_from_slice(kept);
            }
            observer.output(self.stream, kept);
        }
    }

    pub(super) fn finish(self) -> Captured {
        self.captured
    }
}
