//! From what a language needs to the walls of one kind of sandbox: the root filesystem, `/proc`,
//! Landlock, filters. Done once by trusted code before any sandbox of the kind is built.

mod apparmor;
mod etc;
mod landlock;
mod proc_view;
mod root;
mod setuid;

use crate::error::{AtStep, SandboxError};
use crate::seccomp;
use casemate_init::codec::{Malformed, Reader, Writer};
use casemate_init::plan::{MAX_PLAN_BYTES, Omitted, Plan, ZygotePlan};
use casemate_sys::memfd::{self, Kind};
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

pub use apparmor::{
    PROFILE_NAME as APPARMOR_PROFILE_NAME, PROFILE_TEXT as APPARMOR_PROFILE, is_loaded as is_apparmor_loaded,
};
pub use casemate_init::protocol::PROGRAM_ID;
pub use landlock::lacking as landlock_lacks;
pub(crate) use landlock::{nothing as landlock_nothing, own_folder};

/// Size of `/dev/shm`, bytes (the contract).
pub const SHM_BYTES: u64 = 64 << 20;
/// Where a node that waits for its program finds its gate.
pub const NODE_GATE: &str = "/.casemate/node.cjs";
/// The folder of our own files in a sandbox; nobody can list it.
pub const OUR_FOLDER: &str = "/.casemate";
/// Inodes of the disk (the contract).
pub const DISK_INODES: u64 = 16_384;

/// What one kind of sandbox is made for.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// Host folders beside `/usr` that are shown read-only at their own path.
    pub prefixes: Vec<PathBuf>,
    /// Host files and folders below `/etc` that the runtime reads.
    pub extra: Vec<PathBuf>,
    /// Where results of a slow look at the host may be kept; `None`: nowhere.
    pub cache_dir: Option<PathBuf>,
    /// The interpreter that forks this kind's programs, where it can: a profile of AppArmor is entered by exec alone.
    pub zygote: Option<ZygotePlan>,
    /// Files with their contents that the root has besides, for programs to find; none below the workspace.
    pub planted: Vec<(PathBuf, Vec<u8>)>,
    /// Whether a witness hears of the calls of each executed program ([`casemate_init::witness`]).
    pub witness: bool,
    /// Whether the gate at which started interpreters wait is shown.
    pub gate: bool,
    /// Walls left out; only a test build can.
    pub omitted: Omitted,
}

/// A host tree that each sandbox gets a read-only clone of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Absolute host path, its links resolved.
    pub path: PathBuf,
    /// Whether it is a device node, which must stay usable.
    pub device: bool,
}

/// One kind of sandbox, ready for the warden.
#[derive(Debug)]
pub struct Blueprint {
    /// The encoded plan, sealed.
    pub plan: OwnedFd,
    /// The trees of the plan, in its order.
    pub sources: Vec<Source>,
    /// What is left out.
    pub omitted: Omitted,
    /// Landlock ABI that the plan was made for.
    pub landlock_abi: u32,
    /// Whether programs enter the AppArmor profile.
    pub apparmor: bool,
    /// Whether an interpreter forks its programs.
    pub has_zygote: bool,
    /// Whether a witness stands beside its programs.
    pub has_witness: bool,
}

/// Most sources of a blueprint.
const MAX_SOURCES: usize = 256;
const MAX_SOURCES_BYTES: usize = 2 << 20;

/// The byte form of a list of sources.
pub(crate) fn encode_sources(sources: &[Source]) -> Vec<u8> {
    let mut w = Writer::default();
    w.list(sources, |w, source| {
        w.bytes(source.path.as_os_str().as_bytes());
        w.u8(source.device.into());
    });
    w.finish()
}

fn decode_sources(bytes: &[u8]) -> Result<Vec<Source>, Malformed> {
    let mut r = Reader::new(bytes);
    let sources = r.list(MAX_SOURCES, |r| {
        let path = PathBuf::from(OsString::from_vec(r.bytes()?));
        Ok(Source {
            path,
            device: r.u8()? == 1,
        })
    })?;
    r.end()?;
    if sources.iter().all(|s| s.path.is_absolute()) {
        Ok(sources)
    } else {
        Err(Malformed::Range)
    }
}

impl Blueprint {
    /// A second handle of the same blueprint, for the next warden.
    ///
    /// # Errors
    /// When no descriptor is to be had.
    pub fn try_clone(&self) -> std::io::Result<Self> {
        Ok(Self {
            plan: self.plan.try_clone()?,
            sources: self.sources.clone(),
            omitted: self.omitted,
            landlock_abi: self.landlock_abi,
            apparmor: self.apparmor,
            has_zygote: self.has_zygote,
            has_witness: self.has_witness,
        })
    }

    /// Takes a blueprint that a client sent: the plan, then the list of sources, both sealed.
    ///
    /// # Errors
    /// When either is not what it should be.
    pub(crate) fn receive(fds: Vec<OwnedFd>) -> Result<Self, SandboxError> {
        let malformed = || SandboxError::Protocol { peer: "client" };
        let [plan, sources] = <[OwnedFd; 2]>::try_from(fds).map_err(|_| malformed())?;
        let bytes =
            memfd::read_sealed(sources.as_fd(), MAX_SOURCES_BYTES).at(|| "read the sources".into())?;
        let sources = decode_sources(&bytes).map_err(|_| malformed())?;
        let bytes = memfd::read_sealed(plan.as_fd(), MAX_PLAN_BYTES).at(|| "read the plan".into())?;
        let decoded = Plan::decode(&bytes).map_err(|_| malformed())?;
        if decoded.tree_count() != sources.len() {
            return Err(malformed());
        }
        let landlock_abi = decoded.landlock.abi;
        let apparmor = !decoded.apparmor.is_empty();
        let has_zygote = decoded.zygote.is_some();
        let has_witness = !decoded.witness_filter.is_empty();
        Ok(Self {
            plan,
            sources,
            omitted: decoded.omitted,
            landlock_abi,
            apparmor,
            has_zygote,
            has_witness,
        })
    }
}

/// Draws up one kind of sandbox.
///
/// # Errors
/// When the host lacks what every sandbox needs, such as `/usr`.
pub fn draw(ground: &Ground) -> Result<Blueprint, SandboxError> {
    let tree = root::tree(ground)?;
    let landlock = landlock::ruleset(casemate_sys::landlock::abi(), &tree.readable);
    let apparmor = apparmor::is_loaded();
    let plan = Plan {
        host_name: b"sandbox".to_vec(),
        steps: tree.steps,
        proc: proc_view::view(),
        landlock,
        apparmor: if apparmor {
            apparmor::PROFILE_NAME.into()
        } else {
            Vec::new()
        },
        shm_bytes: SHM_BYTES,
        program_filter: seccomp::program().to_vec(),
        offline_filter: seccomp::program_offline().to_vec(),
        collector_filter: seccomp::collector().to_vec(),
        witness_filter: match ground.witness {
            true => seccomp::witness().to_vec(),
            false => Vec::new(),
        },
        zygote: ground.zygote.clone().filter(|_| !apparmor),
        omitted: ground.omitted,
    };
    let has_zygote = plan.zygote.is_some();
    let landlock_abi = plan.landlock.abi;
    let file = memfd::sealed("casemate-plan", Kind::Data, &plan.encode()).at(|| "seal the plan".into())?;
    Ok(Blueprint {
        plan: file,
        sources: tree.sources,
        omitted: ground.omitted,
        landlock_abi,
        apparmor,
        has_zygote,
        has_witness: ground.witness,
    })
}
