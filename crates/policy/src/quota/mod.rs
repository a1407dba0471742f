//! How much somebody may use, and what it costs. Called by the service before an execution is accepted, and when
//! it has ended.
//!
//! State machines of numbers: the time and what was used are given, nothing is stored. A reservation covers the most
//! that an execution can use, so that those that run at once cannot pass a budget together.

mod bucket;
mod cost;
pub mod header;
mod meter;
mod money;
mod quotas;
mod used;

pub use bucket::{Rate, TokenBucket};
pub use cost::{Cost, PriceError, Prices};
pub use meter::{Meter, Moment, Permit, Refusal, Standing};
pub use money::{Currency, MalformedMoney, Money};
pub use quotas::{Quota, Quotas};
pub use used::Used;
