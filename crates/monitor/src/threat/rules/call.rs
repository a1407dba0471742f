//! Names of the system calls that events of rare calls tell (syscalls(2); the tables of the kernel).

/// The numbers on x86-64 and on the machines with the generic table.
const CALLS: &[(&str, u16, u16)] = &[
    ("ptrace", 101, 117),
    ("process_vm_readv", 310, 270),
    ("process_vm_writev", 311, 271),
    ("mount", 165, 40),
    ("umount2", 166, 39),
    ("pivot_root", 155, 41),
    ("chroot", 161, 51),
    ("unshare", 272, 97),
    ("setns", 308, 268),
    ("init_module", 175, 105),
    ("finit_module", 313, 273),
    ("kexec_load", 246, 104),
    ("bpf", 321, 280),
    ("keyctl", 250, 219),
    ("add_key", 248, 217),
    ("perf_event_open", 298, 241),
    ("userfaultfd", 323, 282),
    ("open_by_handle_at", 304, 265),
    ("io_uring_setup", 425, 425),
    ("open_tree", 428, 428),
    ("move_mount", 429, 429),
    ("fsopen", 430, 430),
    ("fsmount", 432, 432),
    ("mount_setattr", 442, 442),
    ("memfd_create", 319, 279),
    ("execveat", 322, 281),
    ("syslog", 103, 116),
    ("reboot", 169, 142),
    ("swapon", 167, 224),
    ("iopl", 172, u16::MAX),
    ("quotactl", 179, 60),
    ("acct", 163, 89),
];

/// The number of a call on this machine.
pub(super) fn number(name: &str) -> Option<u16> {
    let (_, x86, generic) = CALLS.iter().find(|(call, ..)| *call == name)?;
    Some(if cfg!(target_arch = "x86_64") {
        *x86
    } else {
        *generic
    })
}
