//! Giving free pages back to the disk, a bounded number at a time.

use crate::job::{Failure, Request};
use crate::sql::Session;

/// Gives back at most so many pages.
pub(crate) struct Vacuum {
    pub(crate) pages: u32,
}

impl Request for Vacuum {
    /// How many pages were given back.
    type Reply = u64;
    const OPERATION: &'static str = "shrink the database";

    fn apply(&self, session: &mut dyn Session) -> Result<u64, Failure> {
        Ok(session.give_back(self.pages)?)
    }

    fn bytes(&self) -> u64 {
        u64::from(self.pages) * crate::open::connection::PAGE_BYTES
    }
}
