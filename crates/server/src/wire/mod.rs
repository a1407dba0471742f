//! The objects of the contract as JSON. The command line writes the same ones.

mod content;
mod holes;
mod result;
mod summary;

pub(crate) use content::Lossy;
pub(crate) use holes::{Form, Holes, What};
pub use result::{Files, Wire, WireLayer};
pub(crate) use summary::{Page, Ticket};

use casemate_types::Status;

/// Every word of `status`, in the order of the contract.
pub(crate) fn statuses() -> impl Iterator<Item = &'static str> {
    let ends = Status::ALL.into_iter().map(Status::as_str);
    ["queued", "running"].into_iter().chain(ends)
}
