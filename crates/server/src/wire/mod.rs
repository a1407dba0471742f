//! The objects of the contract as JSON. The command line writes the same ones.

mod content;
mod holes;
mod result;
mod summary;

pub(crate) use content::Lossy;
pub(crate) use holes::{Form, Holes, What};
pub use result::{Files, Wire, WireLayer};
pub(crate) use summary::{Page, Ticket};
