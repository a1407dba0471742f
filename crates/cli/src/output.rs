//! What goes to our own standard output and standard error: the program's streams as they come,
//! made harmless for a terminal, and a line of progress.

use casemate_engine::runtime::oneshot::{Observer, Stream};
use casemate_sys::event::{self, interest};
use casemate_sys::{fd, libc, signal, terminal};
use std::borrow::Cow;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long a run takes before progress shows.
const PROGRESS_AFTER: Duration = Duration::from_secs(1);
/// A pipe that is ready takes this much without blocking (pipe(7), `PIPE_BUF`).
const PIECE_BYTES: usize = 4096;
/// Clears the line and puts the cursor at its start (ECMA-48 EL, CR).
const CLEAR_LINE: &str = "\r\x1b[K";

/// Writes bytes to standard output; a closed pipe is an error like any other.
pub fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Where output of a running program goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Show {
    /// To our own streams as it comes.
    Streams {
        /// Control sequences are passed to a terminal.
        raw: bool,
    },
    /// Nowhere: the result will hold it.
    Nothing,
}

/// Shows a run on our own streams, and ends it on a signal or when nobody reads any more.
pub struct Console {
    show: Show,
    progress: bool,
    signals: OwnedFd,
    begun: Instant,
    progress_shown: bool,
    cut_off: bool,
    signalled: bool,
}

impl Console {
    /// Takes over SIGINT, SIGTERM and SIGHUP of this process.
    pub fn new(show: Show, quiet: bool) -> io::Result<Self> {
        let signals = signal::descriptor(&[signal::SIGINT, signal::SIGTERM, signal::SIGHUP])?;
        let progress = !quiet && terminal::is_terminal(io::stderr().as_fd());
        let begun = Instant::now();
        Ok(Self {
            show,
            progress,
            signals,
            begun,
            progress_shown: false,
            cut_off: false,
            signalled: false,
        })
    }

    /// Takes the progress line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.progress_shown) {
            let _ = io::stderr().write_all(CLEAR_LINE.as_bytes());
        }
    }
}

impl Console {
    /// Writes to one of our streams in pieces that a ready pipe takes whole, so that a reader who has
    /// stopped reading never keeps us from a signal. False: end the run.
    fn write(&mut self, out: &impl AsFd, bytes: &[u8]) -> bool {
        for piece in bytes.chunks(PIECE_BYTES) {
            loop {
                let mut fds = [
                    interest(out.as_fd(), libc::POLLOUT),
                    interest(self.signals.as_fd(), libc::POLLIN),
                ];
                if event::wait(&mut fds, None).is_err() {
                    return false;
                }
                if fds[1].revents != 0 && self.take_signals() {
                    return false;
                }
                if fds[0].revents != 0 {
                    break;
                }
            }
            if fd::write_all(out.as_fd(), piece).is_err() {
                return false;
            }
        }
        true
    }

    fn take_signals(&mut self) -> bool {
        while let Ok(Some(_)) = signal::take(self.signals.as_fd()) {
            self.signalled = true;
        }
        self.signalled
    }
}

impl Observer for Console {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        let Show::Streams { raw } = self.show else { return };
        if self.cut_off || self.signalled {
            return;
        }
        self.clear();
        let written = match stream {
            Stream::Stdout => self.write(&io::stdout(), &shown(&io::stdout(), bytes, raw)),
            Stream::Stderr => self.write(&io::stderr(), &shown(&io::stderr(), bytes, raw)),
        };
        // Nobody reads any more, or we were told to stop: there is no point in going on.
        self.cut_off |= !written;
    }

    fn interrupt(&self) -> Option<BorrowedFd<'_>> {
        Some(self.signals.as_fd())
    }

    fn wants_end(&mut self) -> bool {
        self.take_signals();
        self.cut_off || self.signalled
    }

    fn tick(&mut self) {
        let elapsed = self.begun.elapsed();
        if self.progress && elapsed >= PROGRESS_AFTER {
            self.progress_shown = true;
            let _ = write!(
                io::stderr(),
                "{CLEAR_LINE}casemate: running, {} s",
                elapsed.as_secs()
            );
        }
    }
}

/// What is written for some output: as it is, or made harmless for a terminal.
fn shown<'a>(out: &impl AsFd, bytes: &'a [u8], raw: bool) -> Cow<'a, [u8]> {
    if raw || !terminal::is_terminal(out.as_fd()) {
        bytes.into()
    } else {
        harmless(bytes).into()
    }
}

/// Makes JSON harmless too: what it may hold unescaped but a terminal takes as a control.
pub fn harmless_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.push_str(&format!("\\u{:04x}", character as u32));
        } else {
            out.push(character);
        }
    }
    out
}

/// Makes text harmless for a terminal: control characters but tab and line feed become visible,
/// in the C1 range too, as UTF-8 (0xC2 0x80 to 0xC2 0x9F) and as single bytes.
pub fn harmless(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\t' | '\n' => out.push(character as u8),
                '\r' => out.extend_from_slice("␍".as_bytes()),
                '\u{7f}' => out.extend_from_slice("␡".as_bytes()),
                c if (c as u32) < 0x20 => {
                    push_char(&mut out, char::from_u32(0x2400 + c as u32).unwrap_or('?'))
                }
                c if (0x80..0xa0).contains(&(c as u32)) => out.extend_from_slice("\u{fffd}".as_bytes()),
                // Direction overrides can make text read as what it is not (CVE-2021-42574).
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    out.extend_from_slice("\u{fffd}".as_bytes())
                }
                c => push_char(&mut out, c),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out
}

fn push_char(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_keeps_its_meaning() {
        let json = serde_json::to_string("\u{9b}\u{7f}\u{202e}ü").unwrap();
        let safe = harmless_json(&json);
        assert!(safe.chars().all(|c| !c.is_control() && c != '\u{202e}'));
        assert_eq!(
            serde_json::from_str::<String>(&safe).unwrap(),
            "\u{9b}\u{7f}\u{202e}ü"
        );
    }

    #[test]
    fn escapes_become_visible() {
        assert_eq!(harmless(b"a\x1b[31mb\n\tc"), "a␛[31mb\n\tc".as_bytes());
        assert_eq!(harmless(b"\r\x7f"), "␍␡".as_bytes());
        assert_eq!(
            harmless("\u{9b}0m\u{202e}x".as_bytes()),
            "\u{fffd}0m\u{fffd}x".as_bytes()
        );
        assert_eq!(harmless("grüße 你".as_bytes()), "grüße 你".as_bytes());
    }

    proptest! {
        #[test]
        fn no_control_character_survives(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = String::from_utf8(harmless(&bytes)).unwrap();
            prop_assert!(text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
        }
    }
}
