//! Restrictions: which there are for a risky program, and what they make of its request.

use casemate_types::analysis::Restriction;
use casemate_types::{Bytes, ExecutionRequest, Limits, Network};
use std::time::Duration;

/// What is taken from a request that is risky and may run: the network, and what it asked for beyond the usual limits.
/// Only what changes something is named.
pub fn tighten(request: &ExecutionRequest) -> Vec<Restriction> {
    let (asked, usual) = (&request.limits, Limits::default());
    let wall = u64::try_from(usual.wall.as_millis()).unwrap_or(u64::MAX);
    let all = [
        (request.network != Network::None, Restriction::NetworkOff),
        (asked.memory > usual.memory, Restriction::Memory(usual.memory.0)),
        (asked.pids > usual.pids, Restriction::Processes(usual.pids)),
        (asked.wall > usual.wall, Restriction::WallTime(wall)),
        (asked.disk > usual.disk, Restriction::Disk(usual.disk.0)),
    ];
    all.into_iter()
        .filter(|(more, _)| *more)
        .map(|(_, one)| one)
        .collect()
}

/// The request with less. A restriction that would widen it does nothing.
pub fn restrict(mut request: ExecutionRequest, restrictions: &[Restriction]) -> ExecutionRequest {
    let limits = &mut request.limits;
    for one in restrictions {
        match *one {
            Restriction::NetworkOff => request.network = Network::None,
            Restriction::Memory(bytes) => limits.memory = limits.memory.min(Bytes(bytes)),
            Restriction::Processes(most) => limits.pids = limits.pids.min(most),
            Restriction::WallTime(millis) => limits.wall = limits.wall.min(Duration::from_millis(millis)),
            Restriction::Disk(bytes) => limits.disk = limits.disk.min(Bytes(bytes)),
        }
    }
    request
}
