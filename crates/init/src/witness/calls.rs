//! The calls that a witness hears of, and the filter that holds them back.
//!
//! The filter lies over the program's own. Where that one refuses a call, the kernel takes its answer, and no witness
//! hears of it (seccomp(2): the answer of highest precedence counts).

use alloc::vec::Vec;
use casemate_sys::libc;

/// What a call is, and where its arguments are; the numbers are places among them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Path and argument vector; a folder's descriptor where the path is the second.
    Exec { path: usize, argv: usize },
    /// Path and flags.
    Open { path: usize, flags: usize },
    /// Path; opened to write.
    Create { path: usize },
    /// A socket's address and its length.
    Connect,
    /// The same.
    Bind,
    /// Bytes, their length, an address, its length.
    Send,
    /// An array of messages and their number.
    SendMany,
    /// One path.
    Remove { path: usize },
    /// Two paths.
    Rename { from: usize, to: usize },
    /// A path and a mode.
    Mode { path: usize, mode: usize },
    /// A pid and a signal.
    Kill,
}

#[cfg(target_arch = "x86_64")]
const OLDER: [(i64, Shape); 6] = [
    (libc::SYS_open, Shape::Open { path: 0, flags: 1 }),
    (libc::SYS_creat, Shape::Create { path: 0 }),
    (libc::SYS_unlink, Shape::Remove { path: 0 }),
    (libc::SYS_rmdir, Shape::Remove { path: 0 }),
    (libc::SYS_rename, Shape::Rename { from: 0, to: 1 }),
    (libc::SYS_chmod, Shape::Mode { path: 0, mode: 1 }),
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: [(i64, Shape); 0] = [];

const CALLS: [(i64, Shape); 12] = [
    (libc::SYS_execve, Shape::Exec { path: 0, argv: 1 }),
    (libc::SYS_execveat, Shape::Exec { path: 1, argv: 2 }),
    (libc::SYS_openat, Shape::Open { path: 1, flags: 2 }),
    (libc::SYS_connect, Shape::Connect),
    (libc::SYS_bind, Shape::Bind),
    (libc::SYS_sendto, Shape::Send),
    (libc::SYS_sendmmsg, Shape::SendMany),
    (libc::SYS_unlinkat, Shape::Remove { path: 1 }),
    (libc::SYS_renameat, Shape::Rename { from: 1, to: 3 }),
    (libc::SYS_renameat2, Shape::Rename { from: 1, to: 3 }),
    (libc::SYS_fchmodat, Shape::Mode { path: 1, mode: 2 }),
    (libc::SYS_kill, Shape::Kill),
];

/// What the call of a number is.
pub(super) fn shape(number: i64) -> Option<Shape> {
    let mut all = CALLS.iter().chain(&OLDER);
    all.find(|(of, _)| *of == number).map(|(_, shape)| *shape)
}

/// The filter, as the bytes of a `struct sock_filter` array: the listed calls of our own ABI are held back.
pub(super) fn filter() -> Vec<u8> {
    // linux/bpf_common.h, linux/seccomp.h, linux/audit.h.
    const LOAD: u16 = 0x20;
    const JUMP_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const USER_NOTIF: u32 = 0x7fc0_0000;
    const NUMBER: u32 = 0;
    const ARCH: u32 = 4;
    let arch: u32 = if cfg!(target_arch = "x86_64") {
        0xc000_003e
    } else {
        0xc000_00b7
    };
    let numbers: Vec<u32> = CALLS.iter().chain(&OLDER).map(|(n, _)| *n as u32).collect();
    let count = numbers.len() as u8;
    let mut code: Vec<(u16, u8, u8, u32)> = Vec::new();
    code.push((LOAD, 0, 0, ARCH));
    // Another ABI's numbers mean other calls; the program's own filter kills for them.
    code.push((JUMP_EQUAL, 0, count + 1, arch));
    code.push((LOAD, 0, 0, NUMBER));
    for (place, number) in numbers.iter().enumerate() {
        code.push((JUMP_EQUAL, count - place as u8, 0, *number));
    }
    code.push((RETURN, 0, 0, ALLOW));
    code.push((RETURN, 0, 0, USER_NOTIF));
    code.iter()
        .flat_map(|&(code, yes, no, k)| {
            let [a, b] = code.to_ne_bytes();
            let [c, d, e, f] = k.to_ne_bytes();
            [a, b, yes, no, c, d, e, f]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the filter on a call; whether it is held back.
    fn holds(filter: &[u8], arch: u32, number: u32) -> bool {
        let (mut at, mut accumulator) = (0usize, 0u32);
        loop {
            let i = &filter[at * 8..at * 8 + 8];
            let k = u32::from_ne_bytes([i[4], i[5], i[6], i[7]]);
            at += 1;
            match u16::from_ne_bytes([i[0], i[1]]) {
                0x20 => accumulator = if k == 0 { number } else { arch },
                0x15 => at += usize::from(if accumulator == k { i[2] } else { i[3] }),
                0x06 => return k == 0x7fc0_0000,
                other => panic!("instruction {other:#x}"),
            }
        }
    }

    #[test]
    fn the_listed_calls_of_this_abi_are_held_back_and_no_others() {
        let filter = filter();
        let arch = if cfg!(target_arch = "x86_64") {
            0xc000_003e
        } else {
            0xc000_00b7
        };
        for number in 0..600 {
            assert_eq!(
                holds(&filter, arch, number),
                shape(number.into()).is_some(),
                "{number}"
            );
            assert!(!holds(&filter, 0x4000_0003, number));
        }
        // What a child does between this filter and its exec would wait for itself.
        for number in [libc::SYS_sendmsg, libc::SYS_close_range, libc::SYS_seccomp] {
            assert_eq!(shape(number), None);
        }
    }
}
