//! What the tests of this crate share.

use crate::event::{Event, Kind};
use crate::log::{Opened, Options, Writer};
use crate::record::Origin;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of its own for a test, removed at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("casemate-audit-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Small segments, so that there are many.
    pub(crate) fn options(&self) -> Options {
        Options {
            level: 4,
            ..Options::new(self.0.join("audit"))
        }
    }

    pub(crate) fn open(&self) -> Opened {
        Writer::open(self.options()).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn members(n: u64) -> String {
    Event::new(Kind::Outcome)
        .shown("execution_id", n)
        .word("status", "succeeded")
        .number("wall_ms", n * 7)
        .into_members()
}

/// Appends so many records, as a client would.
pub(crate) fn append(
    writer: &mut Writer,
    numbers: std::ops::Range<u64>,
) -> Vec<(u64, casemate_types::AuditId)> {
    let texts: Vec<String> = numbers.clone().map(members).collect();
    let events: Vec<(Origin, &str)> = numbers
        .zip(&texts)
        .map(|(n, text)| {
            (
                Origin {
                    session: 1,
                    counter: n + 1,
                },
                text.as_str(),
            )
        })
        .collect();
    writer.append(&events).unwrap()
}
