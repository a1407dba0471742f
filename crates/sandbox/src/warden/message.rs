//! The messages between the warden and its client: fixed size, numbers only. The warden parses
//! nothing of variable length from anyone; code, arguments, environment and files travel from the
//! client to init in sealed memory files that the warden never reads.

use casemate_init::codec::{Malformed, Reader, Writer};
use std::time::Duration;

/// Largest message to the warden, bytes.
pub const MAX_REQUEST_BYTES: usize = 128;
/// Largest message from the warden, bytes; only these carry text.
pub const MAX_REPLY_BYTES: usize = 2048;

/// Asks for one sandbox. One descriptor comes with it: init's control socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Create {
    /// The client's number for the sandbox, unique for the life of the warden.
    pub key: u64,
    /// Names the sandbox's cgroup.
    pub name: u128,
    /// Which of the warden's blueprints.
    pub blueprint: u32,
    /// Memory of the programs, bytes.
    pub memory_bytes: u64,
    /// Disk, bytes.
    pub disk_bytes: u64,
    /// Processes and threads, init not counted.
    pub pids: u32,
    /// CPU bandwidth in thousandths.
    pub cpu_millis: u32,
    /// Wall clock limit from [`Request::Arm`] on.
    pub wall: Duration,
    /// CPU time limit.
    pub cpu: Option<Duration>,
    /// How long init may take to end after it was told to, collection included.
    pub grace: Duration,
    /// Whether the loopback interface is brought up.
    pub loopback: bool,
}

/// What a client asks of the warden.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Take one more kind of sandbox. Two descriptors: the sealed plan, the sealed list of sources.
    /// Refused unless the warden was set up to take it.
    Blueprint,
    /// Take the image of init, one sealed descriptor; the client's first [`Request::Create`] precedes it.
    Image,
    /// Build a sandbox.
    Create(Create),
    /// Start its clocks: from here on the wall limit counts. Without it the limit counts from the
    /// building on, with ten seconds more.
    Arm {
        /// Which.
        key: u64,
    },
    /// End it. A sandbox that is gone already is no error.
    End {
        /// Which.
        key: u64,
    },
    /// Say what each sandbox holds: a [`Reply::Measured`] follows for each that can be measured.
    Measure,
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

impl Request {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        match self {
            Request::Create(c) => {
                w.u8(1);
                w.u64(c.key);
                w.u64((c.name >> 64) as u64);
                w.u64(c.name as u64);
                w.u32(c.blueprint);
                w.u64(c.memory_bytes);
                w.u64(c.disk_bytes);
                w.u32(c.pids);
                w.u32(c.cpu_millis);
                w.u64(millis(c.wall));
                w.u64(c.cpu.map_or(0, millis));
                w.u64(millis(c.grace));
                w.u8(c.loopback.into());
            }
            Request::Blueprint => w.u8(4),
            Request::Image => w.u8(5),
            Request::Measure => w.u8(6),
            Request::Arm { key } => {
                w.u8(2);
                w.u64(*key);
            }
            Request::End { key } => {
                w.u8(3);
                w.u64(*key);
            }
        }
        w.finish()
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`Malformed`], also for a limit of 0 or above its maximum.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let request = match r.u8()? {
            1 => Request::Create(decode_create(&mut r)?),
            2 => Request::Arm { key: r.u64()? },
            3 => Request::End { key: r.u64()? },
            4 => Request::Blueprint,
            5 => Request::Image,
            6 => Request::Measure,
            _ => return Err(Malformed::Range),
        };
        r.end()?;
        Ok(request)
    }
}

fn decode_create(r: &mut Reader<'_>) -> Result<Create, Malformed> {
    let create = Create {
        key: r.u64()?,
        name: u128::from(r.u64()?) << 64 | u128::from(r.u64()?),
        blueprint: r.u32()?,
        memory_bytes: r.u64()?,
        disk_bytes: r.u64()?,
        pids: r.u32()?,
        cpu_millis: r.u32()?,
        wall: Duration::from_millis(r.u64()?),
        cpu: Some(r.u64()?).filter(|ms| *ms > 0).map(Duration::from_millis),
        grace: Duration::from_millis(r.u64()?),
        loopback: match r.u8()? {
            0 => false,
            1 => true,
            _ => return Err(Malformed::Range),
        },
    };
    let some = create.memory_bytes > 0 && create.disk_bytes > 0 && create.pids > 0 && create.cpu_millis > 0;
    let bounded = create.memory_bytes.max(create.disk_bytes) <= MAX_BYTES
        && create.pids <= MAX_PIDS
        && create.cpu_millis <= MAX_CPU_MILLIS;
    let timed = !create.wall.is_zero() && create.wall <= MAX_WALL && create.grace <= MAX_GRACE;
    if some && bounded && timed {
        Ok(create)
    } else {
        Err(Malformed::Range)
    }
}

/// Most memory, and most disk, that the warden takes; sums of both stay far from the end of a number.
pub const MAX_BYTES: u64 = 1 << 50;
/// Most processes that the warden takes: more than a 64-bit kernel can have (proc_sys_kernel(5), `pid_max`).
pub const MAX_PIDS: u32 = 1 << 22;
/// Most CPU bandwidth that the warden takes: 4,000 CPUs.
pub const MAX_CPU_MILLIS: u32 = 4_000_000;
/// Longest wall clock limit that the warden takes.
pub const MAX_WALL: Duration = Duration::from_secs(24 * 3600);
/// Longest grace that the warden takes.
pub const MAX_GRACE: Duration = Duration::from_secs(30);

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
            Self::Created { key, .. } | Self::Refused { key, .. } | Self::Measured { key, .. } => *key,
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
            } => {
                w.u8(1);
                w.u64(*key);
                w.u8((*limited).into());
                w.u32(*program_id);
                w.u8((*separate_ids).into());
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
                w.u8(4);
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
            },
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
            4 => Reply::Measured {
                key: r.u64()?,
                held_bytes: r.u64()?,
            },
            _ => return Err(Malformed::Range),
        };
        r.end()?;
        Ok(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn create() -> Create {
        Create {
            key: 1,
            name: u128::MAX - 7,
            blueprint: 2,
            memory_bytes: 3,
            disk_bytes: 4,
            pids: 5,
            cpu_millis: 6,
            wall: Duration::from_millis(7),
            cpu: None,
            grace: Duration::from_millis(8),
            loopback: true,
        }
    }

    #[test]
    fn requests_read_back_and_numbers_out_of_range_are_refused() {
        for request in [
            Request::Create(create()),
            Request::Blueprint,
            Request::Image,
            Request::Measure,
            Request::Arm { key: 9 },
            Request::End { key: 10 },
        ] {
            let bytes = request.encode();
            assert!(bytes.len() <= MAX_REQUEST_BYTES);
            assert_eq!(Request::decode(&bytes), Ok(request));
        }
        let out_of_range = [
            Create {
                memory_bytes: 0,
                ..create()
            },
            Create {
                disk_bytes: 0,
                ..create()
            },
            Create { pids: 0, ..create() },
            Create {
                cpu_millis: 0,
                ..create()
            },
            Create {
                wall: Duration::ZERO,
                ..create()
            },
            Create {
                wall: MAX_WALL * 2,
                ..create()
            },
            Create {
                memory_bytes: MAX_BYTES + 1,
                ..create()
            },
            Create {
                disk_bytes: u64::MAX,
                ..create()
            },
            Create {
                pids: u32::MAX,
                ..create()
            },
            Create {
                cpu_millis: MAX_CPU_MILLIS + 1,
                ..create()
            },
        ];
        let most = Create {
            memory_bytes: MAX_BYTES,
            disk_bytes: MAX_BYTES,
            pids: MAX_PIDS,
            cpu_millis: MAX_CPU_MILLIS,
            ..create()
        };
        let bytes = Request::Create(most).encode();
        assert_eq!(Request::decode(&bytes), Ok(Request::Create(most)));
        for bad in out_of_range {
            assert_eq!(
                Request::decode(&Request::Create(bad).encode()),
                Err(Malformed::Range),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn replies_read_back() {
        let ended = Ended {
            key: 1,
            cause: Cause::Cpu,
            oom_kills: 2,
            cpu_user: Some(Duration::from_micros(3)),
            cpu_system: None,
            memory_peak_bytes: Some(4),
            pids_peak: None,
        };
        let refused = Reply::Refused {
            key: 1,
            wall: b"cgroup".to_vec(),
            reason: b"why".to_vec(),
            errno: 13,
        };
        let created = Reply::Created {
            key: 1,
            limited: true,
            program_id: 7,
            separate_ids: false,
        };
        let measured = Reply::Measured {
            key: 1,
            held_bytes: 5,
        };
        for reply in [Reply::Ended(ended), refused, created, measured] {
            assert_eq!(Reply::decode(&reply.encode()), Ok(reply));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
            let _ = (Request::decode(&bytes), Reply::decode(&bytes));
        }
    }
}
