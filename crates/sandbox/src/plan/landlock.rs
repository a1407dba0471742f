//! The Landlock ruleset for an ABI: everything the kernel can handle is handled, and a path that no
//! rule names can be neither read nor written nor executed.

use casemate_init::plan::{Landlock, PathRule};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

// landlock(7), include/uapi/linux/landlock.h.
const EXECUTE: u64 = 1 << 0;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const REMOVE_DIR: u64 = 1 << 4;
const REMOVE_FILE: u64 = 1 << 5;
const MAKE_DIR: u64 = 1 << 7;
const MAKE_REG: u64 = 1 << 8;
const MAKE_SOCK: u64 = 1 << 9;
const MAKE_FIFO: u64 = 1 << 10;
const MAKE_SYM: u64 = 1 << 12;
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
const IOCTL_DEV: u64 = 1 << 15;
const NET_ALL: u64 = 1 << 0 | 1 << 1;
const SCOPE_ALL: u64 = 1 << 0 | 1 << 1;

const READ: u64 = READ_FILE | READ_DIR;
const CHANGE: u64 = WRITE_FILE
    | REMOVE_DIR
    | REMOVE_FILE
    | MAKE_DIR
    | MAKE_REG
    | MAKE_SOCK
    | MAKE_FIFO
    | MAKE_SYM
    | REFER
    | TRUNCATE;

/// File rights that an ABI handles.
fn file_rights(abi: u32) -> u64 {
    let first = (1 << 13) - 1;
    match abi {
        0 => 0,
        1 => first,
        2 => first | REFER,
        3..=4 => first | REFER | TRUNCATE,
        _ => first | REFER | TRUNCATE | IOCTL_DEV,
    }
}

/// What an ABI cannot do that a newer one can, in words; empty at the newest known one.
pub fn lacking(abi: u32) -> Vec<&'static str> {
    let steps = [
        (2, "moves between folders"),
        (3, "truncation"),
        (4, "TCP"),
        (5, "device ioctls"),
        (6, "abstract sockets and signals"),
    ];
    steps
        .iter()
        .filter(|(since, _)| abi < *since)
        .map(|(_, what)| *what)
        .collect()
}

/// What a process of ours may do in its own folder: read and change files, make nothing special.
pub(crate) fn own_folder(abi: u32) -> (Landlock, u64) {
    let handled = nothing(abi);
    let rights = READ | WRITE_FILE | REMOVE_FILE | REMOVE_DIR | MAKE_DIR | MAKE_REG | TRUNCATE;
    (handled, rights & file_rights(abi))
}

/// What a process of ours handles that may reach nothing: no rule goes with it.
pub(crate) fn nothing(abi: u32) -> Landlock {
    Landlock {
        abi,
        files: file_rights(abi),
        network: NET_ALL,
        scopes: SCOPE_ALL,
        rules: Vec::new(),
    }
}

/// The ruleset: `readable` may be read and executed, the disk also changed.
pub(super) fn ruleset(abi: u32, readable: &[PathBuf]) -> Landlock {
    let rule = |path: &[u8], allowed: u64| PathRule {
        path: path.to_vec(),
        allowed,
    };
    let mut rules = vec![
        // Names of folders alone: what may be listed is the folders' own modes' business.
        rule(b"/", READ_DIR),
        rule(b"/proc", READ),
        // Five device nodes on a read-only filesystem; /dev/shm has its own rule.
        rule(b"/dev", READ | WRITE_FILE | TRUNCATE | IOCTL_DEV),
        rule(b"/dev/shm", READ | CHANGE),
        rule(b"/tmp", READ | CHANGE | EXECUTE),
        rule(b"/workspace", READ | CHANGE | EXECUTE),
    ];
    // A rule covers all beneath its path, over mounts too: one for each topmost path is enough.
    let topmost = readable
        .iter()
        .filter(|path| !readable.iter().any(|r| *path != r && path.starts_with(r)));
    rules.extend(topmost.map(|path| rule(path.as_os_str().as_bytes(), READ | EXECUTE)));
    Landlock {
        abi,
        files: file_rights(abi),
        network: if abi >= 4 { NET_ALL } else { 0 },
        scopes: if abi >= 6 { SCOPE_ALL } else { 0 },
        rules,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_abi_handles_less_and_says_so() {
        for abi in 0..=7 {
            let rules = ruleset(abi, &[]);
            assert_eq!(rules.network != 0, abi >= 4);
            assert_eq!(rules.scopes != 0, abi >= 6);
            assert_eq!(lacking(abi).is_empty(), abi >= 6);
        }
        assert!(
            file_rights(1) < file_rights(2)
                && file_rights(2) < file_rights(3)
                && file_rights(3) < file_rights(5)
        );
    }

    #[test]
    fn nothing_but_the_disk_can_be_changed() {
        for rule in ruleset(7, &["/usr".into(), "/etc".into()]).rules {
            let may_make = rule.allowed & (MAKE_REG | MAKE_DIR | REMOVE_FILE) != 0;
            let is_disk = [&b"/tmp"[..], b"/workspace", b"/dev/shm"].contains(&&rule.path[..]);
            assert_eq!(may_make, is_disk, "{}", String::from_utf8_lossy(&rule.path));
        }
    }
}
