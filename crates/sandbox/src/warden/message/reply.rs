//! What the warden tells its client: numbers, and text only where a sandbox is refused.

use casemate_init::codec::{Malformed, Reader, Writer};
use std::time::Duration;

/// Why a sandbox ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Cause {
    /// Init ended by itself: its last program had ended.
    Itself = 0,
    /// The client asked.
    Asked = 1,
    /// The wall clock limit.
    Wall = 2,
    /// The CPU time limit.
    Cpu = 3,
    /// The kernel's OOM killer, or the programs' own memory passed the limit.
    Memory = 4,
}

/// The end of a sandbox and what it had used. What could not be measured is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Which.
    pub key: u64,
    /// Why.
    pub cause: Cause,
    /// How many processes the kernel's OOM killer took.
    pub oom_kills: u64,
    /// CPU time in user mode.
    pub cpu_user: Option<Duration>,
    /// CPU time in kernel mode.
    pub cpu_system: Option<Duration>,
    /// Highest memory charged, disk included.
    pub memory_peak_bytes: Option<u64>,
    /// Most processes and threads, init not counted.
    pub pids_peak: Option<u64>,
}

/// What the warden tells its client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The sandbox is being built; what it got.
    Created {
        /// Which.
        key: u64,
        /// Whether its cgroup holds the limits.
        limited: bool,
        /// Host user id of its programs as the warden's user namespace sees it.
        program_id: u32,
        /// Whether init and programs have ids of their own.
        separate_ids: bool,
        /// Whether it is made in a template.
        template: bool,
        /// The number of its control group in the v2 tree.
        group: Option<u64>,
    },
    /// The limits of a parked sandbox are set.
    Bound {
        /// Which.
        key: u64,
    },
    /// It could not be built.
    Refused {
        /// Which.
        key: u64,
        /// The wall that is missing, when that is why.
        wall: Vec<u8>,
        /// The step and the reason.
        reason: Vec<u8>,
        /// `errno`, 0 for none.
        errno: u32,
    },
    /// It is gone, with all that was in it.
    Ended(Ended),
    /// What it holds now.
    Measured {
        /// Which.
        key: u64,
        /// Memory that only its end gives back, bytes: no cache of files.
        held_bytes: u64,
    },
}

fn option(w: &mut Writer, value: Option<u64>) {
    w.u8(value.is_some().into());
    w.u64(value.unwrap_or(0));
}

fn read_option(r: &mut Reader<'_>) -> Result<Option<u64>, Malformed> {
    let some = r.u8()? == 1;
    let value = r.u64()?;
    Ok(some.then_some(value))
}

fn micros(d: Option<Duration>) -> Option<u64> {
    d.map(|d| u64::try_from(d.as_micros()).unwrap_or(u64::MAX))
}

impl Reply {
    /// The client's number of the sandbox that it is about.
    pub fn key(&self) -> u64 {
        match self {
            Self::Created { key, .. }
            | Self::Refused { key, .. }
            | Self::Bound { key }
            | Self::Measured { key, .. } => *key,
            Self::Ended(ended) => ended.key,
        }
    }

    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        match self {
            Reply::Created {
                key,
                limited,
                program_id,
                separate_ids,
                template,
                group,
            } => {
                w.u8(1);
                w.u64(*key);
                w.u8((*limited).into());
                w.u32(*program_id);
                w.u8((*separate_ids).into());
                w.u8((*template).into());
                option(&mut w, *group);
            }
            Reply::Bound { key } => {
                w.u8(4);
                w.u64(*key);
            }
            Reply::Refused {
                key,
                wall,
                reason,
                errno,
            } => {
                w.u8(2);
                w.u64(*key);
                w.bytes(&wall[..wall.len().min(64)]);
                w.bytes(&reason[..reason.len().min(1024)]);
                w.u32(*errno);
            }
            Reply::Measured { key, held_bytes } => {
                w.u8(5);
                w.u64(*key);
                w.u64(*held_bytes);
            }
            Reply::Ended(e) => {
                w.u8(3);
                w.u64(e.key);
                w.u8(e.cause as u8);
                w.u64(e.oom_kills);
                for value in [
                    micros(e.cpu_user),
                    micros(e.cpu_system),
                    e.memory_peak_bytes,
                    e.pids_peak,
                ] {
                    option(&mut w, value);
                }
            }
        }
        w.finish()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let reply = match r.u8()? {
            1 => Reply::Created {
                key: r.u64()?,
                limited: r.u8()? == 1,
                program_id: r.u32()?,
                separate_ids: r.u8()? == 1,
                template: r.u8()? == 1,
                group: read_option(&mut r)?,
            },
            4 => Reply::Bound { key: r.u64()? },
            2 => Reply::Refused {
                key: r.u64()?,
                wall: r.bytes()?,
                reason: r.bytes()?,
                errno: r.u32()?,
            },
            3 => Reply::Ended(Ended {
                key: r.u64()?,
                cause: match r.u8()? {
                    0 => Cause::Itself,
                    1 => Cause::Asked,
                    2 => Cause::Wall,
                    3 => Cause::Cpu,
                    4 => Cause::Memory,
                    _ => return Err(Malformed::Range),
                },
                oom_kills: r.u64()?,
                cpu_user: read_option(&mut r)?.map(Duration::from_micros),
                cpu_system: read_option(&mut r)?.map(Duration::from_micros),
                memory_peak_bytes: read_option(&mut r)?,
                pids_peak: read_option(&mut r)?,
            }),
            5 => Reply::Measured {
                key: r.u64()?,
                held_bytes: r.u64()?,
            },
            _ => return Err(Malformed::Range),
        };
        r.end()?;
        Ok(reply)
    }
}
