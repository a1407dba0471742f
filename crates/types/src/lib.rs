//! The words that every part of Casemate shares: ids, units, requests, limits, outcomes, layers.
//!
//! No I/O. Wire forms live in `server` and `cli`; everything here is already checked.

pub mod action;
pub mod analysis;
pub mod error;
pub mod id;
pub mod layer;
pub mod limits;
pub mod outcome;
pub mod path;
pub mod principal;
pub mod request;
pub mod units;

pub use action::{Action, Scopes};
pub use error::{Fault, RequestError, with_causes};
pub use id::{AuditId, ExecutionId, KeyId, NodeId, PrincipalId, ProjectId, SandboxId, SessionId, TenantId};
pub use layer::{Layer, LayerName, LayerState};
pub use limits::{Cpus, Limits, Maxima};
pub use outcome::{Captured, Outcome, OutputFile, Path as RunPath, State, Status, Timing, Usage};
pub use path::{Glob, RelativePath};
pub use principal::{Credential, Principal, PrincipalKind, Role};
pub use request::{ExecutionRequest, InputFile, Network, Profile};
pub use units::Bytes;
