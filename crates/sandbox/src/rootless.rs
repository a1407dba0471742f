//! A warden without root takes a user namespace of its own, in which it holds every capability over
//! nothing but itself and, where `/etc/subuid` grants a range, over that range.
//!
//! Every id keeps its number there, so that a number means the same on both sides. From there on
//! building a sandbox is the same as for root.

use crate::error::{AtStep, SandboxError};
use crate::ids::IdRange;
use casemate_sys::{credentials, fd, host, namespace, process};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

/// Where the setuid helpers of shadow are (newuidmap(1)); never looked up in `PATH`.
const HELPERS: [(&str, &str, &str); 2] = [
    ("uid", "/usr/bin/newuidmap", "/etc/subuid"),
    ("gid", "/usr/bin/newgidmap", "/etc/subgid"),
];
/// Fewer ids than this are not worth a map.
const LEAST_IDS: u32 = 16;

/// The user namespace that the warden now works in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Root on the host.
    Root,
    /// An ordinary account with a range of subordinate ids.
    Subordinate(IdRange),
    /// An ordinary account with its own id alone.
    Single {
        /// That id.
        uid: u32,
        /// The account's group.
        gid: u32,
    },
}

/// Whether this process may build sandboxes without a user namespace of its own.
pub fn is_privileged() -> bool {
    let wanted = credentials::capability::SYS_ADMIN
        | credentials::capability::SETUID
        | credentials::capability::SETGID;
    credentials::effective_uid() == 0
        && credentials::effective_capabilities().is_ok_and(|c| c & wanted == wanted)
}

/// The first range of subordinate ids of an account in the text of `/etc/subuid` (subuid(5)).
pub fn subordinate_range(text: &str, uid: u32, name: Option<&str>) -> Option<IdRange> {
    let uid = uid.to_string();
    text.lines().take(10_000).find_map(|line| {
        let mut parts = line.trim().split(':');
        let owner = parts.next()?;
        let base: u32 = parts.next()?.parse().ok()?;
        let count: u32 = parts.next()?.parse().ok()?;
        let ours = owner == uid || Some(owner) == name;
        let usable = ours && count >= LEAST_IDS && base.checked_add(count).is_some();
        usable.then_some(IdRange {
            base,
            count: count.min(65_536),
        })
    })
}

/// Enters a user and a mount namespace of our own. A no-op for root.
///
/// # Errors
/// When user namespaces are not to be had: the message says which setting forbids them.
pub fn enter() -> Result<Standing, SandboxError> {
    if is_privileged() {
        return Ok(Standing::Root);
    }
    let (uid, gid) = (credentials::effective_uid(), credentials::effective_gid());
    let ranges = subordinate_ranges(uid);
    let (go_in, go_out) = fd::pipe().at(|| "make a pipe".into())?;
    let helper = match ranges {
        None => None,
        Some(ranges) => {
            let warden = std::process::id();
            match process::fork().at(|| "fork the helper that maps ids".into())? {
                Some(pid) => Some((pid, ranges)),
                None => {
                    drop(go_out);
                    let mapped = map_from_outside(go_in.as_fd(), warden, uid, gid, ranges);
                    process::exit(i32::from(!mapped))
                }
            }
        }
    };
    namespace::unshare(namespace::CLONE_NEWUSER).at(|| "make a user namespace".into())?;
    let mapped = match helper {
        None => None,
        Some((pid, ranges)) => {
            fd::write_all(go_out.as_fd(), b"m").at(|| "wake the helper that maps ids".into())?;
            let reaped =
                process::reap(pid, process::Wait::Block).at(|| "await the helper that maps ids".into())?;
            reaped
                .filter(|r| r.exit == process::Exit::Code(0))
                .map(|_| ranges)
        }
    };
    let standing = match mapped {
        Some([uids, _]) => Standing::Subordinate(uids),
        None => {
            map_self(uid, gid).at(|| "map our own id".into())?;
            Standing::Single { uid, gid }
        }
    };
    namespace::unshare(namespace::CLONE_NEWNS).at(|| "make a mount namespace".into())?;
    Ok(standing)
}

fn subordinate_ranges(uid: u32) -> Option<[IdRange; 2]> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let wanted = uid.to_string();
    let name = passwd.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)? == wanted).then_some(name)
    });
    let range = |(_, helper, file): (&str, &str, &str)| {
        let text = std::fs::read_to_string(file).ok()?;
        Path::new(helper)
            .exists()
            .then(|| subordinate_range(&text, uid, name))
            .flatten()
    };
    let (uids, gids) = (range(HELPERS[0])?, range(HELPERS[1])?);
    // One lease stands for a user id and the group id of the same number.
    let base = uids.base.max(gids.base);
    let end = (uids.base + uids.count).min(gids.base + gids.count);
    let both = IdRange {
        base,
        count: end.checked_sub(base).filter(|n| *n >= LEAST_IDS)?,
    };
    Some([both, both])
}

/// Runs in a child that stays outside the new namespace, as the setuid helpers ask.
fn map_from_outside(
    go: std::os::fd::BorrowedFd<'_>,
    warden: u32,
    uid: u32,
    gid: u32,
    ranges: [IdRange; 2],
) -> bool {
    let mut byte = [0];
    if !matches!(fd::read(go, &mut byte), Ok(1)) {
        return false;
    }
    HELPERS
        .iter()
        .zip([uid, gid])
        .zip(ranges)
        .all(|(((_, helper, _), own), range)| {
            let numbers = [warden, own, own, 1, range.base, range.base, range.count].map(|n| n.to_string());
            host::command(helper)
                .args(numbers)
                .status()
                .is_ok_and(|status| status.success())
        })
}

fn map_self(uid: u32, gid: u32) -> io::Result<()> {
    // Without this an unprivileged process may not write its gid_map (user_namespaces(7)).
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{uid} {uid} 1\n"))?;
    std::fs::write("/proc/self/gid_map", format!("{gid} {gid} 1\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subordinate_ranges_are_found() {
        let text = "alice:100000:65536\n1001:200000:65536\nbob:1:4\nmalformed\n";
        let at = |uid, name| subordinate_range(text, uid, name).map(|r| r.base);
        assert_eq!(at(1000, Some("alice")), Some(100_000));
        assert_eq!(at(1001, None), Some(200_000));
        assert_eq!(at(1002, Some("bob")), None, "too few");
        assert_eq!(at(1003, Some("carol")), None);
        let past_the_last_id = "1000:4294967295:65536\n1000:7:65536\n";
        let found = subordinate_range(past_the_last_id, 1000, None);
        assert_eq!(found.map(|r| r.base), Some(7));
    }
}
