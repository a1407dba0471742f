//! The words between the supervisor and the server process, over a local socket. One message, one
//! packet; descriptors come beside it.

use casemate_engine::analysis::Handed;
use casemate_sys::socket;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// Longest message, bytes.
const MAX_BYTES: usize = 4096;

/// What the supervisor says.
#[derive(Debug)]
pub enum Order {
    /// Use this warden from now on.
    Warden(OwnedFd),
    /// The version of a language.
    Version {
        /// Its name.
        language: String,
        /// The version.
        version: String,
    },
    /// Have programs read by this process.
    Reader(Handed),
    /// End: take no more, let what runs end for a while.
    Stop,
}

/// What the server says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Word {
    /// It takes requests.
    Ready,
    /// Its engine still turns.
    Alive,
    /// The process with this serial number reads no more: it is to be ended.
    Lost(u64),
    /// It cannot start, and why.
    Failed(String),
    /// It says nothing any more.
    Gone,
}

/// Sends an order.
///
/// # Errors
/// When the server is gone.
pub fn order(to: BorrowedFd<'_>, order: &Order) -> io::Result<()> {
    use std::os::fd::AsFd;
    match order {
        Order::Warden(link) => socket::send(to, b"warden", &[link.as_fd()]),
        Order::Version { language, version } => {
            socket::send(to, format!("version\n{language}\n{version}").as_bytes(), &[])
        }
        Order::Reader(handed) => {
            let text = format!("reader\n{}\n{}", handed.place, handed.serial);
            socket::send(to, text.as_bytes(), &[handed.socket.as_fd()])
        }
        Order::Stop => socket::send(to, b"stop", &[]),
    }
}

/// Waits for the next order; `None` when the supervisor is gone.
///
/// # Errors
/// When the socket fails, or brings what no supervisor says.
pub fn next_order(from: BorrowedFd<'_>) -> io::Result<Option<Order>> {
    let mut buffer = [0; MAX_BYTES];
    let message = socket::receive(from, &mut buffer)?;
    let text = String::from_utf8_lossy(&buffer[..message.len]);
    let mut words = text.split('\n');
    let link = message.fds.into_iter().next();
    let order = match (words.next(), link) {
        (Some(""), _) => return Ok(None),
        (Some("warden"), Some(link)) => Order::Warden(link),
        (Some("reader"), Some(socket)) => {
            let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
            match (number(), number()) {
                (Some(place), Some(serial)) => Order::Reader(Handed {
                    place: usize::try_from(place).unwrap_or(usize::MAX),
                    serial,
                    socket,
                }),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        (Some("stop"), _) => Order::Stop,
        (Some("version"), _) => match (words.next(), words.next()) {
            (Some(language), Some(version)) => Order::Version {
                language: language.to_owned(),
                version: version.to_owned(),
            },
            _ => return Err(io::ErrorKind::InvalidData.into()),
        },
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    Ok(Some(order))
}

/// Says a word to the supervisor.
///
/// # Errors
/// When it is gone.
pub fn say(to: BorrowedFd<'_>, word: &Word) -> io::Result<()> {
    let text = match word {
        Word::Ready => "ready".to_owned(),
        Word::Alive => "alive".to_owned(),
        Word::Lost(serial) => format!("lost\n{serial}"),
        Word::Failed(reason) => format!("failed\n{reason}"),
        Word::Gone => return Ok(()),
    };
    let end = (0..=text.len().min(MAX_BYTES))
        .rev()
        .find(|i| text.is_char_boundary(*i));
    socket::send(to, &text.as_bytes()[..end.unwrap_or(0)], &[])
}

/// Takes the next word, if one waits; the server is not trusted to say what it should.
pub fn next_word(from: BorrowedFd<'_>) -> Option<Word> {
    let mut buffer = [0; MAX_BYTES];
    let mut received = socket::try_receive(from, &mut buffer);
    // A server that ended with an order unread resets the connection; its last words wait behind that one
    // error (unix(7)).
    if received
        .as_ref()
        .is_err_and(|e| e.kind() == io::ErrorKind::ConnectionReset)
    {
        received = socket::try_receive(from, &mut buffer);
    }
    let message = match received {
        Ok(None) => return None,
        Ok(Some(message)) if message.len > 0 => message,
        _ => return Some(Word::Gone),
    };
    let text = String::from_utf8_lossy(&buffer[..message.len]);
    match text.split_once('\n') {
        None if text == "ready" => Some(Word::Ready),
        None if text == "alive" => Some(Word::Alive),
        Some(("lost", serial)) => Some(serial.parse().map_or(Word::Gone, Word::Lost)),
        Some(("failed", reason)) => Some(Word::Failed(reason.to_owned())),
        // Not one of its words: it is somebody else's by now.
        _ => Some(Word::Gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn words_and_orders_arrive() {
        let (ours, theirs) = socket::pair().unwrap();
        for word in [
            Word::Ready,
            Word::Alive,
            Word::Lost(7),
            Word::Failed("no\nroom".into()),
        ] {
            say(theirs.as_fd(), &word).unwrap();
            assert_eq!(next_word(ours.as_fd()), Some(word));
        }
        assert_eq!(next_word(ours.as_fd()), None);
        let version = Order::Version {
            language: "python".into(),
            version: "3.11".into(),
        };
        order(ours.as_fd(), &version).unwrap();
        order(ours.as_fd(), &Order::Stop).unwrap();
        assert!(
            matches!(next_order(theirs.as_fd()), Ok(Some(Order::Version { version, .. })) if version == "3.11")
        );
        assert!(matches!(next_order(theirs.as_fd()), Ok(Some(Order::Stop))));
        let (end, _other) = socket::stream_pair().unwrap();
        let reader = Order::Reader(Handed {
            place: 1,
            serial: 9,
            socket: end,
        });
        order(ours.as_fd(), &reader).unwrap();
        let came = next_order(theirs.as_fd());
        assert!(matches!(came, Ok(Some(Order::Reader(handed))) if (handed.place, handed.serial) == (1, 9)));
        socket::send(ours.as_fd(), b"warden", &[]).unwrap();
        assert!(next_order(theirs.as_fd()).is_err(), "a warden without its socket");
        drop(ours);
        assert!(matches!(next_order(theirs.as_fd()), Ok(None)));
    }
}
