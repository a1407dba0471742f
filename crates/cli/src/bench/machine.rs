//! The machine that the figures are of, and the memory that it has left.

use anyhow::{Context, Result, anyhow};
use serde::Serialize;
use std::fs;

/// What a figure is worth nothing without.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// CPUs that we may use.
    pub cpus: usize,
    /// Its architecture.
    pub architecture: &'static str,
    /// The kernel's release.
    pub kernel: String,
    /// All its memory.
    pub memory_bytes: u64,
}

impl Machine {
    /// This machine.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn look() -> Result<Self> {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").context("read the kernel's release")?;
        Ok(Self {
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            architecture: std::env::consts::ARCH,
            kernel: kernel.trim().to_owned(),
            memory_bytes: total_bytes()?,
        })
    }
}

/// All memory (proc_meminfo(5), `MemTotal`), bytes.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn total_bytes() -> Result<u64> {
    meminfo("MemTotal:")
}

/// What programs could still be given without swapping (proc_meminfo(5), `MemAvailable`), bytes.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn available_bytes() -> Result<u64> {
    meminfo("MemAvailable:")
}

/// The part of a process' memory that is its own, and its share of the rest (proc_pid_smaps(5), `Pss`), bytes.
pub fn share_bytes(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    field(&text, "Pss:")
}

fn meminfo(name: &str) -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo").context("read /proc/meminfo")?;
    field(&text, name).ok_or_else(|| anyhow!("/proc/meminfo has no {name}"))
}

fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib = rest.split_whitespace().next()?.parse::<u64>().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_bytes() {
        let text = "MemTotal:       100 kB\nMemAvailable:    7 kB\n";
        assert_eq!(field(text, "MemTotal:"), Some(102_400));
        assert_eq!(field(text, "MemAvailable:"), Some(7168));
        assert_eq!(field(text, "MemFree:"), None);
        assert_eq!(field("MemFree: many kB", "MemFree:"), None);
    }

    #[test]
    fn this_machine_has_memory() {
        let machine = Machine::look().unwrap();
        assert!(machine.cpus >= 1 && !machine.kernel.is_empty());
        assert!(available_bytes().unwrap() <= machine.memory_bytes);
    }
}
