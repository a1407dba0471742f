//! The collector: a process that holds the ring, and tells what is in it.
//!
//! It is started privileged, loads the program ([`Collector::start`]), says so with the table of sandboxes, gives up every
//! privilege, and only then looks into the ring ([`Collector::run`]), whose bytes programs chose. What it tells is packets
//! of events, each with the number of its sandbox. When nobody takes them it waits, the ring fills, and the program in the
//! kernel counts what is lost for each sandbox.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use casemate_sys::{event, libc, socket};

use super::error::CollectError;
use super::program::Program;
use super::record::Told;
use super::registrar::Registrar;
use crate::event::{self as events, Event, MAX_EVENT_BYTES};

/// How often the ring is looked at: well below what an intervention may take.
const LOOK: Duration = Duration::from_millis(4);
/// How often when it has been empty for long: nothing is watched then, or nothing happens.
const IDLE_LOOK: Duration = Duration::from_millis(10);
/// Looks at an empty ring before it is idle.
const PATIENCE: u32 = 250;
/// Records taken in one look.
const MOST_RECORDS: usize = 65_536;
/// A packet is sent when it has so many bytes.
const PACKET_BYTES: usize = 48 << 10;
/// No packet is longer.
pub const MAX_PACKET_BYTES: usize = PACKET_BYTES + MAX_EVENT_BYTES + 16;
/// What the socket holds on its way.
const SOCKET_BYTES: i32 = 1 << 20;
/// How long loading may take: the kernel checks the program.
const LOAD_LIMIT: Duration = Duration::from_secs(10);

/// The collector's side.
#[derive(Debug)]
pub struct Collector {
    program: Program,
    socket: OwnedFd,
    packet: Vec<u8>,
}

impl Collector {
    /// Loads the program and tells the other side so, with the table; or why there is none.
    ///
    /// # Errors
    /// What was told to the other side, too.
    pub fn start(socket: OwnedFd) -> Result<Self, CollectError> {
        // A small buffer is slower and no less right.
        let _ = socket::set_send_buffer(socket.as_fd(), SOCKET_BYTES);
        match Program::load() {
            Ok(program) => {
                socket::send(socket.as_fd(), b"+", &[program.sandboxes()])
                    .map_err(|_| CollectError::Gone("server"))?;
                let packet = Vec::with_capacity(MAX_PACKET_BYTES);
                Ok(Self {
                    program,
                    socket,
                    packet,
                })
            }
            Err(error) => {
                let mut why = format!("-{error}");
                let mut cause = std::error::Error::source(&error);
                while let Some(one) = cause {
                    why = format!("{why}: {one}");
                    cause = one.source();
                }
                why.truncate(why.floor_char_boundary(1024));
                let _ = socket::send(socket.as_fd(), why.as_bytes(), &[]);
                Err(error)
            }
        }
    }

    /// Tells of events until the other side is gone. The caller has given up its privileges.
    ///
    /// # Errors
    /// When it can wait no more.
    pub fn run(mut self) -> Result<(), CollectError> {
        let mut empty = 0u32;
        loop {
            let pause = if empty < PATIENCE { LOOK } else { IDLE_LOOK };
            // Nothing is ever said to it: a socket that can be read has ended.
            let ended = event::wait_one(self.socket.as_fd(), libc::POLLIN, Some(pause));
            if ended.map_err(|cause| CollectError::io("wait", cause))? {
                return Ok(());
            }
            match self.look() {
                Ok(0) => empty = empty.saturating_add(1),
                Ok(_) => empty = 0,
                Err(CollectError::Gone(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes what is in the ring; how many events it was.
    fn look(&mut self) -> Result<usize, CollectError> {
        let mut taken = 0;
        while taken < MOST_RECORDS {
            let packet = &mut self.packet;
            packet.clear();
            let mut one = 0;
            // Record by record: a packet is sent when it is full.
            while packet.len() < PACKET_BYTES && self.program.drain(1, &mut |told| put(packet, &told)) == 1 {
                one += 1;
            }
            if one == 0 {
                break;
            }
            taken += one;
            if !packet.is_empty() {
                socket::send(self.socket.as_fd(), packet, &[]).map_err(|_| CollectError::Gone("server"))?;
            }
        }
        Ok(taken)
    }
}

fn put(packet: &mut Vec<u8>, told: &Told) {
    packet.extend(told.serial.to_le_bytes());
    events::encode(&told.event, packet);
}

/// The other side: whoever starts sandboxes and wants to know what is done in them.
#[derive(Debug)]
pub struct Stream {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl Stream {
    /// Waits until the collector at the other end of `socket` has loaded its program.
    ///
    /// # Errors
    /// Why it cannot, in its words; or that it is gone.
    pub fn open(socket: OwnedFd) -> Result<(Self, Registrar), CollectError> {
        let mut buffer = vec![0; MAX_PACKET_BYTES];
        let came = event::wait_one(socket.as_fd(), libc::POLLIN, Some(LOAD_LIMIT));
        if !came.map_err(|cause| CollectError::io("wait for the collector", cause))? {
            return Err(CollectError::Gone("collector"));
        }
        let mut message =
            socket::receive(socket.as_fd(), &mut buffer).map_err(|_| CollectError::Gone("collector"))?;
        match (buffer[..message.len].split_first(), message.fds.pop()) {
            (Some((b'+', [])), Some(table)) => Ok((Self { socket, buffer }, Registrar::new(table)?)),
            (Some((b'-', why)), _) => {
                let why = String::from_utf8_lossy(why).into_owned();
                Err(CollectError::Missing(why))
            }
            (None, _) => Err(CollectError::Gone("collector")),
            _ => Err(CollectError::Protocol("collector")),
        }
    }

    /// To be polled for reading.
    pub fn socket(&self) -> std::os::fd::BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Takes one packet, if one waits; whether one did.
    ///
    /// # Errors
    /// [`CollectError::Gone`] when the collector is: nobody watches any more.
    pub fn take(&mut self, told: &mut dyn FnMut(u64, Event)) -> Result<bool, CollectError> {
        let message = socket::try_receive(self.socket.as_fd(), &mut self.buffer)
            .map_err(|cause| CollectError::io("read events", cause))?;
        let Some(message) = message else { return Ok(false) };
        if message.len == 0 {
            return Err(CollectError::Gone("collector"));
        }
        let mut rest = &self.buffer[..message.len];
        while let Some((serial, mut tail)) = rest.split_first_chunk::<8>() {
            let event = events::decode(&mut tail).map_err(|_| CollectError::Protocol("collector"))?;
            told(u64::from_le_bytes(*serial), event);
            rest = tail;
        }
        if rest.is_empty() {
            Ok(true)
        } else {
            Err(CollectError::Protocol("collector"))
        }
    }
}
