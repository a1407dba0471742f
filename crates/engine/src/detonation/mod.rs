//! Dynamic analysis: the program runs once in a sandbox of its own, behind every wall and without a network, with decoys
//! where secrets would be, and a witness hears of its calls. What it did is joined with what its source shows.
//!
//! It sees what a program tries in its first seconds and with this input; not what waits longer, for another input or for
//! an answer from outside, nor calls that the walls refuse before the witness hears of them. Nothing here lowers a risk.

mod decoys;
mod join;
mod judge;
mod read;
mod run;

pub use join::join;
pub use run::{DEFAULT_LIMIT, Terms, Witnessed, detonate};
