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
    /// Made ahead of its use: no clock runs before [`Request::Bind`], which also sets its limits anew.
    pub parked: bool,
    /// Made in a template, where the blueprint has a zygote; the reply says whether it was.
    pub template: bool,
}

/// What is decided about a sandbox when it is put to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bind {
    /// Which.
    pub key: u64,
    /// Memory limit of the programs, bytes.
    pub memory_bytes: u64,
    /// Most processes and threads of the programs.
    pub pids: u32,
    /// CPU bandwidth in thousandths.
    pub cpu_millis: u32,
    /// Wall clock limit from [`Request::Arm`] on.
    pub wall: Duration,
    /// CPU time limit.
    pub cpu: Option<Duration>,
    /// How long init may take to end after it was told to, collection included.
    pub grace: Duration,
}

impl From<&Create> for Bind {
    fn from(create: &Create) -> Self {
        Self {
            key: create.key,
            memory_bytes: create.memory_bytes,
            pids: create.pids,
            cpu_millis: create.cpu_millis,
            wall: create.wall,
            cpu: create.cpu,
            grace: create.grace,
        }
    }
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
    /// Set the limits of a parked sandbox. Where those of its group change, [`Reply::Bound`] answers; or a refusal, and
    /// the sandbox ends.
    Bind(Bind),
    /// Start its clocks: from here on the wall limit counts. Without it the limit counts from the
    /// building on, with ten seconds more.
    Arm {
        /// Which.
        key: u64,
    },
    /// Its programs are dead, as its init has said: [`Reply::Ended`] answers at once, and init ends meanwhile.
    Settle {
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
                for b in [c.loopback, c.parked, c.template] {
                    w.u8(b.into());
                }
            }
            Request::Bind(b) => {
                w.u8(6);
                w.u64(b.key);
                w.u64(b.memory_bytes);
                w.u32(b.pids);
                w.u32(b.cpu_millis);
                w.u64(millis(b.wall));
                w.u64(b.cpu.map_or(0, millis));
                w.u64(millis(b.grace));
            }
            Request::Blueprint => w.u8(4),
            Request::Image => w.u8(5),
            Request::Measure => w.u8(7),
            Request::Arm { key } => {
                w.u8(2);
                w.u64(*key);
            }
            Request::Settle { key } => {
                w.u8(8);
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
            6 => Request::Bind(decode_bind(&mut r)?),
            7 => Request::Measure,
            8 => Request::Settle { key: r.u64()? },
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
        loopback: flag(r)?,
        parked: flag(r)?,
        template: flag(r)?,
    };
    let has_disk = (1..=MAX_BYTES).contains(&create.disk_bytes);
    match has_disk && Bind::from(&create).is_bounded() {
        true => Ok(create),
        false => Err(Malformed::Range),
    }
}

fn flag(r: &mut Reader<'_>) -> Result<bool, Malformed> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed::Range),
    }
}

fn decode_bind(r: &mut Reader<'_>) -> Result<Bind, Malformed> {
    let bind = Bind {
        key: r.u64()?,
        memory_bytes: r.u64()?,
        pids: r.u32()?,
        cpu_millis: r.u32()?,
        wall: Duration::from_millis(r.u64()?),
        cpu: Some(r.u64()?).filter(|ms| *ms > 0).map(Duration::from_millis),
        grace: Duration::from_millis(r.u64()?),
    };
    match bind.is_bounded() {
        true => Ok(bind),
        false => Err(Malformed::Range),
    }
}

impl Bind {
    fn is_bounded(&self) -> bool {
        (1..=MAX_BYTES).contains(&self.memory_bytes)
            && (1..=MAX_PIDS).contains(&self.pids)
            && (1..=MAX_CPU_MILLIS).contains(&self.cpu_millis)
            && !self.wall.is_zero()
            && self.wall <= MAX_WALL
            && self.grace <= MAX_GRACE
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
        /// Whether it is made in a template.
        template: bool,
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
            } => {
                w.u8(1);
                w.u64(*key);
                w.u8((*limited).into());
                w.u32(*program_id);
                w.u8((*separate_ids).into());
                w.u8((*template).into());
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
            parked: true,
            template: false,
        }
    }

    fn bind() -> Bind {
        Bind {
            key: 1,
            memory_bytes: 2,
            pids: 3,
            cpu_millis: 4,
            wall: Duration::from_millis(5),
            cpu: Some(Duration::from_millis(6)),
            grace: Duration::ZERO,
        }
    }

    #[test]
    fn a_limit_out_of_range_cannot_be_bound() {
        let wrong = [
            Bind {
                memory_bytes: 0,
                ..bind()
            },
            Bind {
                pids: MAX_PIDS + 1,
                ..bind()
            },
            Bind {
                cpu_millis: 0,
                ..bind()
            },
            Bind {
                wall: MAX_WALL * 2,
                ..bind()
            },
            Bind {
                grace: MAX_GRACE * 2,
                ..bind()
            },
        ];
        for bind in wrong {
            let bytes = Request::Bind(bind).encode();
            assert_eq!(Request::decode(&bytes), Err(Malformed::Range), "{bind:?}");
        }
    }

    #[test]
    fn requests_read_back_and_numbers_out_of_range_are_refused() {
        for request in [
            Request::Create(create()),
            Request::Bind(bind()),
            Request::Blueprint,
            Request::Image,
            Request::Measure,
            Request::Arm { key: 9 },
            Request::Settle { key: 11 },
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
            template: true,
        };
        let measured = Reply::Measured {
            key: 1,
            held_bytes: 5,
        };
        for reply in [
            Reply::Ended(ended),
            refused,
            created,
            measured,
            Reply::Bound { key: 9 },
        ] {
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
