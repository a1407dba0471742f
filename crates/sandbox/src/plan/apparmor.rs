//! The AppArmor profile that programs enter where the host has it loaded.

use std::path::Path;

/// Name of the profile that programs enter.
pub const PROFILE_NAME: &str = "casemate-program";
/// The shipped text of both profiles: the one for programs, and the one that lets `casemate` itself
/// make user namespaces on hosts that restrict them.
pub const PROFILE_TEXT: &str = include_str!("../../../../resources/apparmor/casemate");

/// Whether the running kernel has the programs' profile loaded.
///
/// `policy/profiles` of securityfs lists profiles as folders `NAME.N`, readable by everyone, where
/// `profiles` itself is for root alone.
pub fn is_loaded() -> bool {
    let folder = Path::new("/sys/kernel/security/apparmor/policy/profiles");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries.take(10_000).flatten().any(|entry| {
        let name = entry.file_name();
        name.to_str()
            .and_then(|n| n.rsplit_once('.'))
            .is_some_and(|(name, _)| name == PROFILE_NAME)
    })
}
