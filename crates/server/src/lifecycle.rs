//! How the process that holds the server talks to it: it is told to stop, and says what only its
//! administrator may know.

use std::sync::Arc;
use tokio::sync::watch;

/// Takes one line for the administrator; must not block for long. Clients never see it.
pub type Report = Arc<dyn Fn(&str) + Send + Sync>;

/// Ends a server, from any thread. Clones end the same one.
#[derive(Clone, Debug)]
pub struct Stop {
    told: watch::Sender<bool>,
}

/// What the server needs of its process.
#[derive(Clone)]
pub struct Lifecycle {
    /// Ends it.
    pub stop: Stop,
    /// Where failures of ours are told in full.
    pub report: Report,
}

impl Stop {
    /// One that has not been told yet.
    pub fn new() -> Self {
        Self {
            told: watch::Sender::new(false),
        }
    }

    /// Tells the server to take no more connections, to finish what it is at, and to end.
    pub fn stop(&self) {
        self.told.send_replace(true);
    }

    /// Whether it was told.
    pub fn is_told(&self) -> bool {
        *self.told.borrow()
    }

    /// Waits until it is told.
    pub(crate) async fn told(&self) {
        // The sender is in `self`: waiting cannot fail.
        let _ = self.told.subscribe().wait_for(|told| *told).await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Lifecycle {
    /// Reports to standard error.
    fn default() -> Self {
        Self {
            stop: Stop::new(),
            report: Arc::new(|line| eprintln!("casemate: {line}")),
        }
    }
}

impl std::fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lifecycle")
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
