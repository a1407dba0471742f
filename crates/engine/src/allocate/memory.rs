//! The host's memory: how much there is, how much can be had, and how long programs wait for it.
//!
//! Opened before the process takes its walls, and read by `pread(2)` from the start each time: proc(5) makes the text
//! anew for a read at offset 0. It must never guess: what cannot be read is an error.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use thiserror::Error;

/// `/proc/meminfo` has about 1.5 KiB (Linux 6.12), `memory.stat` of cgroup v2 about as much.
const MAX_FILE_BYTES: usize = 8 << 10;
/// A limit of v1 that is none: the largest multiple of a page below 2^63
/// (Documentation/admin-guide/cgroup-v1/memory.rst).
const NO_LIMIT_BYTES: u64 = 1 << 62;
/// Parts of a whole as the kernel prints them: hundredths of a percent.
const WHOLE_BASIS_POINTS: u32 = 10_000;

/// Why the memory of the host is not known.
#[derive(Debug, Error)]
pub enum MemoryError {
    /// The kernel did not give the file.
    #[error("read {file}")]
    Read {
        /// Which.
        file: &'static str,
        /// Its answer.
        #[source]
        source: io::Error,
    },
    /// The file does not have what proc(5) says that it has.
    #[error("{file} has no {field} as expected")]
    Form {
        /// Which.
        file: &'static str,
        /// What is missing or malformed.
        field: &'static str,
    },
}

/// How the host stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// All memory, bytes; the least of what the host has and what our control group may have.
    pub total_bytes: u64,
    /// What can be had without swapping, bytes (`MemAvailable`, proc_meminfo(5)).
    pub available_bytes: u64,
    /// The share of the last ten seconds in which something waited for memory, in hundredths of a percent
    /// (Documentation/accounting/psi.rst). `None` where the kernel does not tell.
    pub stalled_basis_points: Option<u32>,
}

/// The open files.
#[derive(Debug)]
pub struct HostMemory {
    meminfo: File,
    pressure: Option<File>,
    groups: Vec<GroupFiles>,
}

/// The limit of a group that we, and every sandbox below us, are in.
#[derive(Debug)]
struct GroupFiles {
    limit: File,
    used: File,
    stat: File,
}

impl HostMemory {
    /// Opens them; before the process takes its walls.
    ///
    /// # Errors
    /// When `/proc/meminfo` cannot be opened. A kernel without pressure figures, and a group without a limit, are
    /// no error.
    pub fn open() -> Result<Self, MemoryError> {
        let file = MEMINFO;
        let meminfo = File::open(file).map_err(|source| MemoryError::Read { file, source })?;
        Ok(Self {
            meminfo,
            // The file may be there and not be readable: psi=0 on the kernel's command line.
            pressure: File::open(PRESSURE)
                .ok()
                .filter(|file| start_of(file, PRESSURE).is_ok()),
            groups: GroupFiles::open_all(),
        })
    }

    /// How the host stands now.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be.
    pub fn read(&self) -> Result<Reading, MemoryError> {
        let (total_bytes, available_bytes) = read_meminfo(&start_of(&self.meminfo, MEMINFO)?)?;
        let stalled = self
            .pressure
            .as_ref()
            .map(|file| read_pressure(&start_of(file, PRESSURE)?));
        let host = Reading {
            total_bytes,
            available_bytes,
            stalled_basis_points: stalled.transpose()?,
        };
        self.groups
            .iter()
            .try_fold(host, |host, group| group.narrow(host))
    }
}

const MEMINFO: &str = "/proc/meminfo";
const PRESSURE: &str = "/proc/pressure/memory";
const GROUP: &str = "the memory limit of our control group";
const V1: [&str; 2] = ["memory.limit_in_bytes", "memory.usage_in_bytes"];
/// Groups above each other that are looked at.
const MOST_GROUPS: usize = 32;

impl GroupFiles {
    /// Those of our own group and of every group above it that has a limit now; as a container sees them.
    fn open_all() -> Vec<Self> {
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let paths = own.lines().filter_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            let is_memory = controllers.split(',').any(|name| name == "memory");
            match controllers {
                "" => Some(("/sys/fs/cgroup", ["memory.max", "memory.current"], path)),
                _ if is_memory => Some(("/sys/fs/cgroup/memory", V1, path)),
                _ => None,
            }
        });
        paths
            .flat_map(|(base, names, path)| {
                let above = Path::new(path).ancestors().take(MOST_GROUPS);
                let folders =
                    above.filter_map(|path| Some(Path::new(base).join(path.strip_prefix("/").ok()?)));
                folders.filter_map(move |folder| Self::open(&folder, names))
            })
            .collect()
    }

    fn open(folder: &Path, [limit, used]: [&str; 2]) -> Option<Self> {
        let open = |name| File::open(folder.join(name)).ok();
        let limit = open(limit)?;
        read_limit(&start_of(&limit, GROUP).ok()?).ok()??;
        Some(Self {
            limit,
            used: open(used)?,
            stat: open("memory.stat")?,
        })
    }

    /// The smaller of both counts. Files in the cache that nobody uses now can be had.
    fn narrow(&self, host: Reading) -> Result<Reading, MemoryError> {
        let Some(limit) = read_limit(&start_of(&self.limit, GROUP)?)? else {
            return Ok(host);
        };
        if limit >= host.total_bytes {
            return Ok(host);
        }
        let used = whole_number(&start_of(&self.used, GROUP)?).ok_or(MemoryError::Form {
            file: GROUP,
            field: "use",
        })?;
        let cached = read_cached(&start_of(&self.stat, GROUP)?);
        let free = limit.saturating_sub(used.saturating_sub(cached));
        Ok(Reading {
            total_bytes: limit,
            available_bytes: free.min(host.available_bytes),
            ..host
        })
    }
}

fn start_of(file: &File, name: &'static str) -> Result<String, MemoryError> {
    let mut buffer = [0; MAX_FILE_BYTES];
    let length = file
        .read_at(&mut buffer, 0)
        .map_err(|source| MemoryError::Read { file: name, source })?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

/// `MemTotal` and `MemAvailable`, bytes.
fn read_meminfo(text: &str) -> Result<(u64, u64), MemoryError> {
    let field = |name: &'static str| {
        let kib = |line: &str| {
            let rest = line.strip_prefix(name)?.strip_prefix(':')?;
            rest.trim().strip_suffix(" kB")?.trim_end().parse::<u64>().ok()
        };
        let bytes = text
            .lines()
            .find_map(kib)
            .and_then(|kib: u64| kib.checked_mul(1024));
        bytes.ok_or(MemoryError::Form {
            file: MEMINFO,
            field: name,
        })
    };
    let (total, available) = (field("MemTotal")?, field("MemAvailable")?);
    match total {
        0 => Err(MemoryError::Form {
            file: MEMINFO,
            field: "MemTotal",
        }),
        _ => Ok((total, available.min(total))),
    }
}

/// `avg10` of the line `some`: `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`.
fn read_pressure(text: &str) -> Result<u32, MemoryError> {
    let read = || {
        let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
        let value = line.split(' ').find_map(|word| word.strip_prefix("avg10="))?;
        let (whole, part) = value.split_once('.')?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() != 2 {
            return None;
        }
        let points = whole.parse::<u32>().ok()?.checked_mul(100)? + part.parse::<u32>().ok()?;
        Some(points).filter(|points| *points <= WHOLE_BASIS_POINTS)
    };
    read().ok_or(MemoryError::Form {
        file: PRESSURE,
        field: "avg10",
    })
}

/// A limit, or that there is none.
fn read_limit(text: &str) -> Result<Option<u64>, MemoryError> {
    if text.trim_end() == "max" {
        return Ok(None);
    }
    let limit = whole_number(text).ok_or(MemoryError::Form {
        file: GROUP,
        field: "limit",
    })?;
    Ok((limit > 0 && limit < NO_LIMIT_BYTES).then_some(limit))
}

fn whole_number(text: &str) -> Option<u64> {
    text.trim_end().parse().ok()
}

/// Cached files that nobody uses now; with the groups below on v1, as v2 counts anyway. Without the figure, none.
fn read_cached(text: &str) -> u64 {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    };
    field("total_inactive_file")
        .or_else(|| field("inactive_file"))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str =
        "MemTotal:       24684096 kB\nMemFree:        16631536 kB\nMemAvailable:   22809280 kB\n";

    #[test]
    fn the_files_of_this_host_are_read() {
        let memory = HostMemory::open().unwrap();
        let reading = memory.read().unwrap();
        assert!(reading.available_bytes > 0 && reading.available_bytes <= reading.total_bytes);
        assert_eq!(
            memory.read().unwrap().total_bytes,
            reading.total_bytes,
            "from the start again"
        );
    }

    #[test]
    fn meminfo_is_read_strictly() {
        let check = |text: &str, expected: Option<(u64, u64)>| {
            assert_eq!(read_meminfo(text).ok(), expected, "{text:?}");
        };
        check(TEXT, Some((24_684_096 << 10, 22_809_280 << 10)));
        check("MemTotal: 4 kB\nMemAvailable: 9 kB\n", Some((4096, 4096)));
        for bad in [
            "",
            "MemTotal: 4 kB\n",
            "MemTotal: 4\nMemAvailable: 3 kB\n",
            "MemTotal: -4 kB\nMemAvailable: 3 kB\n",
            "MemTotal: 0 kB\nMemAvailable: 0 kB\n",
            "MemTotal: 99999999999999999999 kB\nMemAvailable: 3 kB\n",
            "MemTotals: 4 kB\nMemAvailable: 3 kB\n",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn pressure_is_read_strictly() {
        let check = |text: &str, expected: Option<u32>| {
            assert_eq!(read_pressure(text).ok(), expected, "{text:?}");
        };
        let text = "some avg10=12.34 avg60=0.00 avg300=0.00 total=280016\nfull avg10=1.00 avg60=0.00\n";
        check(text, Some(1234));
        check("some avg10=100.00 avg60=0.00\n", Some(10_000));
        for bad in [
            "",
            "full avg10=1.00\n",
            "some avg60=1.00\n",
            "some avg10=1\n",
            "some avg10=1.5\n",
            "some avg10=-1.00\n",
            "some avg10=+1.00\n",
            "some avg10=100.01\n",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn limits_of_groups_are_read() {
        assert_eq!(read_limit("max\n").unwrap(), None);
        assert_eq!(read_limit("9223372036854771712\n").unwrap(), None);
        assert_eq!(read_limit("1048576\n").unwrap(), Some(1 << 20));
        assert!(read_limit("much\n").is_err());
        assert_eq!(read_cached("anon 3\ninactive_file 5\n"), 5);
        assert_eq!(read_cached("inactive_file 5\ntotal_inactive_file 7\n"), 7);
        assert_eq!(read_cached("inactive_files 5\n"), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC*|(some |MemTotal:|avg10=|[0-9. kB\\n])*") {
            let _ = (read_meminfo(&text), read_pressure(&text), read_limit(&text));
        }
    }
}
