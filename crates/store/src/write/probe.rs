//! The way back: a store that could not write tries by itself, so that it recovers without a caller.

use super::Writer;
use crate::condition::Health;
use crate::model::change::Durability;

impl Writer {
    /// Tries to write, and is healthy again when that works.
    pub(super) fn probe(&mut self) {
        if self.ready().is_err() {
            return;
        }
        let tried = match self.condition.health() {
            Health::Full { .. } => self.fill(),
            _ => self.touch(),
        };
        match tried {
            Ok(()) => self.condition.set_healthy(),
            Err(error) => {
                self.roll_back();
                // What it says of the store is recorded; there is nobody to tell.
                let _ = self.note("probe", error);
            }
        }
    }

    /// Writes 64 KiB to the disk, and takes them away again.
    fn fill(&mut self) -> crate::sql::Result<()> {
        self.set_level(Durability::Durable)?;
        self.execute("INSERT OR REPLACE INTO probe (number, filler) VALUES (1, zeroblob(65536))")?;
        self.execute("DELETE FROM probe")
    }

    /// Takes the lock, and lets it go.
    fn touch(&self) -> crate::sql::Result<()> {
        self.execute("BEGIN IMMEDIATE")?;
        self.execute("ROLLBACK")
    }
}
