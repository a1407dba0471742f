//! What a program inside must not learn, read from the host. Tests hand it to programs as
//! arguments to compare with. It must never be read from inside.

use std::fs::read_to_string;

/// The namespaces of Linux, as files of `/proc/<pid>/ns` (namespaces(7)).
pub const NAMESPACES: [&str; 8] = ["user", "pid", "mnt", "net", "ipc", "uts", "cgroup", "time"];

/// Facts of this host.
#[derive(Debug, Clone)]
pub struct HostFacts {
    /// The name of the host, as uname(2) tells it.
    pub hostname: String,
    /// The random id of this boot (random(4)).
    pub boot_id: String,
    /// The kernel's command line (proc(5)).
    pub cmdline: String,
    /// Seconds since boot, whole.
    pub uptime: u64,
}

impl HostFacts {
    /// Reads the facts now.
    pub fn now() -> Self {
        let uptime = trimmed("/proc/uptime");
        Self {
            hostname: trimmed("/proc/sys/kernel/hostname"),
            boot_id: trimmed("/proc/sys/kernel/random/boot_id"),
            cmdline: trimmed("/proc/cmdline"),
            uptime: uptime
                .split('.')
                .next()
                .and_then(|whole| whole.parse().ok())
                .expect("an uptime"),
        }
    }

    /// The inode of one of this process's own namespaces, as `type:[number]`.
    pub fn namespace(kind: &str) -> String {
        let link = std::fs::read_link(format!("/proc/self/ns/{kind}"));
        link.map(|target| target.to_string_lossy().into_owned())
            .unwrap_or_else(|_| "none".to_owned())
    }
}

fn trimmed(path: &str) -> String {
    read_to_string(path)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .trim()
        .to_owned()
}
