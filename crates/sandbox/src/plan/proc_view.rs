//! What `/proc` shows beside the sandbox's own processes.
//!
//! Kept: `cpuinfo`, which says no more than the CPUID instruction that every program may execute.
//! Replaced by generated files: what common programs cannot do without. All else is covered.

use super::root::Draft;
use casemate_init::plan::ProcView;
use std::path::Path;

const KEPT: [&str; 1] = ["cpuinfo"];
const REPLACED: [&str; 6] = ["meminfo", "stat", "loadavg", "uptime", "version", "sys"];
/// Where init looks for the replacements.
const PLACE: &str = "/.casemate/proc";

/// Settings that are the same on every Linux that we run on (`NGROUPS_MAX`, since Linux 2.6.4).
const FIXED: [(&str, &str); 2] = [("kernel/ngroups_max", "65536"), ("kernel/ostype", "Linux")];

/// Settings of the host that programs adapt to and that say nothing about it.
const SETTINGS: [(&str, &str); 7] = [
    ("kernel/cap_last_cap", "40"),
    ("kernel/overflowgid", "65534"),
    ("kernel/overflowuid", "65534"),
    ("kernel/pid_max", "32768"),
    ("vm/max_map_count", "65530"),
    ("vm/overcommit_memory", "0"),
    ("net/core/somaxconn", "4096"),
];

/// The view for the plan.
pub(super) fn view() -> ProcView {
    let bytes = |name: &&str| name.as_bytes().to_vec();
    ProcView {
        keep: KEPT.iter().map(bytes).collect(),
        replace: REPLACED.iter().map(|n| (bytes(n), bytes(n))).collect(),
    }
}

/// Draws the replacements; init adds `meminfo`, which depends on the sandbox's limit.
pub(super) fn draw(draft: &mut Draft) {
    let place = Path::new(PLACE);
    draft.dir(place, 0o555);
    let release = host_setting("kernel/osrelease").unwrap_or_else(|| "unknown".into());
    draft.file(
        &place.join("version"),
        format!("Linux version {release}\n").as_bytes(),
    );
    draft.file(&place.join("loadavg"), b"0.00 0.00 0.00 1/1 1\n");
    draft.file(&place.join("uptime"), b"0.00 0.00\n");
    draft.file(&place.join("stat"), processor_text().as_bytes());
    let sys = place.join("sys");
    draft.dir(&sys, 0o555);
    let read = SETTINGS.map(|(name, fallback)| (name, host_setting(name).unwrap_or_else(|| fallback.into())));
    let known = FIXED.map(|(name, value)| (name, value.to_owned()));
    let settings = known
        .into_iter()
        .chain([("kernel/osrelease", release)])
        .chain(read);
    for (name, value) in settings {
        let path = sys.join(name);
        for parent in path.ancestors().skip(1).collect::<Vec<_>>().into_iter().rev() {
            if parent.starts_with(&sys) {
                draft.dir(parent, 0o555);
            }
        }
        draft.file(&path, format!("{value}\n").as_bytes());
    }
}

fn host_setting(name: &str) -> Option<String> {
    let path = ["/proc/sys/", name].concat();
    let text = casemate_sys::fs::read_start(path.as_bytes(), 256).ok()?;
    Some(String::from_utf8_lossy(&text).trim().to_owned())
}

/// A `stat` with as many CPUs as sched_getaffinity(2) shows anyway, and no counts (proc_stat(5)).
fn processor_text() -> String {
    let zeros = "0 0 0 0 0 0 0 0 0 0";
    let cpus = casemate_sys::resource::usable_cpus();
    let mut text = format!("cpu  {zeros}\n");
    for cpu in 0..cpus {
        text.push_str(&format!("cpu{cpu} {zeros}\n"));
    }
    text.push_str("intr 0\nctxt 0\nbtime 0\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n");
    text
}
