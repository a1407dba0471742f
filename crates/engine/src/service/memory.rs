//! What the service tells of the host's memory. The engine's thread publishes; answers of the server read.

use super::{Service, Shared};
use crate::allocate::Shortage;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// The memory as the engine saw it at its last look; it looks while something waits or runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MemoryLoad {
    /// Why what waits does so, if memory is the reason.
    pub shortage: Option<Shortage>,
    /// All memory of the host, bytes; `None` when it cannot be read.
    pub total_bytes: Option<u64>,
    /// What can be had of it, bytes.
    pub available_bytes: Option<u64>,
    /// What executions that just started are expected to take of that, bytes.
    pub charged_bytes: u64,
    /// Executions that were ended because the host was nearly out of memory.
    pub victims: u64,
}

impl Service {
    /// The memory of the host.
    pub fn memory(&self) -> MemoryLoad {
        let load = *self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner);
        MemoryLoad {
            victims: self.shared.victims.load(Ordering::Relaxed),
            ..load
        }
    }
}

impl Shared {
    pub(super) fn publish_memory(&self, load: MemoryLoad) {
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = load;
    }
}
