//! The messages of init's two sockets. Both keep message boundaries; descriptors travel beside the
//! bytes.
//!
//! - *sync*, to the warden: [`Release`] comes in, then nothing; its end says that the warden died.
//! - *control*, to the caller: [`Request`] comes in, [`Event`] goes out. Many spawns can live at once.

use crate::codec::{Malformed, Reader, Writer};
use alloc::vec::Vec;

/// Largest message on either socket, bytes.
pub const MAX_MESSAGE_BYTES: usize = 4096;
/// Descriptor on which init finds its plan.
pub const PLAN_FD: i32 = 3;
/// Descriptor of the socket to the warden.
pub const SYNC_FD: i32 = 4;
/// Descriptor of the socket to the caller.
pub const CONTROL_FD: i32 = 5;
/// User and group id of the programs, as seen inside.
pub const PROGRAM_ID: u32 = 1000;
/// First descriptor of the inherited trees.
pub const TREES_FD: i32 = 6;

/// What differs between two sandboxes of one plan; the warden sends it once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Release {
    /// User and group id of the programs, as seen inside.
    pub program_id: u32,
    /// Whether init has an id of its own, so that programs cannot touch it.
    pub separate_ids: bool,
    /// Memory limit of the programs, bytes; what `/proc/meminfo` says.
    pub memory_bytes: u64,
    /// Bytes of the tmpfs for `/tmp` and `/workspace`.
    pub disk_bytes: u64,
    /// Inodes of that tmpfs.
    pub inodes: u64,
    /// Whether the loopback interface is brought up.
    pub loopback: bool,
    /// Whether this is a template, in which sandboxes are made ([`crate::mason`]); the zygote's library may come along.
    pub template: bool,
}

impl Release {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u32(self.program_id);
        w.u8(self.separate_ids.into());
        w.u64(self.memory_bytes);
        w.u64(self.disk_bytes);
        w.u64(self.inodes);
        w.u8(self.loopback.into());
        w.u8(self.template.into());
        w.finish()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let release = Release {
            program_id: r.u32()?,
            separate_ids: flag(r.u8()?)?,
            memory_bytes: r.u64()?,
            disk_bytes: r.u64()?,
            inodes: r.u64()?,
            loopback: flag(r.u8()?)?,
            template: flag(r.u8()?)?,
        };
        r.end()?;
        Ok(release)
    }
}

fn flag(byte: u8) -> Result<bool, Malformed> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed::Range),
    }
}

/// What is to become a program. What is not there, or cannot, makes room for an exec.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum By {
    /// A new process.
    #[default]
    Exec = 0,
    /// A child of the zygote, one that is asked for at the latest now.
    Fork = 1,
    /// The worker that waits.
    Worker = 2,
}

/// What the caller asks of init. Spawn ids are the caller's, unique among living spawns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Have something ready behind its walls for a later spawn: a child of the zygote, or a worker
    /// ([`crate::worker`]). [`Event::Warm`] answers. Descriptor, when `worker`: the worker's spec.
    Warm {
        /// A worker and no child.
        worker: bool,
    },
    /// Start a program. Descriptors: the spec; then the collect spec when `collects`; then a
    /// terminal when `terminal` (else init makes pipes and sends their far ends).
    Spawn {
        /// The caller's id for it.
        spawn: u32,
        /// When it ends, everything else in the sandbox is killed and init ends.
        last: bool,
        /// A collect spec comes with it, for when everything is dead.
        collects: bool,
        /// Standard input is empty instead of a pipe.
        no_stdin: bool,
        /// A terminal comes with it.
        terminal: bool,
        /// What is to become it, if it is there.
        by: By,
        /// What `/proc/meminfo` is to say from now on, bytes; 0 leaves it.
        memory_bytes: u64,
    },
    /// Send a signal to a spawn's process group.
    Signal {
        /// Which spawn.
        spawn: u32,
        /// Signal number, 1 to 64.
        signal: u8,
    },
    /// Kill everything and end.
    End,
}

impl Request {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        match *self {
            Request::Spawn {
                spawn,
                last,
                collects,
                no_stdin,
                terminal,
                by,
                memory_bytes,
            } => {
                w.u8(1);
                w.u32(spawn);
                for b in [last, collects, no_stdin, terminal] {
                    w.u8(b.into());
                }
                w.u8(by as u8);
                w.u64(memory_bytes);
            }
            Request::Warm { worker } => {
                w.u8(4);
                w.u8(worker.into());
            }
            Request::Signal { spawn, signal } => {
                w.u8(2);
                w.u32(spawn);
                w.u8(signal);
            }
            Request::End => w.u8(3),
        }
        w.finish()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let request = match r.u8()? {
            1 => Request::Spawn {
                spawn: r.u32()?,
                last: flag(r.u8()?)?,
                collects: flag(r.u8()?)?,
                no_stdin: flag(r.u8()?)?,
                terminal: flag(r.u8()?)?,
                by: match r.u8()? {
                    0 => By::Exec,
                    1 => By::Fork,
                    2 => By::Worker,
                    _ => return Err(Malformed::Range),
                },
                memory_bytes: r.u64()?,
            },
            4 => Request::Warm {
                worker: flag(r.u8()?)?,
            },
            2 => Request::Signal {
                spawn: r.u32()?,
                signal: r.u8()?,
            },
            3 => Request::End,
            _ => return Err(Malformed::Range),
        };
        r.end()?;
        Ok(request)
    }
}

/// How a program came to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Made {
    /// Executed.
    Executed = 0,
    /// Forked from a zygote when it was asked for.
    Forked = 1,
    /// Ready before it was asked for.
    Waiting = 2,
}

/// What init tells the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The walls stand; `layers` says what init itself found in force.
    Ready {
        /// Landlock ABI in force; 0 when it is missing.
        landlock_abi: u32,
        /// Whether init has an id of its own.
        separate_ids: bool,
    },
    /// Whether what was to be ready is; if not, later spawns execute.
    Warm {
        /// Whether it is.
        ready: bool,
    },
    /// The program runs. Descriptors, without a terminal: standard output and standard error to
    /// read; then standard input to write unless it is empty; then the stream of the witness
    /// ([`crate::witness`]) where the plan has one.
    Started {
        /// Which spawn.
        spawn: u32,
        /// How it came to be.
        made: Made,
    },
    /// The program ended.
    Exited {
        /// Which spawn.
        spawn: u32,
        /// Its exit code, when it called exit.
        code: Option<u8>,
        /// The signal that ended it otherwise.
        signal: u8,
    },
    /// Every program is dead. One descriptor when files are being collected: the stream of
    /// [`crate::stream`].
    Quiet {
        /// Bytes in use on the tmpfs, the most that was seen.
        disk_peak_bytes: u64,
        /// The tmpfs had neither a free page nor, or a free inode.
        disk_full: bool,
        /// Bytes that went through the loopback interface.
        network_bytes: u64,
    },
    /// A step failed; for spawn 0 the walls themselves.
    Failed {
        /// Which spawn; 0 for the building of the walls.
        spawn: u32,
        /// The step.
        step: Vec<u8>,
        /// `errno`.
        errno: u32,
    },
}

impl Event {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        match self {
            Event::Ready {
                landlock_abi,
                separate_ids,
            } => {
                w.u8(1);
                w.u32(*landlock_abi);
                w.u8((*separate_ids).into());
            }
            Event::Started { spawn, made } => {
                w.u8(2);
                w.u32(*spawn);
                w.u8(*made as u8);
            }
            Event::Warm { ready } => {
                w.u8(6);
                w.u8((*ready).into());
            }
            Event::Exited { spawn, code, signal } => {
                w.u8(3);
                w.u32(*spawn);
                w.u8(code.is_some().into());
                w.u8(code.unwrap_or(0));
                w.u8(*signal);
            }
            Event::Quiet {
                disk_peak_bytes,
                disk_full,
                network_bytes,
            } => {
                w.u8(4);
                w.u64(*disk_peak_bytes);
                w.u8((*disk_full).into());
                w.u64(*network_bytes);
            }
            Event::Failed { spawn, step, errno } => {
                w.u8(5);
                w.u32(*spawn);
                w.bytes(&step[..step.len().min(512)]);
                w.u32(*errno);
            }
        }
        w.finish()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let event = match r.u8()? {
            1 => Event::Ready {
                landlock_abi: r.u32()?,
                separate_ids: flag(r.u8()?)?,
            },
            2 => Event::Started {
                spawn: r.u32()?,
                made: match r.u8()? {
                    0 => Made::Executed,
                    1 => Made::Forked,
                    2 => Made::Waiting,
                    _ => return Err(Malformed::Range),
                },
            },
            6 => Event::Warm {
                ready: flag(r.u8()?)?,
            },
            3 => {
                let spawn = r.u32()?;
                let exited = flag(r.u8()?)?;
                let code = r.u8()?;
                Event::Exited {
                    spawn,
                    code: exited.then_some(code),
                    signal: r.u8()?,
                }
            }
            4 => Event::Quiet {
                disk_peak_bytes: r.u64()?,
                disk_full: flag(r.u8()?)?,
                network_bytes: r.u64()?,
            },
            5 => Event::Failed {
                spawn: r.u32()?,
                step: r.bytes()?,
                errno: r.u32()?,
            },
            _ => return Err(Malformed::Range),
        };
        r.end()?;
        Ok(event)
    }
}
