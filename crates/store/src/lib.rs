//! The state of the service in one SQLite file: executions, their output and their idempotency keys; who may ask,
//! and what was used.
//!
//! [`Store`] is the door. Writes are handed to one thread, which commits whatever waits as one transaction and
//! then answers each caller by its callback; reads happen on the calling thread, over a few connections.
//! Nothing here knows of HTTP or of sandboxes, and no function of a write blocks.

mod backup;
mod condition;
mod error;
mod job;
mod model;
mod open;
mod options;
pub mod postgres;
mod queue;
mod read;
mod registry;
mod retention;
mod schema;
mod sql;
mod store;
#[cfg(test)]
mod testing;
mod thread;
mod trouble;
mod write;

pub use backup::{Holding, back_up, verify};
pub use condition::Health;
pub use error::{Cause, StoreError};
pub use job::wait;
pub use model::bounds;
pub use model::change::{Accepted, Change, Durability};
pub use model::execution::{Finished, Idempotency, NewExecution, Started, StoredFile, Sweep};
pub use model::identity::{
    Edit, Key, KeyHolder, Listed, PolicySet, PrincipalChange, PrincipalRecord, Project, ProjectChange, Quota,
    Rotation, Scope, Tenant, TenantChange,
};
pub use model::owner::Owner;
pub use model::state::State;
pub use model::usage::{Day, DayUsage, Spent, UsageFilter, Used};
pub use model::view::{
    Counts, Detail, FileEntry, Filter, Page, Recorded, Sizes, Slice, Stream, StreamFacts, Summary,
};
pub use options::{Database, Options};
pub use retention::{Retained, Retention};
pub use store::Store;
