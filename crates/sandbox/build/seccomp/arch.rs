//! Architectures and the numbers of their syscalls.
//!
//! Read by the compiler. The numbers are data (`resources/seccomp/syscalls.toml`);
//! a name without a number on an architecture must be marked there, so that a
//! forgotten row never turns into a syscall that no filter looks at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

/// No syscall of either architecture is near this; it catches a mistyped number.
const MAX_NUMBER: u32 = 1023;

/// An architecture that filters are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit Arm, little-endian.
    Aarch64,
}

impl Architecture {
    /// Every architecture.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Aarch64];

    /// The name that Rust's `target_arch` uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// `AUDIT_ARCH_*` of linux/audit.h: what `seccomp_data.arch` holds.
    pub fn audit(self) -> u32 {
        match self {
            Self::X86_64 => 0xc000_003e,
            Self::Aarch64 => 0xc000_00b7,
        }
    }

    /// The bit that marks a second ABI under the same audit value:
    /// `__X32_SYSCALL_BIT`, which shares `AUDIT_ARCH_X86_64` (seccomp(2)).
    pub fn foreign_bit(self) -> Option<u32> {
        match self {
            Self::X86_64 => Some(0x4000_0000),
            Self::Aarch64 => None,
        }
    }
}

/// The numbers of one syscall.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    x86_64: Option<u32>,
    aarch64: Option<u32>,
    only: Option<Architecture>,
}

impl Row {
    fn number(&self, arch: Architecture) -> Option<u32> {
        match arch {
            Architecture::X86_64 => self.x86_64,
            Architecture::Aarch64 => self.aarch64,
        }
    }
}

/// Names and numbers of every syscall that a policy mentions.
pub struct SyscallTable {
    file: String,
    rows: BTreeMap<String, Row>,
}

impl SyscallTable {
    /// Reads and checks the table.
    ///
    /// # Errors
    /// The file, the syscall and what is wrong with its row.
    pub fn load(path: &Path) -> Result<Self, String> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{file}: {error}"))?;
        Self::parse(&file, &text)
    }

    /// As [`SyscallTable::load`], from text; `file` is for messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        let rows: BTreeMap<String, Row> = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        for arch in Architecture::ALL {
            let mut seen = BTreeMap::new();
            for (name, row) in &rows {
                let fail = |reason: String| Err(format!("{file}: {name}: {reason}"));
                let expected = row.only.is_none_or(|only| only == arch);
                match row.number(arch) {
                    Some(_) if !expected => {
                        return fail(format!(
                            "has a number on {} and is marked as never there",
                            arch.name()
                        ));
                    }
                    None if expected => {
                        return fail(format!(
                            "no number on {}, and no `only` that says why",
                            arch.name()
                        ));
                    }
                    Some(number) if number > MAX_NUMBER => {
                        return fail(format!("number {number} is above {MAX_NUMBER}"));
                    }
                    Some(number) => {
                        if let Some(other) = seen.insert(number, name) {
                            return fail(format!("number {number} on {} is also {other}", arch.name()));
                        }
                    }
                    None => {}
                }
            }
        }
        Ok(Self {
            file: file.to_owned(),
            rows,
        })
    }

    /// The number of `name` on `arch`; `None` where that architecture never had it.
    ///
    /// # Errors
    /// The table has no such row.
    pub fn number(&self, name: &str, arch: Architecture) -> Result<Option<u32>, String> {
        match self.rows.get(name) {
            Some(row) => Ok(row.number(arch)),
            None => Err(format!("{name}: no such syscall in {}", self.file)),
        }
    }

    /// Refuses rows that no policy uses: they would never be reviewed.
    pub fn check_used(&self, named: &BTreeSet<&str>) -> Result<(), String> {
        match self.rows.keys().find(|name| !named.contains(name.as_str())) {
            Some(name) => Err(format!("{}: {name}: no policy names it", self.file)),
            None => Ok(()),
        }
    }
}
