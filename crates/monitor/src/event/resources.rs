//! One sample of what a sandbox uses.

use serde::{Deserialize, Serialize};

/// A sample, ten times a second. Counters count since the start; what the host cannot measure is absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Processor time used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// Memory in use now, files in memory included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Bytes in use of the sandbox's disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
    /// Processes and threads that live now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u32>,
    /// Bytes sent and received through network interfaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_bytes: Option<u64>,
    /// How long anything of the sandbox waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure: Option<Pressure>,
}

/// Time that some task of the sandbox spent waiting, since the start (`some total` of the kernel's pressure files).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pressure {
    /// For a processor, microseconds.
    pub cpu_us: u64,
    /// For memory, microseconds.
    pub memory_us: u64,
    /// For a disk, microseconds.
    pub io_us: u64,
}
