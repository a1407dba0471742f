//! The frames between an analyser and who asks it: a kind, a length, bytes.

use casemate_sys::fd;
use std::io;
use std::os::fd::BorrowedFd;

/// Bytes of a frame's head.
pub(super) const HEAD_BYTES: usize = 5;

/// What a frame holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A question, or its answer.
    Plain,
    /// Words on what failed; the analyser ends.
    Failure,
    /// Something for the analyser to keep, answered by a plain frame when it was taken.
    Setting,
    /// Something that the walls must not let happen; only a test build does it.
    Trial,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Plain, Self::Failure, Self::Setting, Self::Trial];

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

/// The head of a frame.
pub(super) fn head(kind: Kind, length: usize) -> [u8; HEAD_BYTES] {
    let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    [kind as u8, length[0], length[1], length[2], length[3]]
}

/// Reads the head of a frame; `None` when it is none.
pub(super) fn parse_head(head: [u8; HEAD_BYTES]) -> Option<(Kind, usize)> {
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
    Some((Kind::from_byte(head[0])?, length as usize))
}

/// Answers questions until the other side is gone, or so many were answered. `answer` gives the bytes that go back, and
/// words that end the analyser where it cannot.
///
/// # Errors
/// When the socket fails, or brings what is no question.
pub fn serve(
    socket: BorrowedFd<'_>,
    most_bytes: usize,
    most_questions: u32,
    mut answer: impl FnMut(Kind, &[u8]) -> Result<Vec<u8>, String>,
) -> io::Result<()> {
    for _ in 0..most_questions {
        let mut first = [0; HEAD_BYTES];
        if !read_whole(socket, &mut first)? {
            return Ok(());
        }
        let (kind, length) = parse_head(first).ok_or(io::ErrorKind::InvalidData)?;
        if length > most_bytes {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut question = vec![0; length];
        if !read_whole(socket, &mut question)? {
            return Ok(());
        }
        match answer(kind, &question) {
            Ok(bytes) => {
                fd::write_all(socket, &head(Kind::Plain, bytes.len()))?;
                fd::write_all(socket, &bytes)?;
            }
            Err(words) => return tell_failure(socket, &words),
        }
    }
    Ok(())
}

/// Tells why the analyser is of no use.
///
/// # Errors
/// When nobody reads it.
pub fn tell_failure(socket: BorrowedFd<'_>, words: &str) -> io::Result<()> {
    fd::write_all(socket, &head(Kind::Failure, words.len()))?;
    fd::write_all(socket, words.as_bytes())
}

/// False when the other side is gone before all is read.
fn read_whole(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<bool> {
    let mut done = 0;
    while done < buffer.len() {
        match fd::read(socket, &mut buffer[done..]) {
            Ok(0) => return Ok(false),
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
