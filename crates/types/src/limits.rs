//! The limits of one execution, their defaults and their bounds.

use crate::error::RequestError;
use crate::units::Bytes;
use std::fmt::Display;
use std::time::Duration;

/// CPUs in thousandths, so that no float decides a limit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Cpus {
    /// 1,000 is one CPU.
    pub millis: u32,
}

impl Cpus {
    /// Reads a positive decimal number such as `0.5`; `None` when it is none or not finite.
    pub fn from_number(number: f64) -> Option<Self> {
        let millis = (number * 1000.0).round();
        (number.is_finite() && (0.0..=4_000_000.0).contains(&millis)).then_some(Self {
            millis: millis as u32,
        })
    }
}

impl Display for Cpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", f64::from(self.millis) / 1000.0)
    }
}

/// What one execution may use. Always within [`Maxima`]: see [`Limits::check`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Wall clock time of the run.
    pub wall: Duration,
    /// CPU time of all processes together; none by default.
    pub cpu: Option<Duration>,
    /// CPU bandwidth.
    pub cpus: Cpus,
    /// Memory of the programs.
    pub memory: Bytes,
    /// `/tmp` and `/workspace` together.
    pub disk: Bytes,
    /// Processes and threads.
    pub pids: u32,
    /// Output kept, for each of the two streams.
    pub output: Bytes,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(30),
            cpu: None,
            cpus: Cpus { millis: 1000 },
            memory: Bytes::mib(256),
            disk: Bytes::mib(128),
            pids: 128,
            output: Bytes::mib(1),
        }
    }
}

/// The largest values that a request may ask for; an administrator may lower or raise them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Maxima {
    /// Wall clock time.
    pub wall: Duration,
    /// CPU time.
    pub cpu: Duration,
    /// CPU bandwidth: the host's CPUs.
    pub cpus: Cpus,
    /// Memory.
    pub memory: Bytes,
    /// Disk.
    pub disk: Bytes,
    /// Processes and threads.
    pub pids: u32,
    /// Output for each stream.
    pub output: Bytes,
}

impl Maxima {
    /// The largest that any administrator can allow: for a client that does not know the service's own.
    pub fn largest() -> Self {
        Self {
            wall: Duration::from_secs(86_400),
            cpu: Duration::from_secs(86_400),
            cpus: Cpus { millis: 4_000_000 },
            memory: Bytes(1 << 44),
            disk: Bytes(1 << 44),
            pids: 4_000_000,
            output: Bytes::gib(1),
        }
    }

    /// The contract's maxima on a host with so many CPUs.
    pub fn of_host(cpus: u32) -> Self {
        Self {
            wall: Duration::from_secs(3600),
            cpu: Duration::from_secs(3600),
            cpus: Cpus {
                millis: cpus.max(1).saturating_mul(1000),
            },
            memory: Bytes::gib(8),
            disk: Bytes::gib(4),
            pids: 4096,
            output: Bytes::mib(16),
        }
    }
}

/// Smallest wall and CPU time.
pub const MIN_TIME: Duration = Duration::from_millis(1);
/// Smallest CPU bandwidth.
pub const MIN_CPUS: Cpus = Cpus { millis: 50 };
/// Smallest memory.
pub const MIN_MEMORY: Bytes = Bytes::mib(16);
/// Smallest disk.
pub const MIN_DISK: Bytes = Bytes::mib(1);
/// Smallest output limit.
pub const MIN_OUTPUT: Bytes = Bytes::kib(1);

impl Limits {
    /// Checks every limit against its bounds.
    ///
    /// # Errors
    /// [`RequestError::OutOfRange`] for the first limit that is 0, too small or too large.
    pub fn check(&self, maxima: &Maxima) -> Result<(), RequestError> {
        let millis = |d: Duration| format!("{} ms", d.as_millis());
        range("limits.wall_ms", self.wall, MIN_TIME, maxima.wall, millis)?;
        if let Some(cpu) = self.cpu {
            range("limits.cpu_ms", cpu, MIN_TIME, maxima.cpu, millis)?;
        }
        range("limits.cpus", self.cpus, MIN_CPUS, maxima.cpus, |c| c.to_string())?;
        range(
            "limits.memory_bytes",
            self.memory,
            MIN_MEMORY,
            maxima.memory,
            |b| b.to_string(),
        )?;
        range("limits.disk_bytes", self.disk, MIN_DISK, maxima.disk, |b| {
            b.to_string()
        })?;
        range("limits.pids", self.pids, 1, maxima.pids, |p| p.to_string())?;
        range(
            "limits.output_bytes",
            self.output,
            MIN_OUTPUT,
            maxima.output,
            |b| b.to_string(),
        )
    }
}

fn range<T: PartialOrd + Copy>(
    field: &'static str,
    given: T,
    least: T,
    most: T,
    show: impl Fn(T) -> String,
) -> Result<(), RequestError> {
    if given < least || given > most {
        let bound = format!("{} to {}", show(least), show(most));
        return Err(RequestError::OutOfRange {
            field,
            given: show(given),
            bound,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zero_and_beyond_are_refused() {
        let maxima = Maxima::of_host(2);
        assert_eq!(Limits::default().check(&maxima), Ok(()));
        let bad = [
            (
                "limits.wall_ms",
                Limits {
                    wall: Duration::ZERO,
                    ..Limits::default()
                },
            ),
            (
                "limits.wall_ms",
                Limits {
                    wall: Duration::from_secs(3601),
                    ..Limits::default()
                },
            ),
            (
                "limits.cpu_ms",
                Limits {
                    cpu: Some(Duration::ZERO),
                    ..Limits::default()
                },
            ),
            (
                "limits.cpus",
                Limits {
                    cpus: Cpus { millis: 49 },
                    ..Limits::default()
                },
            ),
            (
                "limits.cpus",
                Limits {
                    cpus: Cpus { millis: 2001 },
                    ..Limits::default()
                },
            ),
            (
                "limits.memory_bytes",
                Limits {
                    memory: Bytes(0),
                    ..Limits::default()
                },
            ),
            (
                "limits.disk_bytes",
                Limits {
                    disk: Bytes::gib(5),
                    ..Limits::default()
                },
            ),
            (
                "limits.pids",
                Limits {
                    pids: 0,
                    ..Limits::default()
                },
            ),
            (
                "limits.output_bytes",
                Limits {
                    output: Bytes(1023),
                    ..Limits::default()
                },
            ),
        ];
        for (field, limits) in bad {
            assert_eq!(limits.check(&maxima).map_err(|e| e.field()), Err(field));
        }
    }

    proptest! {
        #[test]
        fn accepted_means_within(pids: u32, memory: u64, wall: u64) {
            let maxima = Maxima::of_host(2);
            let limits = Limits {
                pids, memory: Bytes(memory), wall: Duration::from_millis(wall), ..Limits::default()
            };
            let within = (1..=4096).contains(&pids)
                && (16 << 20..=8 << 30).contains(&memory)
                && (1..=3_600_000).contains(&wall);
            prop_assert_eq!(limits.check(&maxima).is_ok(), within);
        }

        #[test]
        fn cpus_never_wrap(number: f64) {
            if let Some(cpus) = Cpus::from_number(number) {
                prop_assert!((f64::from(cpus.millis) / 1000.0 - number).abs() <= 0.0005 + f64::EPSILON);
            }
        }
    }
}
