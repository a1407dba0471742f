//! The objects of the contract as JSON. The command line writes the same ones.

mod analysis;
mod content;
mod holes;
mod result;
mod summary;

pub use analysis::{WireAnalysis, WireFinding, WireFlow, WireRisk};
pub(crate) use content::Lossy;
pub(crate) use holes::{Form, Holes, What};
pub use result::{Files, Wire, WireLayer};
pub(crate) use summary::{Page, Ticket};
