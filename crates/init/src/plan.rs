//! The plan: everything about a sandbox's walls that is fixed before it is built.
//!
//! The warden's owner writes it once for each kind of sandbox; init reads it from a sealed memory
//! file. What differs between two sandboxes of one kind is in [`crate::protocol::Release`].

use crate::codec::{Malformed, Reader, Writer};
use alloc::vec::Vec;

/// Largest encoded plan, bytes.
pub const MAX_PLAN_BYTES: usize = 4 << 20;
/// Most steps in a plan.
pub const MAX_STEPS: usize = 4096;
const MAX_RULES: usize = 256;
const MAX_WORDS: usize = 64;
const MAGIC: u32 = 0x4353_4d31;

/// One step of building the root filesystem; paths are relative to it, without `..`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Make a folder with this mode.
    Dir {
        /// Where.
        path: Vec<u8>,
        /// Permission bits.
        mode: u32,
    },
    /// Make a symbolic link.
    Link {
        /// Where.
        path: Vec<u8>,
        /// What it says.
        target: Vec<u8>,
    },
    /// Make a file with this content, mode 0444.
    File {
        /// Where.
        path: Vec<u8>,
        /// Its bytes.
        content: Vec<u8>,
    },
    /// Attach the next inherited tree at this folder or file, which earlier steps made.
    Tree {
        /// Where.
        path: Vec<u8>,
    },
    /// Cover what lies at this path inside a tree by an empty file, if it is there.
    Hide {
        /// Where.
        path: Vec<u8>,
    },
}

/// How `/proc` looks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProcView {
    /// Top-level entries that stay as they are; process folders always do.
    pub keep: Vec<Vec<u8>>,
    /// Top-level entries replaced by the file or folder of this name in `.casemate/proc` of the new
    /// root, which the steps make.
    pub replace: Vec<(Vec<u8>, Vec<u8>)>,
}

/// File rights on a path and all beneath it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathRule {
    /// Absolute path in the sandbox; a path that is not there is skipped.
    pub path: Vec<u8>,
    /// `LANDLOCK_ACCESS_FS_*`.
    pub allowed: u64,
}

/// The Landlock ruleset of the user's programs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Landlock {
    /// ABI the rules were made for; 0 leaves the layer out (and the result says so).
    pub abi: u32,
    /// File rights that are handled.
    pub files: u64,
    /// TCP rights that are handled when there is no network.
    pub network: u64,
    /// Scopes.
    pub scopes: u64,
    /// The rules.
    pub rules: Vec<PathRule>,
}

/// A wall that a test build can leave out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
#[expect(missing_docs, reason = "the names are those of the layers")]
pub enum Wall {
    User = 1 << 0,
    Pid = 1 << 1,
    Mount = 1 << 2,
    Net = 1 << 3,
    Ipc = 1 << 4,
    Uts = 1 << 5,
    CgroupNamespace = 1 << 6,
    Time = 1 << 7,
    Cgroup = 1 << 8,
    Seccomp = 1 << 9,
    Landlock = 1 << 10,
    Capabilities = 1 << 11,
    NoNewPrivileges = 1 << 12,
    ProcMask = 1 << 13,
    ResourceLimits = 1 << 14,
    ClosedDescriptors = 1 << 15,
    Dumpable = 1 << 16,
    CollectorFilter = 1 << 17,
}

impl Wall {
    /// Every wall with the name that the test flag takes.
    pub const ALL: [(&'static str, Wall); 18] = [
        ("user", Wall::User),
        ("pid", Wall::Pid),
        ("mount", Wall::Mount),
        ("net", Wall::Net),
        ("ipc", Wall::Ipc),
        ("uts", Wall::Uts),
        ("cgroup-ns", Wall::CgroupNamespace),
        ("time", Wall::Time),
        ("cgroup", Wall::Cgroup),
        ("seccomp", Wall::Seccomp),
        ("landlock", Wall::Landlock),
        ("capabilities", Wall::Capabilities),
        ("no-new-privs", Wall::NoNewPrivileges),
        ("proc-mask", Wall::ProcMask),
        ("rlimits", Wall::ResourceLimits),
        ("closed-descriptors", Wall::ClosedDescriptors),
        ("dumpable", Wall::Dumpable),
        ("collector-filter", Wall::CollectorFilter),
    ];
}

/// A set of walls to leave out. In a product build it is always empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Omitted(u32);

impl Omitted {
    /// Whether this build can leave walls out at all.
    pub const POSSIBLE: bool = cfg!(feature = "test-omit-walls");

    /// Adds a wall by its name; false when the name is unknown.
    pub fn add(&mut self, name: &str) -> bool {
        let found = Wall::ALL.iter().find(|(n, _)| *n == name);
        if let Some((_, wall)) = found {
            self.0 |= *wall as u32;
        }
        found.is_some()
    }

    /// Whether a wall is to be left out. Constant false in a product build.
    pub fn has(self, wall: Wall) -> bool {
        Self::POSSIBLE && self.0 & wall as u32 != 0
    }
}

/// The started interpreter that forks the programs of a kind of sandbox.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ZygotePlan {
    /// Absolute path of the interpreter in the sandbox.
    pub program: Vec<u8>,
    /// Its arguments, its name first; the program's file is the second.
    pub argv: Vec<Vec<u8>>,
    /// Modules that it loads first.
    pub preloads: Vec<Vec<u8>>,
}

/// The plan of one kind of sandbox.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Host name inside.
    pub host_name: Vec<u8>,
    /// The root filesystem, in order.
    pub steps: Vec<Step>,
    /// The view of `/proc`.
    pub proc: ProcView,
    /// Landlock.
    pub landlock: Landlock,
    /// AppArmor profile to enter at exec; empty for none.
    pub apparmor: Vec<u8>,
    /// Size of `/dev/shm`, bytes.
    pub shm_bytes: u64,
    /// Seccomp filter of the user's programs, with loopback.
    pub program_filter: Vec<u8>,
    /// The same for programs without a network.
    pub offline_filter: Vec<u8>,
    /// Seccomp filter of the collector of output files.
    pub collector_filter: Vec<u8>,
    /// Seccomp filter of the witness that stands beside each executed program; empty where none does.
    pub witness_filter: Vec<u8>,
    /// The interpreter that forks this kind's programs, if there is one.
    pub zygote: Option<ZygotePlan>,
    /// Walls left out.
    pub omitted: Omitted,
}

impl Step {
    fn encode(&self, w: &mut Writer) {
        match self {
            Step::Dir { path, mode } => {
                w.u8(0);
                w.bytes(path);
                w.u32(*mode);
            }
            Step::Link { path, target } => {
                w.u8(1);
                w.bytes(path);
                w.bytes(target);
            }
            Step::File { path, content } => {
                w.u8(2);
                w.bytes(path);
                w.bytes(content);
            }
            Step::Tree { path } => {
                w.u8(3);
                w.bytes(path);
            }
            Step::Hide { path } => {
                w.u8(4);
                w.bytes(path);
            }
        }
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match r.u8()? {
            0 => Step::Dir {
                path: r.bytes()?,
                mode: r.u32()?,
            },
            1 => Step::Link {
                path: r.bytes()?,
                target: r.bytes()?,
            },
            2 => Step::File {
                path: r.bytes()?,
                content: r.bytes()?,
            },
            3 => Step::Tree { path: r.bytes()? },
            4 => Step::Hide { path: r.bytes()? },
            _ => return Err(Malformed::Range),
        })
    }
}

impl Plan {
    /// How many inherited trees the steps consume.
    pub fn tree_count(&self) -> usize {
        self.steps
            .iter()
            .filter(|s| matches!(s, Step::Tree { .. }))
            .count()
    }

    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u32(MAGIC);
        w.bytes(&self.host_name);
        w.list(&self.steps, |w, s| s.encode(w));
        w.list(&self.proc.keep, |w, k| w.bytes(k));
        w.list(&self.proc.replace, |w, (name, by)| {
            w.bytes(name);
            w.bytes(by);
        });
        w.u32(self.landlock.abi);
        w.u64(self.landlock.files);
        w.u64(self.landlock.network);
        w.u64(self.landlock.scopes);
        w.list(&self.landlock.rules, |w, rule| {
            w.bytes(&rule.path);
            w.u64(rule.allowed);
        });
        w.bytes(&self.apparmor);
        w.u64(self.shm_bytes);
        w.bytes(&self.program_filter);
        w.bytes(&self.offline_filter);
        w.bytes(&self.collector_filter);
        w.bytes(&self.witness_filter);
        w.u8(self.zygote.is_some().into());
        if let Some(zygote) = &self.zygote {
            w.bytes(&zygote.program);
            w.list(&zygote.argv, |w, word| w.bytes(word));
            w.list(&zygote.preloads, |w, name| w.bytes(name));
        }
        w.u32(self.omitted.0);
        w.finish()
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`Malformed`], also when a product build is asked to leave a wall out.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        if r.u32()? != MAGIC {
            return Err(Malformed::Range);
        }
        let plan = Plan {
            host_name: r.bytes()?,
            steps: r.list(MAX_STEPS, Step::decode)?,
            proc: ProcView {
                keep: r.list(MAX_RULES, |r| r.bytes())?,
                replace: r.list(MAX_RULES, |r| Ok((r.bytes()?, r.bytes()?)))?,
            },
            landlock: Landlock {
                abi: r.u32()?,
                files: r.u64()?,
                network: r.u64()?,
                scopes: r.u64()?,
                rules: r.list(MAX_RULES, |r| {
                    Ok(PathRule {
                        path: r.bytes()?,
                        allowed: r.u64()?,
                    })
                })?,
            },
            apparmor: r.bytes()?,
            shm_bytes: r.u64()?,
            program_filter: r.bytes()?,
            offline_filter: r.bytes()?,
            collector_filter: r.bytes()?,
            witness_filter: r.bytes()?,
            zygote: match r.u8()? {
                0 => None,
                1 => Some(ZygotePlan {
                    program: r.bytes()?,
                    argv: r.list(MAX_WORDS, |r| r.bytes())?,
                    preloads: r.list(MAX_WORDS, |r| r.bytes())?,
                }),
                _ => return Err(Malformed::Range),
            },
            omitted: Omitted(r.u32()?),
        };
        r.end()?;
        if !Omitted::POSSIBLE && plan.omitted != Omitted::default() {
            return Err(Malformed::Range);
        }
        Ok(plan)
    }
}
