//! The program `casemate-init`, embedded by the build, handed out as a sealed memory file so that
//! nobody inside can change what runs as pid 1 (CVE-2019-5736).

use crate::error::{AtStep, SandboxError};
use casemate_sys::memfd::{self, Kind};
use std::os::fd::OwnedFd;

static INIT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/casemate-init"));

/// Makes the sealed memory file.
///
/// # Errors
/// When memory files cannot be made or executed here (sysctl `vm.memfd_noexec=2`).
pub fn init() -> Result<OwnedFd, SandboxError> {
    memfd::sealed("casemate-init", Kind::Program, INIT).at(|| "make the memory file of init".into())
}

static ZYGOTE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libcasemate_zygote.so"));

/// Makes the sealed memory file of the library that makes an interpreter a zygote.
///
/// # Errors
/// As [`init`].
pub fn zygote() -> Result<OwnedFd, SandboxError> {
    memfd::sealed("casemate-zygote", Kind::Program, ZYGOTE).at(|| "make the memory file of the zygote".into())
}

/// Its size, bytes.
pub fn init_bytes() -> usize {
    INIT.len()
}
