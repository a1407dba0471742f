//! Errors of the kernel. With the standard library they are its own; without, a number that answers
//! the same questions.

#[cfg(feature = "std")]
pub use std::io::{Error, ErrorKind, Result};

#[cfg(not(feature = "std"))]
pub use bare::{Error, ErrorKind, Result};

#[cfg(not(feature = "std"))]
mod bare {
    /// What went wrong, as far as our own code tells cases apart; a subset of the standard library's.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[expect(missing_docs, reason = "the names are those of the standard library")]
    pub enum ErrorKind {
        NotFound,
        AlreadyExists,
        WouldBlock,
        Interrupted,
        InvalidInput,
        UnexpectedEof,
        Other,
    }

    /// The kernel's answer, or a kind that is ours.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Error {
        errno: Option<i32>,
        kind: ErrorKind,
    }

    /// What system calls give.
    pub type Result<T> = core::result::Result<T, Error>;

    impl Error {
        /// From an `errno`.
        pub fn from_raw_os_error(errno: i32) -> Self {
            let kind = match errno {
                libc::ENOENT => ErrorKind::NotFound,
                libc::EEXIST => ErrorKind::AlreadyExists,
                libc::EAGAIN => ErrorKind::WouldBlock,
                libc::EINTR => ErrorKind::Interrupted,
                libc::EINVAL => ErrorKind::InvalidInput,
                _ => ErrorKind::Other,
            };
            Self {
                errno: Some(errno),
                kind,
            }
        }

        /// The `errno`, when it came from the kernel.
        pub fn raw_os_error(&self) -> Option<i32> {
            self.errno
        }

        /// The kind.
        pub fn kind(&self) -> ErrorKind {
            self.kind
        }
    }

    impl From<ErrorKind> for Error {
        fn from(kind: ErrorKind) -> Self {
            Self { errno: None, kind }
        }
    }
}
