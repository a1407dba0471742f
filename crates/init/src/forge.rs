//! What init and a zygote say to each other.
//!
//! One socket leads from every init of a template to its zygote: a [`Join`] asks for a child in the asker's
//! namespaces, and brings along a socket of the child's own. On that the child says [`Word`]s and takes one order:
//! a message with the spec, and the three ends of standard input and output. Its end says that the program runs.

use crate::codec::{Malformed, Reader, Writer};
use alloc::vec::Vec;
use casemate_sys::handle::OwnedFd;

/// Largest message of either socket, bytes.
pub const MAX_FORGE_BYTES: usize = 1024;
/// Most groups that a child enters.
pub const MAX_DOORS: usize = 4;

/// Asks for a child. Descriptors: the child's socket, the pidfd of the asker, the time namespace for children unless
/// `no_time`, the Landlock ruleset when `ruleset`, then the groups to enter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Join {
    /// Whether init has an id of its own.
    pub separate_ids: bool,
    /// User and group id of the programs.
    pub program_id: u32,
    /// Whether there is a loopback interface.
    pub loopback: bool,
    /// Whether a ruleset comes along.
    pub ruleset: bool,
}

/// The descriptors of a [`Join`].
#[derive(Debug)]
pub struct JoinFds {
    /// The child's own socket.
    pub socket: OwnedFd,
    /// Names the namespaces to enter.
    pub pidfd: OwnedFd,
    /// The clocks of the programs.
    pub time: OwnedFd,
    /// The Landlock ruleset.
    pub ruleset: Option<OwnedFd>,
    /// Files of the groups to enter.
    pub doors: Vec<OwnedFd>,
}

impl Join {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u8(self.separate_ids.into());
        w.u32(self.program_id);
        w.u8(self.loopback.into());
        w.u8(self.ruleset.into());
        w.finish()
    }

    /// Reads the byte form and tells the descriptors apart.
    pub fn decode(bytes: &[u8], fds: Vec<OwnedFd>) -> Result<(Self, JoinFds), Malformed> {
        let mut r = Reader::new(bytes);
        let join = Self {
            separate_ids: r.u8()? == 1,
            program_id: r.u32()?,
            loopback: r.u8()? == 1,
            ruleset: r.u8()? == 1,
        };
        r.end()?;
        let mut fds = fds.into_iter();
        let mut next = || fds.next().ok_or(Malformed::Range);
        let (socket, pidfd, time) = (next()?, next()?, next()?);
        let ruleset = if join.ruleset { Some(next()?) } else { None };
        let fds = JoinFds {
            socket,
            pidfd,
            time,
            ruleset,
            doors: fds.collect(),
        };
        match fds.doors.len() <= MAX_DOORS {
            true => Ok((join, fds)),
            false => Err(Malformed::Range),
        }
    }
}

/// What a child, or the zygote itself, says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Word {
    /// Behind every wall, waiting. Its pid, as its own pid namespace numbers it.
    Standing {
        /// The pid.
        pid: i32,
    },
    /// A step failed; the speaker is ending.
    Broken {
        /// The step.
        step: Vec<u8>,
        /// `errno`.
        errno: u32,
    },
}

impl Word {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        match self {
            Self::Standing { pid } => {
                w.u8(1);
                w.u32(*pid as u32);
            }
            Self::Broken { step, errno } => {
                w.u8(2);
                w.bytes(&step[..step.len().min(512)]);
                w.u32(*errno);
            }
        }
        w.finish()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let word = match r.u8()? {
            1 => Self::Standing {
                pid: i32::try_from(r.u32()?).map_err(|_| Malformed::Range)?,
            },
            2 => Self::Broken {
                step: r.bytes()?,
                errno: r.u32()?,
            },
            _ => return Err(Malformed::Range),
        };
        r.end()?;
        Ok(word)
    }
}
