//! Following an execution: from the engine's callbacks to tasks that wait.

use casemate_engine::service::{Execution, Follower, Settled};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// What a watcher wants to be woken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    /// Every event.
    Always,
    /// Its end alone.
    AtEnd,
}

/// A following, until dropped. It does not keep the execution.
pub(crate) struct Watch {
    execution: Weak<Execution>,
    follower: Follower,
    changed: Arc<Notify>,
}

impl Watch {
    /// Follows from now on.
    pub(crate) fn new(execution: &Arc<Execution>, wake: Wake) -> Self {
        let changed = Arc::new(Notify::new());
        let (notify, watched) = (changed.clone(), Arc::downgrade(execution));
        let on_change = move || {
            let is_due = wake == Wake::Always || watched.upgrade().is_none_or(|e| e.settled().is_some());
            if is_due {
                notify.notify_one();
            }
        };
        Self {
            follower: execution.follow(Box::new(on_change)),
            execution: Arc::downgrade(execution),
            changed,
        }
    }

    /// Waits for a change since the last time.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Waits until nothing more will become of it.
    pub(crate) async fn settled(&self, execution: &Execution) -> Settled {
        loop {
            match execution.settled() {
                Some(settled) => return settled,
                None => self.changed().await,
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(execution) = self.execution.upgrade() {
            execution.unfollow(self.follower);
        }
    }
}
