//! What somebody may: Cedar policies decide every action on every resource.
//!
//! A [`PolicySet`] is loaded whole, is held strictly against the schema, and is never changed: the caller swaps it
//! for another one. Decisions are made for every request and touch nothing but memory. Nothing is allowed unless a
//! policy permits it, a `forbid` beats every `permit`, and a policy that cannot be evaluated denies.

mod circumstance;
mod decide;
mod entity;
mod load;
mod problem;
mod resource;
mod schema;
mod statement;
#[cfg(test)]
mod tests;

pub use circumstance::{Asked, Context};
pub use decide::{Decision, Ground};
pub use load::{Base, MAX_FILES, MAX_POLICIES, MAX_TEXT_BYTES, PolicyInfo, PolicySet, PolicyText};
pub use problem::{PolicyError, Problem};
pub use resource::{Place, Resource, ResourceKind};
