//! The limits of a request, in the units of the wire.

use super::blame::Blame;
use super::field::Seen;
use super::scalar::{Scalar, any, integer, out_of_range, wrong_type};
use casemate_types::limits::{MIN_CPUS, MIN_DISK, MIN_MEMORY, MIN_OUTPUT};
use casemate_types::{Bytes, Cpus, Limits, Maxima};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use std::time::Duration;

/// The fields.
pub(crate) const FIELDS: [&str; 7] = [
    "wall_ms",
    "cpu_ms",
    "cpus",
    "memory_bytes",
    "disk_bytes",
    "pids",
    "output_bytes",
];

/// The limits of a request that names none: an administrator's maxima may be below the contract's defaults.
pub(crate) fn defaults(maxima: &Maxima) -> Limits {
    let usual = Limits::default();
    Limits {
        wall: usual.wall.min(maxima.wall),
        cpu: usual.cpu,
        cpus: usual.cpus.min(maxima.cpus),
        memory: usual.memory.min(maxima.memory),
        disk: usual.disk.min(maxima.disk),
        pids: usual.pids.min(maxima.pids),
        output: usual.output.min(maxima.output),
    }
}

/// A whole number of milliseconds.
pub(crate) fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// The object of limits.
pub(super) fn read<'de, M: MapAccess<'de>>(
    map: &mut M,
    blame: &Blame,
    maxima: &Maxima,
) -> Result<Limits, M::Error> {
    map.next_value_seed(All { blame, maxima })
}

struct All<'a> {
    blame: &'a Blame,
    maxima: &'a Maxima,
}

impl<'de> DeserializeSeed<'de> for All<'_> {
    type Value = Limits;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Limits, D::Error> {
        let blame = self.blame;
        reader
            .deserialize_map(self)
            .map_err(|error| blame.form("limits", "an object of limits", error))
    }
}

impl<'de> Visitor<'de> for All<'_> {
    type Value = Limits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of limits")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Limits, M::Error> {
        let (blame, max) = (self.blame, self.maxima);
        let mut limits = defaults(max);
        let mut seen = Seen::new("limits.", &FIELDS);
        while let Some(name) = seen.next(&mut map, blame)? {
            let map = &mut map;
            match name {
                "wall_ms" => {
                    let wall = integer(map, blame, "limits.wall_ms", 1, millis(max.wall))?;
                    limits.wall = Duration::from_millis(wall);
                }
                "cpu_ms" => {
                    let cpu = integer(map, blame, "limits.cpu_ms", 1, millis(max.cpu))?;
                    limits.cpu = Some(Duration::from_millis(cpu));
                }
                "cpus" => limits.cpus = cpus(map, blame, max.cpus)?,
                "memory_bytes" => {
                    let memory = integer(map, blame, "limits.memory_bytes", MIN_MEMORY.0, max.memory.0)?;
                    limits.memory = Bytes(memory);
                }
                "disk_bytes" => {
                    let disk = integer(map, blame, "limits.disk_bytes", MIN_DISK.0, max.disk.0)?;
                    limits.disk = Bytes(disk);
                }
                "pids" => {
                    let pids = integer(map, blame, "limits.pids", 1, max.pids.into())?;
                    // At most a number of this type: it fits.
                    limits.pids = pids as u32;
                }
                "output_bytes" => {
                    let output = integer(map, blame, "limits.output_bytes", MIN_OUTPUT.0, max.output.0)?;
                    limits.output = Bytes(output);
                }
                _ => return Err(M::Error::custom("a field without a reader")),
            }
        }
        Ok(limits)
    }
}

fn cpus<'de, M: MapAccess<'de>>(map: &mut M, blame: &Blame, most: Cpus) -> Result<Cpus, M::Error> {
    const FIELD: &str = "limits.cpus";
    let number = match any(map, blame, FIELD, "a number")? {
        Scalar::Int(number) => number as f64,
        Scalar::Real(number) => number,
        other => return Err(blame.on(wrong_type(FIELD, &other, "a number"))),
    };
    let as_number = |cpus: Cpus| f64::from(cpus.millis) / 1000.0;
    let range = as_number(MIN_CPUS)..=as_number(most);
    match Cpus::from_number(number) {
        Some(cpus) if range.contains(&number) => Ok(cpus),
        _ => {
            let bound = format!("{MIN_CPUS} to {most}");
            Err(blame.on(out_of_range(FIELD, &number.to_string(), &bound)))
        }
    }
}
