//! The messages between the warden and its client: fixed size, numbers only. The warden parses
//! nothing of variable length from anyone; code, arguments, environment and files travel from the
//! client to init in sealed memory files that the warden never reads.

mod reply;

use casemate_init::codec::{Malformed, Reader, Writer};
use std::time::Duration;

pub use reply::{Cause, Ended, Reply};

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

#[cfg(test)]
mod tests;
