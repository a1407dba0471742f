//! The asking side of an analyser: one question at a time, never waiting but where told to.
//!
//! The analyser is not trusted. An answer has its bound, and room is made for it only as it comes.

use super::frame::{HEAD_BYTES, Kind, head, parse_head};
use casemate_sys::event::{self, interest, no_interest};
use casemate_sys::{fd, libc};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;
use thiserror::Error;

/// Longest words on a failure that are taken, bytes.
const MAX_WORDS_BYTES: usize = 4096;
/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 << 10;
/// Turns without a rest: other links wait too.
const MOST_PIECES: usize = 256;

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum LinkError {
    /// The analyser is gone: it crashed, or ran out of stack or memory.
    #[error("the analyser died")]
    Gone,
    /// It took too long.
    #[error("the analyser took too long")]
    Late,
    /// What it said is no answer.
    #[error("the analyser's answer was malformed")]
    Malformed,
    /// It said that it cannot.
    #[error("the analyser cannot: {0}")]
    Failed(String),
    /// Whoever asks did not want to wait any longer.
    #[error("interrupted")]
    Interrupted,
}

/// A question on its way.
#[derive(Debug)]
struct Exchange {
    question: Vec<u8>,
    sent: usize,
    answer: Vec<u8>,
    until: Duration,
}

/// A question for [`Link::ask`].
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// How long the answer may take.
    pub limit: Duration,
}

/// One end of an analyser's socket.
#[derive(Debug)]
pub struct Link {
    socket: OwnedFd,
    most_bytes: usize,
    exchange: Option<Exchange>,
}

impl Link {
    /// A link over a socket that does not block; an answer has at most so many bytes.
    pub fn new(socket: OwnedFd, most_bytes: usize) -> Self {
        Self {
            socket,
            most_bytes,
            exchange: None,
        }
    }

    /// Whether a question is on its way.
    pub fn is_busy(&self) -> bool {
        self.exchange.is_some()
    }

    /// Whether the analyser is gone, or said something that nobody asked for: a link that waits has nothing to read.
    pub fn is_spent(&self) -> bool {
        self.exchange.is_none()
            && !matches!(
                event::wait_one(self.socket.as_fd(), libc::POLLIN, Some(Duration::ZERO)),
                Ok(false)
            )
    }

    /// Asks; [`Link::turn`] moves it on.
    pub fn begin(&mut self, asked: &Asked<'_>) {
        let head = head(asked.kind, asked.bytes.len());
        self.exchange = Some(Exchange {
            question: [&head[..], asked.bytes].concat(),
            sent: 0,
            answer: Vec::new(),
            until: event::monotonic() + asked.limit,
        });
    }

    /// What to wait for, for [`event::wait`], and until when.
    pub fn waits_for(&self) -> (event::PollFd, Option<Duration>) {
        match &self.exchange {
            None => (no_interest(), None),
            Some(exchange) => {
                let writes = exchange.sent < exchange.question.len();
                let events = if writes {
                    libc::POLLIN | libc::POLLOUT
                } else {
                    libc::POLLIN
                };
                let left = exchange.until.saturating_sub(event::monotonic());
                (interest(self.socket.as_fd(), events), Some(left))
            }
        }
    }

    /// Sends and reads what can be, and gives the answer once it is whole. After an error the analyser is of no use.
    ///
    /// # Errors
    /// A [`LinkError`].
    pub fn turn(&mut self) -> Result<Option<Vec<u8>>, LinkError> {
        let Some(exchange) = &mut self.exchange else {
            return Ok(None);
        };
        // What it said before it was gone is read first: it may be why.
        let sent = send(self.socket.as_fd(), exchange);
        if let Some(answer) = receive(self.socket.as_fd(), exchange, self.most_bytes)? {
            self.exchange = None;
            return Ok(Some(answer));
        }
        sent?;
        if event::monotonic() >= exchange.until {
            return Err(LinkError::Late);
        }
        Ok(None)
    }

    /// Asks and waits for the answer, or until `interrupt` can be read.
    ///
    /// # Errors
    /// A [`LinkError`].
    pub fn ask(
        &mut self,
        asked: &Asked<'_>,
        interrupt: Option<BorrowedFd<'_>>,
    ) -> Result<Vec<u8>, LinkError> {
        self.begin(asked);
        self.finish(interrupt)
    }

    /// Waits for the answer to what was asked, or until `interrupt` can be read.
    ///
    /// # Errors
    /// A [`LinkError`]; `Malformed` when nothing was asked.
    pub fn finish(&mut self, interrupt: Option<BorrowedFd<'_>>) -> Result<Vec<u8>, LinkError> {
        loop {
            if let Some(answer) = self.turn()? {
                return Ok(answer);
            }
            if self.exchange.is_none() {
                return Err(LinkError::Malformed);
            }
            let (own, left) = self.waits_for();
            let other = interrupt.map_or_else(no_interest, |fd| interest(fd, libc::POLLIN));
            let mut fds = [own, other];
            event::wait(&mut fds, left).map_err(|_| LinkError::Gone)?;
            if fds[1].revents != 0 {
                return Err(LinkError::Interrupted);
            }
        }
    }
}

fn send(socket: BorrowedFd<'_>, exchange: &mut Exchange) -> Result<(), LinkError> {
    while exchange.sent < exchange.question.len() {
        match fd::write(socket, &exchange.question[exchange.sent..]) {
            Ok(0) => return Err(LinkError::Gone),
            Ok(sent) => exchange.sent += sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(LinkError::Gone),
        }
    }
    // It was sent: its memory is not needed any more.
    if exchange.question.capacity() > PIECE_BYTES {
        exchange.question = Vec::new();
        exchange.sent = 0;
    }
    Ok(())
}

fn receive(
    socket: BorrowedFd<'_>,
    exchange: &mut Exchange,
    most_bytes: usize,
) -> Result<Option<Vec<u8>>, LinkError> {
    let mut piece = [0; PIECE_BYTES];
    for _ in 0..MOST_PIECES {
        if let Some(whole) = whole(&mut exchange.answer, most_bytes)? {
            return Ok(Some(whole));
        }
        match fd::read(socket, &mut piece) {
            Ok(0) => return Err(LinkError::Gone),
            Ok(read) => exchange.answer.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(LinkError::Gone),
        }
    }
    whole(&mut exchange.answer, most_bytes)
}

/// Takes an answer out, once it is whole.
fn whole(read: &mut Vec<u8>, most_bytes: usize) -> Result<Option<Vec<u8>>, LinkError> {
    let Some(first) = read.first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let (kind, length) = parse_head(*first).ok_or(LinkError::Malformed)?;
    let most = match kind {
        Kind::Plain => most_bytes,
        Kind::Failure => MAX_WORDS_BYTES,
        Kind::Setting | Kind::Trial => return Err(LinkError::Malformed),
    };
    if length > most || read.len() > HEAD_BYTES + length {
        return Err(LinkError::Malformed);
    }
    if read.len() < HEAD_BYTES + length {
        return Ok(None);
    }
    let answer = read.split_off(HEAD_BYTES);
    read.clear();
    match kind {
        Kind::Failure => Err(LinkError::Failed(String::from_utf8_lossy(&answer).into_owned())),
        _ => Ok(Some(answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame;
    use super::*;
    use casemate_sys::socket;

    const LIMIT: Duration = Duration::from_secs(20);

    fn pair() -> (Link, OwnedFd) {
        let (ours, theirs) = socket::stream_pair().unwrap();
        fd::set_nonblocking(ours.as_fd(), true).unwrap();
        (Link::new(ours, 1 << 20), theirs)
    }

    fn plain(bytes: &[u8]) -> Asked<'_> {
        Asked {
            kind: Kind::Plain,
            bytes,
            limit: LIMIT,
        }
    }

    fn answered(said: &[u8]) -> Result<Vec<u8>, LinkError> {
        let (mut link, theirs) = pair();
        fd::write_all(theirs.as_fd(), said).unwrap();
        drop(theirs);
        link.ask(&plain(b"?"), None)
    }

    #[test]
    fn large_questions_and_answers_pass() {
        let (mut link, theirs) = pair();
        let worker = std::thread::spawn(move || {
            frame::serve(theirs.as_fd(), 1 << 20, 3, |_, bytes| Ok(bytes.repeat(2)))
        });
        for size in [0, 1, 400_000] {
            let question = vec![7; size];
            assert_eq!(link.ask(&plain(&question), None), Ok(question.repeat(2)));
        }
        worker.join().unwrap().unwrap();
        assert!(link.is_spent(), "it answered as many as it may");
        assert_eq!(link.ask(&plain(b"?"), None), Err(LinkError::Gone));
    }

    #[test]
    fn a_stranger_s_answer_is_refused() {
        assert_eq!(answered(b""), Err(LinkError::Gone));
        assert_eq!(answered(&[0, 4, 0, 0, 0, 1]), Err(LinkError::Gone), "too short");
        for said in [
            &[0, 255, 255, 255, 255][..],
            &[0, 1, 0, 0, 0, 1, 1],
            &[2, 0, 0, 0, 0],
            &[9, 0, 0, 0, 0],
        ] {
            assert_eq!(answered(said), Err(LinkError::Malformed), "{said:?}");
        }
        let words = [&frame::head(Kind::Failure, 2)[..], b"no"].concat();
        assert_eq!(answered(&words), Err(LinkError::Failed("no".into())));
        assert_eq!(answered(&[0, 1, 0, 0, 0, 5]), Ok(vec![5]));
    }

    #[test]
    fn silence_and_an_interrupt_end_the_wait() {
        let (mut link, _theirs) = pair();
        let asked = Asked {
            limit: Duration::from_millis(10),
            ..plain(b"?")
        };
        assert_eq!(link.ask(&asked, None), Err(LinkError::Late));
        let (mut link, _theirs) = pair();
        let (reader, writer) = fd::pipe().unwrap();
        drop(writer);
        assert_eq!(
            link.ask(&plain(b"?"), Some(reader.as_fd())),
            Err(LinkError::Interrupted)
        );
    }
}
