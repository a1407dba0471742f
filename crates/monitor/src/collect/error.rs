//! What can go wrong on the way from the kernel to events. All of it is the platform's.

use std::io;

/// Why nothing can be watched, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The layer is not there on this host.
    #[error("no watching from inside the kernel: {0}")]
    Missing(String),
    /// The kernel refused a step.
    #[error("{step}")]
    Kernel {
        /// Which.
        step: &'static str,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The other side of a socket is gone.
    #[error("the {0} is gone")]
    Gone(&'static str),
    /// The other side of a socket says what it must not.
    #[error("the {0} speaks another language")]
    Protocol(&'static str),
    /// A system call failed.
    #[error("{step}")]
    Io {
        /// Which.
        step: &'static str,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl CollectError {
    pub(super) fn kernel(step: &'static str, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let cause = Box::new(cause);
        Self::Kernel { step, cause }
    }

    pub(super) fn io(step: &'static str, cause: io::Error) -> Self {
        Self::Io { step, cause }
    }
}
