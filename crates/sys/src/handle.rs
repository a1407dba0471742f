//! Owned and borrowed descriptors. With the standard library they are its own; without, the same in
//! small.

#[cfg(feature = "std")]
pub use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

#[cfg(not(feature = "std"))]
pub use bare::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

#[cfg(not(feature = "std"))]
mod bare {
    use crate::call::syscall;
    use core::marker::PhantomData;

    /// A descriptor's number.
    pub type RawFd = i32;

    /// A descriptor that is closed when this goes.
    #[derive(Debug)]
    pub struct OwnedFd(RawFd);

    /// A descriptor that somebody else keeps open.
    #[derive(Clone, Copy, Debug)]
    pub struct BorrowedFd<'a>(RawFd, PhantomData<&'a OwnedFd>);

    /// Lends a descriptor.
    pub trait AsFd {
        /// Lends it.
        fn as_fd(&self) -> BorrowedFd<'_>;
    }

    /// Tells a descriptor's number.
    pub trait AsRawFd {
        /// Tells it.
        fn as_raw_fd(&self) -> RawFd;
    }

    /// Takes over a descriptor by its number.
    pub trait FromRawFd {
        /// Takes it over.
        ///
        /// # Safety
        /// The number must be open, and nothing else may own it.
        unsafe fn from_raw_fd(fd: RawFd) -> Self;
    }

    impl FromRawFd for OwnedFd {
        unsafe fn from_raw_fd(fd: RawFd) -> Self {
            Self(fd)
        }
    }

    impl AsRawFd for OwnedFd {
        fn as_raw_fd(&self) -> RawFd {
            self.0
        }
    }

    impl AsRawFd for BorrowedFd<'_> {
        fn as_raw_fd(&self) -> RawFd {
            self.0
        }
    }

    impl AsFd for OwnedFd {
        fn as_fd(&self) -> BorrowedFd<'_> {
            BorrowedFd(self.0, PhantomData)
        }
    }

    impl AsFd for BorrowedFd<'_> {
        fn as_fd(&self) -> BorrowedFd<'_> {
            *self
        }
    }

    impl Drop for OwnedFd {
        fn drop(&mut self) {
            // SAFETY: this owned the descriptor, and is gone after this. No error could be acted on.
            unsafe { syscall!(libc::SYS_close, self.0) };
        }
    }
}
