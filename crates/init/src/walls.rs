//! The last walls around one program, put up by the program's own process right before exec:
//! limits, identity, capabilities, no_new_privs, Landlock, and at the very end seccomp.

use crate::build::{AtStep, StepError};
use crate::plan::{Landlock, Plan, Wall};
use crate::protocol::Release;
use crate::spec::ProcessLimits;
use crate::witness::Witness;
use alloc::format;
use alloc::string::String;
use casemate_sys::fs::{self, Resolve};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::resource::{self, limit, limit_of};
use casemate_sys::{credentials, landlock, libc, seccomp};

/// Makes the sandbox the first victim of an OOM killer (proc_pid_oom_score_adj(5)). Within it the
/// largest process goes first, which init never is.
const OOM_SCORE_ADJ: &[u8] = b"900";
/// File rights that make sense on a file; the others need a folder.
const FILE_RIGHTS: u64 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15;

/// Makes the ruleset once; every spawn puts itself behind it. `None` when the layer is missing.
pub fn ruleset(plan: &Plan, release: &Release) -> Result<Option<OwnedFd>, StepError> {
    let wanted = &plan.landlock;
    if wanted.abi == 0 || plan.omitted.has(Wall::Landlock) {
        return Ok(None);
    }
    let handled = landlock::Handled {
        files: wanted.files,
        network: if release.loopback { 0 } else { wanted.network },
        scopes: wanted.scopes,
    };
    let ruleset = landlock::create(&handled, wanted.abi).at(|| "make the Landlock ruleset".into())?;
    add_rules(wanted, ruleset.as_fd())?;
    Ok(Some(ruleset))
}

fn add_rules(wanted: &Landlock, ruleset: BorrowedFd<'_>) -> Result<(), StepError> {
    for rule in &wanted.rules {
        let name = || format!("allow {} by Landlock", String::from_utf8_lossy(&rule.path));
        let path = match fs::open_at(None, &rule.path, libc::O_PATH, 0, Resolve::Host) {
            Ok(path) => path,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e).at(name),
        };
        let is_dir = fs::status(path.as_fd()).at(name)?.st_mode & libc::S_IFMT == libc::S_IFDIR;
        let allowed = rule.allowed & wanted.files & if is_dir { u64::MAX } else { FILE_RIGHTS };
        landlock::allow_beneath(ruleset, path.as_fd(), allowed).at(name)?;
    }
    Ok(())
}

/// Raises the OOM score of init, before it becomes undumpable and so unable to; programs inherit it.
pub fn raise_oom_score() -> Result<(), StepError> {
    fs::write_existing(b"/proc/self/oom_score_adj", OOM_SCORE_ADJ).at(|| "raise oom_score_adj".into())
}

/// Sets the limits of this process and its children that are the same for every program.
pub fn set_fixed_limits(plan: &Plan) -> Result<(), StepError> {
    let rows = [
        // 1 and not 0: a core_pattern that pipes ignores 0, but gives up at 1 (do_coredump, fs/coredump.c).
        // The filter keeps programs from changing it.
        (resource::RLIMIT_CORE, 1),
        (resource::RLIMIT_MEMLOCK, 8 << 20),
        (resource::RLIMIT_MSGQUEUE, 0),
        (resource::RLIMIT_SIGPENDING, 4096),
        (resource::RLIMIT_RTPRIO, 0),
        (resource::RLIMIT_NICE, 0),
    ];
    if plan.omitted.has(Wall::ResourceLimits) {
        return Ok(());
    }
    rows.into_iter()
        .try_for_each(|(which, most)| limit(which, most, most).at(|| format!("set resource limit {which}")))
}

/// Sets the limits of this process and its children that differ from program to program. `counts` is what
/// [`counts_per_namespace`] says.
pub fn set_limits(
    limits: &ProcessLimits,
    plan: &Plan,
    release: &Release,
    counts: bool,
) -> Result<(), StepError> {
    set_limits_of(0, limits, plan, release, counts)
}

/// As [`set_limits`], of another process with our ids; 0 is this one.
pub fn set_limits_of(
    pid: i32,
    limits: &ProcessLimits,
    plan: &Plan,
    release: &Release,
    counts: bool,
) -> Result<(), StepError> {
    if plan.omitted.has(Wall::ResourceLimits) {
        return Ok(());
    }
    let cpu = if limits.cpu_seconds == 0 {
        u64::MAX
    } else {
        limits.cpu_seconds
    };
    // Init counts where it shares the programs' id.
    let processes = limits.processes + u64::from(!release.separate_ids);
    let rows = [
        (resource::RLIMIT_NOFILE, limits.open_files, limits.open_files),
        (resource::RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        (resource::RLIMIT_STACK, limits.stack_bytes, limits.stack_bytes * 8),
        (resource::RLIMIT_CPU, cpu, cpu.saturating_add(1)),
        (resource::RLIMIT_NPROC, processes, processes),
    ];
    for (which, soft, hard) in rows {
        // Before Linux 5.14 this counted all processes of the host id, which a single id shares.
        if which == resource::RLIMIT_NPROC && (limits.processes == 0 || !counts) {
            continue;
        }
        limit_of(pid, which, soft, hard).at(|| format!("set resource limit {which}"))?;
    }
    Ok(())
}

/// Whether `RLIMIT_NPROC` counts within our user namespace (Linux 5.14, `ucounts`).
pub fn counts_per_namespace() -> bool {
    let release = fs::read_start(b"/proc/sys/kernel/osrelease", 128).unwrap_or_default();
    let mut numbers = core::str::from_utf8(&release)
        .unwrap_or_default()
        .split(['.', '-'])
        .map(|part| part.trim().parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    version >= (5, 14)
}

/// Becomes the program's user, without any capability and any way to one.
pub fn drop_privileges(plan: &Plan, release: &Release) -> Result<(), StepError> {
    let keeps = plan.omitted.has(Wall::Capabilities);
    if !keeps {
        credentials::drop_bounding_set().at(|| "empty the bounding set".into())?;
        credentials::lock_securebits().at(|| "lock securebits".into())?;
    }
    if release.separate_ids && !keeps {
        credentials::drop_groups().at(|| "drop groups".into())?;
        credentials::set_gid(release.program_id).at(|| "set the group id".into())?;
        credentials::set_uid(release.program_id).at(|| "set the user id".into())?;
    }
    if !keeps {
        // Leaving an unmapped id does not clear capabilities, so it is done by name.
        credentials::set_capabilities(0).at(|| "drop capabilities".into())?;
    }
    if !plan.omitted.has(Wall::NoNewPrivileges) {
        credentials::set_no_new_privileges().at(|| "set no_new_privs".into())?;
    }
    Ok(())
}

/// Puts this process behind Landlock and its seccomp filter. Nothing but exec may follow.
pub fn close(
    plan: &Plan,
    release: &Release,
    ruleset: Option<BorrowedFd<'_>>,
    witness: Option<&Witness>,
) -> Result<(), StepError> {
    if let Some(ruleset) = ruleset {
        landlock::restrict_self(ruleset).at(|| "enter the Landlock domain".into())?;
    }
    if let Some(witness) = witness {
        // Before the descriptors go, of which two are the witness's, and before the filter that allows no other.
        witness.attend()?;
    }
    if !plan.omitted.has(Wall::ClosedDescriptors) {
        // 0 to 2 are the program's, 3 reports a failed exec and closes with it.
        casemate_sys::fd::close_from(4).at(|| "close descriptors".into())?;
    }
    if !plan.omitted.has(Wall::Seccomp) {
        let filter = if release.loopback {
            &plan.program_filter
        } else {
            &plan.offline_filter
        };
        seccomp::load(filter).at(|| "load the seccomp filter".into())?;
    }
    Ok(())
}
