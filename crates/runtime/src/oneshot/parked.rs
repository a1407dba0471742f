//! A sandbox that was made ahead of its use: it has no program, no caller and no clock yet. The reactor keeps it, the
//! engine's pool decides about it; it is used once.

use super::run::Facts;
use casemate_init::spec::SpawnSpec;
use casemate_sandbox::{Create, Link, Sandbox, SandboxError, SandboxEvent};
use casemate_sys::event;
use std::time::Duration;

/// Names a parked sandbox for as long as its reactor lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ParkKey(pub(super) u64);

/// What is to wait in a parked sandbox for its program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Nothing: the program is executed.
    Nothing,
    /// A child of a zygote.
    Child,
    /// An interpreter that is started by this.
    Worker(Box<SpawnSpec>),
}

/// What became of a parked sandbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParkChange {
    /// It can be put to use. `waits`: what was wished for is in it.
    Ready {
        /// Which.
        key: ParkKey,
        /// Whether it is.
        waits: bool,
        /// From the order to here.
        took: Duration,
    },
    /// It is gone.
    Lost {
        /// Which.
        key: ParkKey,
    },
}

#[derive(Debug)]
pub(super) struct Parked {
    pub(super) sandbox: Sandbox,
    pub(super) create: Create,
    pub(super) facts: Facts,
    pub(super) is_ready: bool,
    pub(super) stood: bool,
    wish: Wish,
    ordered: Duration,
}

impl Parked {
    pub(super) fn order(link: &mut Link, create: Create, wish: Wish) -> Result<Self, SandboxError> {
        let create = Create {
            parked: true,
            ..create
        };
        Ok(Self {
            sandbox: link.create(create)?,
            create,
            facts: Facts::default(),
            is_ready: false,
            stood: false,
            wish,
            ordered: event::monotonic(),
        })
    }

    /// Takes what its init has said. An error: it is of no use.
    pub(super) fn hear(&mut self) -> Result<Option<ParkChange>, SandboxError> {
        let mut change = None;
        while let Some(heard) = self.sandbox.take()? {
            match heard.event {
                SandboxEvent::Ready {
                    landlock_abi,
                    separate_ids,
                } => {
                    self.facts.landlock_abi = landlock_abi;
                    self.facts.separate_ids = separate_ids;
                    match std::mem::replace(&mut self.wish, Wish::Nothing) {
                        Wish::Nothing => change = Some(self.ready(false)),
                        Wish::Child => self.sandbox.warm(None)?,
                        Wish::Worker(spec) => self.sandbox.warm(Some(*spec))?,
                    }
                }
                // What dies later leaves a sandbox that executes.
                SandboxEvent::Warm { ready } if self.is_ready => self.stood = ready,
                SandboxEvent::Warm { ready } => change = Some(self.ready(ready)),
                _ => return Err(SandboxError::Protocol { peer: "init" }),
            }
        }
        Ok(change)
    }

    fn ready(&mut self, waits: bool) -> ParkChange {
        self.is_ready = true;
        self.stood = waits;
        ParkChange::Ready {
            key: ParkKey(self.sandbox.key()),
            waits,
            took: event::monotonic().saturating_sub(self.ordered),
        }
    }
}
