//! Restrictions: which there are for a risky program, and what they make of its request.

use casemate_types::analysis::Restriction;
use casemate_types::{Bytes, ExecutionRequest, Network};
use std::time::Duration;

const MEMORY: Bytes = Bytes::mib(256);
const PROCESSES: u32 = 64;
const WALL: Duration = Duration::from_secs(10);
const DISK: Bytes = Bytes::mib(64);

/// What is taken from a request that is risky and may run. Only what it asked more of is named.
pub fn tighten(request: &ExecutionRequest) -> Vec<Restriction> {
    let limits = &request.limits;
    let wall = u64::try_from(WALL.as_millis()).unwrap_or(u64::MAX);
    let all = [
        (request.network != Network::None, Restriction::NetworkOff),
        (limits.memory > MEMORY, Restriction::Memory(MEMORY.0)),
        (limits.pids > PROCESSES, Restriction::Processes(PROCESSES)),
        (limits.wall > WALL, Restriction::WallTime(wall)),
        (limits.disk > DISK, Restriction::Disk(DISK.0)),
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
