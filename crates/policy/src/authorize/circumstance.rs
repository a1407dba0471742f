//! In which circumstances something is asked for.

use casemate_types::{Limits, Network};
use std::net::IpAddr;
use std::time::Duration;

/// What policies may look at beside the principal, the action and the resource.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Context {
    /// The time since 1970-01-01 UTC, of the caller's clock.
    pub now: Duration,
    /// Where the request came from, when that is known.
    pub source: Option<IpAddr>,
    /// What an execution asks for; wanted for `execution:create` and `execution:observe`, and for nothing else.
    pub asked: Option<Asked>,
}

/// What an execution asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// What it may reach.
    pub network: Network,
    /// Its limits, defaults filled in.
    pub limits: Limits,
    /// The image it is to run in, when it names one.
    pub image: Option<String>,
}
