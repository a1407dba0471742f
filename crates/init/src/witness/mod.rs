//! A witness of one program: a process of ours in the sandbox that hears of its calls before they happen, and tells of
//! them over a pipe.
//!
//! It stands beside the program where the plan asks for one, never otherwise: every held call costs two switches. It
//! holds one capability, to read the program's memory, and a filter of its own. It lets every call go on. A witness that
//! dies leaves the program without those calls, and init says so.

mod calls;
mod record;

pub use record::{Act, MAX_RECORD_BYTES, MAX_WORDS, Record, decode_all};

use crate::build::{AtStep, StepError};
use crate::plan::Plan;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use calls::Shape;
use casemate_sys::credentials::{self, capability};
use casemate_sys::event;
use casemate_sys::fs;
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::seccomp::{self, Held};
use casemate_sys::{fd, libc, process, socket};

/// Longest path that is told, bytes; longer ones are cut.
const MAX_PATH_BYTES: usize = 1024;
/// Longest argument, and all of them.
const MAX_WORD_BYTES: usize = 1024;
const MAX_WORDS_BYTES: usize = 2560;
/// Longest `struct sockaddr` (`struct sockaddr_storage`), and the first bytes of what is sent.
const MAX_ADDRESS_BYTES: u64 = 128;
const MAX_SENT_BYTES: u64 = 1024;
/// Most messages of one call that are looked at.
const MAX_MESSAGES: u64 = 8;
const PAGE_BYTES: u64 = 4096;

/// A witness before its program.
pub struct Witness {
    pid: i32,
    /// Where its records are read.
    stream: OwnedFd,
    /// Where it gets the program's listener.
    socket: OwnedFd,
}

impl Witness {
    /// Starts it. It ends by itself when its socket does, or the last process under its filter.
    ///
    /// # Errors
    /// The step that failed before it ran.
    pub fn start(plan: &Plan) -> Result<Self, StepError> {
        let (stream, sink) = fd::pipe().at(|| "make the witness's pipe".into())?;
        let (near, far) = socket::pair().at(|| "make the witness's socket".into())?;
        match process::fork().at(|| "fork the witness".into())? {
            Some(pid) => Ok(Self {
                pid,
                stream,
                socket: near,
            }),
            None => {
                drop((stream, near));
                process::exit(i32::from(live(plan, far.as_fd(), sink.as_fd()).is_err()))
            }
        }
    }

    /// Its pid and its stream, for those who do not start the program.
    pub fn part(self) -> (i32, OwnedFd) {
        (self.pid, self.stream)
    }

    /// In the program's process, right before its own filter: from here on the listed calls are held back.
    ///
    /// # Errors
    /// The step that failed.
    pub fn attend(&self) -> Result<(), StepError> {
        let listener =
            seccomp::load_listening(&calls::filter()).at(|| "load the filter of the witness".into())?;
        socket::send(self.socket.as_fd(), b"l", &[listener.as_fd()])
            .at(|| "hand the listener to the witness".into())
    }
}

/// The witness's life.
fn live(plan: &Plan, socket: BorrowedFd<'_>, sink: BorrowedFd<'_>) -> Result<(), StepError> {
    fd::close_all_but(&[socket, sink], 3).at(|| "close descriptors".into())?;
    credentials::set_capabilities(capability::SYS_PTRACE).at(|| "drop capabilities".into())?;
    credentials::set_no_new_privileges().at(|| "set no_new_privs".into())?;
    seccomp::load(&plan.witness_filter).at(|| "load the witness's own filter".into())?;
    let mut byte = [0u8; 1];
    let message = socket::receive(socket, &mut byte).at(|| "receive the listener".into())?;
    // The program's process failed before it was watched, and says why itself.
    let Some(listener) = message.fds.into_iter().next() else {
        return Ok(());
    };
    attend(listener.as_fd(), sink).at(|| "hear of calls".into())
}

fn attend(listener: BorrowedFd<'_>, sink: BorrowedFd<'_>) -> io::Result<()> {
    loop {
        let mut fds = [event::interest(listener, libc::POLLIN)];
        event::wait(&mut fds, None)?;
        if fds[0].revents & libc::POLLIN == 0 {
            // Nobody is left under the filter (Linux 5.9: POLLHUP).
            return Ok(());
        }
        let Some(held) = seccomp::next_held(listener)? else {
            continue;
        };
        let acts = read(&held);
        // What was read is of whoever waits, and not of a process that got the pid of a dead one.
        if seccomp::still_waits(listener, held.id) {
            for act in acts {
                let record = Record {
                    pid: held.pid as u32,
                    act,
                };
                fd::write_all(sink, &record.encode())?;
            }
        }
        seccomp::let_go(listener, held.id);
    }
}

/// What a held call is about.
fn read(held: &Held) -> Vec<Act> {
    let argument = |place: usize| held.arguments.get(place).copied().unwrap_or(0);
    let path = |place: usize| path_of(held, place);
    let bytes = |address: u64, length: u64, most: u64| memory(held.pid, address, length.min(most) as usize);
    let Some(shape) = calls::shape(held.number) else {
        return Vec::new();
    };
    vec![match shape {
        Shape::Exec { path: place, argv } => Act::Exec {
            path: path(place),
            argv: words(held.pid, argument(argv)),
        },
        Shape::Open { path: place, flags } => Act::Open {
            path: path(place),
            flags: argument(flags),
        },
        Shape::Create { path: place } => Act::Open {
            path: path(place),
            flags: (libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC) as u64,
        },
        Shape::Connect => Act::Connect {
            address: bytes(argument(1), argument(2), MAX_ADDRESS_BYTES),
        },
        Shape::Bind => Act::Bind {
            address: bytes(argument(1), argument(2), MAX_ADDRESS_BYTES),
        },
        Shape::Send => Act::Send {
            address: bytes(argument(4), argument(5), MAX_ADDRESS_BYTES),
            bytes: bytes(argument(1), argument(2), MAX_SENT_BYTES),
        },
        Shape::SendMany => return messages(held.pid, argument(1), argument(2)),
        Shape::Remove { path: place } => Act::Remove { path: path(place) },
        Shape::Rename { from, to } => Act::Rename {
            from: path(from),
            to: path(to),
        },
        Shape::Mode { path: place, mode } => Act::Mode {
            path: path(place),
            mode: argument(mode),
        },
        Shape::Kill => Act::Kill {
            pid: argument(0),
            signal: argument(1),
        },
    }]
}

/// A path, below the folder that it starts from where it is relative.
fn path_of(held: &Held, place: usize) -> Vec<u8> {
    let path = text(held.pid, held.arguments[place], MAX_PATH_BYTES);
    if path.starts_with(b"/") || path.is_empty() {
        return path;
    }
    // The argument before a path names its folder, but for the calls whose path comes first.
    let folder = place.checked_sub(1).map(|before| held.arguments[before] as i32);
    let link = match folder {
        Some(number) if number >= 0 => format!("/proc/{}/fd/{number}", held.pid),
        _ => format!("/proc/{}/cwd", held.pid),
    };
    match fs::read_link(link.as_bytes()) {
        Ok(mut base) => {
            base.push(b'/');
            base.extend_from_slice(&path);
            base.truncate(MAX_PATH_BYTES);
            base
        }
        Err(_) => path,
    }
}

/// `struct mmsghdr`: a `struct msghdr` of 56 bytes, a count, padding (recvmmsg(2), on 64 bits).
fn messages(pid: i32, address: u64, count: u64) -> Vec<Act> {
    const MESSAGE_BYTES: u64 = 64;
    (0..count.min(MAX_MESSAGES))
        .map_while(|place| {
            let head = memory(pid, address.wrapping_add(place * MESSAGE_BYTES), 32);
            let word = |at: usize| {
                let bytes = head.get(at..at + 8)?;
                bytes.try_into().ok().map(u64::from_ne_bytes)
            };
            let (name, name_length, vector) = (word(0)?, word(8)? & 0xffff_ffff, word(16)?);
            let (base, length) = (number(pid, vector), number(pid, vector.wrapping_add(8)));
            Some(Act::Send {
                address: memory(pid, name, name_length.min(MAX_ADDRESS_BYTES) as usize),
                bytes: memory(pid, base, length.min(MAX_SENT_BYTES) as usize),
            })
        })
        .collect()
}

/// The argument vector of an exec, cut.
fn words(pid: i32, address: u64) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut room = MAX_WORDS_BYTES;
    for place in 0..MAX_WORDS as u64 {
        let pointer = number(pid, address.wrapping_add(place * 8));
        if pointer == 0 || room == 0 {
            break;
        }
        let word = text(pid, pointer, MAX_WORD_BYTES.min(room));
        room -= word.len();
        words.push(word);
    }
    words
}

/// 8 bytes; 0 where there is nothing to read.
fn number(pid: i32, address: u64) -> u64 {
    let bytes = memory(pid, address, 8);
    bytes.try_into().map_or(0, u64::from_ne_bytes)
}

/// Bytes; none where there is nothing to read.
fn memory(pid: i32, address: u64, length: usize) -> Vec<u8> {
    let mut buffer = vec![0u8; length];
    if length == 0 || address == 0 {
        return Vec::new();
    }
    let got = process::read_memory(pid, address, &mut buffer).unwrap_or(0);
    buffer.truncate(got);
    buffer
}

/// A C string, cut. It is read page by page: the next one may not be there.
fn text(pid: i32, mut address: u64, most: usize) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() < most {
        let to_page_end = (PAGE_BYTES - address % PAGE_BYTES) as usize;
        let part = memory(pid, address, to_page_end.min(most - text.len()));
        if part.is_empty() {
            break;
        }
        if let Some(end) = part.iter().position(|byte| *byte == 0) {
            text.extend_from_slice(&part[..end]);
            break;
        }
        address = address.wrapping_add(part.len() as u64);
        text.extend_from_slice(&part);
    }
    text
}
