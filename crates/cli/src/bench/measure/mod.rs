//! The measures. Each takes all entries, and adds its rows to the report as it goes.

mod density;
mod held;
mod memory;
mod rounds;
mod throughput;

pub use density::density;
pub use memory::memory;
pub use rounds::{interactive, latency};
pub use throughput::throughput;
