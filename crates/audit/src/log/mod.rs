//! The files of the log, and who reads and writes them.
//!
//! ```text
//! format                    how many records a segment holds
//! segments/0000000000.log   records, one a line; 2^level of them in all segments but the last
//! segments/0000000000.idx   id and end of each; made of the records, and made anew where it is missing
//! segments/0000000000.tree  the inner hashes below the segment's root; the same
//! roots                     the roots of full segments, and the inner hashes above them
//! heads                     the heads that were signed
//! key, key.next             the private key of the epoch; of the next one, while it takes over
//! torn/, exported/          what a crash left half written; what retention took out
//! ```
//!
//! [`Writer`] appends, [`Reader`] looks things up, [`Layout`] knows the names. One process writes; any may read.

mod clock;
mod disk;
mod epochs;
mod layout;
mod open;
mod reader;
mod scan;
mod writer;

pub(crate) use clock::now_ms;
pub use disk::{Disk, Real};
pub(crate) use epochs::Succession;
pub use layout::{DEFAULT_LEVEL, Layout};
pub(crate) use layout::{Part, hashes_of};
pub use open::{Opened, Repair};
pub use reader::Reader;
pub(crate) use scan::{Line, Lines};
pub use writer::{EpochLength, Options, SyncPoint, Writer};

#[cfg(test)]
mod tests;
