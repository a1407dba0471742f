//! What the filters answer, by syscall number: the numbers here are written down a
//! second time, so that a wrong row of the table cannot hide.

use super::compiler::arch::Architecture;
use super::filter;
use super::interpreter::{Call, Program};

const ALLOW: u32 = 0x7fff_0000;
const KILL: u32 = 0x8000_0000;
const EPERM: u32 = 0x0005_0001;
const ENOMEM: u32 = 0x0005_000c;
const EINVAL: u32 = 0x0005_0016;
const ENOTTY: u32 = 0x0005_0019;
const ENOSYS: u32 = 0x0005_0026;
const ENOPROTOOPT: u32 = 0x0005_005c;
const EOPNOTSUPP: u32 = 0x0005_005f;

/// Stands for "this architecture has no such syscall".
const NONE: u32 = u32::MAX;

/// A syscall by its numbers on x86_64 and aarch64.
type Numbers = (&'static str, u32, u32);

/// A call and what it must answer.
type Case = (Numbers, &'static [u64], u32);

const CLONE: Numbers = ("clone", 56, 220);
const SOCKET: Numbers = ("socket", 41, 198);
const SOCKETPAIR: Numbers = ("socketpair", 53, 199);
const SETSOCKOPT: Numbers = ("setsockopt", 54, 208);
const IOCTL: Numbers = ("ioctl", 16, 29);
const PRCTL: Numbers = ("prctl", 157, 167);
const ARCH_PRCTL: Numbers = ("arch_prctl", 158, NONE);
const PERSONALITY: Numbers = ("personality", 135, 92);
const MMAP: Numbers = ("mmap", 9, 222);
const MEMFD: Numbers = ("memfd_create", 319, 279);
const MADVISE: Numbers = ("madvise", 28, 233);
const MKNOD: Numbers = ("mknod", 133, NONE);
const MKNODAT: Numbers = ("mknodat", 259, 33);
const OPEN: Numbers = ("open", 2, NONE);
const OPENAT: Numbers = ("openat", 257, 56);
const CREAT: Numbers = ("creat", 85, NONE);
const CHMOD: Numbers = ("chmod", 90, NONE);
const FCHMOD: Numbers = ("fchmod", 91, 52);
const FCHMODAT: Numbers = ("fchmodat", 268, 53);

/// Runs one call on both architectures, with clean and with dirty upper halves.
fn check(filters: &[(Architecture, Program)], (name, x86, arm): Numbers, arguments: &[u64], expected: u32) {
    for (arch, program) in filters {
        let number = if *arch == Architecture::X86_64 { x86 } else { arm };
        if number == NONE {
            continue;
        }
        for dirt in [0, 0x1_0000_0000, 0xffff_ffff_0000_0000, 0x8000_0000_0000_0000] {
            let mut call = Call {
                arch: arch.audit(),
                number,
                arguments: [dirt; 6],
            };
            for (slot, argument) in call.arguments.iter_mut().zip(arguments) {
                *slot = argument | dirt;
            }
            let (seen, _) = program.run(&call);
            assert_eq!(
                seen,
                expected,
                "{name} on {}: {call:x?} answers {seen:#x}",
                arch.name()
            );
        }
    }
}

fn filters(name: &str) -> Vec<(Architecture, Program)> {
    Architecture::ALL.map(|arch| (arch, filter(name, arch))).into()
}

#[test]
fn hostile_syscalls_are_refused() {
    #[rustfmt::skip]
    let cases: &[(u32, &[Numbers])] = &[
        (EPERM, &[
            ("mount", 165, 40), ("umount2", 166, 39), ("pivot_root", 155, 41), ("chroot", 161, 51),
            ("open_tree", 428, 428), ("move_mount", 429, 429), ("fsopen", 430, 430), ("fsconfig", 431, 431),
            ("fsmount", 432, 432), ("fspick", 433, 433), ("mount_setattr", 442, 442),
            ("unshare", 272, 97), ("setns", 308, 268),
            ("ptrace", 101, 117), ("process_vm_readv", 310, 270), ("process_vm_writev", 311, 271),
            ("process_madvise", 440, 440), ("kcmp", 312, 272), ("pidfd_getfd", 438, 438),
            ("bpf", 321, 280), ("perf_event_open", 298, 241), ("userfaultfd", 323, 282),
            ("add_key", 248, 217), ("request_key", 249, 218), ("keyctl", 250, 219),
            ("fanotify_init", 300, 262), ("fanotify_mark", 301, 263),
            ("init_module", 175, 105), ("finit_module", 313, 273), ("delete_module", 176, 106),
            ("kexec_load", 246, 104), ("kexec_file_load", 320, 294), ("reboot", 169, 142),
            ("swapon", 167, 224), ("swapoff", 168, 225), ("acct", 163, 89),
            ("clock_settime", 227, 112), ("settimeofday", 164, 170), ("adjtimex", 159, 171), ("clock_adjtime", 305, 266),
            ("sethostname", 170, 161), ("setdomainname", 171, 162), ("iopl", 172, NONE), ("ioperm", 173, NONE),
            ("syslog", 103, 116), ("quotactl", 179, 60), ("quotactl_fd", 443, 443), ("vhangup", 153, 58),
            ("name_to_handle_at", 303, 264), ("open_by_handle_at", 304, 265),
            ("sync", 162, 81), ("syncfs", 306, 267), ("move_pages", 279, 239), ("migrate_pages", 256, 238),
            ("setuid", 105, 146), ("setgid", 106, 144), ("setreuid", 113, 145), ("setregid", 114, 143),
            ("setresuid", 117, 147), ("setresgid", 119, 149), ("setgroups", 116, 159), ("setfsuid", 122, 151),
            ("setfsgid", 123, 152), ("capget", 125, 90), ("capset", 126, 91),
            ("mlock", 149, 228), ("mlock2", 325, 284), ("mlockall", 151, 230),
            ("sched_setscheduler", 144, 119), ("sched_setparam", 142, 118), ("sched_setattr", 314, 274),
        ]),
        (ENOSYS, &[
            ("clone3", 435, 435), ("openat2", 437, 437),
            ("io_uring_setup", 425, 425), ("io_uring_enter", 426, 426), ("io_uring_register", 427, 427),
            ("modify_ldt", 154, NONE), ("uselib", 134, NONE), ("_sysctl", 156, NONE), ("sysfs", 139, NONE),
            ("lookup_dcookie", 212, 18), ("nfsservctl", 180, 42), ("seccomp", 317, 277),
            ("mbind", 237, 235), ("set_mempolicy", 238, 237), ("get_mempolicy", 239, 236),
            ("mq_open", 240, 180), ("mq_unlink", 241, 181), ("shmget", 29, 194), ("shmat", 30, 196),
            ("semget", 64, 190), ("msgget", 68, 186), ("io_setup", 206, 0), ("io_submit", 209, 2),
            ("vmsplice", 278, 75), ("tee", 276, 77), ("remap_file_pages", 216, 234), ("mincore", 27, 232),
            ("membarrier", 324, 283), ("pkey_mprotect", 329, 288), ("pkey_alloc", 330, 289),
            ("landlock_create_ruleset", 444, 444), ("memfd_secret", 447, 447), ("cachestat", 451, 451),
            ("fchmodat2", 452, 452), ("map_shadow_stack", 453, 453), ("statmount", 457, 457),
            ("listmount", 458, 458), ("lsm_set_self_attr", 460, 460), ("mseal", 462, 462),
            ("setxattrat", 463, 463), ("open_tree_attr", 467, 467), ("file_setattr", 469, 469),
            ("ustat", 136, NONE), ("epoll_ctl_old", 214, NONE), ("beyond every table", 1000, 1000),
        ]),
        (EOPNOTSUPP, &[("setxattr", 188, 5), ("fgetxattr", 193, 10), ("fremovexattr", 199, 16)]),
    ];
    let filters = filters("program");
    for (expected, numbers) in cases {
        for numbers in *numbers {
            check(&filters, *numbers, &[0; 6], *expected);
            check(&filters, *numbers, &[1, 2, 3, 4, 5, 6], *expected);
        }
    }
}

#[test]
fn ordinary_syscalls_are_allowed() {
    #[rustfmt::skip]
    let cases: &[Numbers] = &[
        ("read", 0, 63), ("write", 1, 64), ("close", 3, 57), ("fstat", 5, 80), ("newfstatat", 262, 79),
        ("munmap", 11, 215), ("mprotect", 10, 226), ("brk", 12, 214), ("execve", 59, 221), ("execveat", 322, 281),
        ("fork", 57, NONE), ("vfork", 58, NONE), ("wait4", 61, 260), ("exit_group", 231, 94), ("futex", 202, 98),
        ("rseq", 334, 293), ("set_robust_list", 273, 99), ("getrandom", 318, 278),
        ("rt_sigreturn", 15, 139), ("rt_sigaction", 13, 134), ("epoll_pwait", 281, 22), ("eventfd2", 290, 19),
        ("connect", 42, 203), ("sendmsg", 46, 211), ("recvmsg", 47, 212), ("pidfd_open", 434, 434),
        ("statx", 332, 291), ("close_range", 436, 436), ("restart_syscall", 219, 128), ("getresuid", 118, 148),
    ];
    let filters = filters("program");
    for numbers in cases {
        check(&filters, *numbers, &[u64::from(u32::MAX); 6], ALLOW);
    }
}

/// Checks cases of the program's filter.
fn check_all(cases: &[Case]) {
    let filters = filters("program");
    for (numbers, arguments, expected) in cases {
        check(&filters, *numbers, arguments, *expected);
    }
}

#[test]
fn clone_and_socket_arguments_decide() {
    #[rustfmt::skip]
    let cases: &[Case] = &[
        // A thread of glibc, a child of fork, of vfork; then each namespace flag, alone and hidden.
        (CLONE, &[0x003d_0f00], ALLOW), (CLONE, &[0x0120_0011], ALLOW), (CLONE, &[0x4111], ALLOW),
        (CLONE, &[0x0002_0011], EPERM), (CLONE, &[0x0200_0011], EPERM), (CLONE, &[0x0400_0011], EPERM),
        (CLONE, &[0x0800_0011], EPERM), (CLONE, &[0x1000_0011], EPERM), (CLONE, &[0x2000_0011], EPERM),
        (CLONE, &[0x4000_0011], EPERM), (CLONE, &[0x103d_0f00], EPERM),
        // AF_UNIX with each type and flag; inet; netlink; then everything around them.
        (SOCKET, &[1, 1, 0], ALLOW), (SOCKET, &[1, 2, 0], ALLOW), (SOCKET, &[1, 0x80805, 0], ALLOW),
        (SOCKET, &[1, 3, 0], EPERM), (SOCKET, &[1, 0x1_0001, 0], EPERM),
        (SOCKET, &[2, 1, 0], ALLOW), (SOCKET, &[2, 0x80801, 6], ALLOW), (SOCKET, &[10, 2, 17], ALLOW),
        (SOCKET, &[2, 3, 0], EPERM), (SOCKET, &[2, 3, 255], EPERM), (SOCKET, &[2, 10, 0], EPERM),
        (SOCKET, &[10, 0x80003, 58], EPERM), (SOCKET, &[2, 2, 1], EPERM), (SOCKET, &[2, 1, 132], EPERM),
        (SOCKET, &[2, 1, 262], EPERM), (SOCKET, &[2, 1, 256], EPERM), (SOCKET, &[2, 5, 0], EPERM),
        (SOCKET, &[16, 3, 0], ALLOW), (SOCKET, &[16, 0x80002, 0], ALLOW), (SOCKET, &[16, 1, 0], EPERM),
        (SOCKET, &[16, 3, 4], EPERM), (SOCKET, &[16, 3, 12], EPERM), (SOCKET, &[16, 3, 15], EPERM),
        (SOCKET, &[40, 1, 0], EPERM), (SOCKET, &[38, 5, 0], EPERM), (SOCKET, &[17, 3, 0], EPERM),
        (SOCKET, &[17, 10, 0x300], EPERM), (SOCKET, &[29, 3, 1], EPERM), (SOCKET, &[31, 3, 1], EPERM),
        (SOCKET, &[44, 3, 0], EPERM), (SOCKET, &[0, 1, 0], EPERM), (SOCKET, &[15, 3, 2], EPERM),
        (SOCKETPAIR, &[1, 0x80001, 0], ALLOW), (SOCKETPAIR, &[1, 5, 0], ALLOW), (SOCKETPAIR, &[2, 1, 0], EPERM),
        (SOCKETPAIR, &[16, 3, 0], EPERM), (SOCKETPAIR, &[1, 3, 0], EPERM), (SOCKETPAIR, &[30, 1, 0], EPERM),
        // Programs for the kernel.
        (SETSOCKOPT, &[3, 1, 2], ALLOW), (SETSOCKOPT, &[3, 1, 26], ENOPROTOOPT), (SETSOCKOPT, &[3, 1, 50], ENOPROTOOPT),
        (SETSOCKOPT, &[3, 1, 51], ENOPROTOOPT), (SETSOCKOPT, &[3, 1, 52], ENOPROTOOPT), (SETSOCKOPT, &[3, 6, 1], ALLOW),
        (SETSOCKOPT, &[3, 6, 31], ENOPROTOOPT), (SETSOCKOPT, &[3, 41, 26], ALLOW), (SETSOCKOPT, &[3, 0, 31], ALLOW),
    ];
    check_all(cases);
}

#[test]
fn ioctl_prctl_and_personality_arguments_decide() {
    #[rustfmt::skip]
    let cases: &[Case] = &[
        // TIOCSTI, TIOCLINUX, TIOCSETD (CVE-2019-10063 is the dirty upper half that `check` adds).
        (IOCTL, &[0, 0x5412], EPERM), (IOCTL, &[0, 0x541c], EPERM), (IOCTL, &[0, 0x5423], EPERM),
        (IOCTL, &[0, 0x541d], EPERM), (IOCTL, &[0, 0x5437], EPERM),
        (IOCTL, &[0, 0x5401], ALLOW), (IOCTL, &[0, 0x5413], ALLOW), (IOCTL, &[0, 0x541b], ALLOW),
        (IOCTL, &[0, 0x802c_542a], ALLOW), (IOCTL, &[0, 0x8912], ALLOW), (IOCTL, &[0, 0x5451], ALLOW),
        (IOCTL, &[0, 0x8914], ENOTTY), (IOCTL, &[0, 0x400454ca], ENOTTY), (IOCTL, &[0, 0xae01], ENOTTY),
        (IOCTL, &[0, 0x1274], ENOTTY), (IOCTL, &[0, 0x40049409], ENOTTY), (IOCTL, &[0, 0], ENOTTY),
        // PR_SET_NAME and friends; then PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_MM, PR_SET_SECUREBITS,
        // PR_CAP_AMBIENT, PR_SET_PTRACER, PR_SET_MEMORY_MERGE, PR_SET_KEEPCAPS.
        (PRCTL, &[15], ALLOW), (PRCTL, &[1, 9], ALLOW), (PRCTL, &[38, 1], ALLOW), (PRCTL, &[0x5356_4d41], ALLOW),
        (PRCTL, &[22, 2], EINVAL), (PRCTL, &[24], EINVAL), (PRCTL, &[35], EINVAL), (PRCTL, &[28], EINVAL),
        (PRCTL, &[47], EINVAL), (PRCTL, &[0x5961_6d61], EINVAL), (PRCTL, &[67], EINVAL), (PRCTL, &[8], EINVAL),
        // ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC, MMAP_PAGE_ZERO, PER_LINUX32, UNAME26.
        (PERSONALITY, &[0], ALLOW), (PERSONALITY, &[0xffff_ffff], ALLOW), (PERSONALITY, &[0x004_0000], EPERM),
        (PERSONALITY, &[0x040_0000], EPERM), (PERSONALITY, &[0x010_0000], EPERM), (PERSONALITY, &[8], EPERM),
        (PERSONALITY, &[0x2_0000], EPERM), (PERSONALITY, &[0xffff_fffe], EPERM),
        (ARCH_PRCTL, &[0x1002], ALLOW), (ARCH_PRCTL, &[0x1023], ALLOW), (ARCH_PRCTL, &[0x1012], EINVAL),
        (ARCH_PRCTL, &[0x5001], EINVAL), (ARCH_PRCTL, &[0x2001], EINVAL),
    ];
    check_all(cases);
}

#[test]
fn memory_and_mode_arguments_decide() {
    #[rustfmt::skip]
    let cases: &[Case] = &[
        // Huge pages, merged pages.
        (MMAP, &[0, 4096, 7, 0x22], ALLOW), (MMAP, &[0, 4096, 3, 0x4_0022], ENOMEM),
        (MEMFD, &[0, 3], ALLOW), (MEMFD, &[0, 4], EINVAL), (MEMFD, &[0, 0x7800_0004], EINVAL),
        (MADVISE, &[0, 0, 4], ALLOW), (MADVISE, &[0, 0, 14], ALLOW), (MADVISE, &[0, 0, 12], EINVAL),
        (MADVISE, &[0, 0, 100], EINVAL), (MADVISE, &[0, 0, 101], EINVAL),
        // Devices and setuid bits. The mode of open counts only when it creates.
        (MKNODAT, &[0, 0, 0o010644], ALLOW), (MKNODAT, &[0, 0, 0o100644], ALLOW), (MKNODAT, &[0, 0, 0o644], ALLOW),
        (MKNODAT, &[0, 0, 0o140755], ALLOW), (MKNODAT, &[0, 0, 0o020644], EPERM), (MKNODAT, &[0, 0, 0o060644], EPERM),
        (MKNODAT, &[0, 0, 0o104755], EPERM), (MKNOD, &[0, 0o010644], EPERM),
        (OPEN, &[0, 0, 0o7777], ALLOW), (OPEN, &[0, 0o100, 0o1644], ALLOW), (OPEN, &[0, 0o101, 0o4755], EPERM),
        (OPENAT, &[0, 0, 0o2, 0o6755], ALLOW), (OPENAT, &[0, 0, 0o1101, 0o755], ALLOW),
        (OPENAT, &[0, 0, 0o1101, 0o2755], EPERM), (OPENAT, &[0, 0, 0o20200002, 0o4700], EPERM),
        (CREAT, &[0, 0o644], ALLOW), (CREAT, &[0, 0o4644], EPERM),
        (CHMOD, &[0, 0o755], ALLOW), (CHMOD, &[0, 0o1777], ALLOW), (CHMOD, &[0, 0o4755], EPERM),
        (FCHMOD, &[3, 0o2755], EPERM), (FCHMOD, &[3, 0o600], ALLOW),
        (FCHMODAT, &[0, 0, 0o6755], EPERM), (FCHMODAT, &[0, 0, 0o755], ALLOW),
    ];
    check_all(cases);
}

#[test]
fn the_collector_dies_of_anything_it_does_not_need() {
    #[rustfmt::skip]
    let allowed: &[(Numbers, &[u64])] = &[
        (("openat2", 437, 437), &[3, 0, 0, 24]), (("getdents64", 217, 61), &[3]), (("read", 0, 63), &[3]),
        (("pread64", 17, 67), &[3]), (("fstat", 5, 80), &[3]), (("newfstatat", 262, 79), &[3]), (("statx", 332, 291), &[3]),
        (("write", 1, 64), &[1]), (("sendmsg", 46, 211), &[3]), (("sendto", 44, 206), &[3]), (("lseek", 8, 62), &[3]),
        (("close", 3, 57), &[3]), (("exit_group", 231, 94), &[0]), (("exit", 60, 93), &[0]), (("brk", 12, 214), &[0]),
        (("mmap", 9, 222), &[0, 4096, 3, 0x22]), (("munmap", 11, 215), &[0]), (("futex", 202, 98), &[0]),
        (("rt_sigreturn", 15, 139), &[]), (("fcntl", 72, 25), &[3, 1]),
    ];
    #[rustfmt::skip]
    let deadly: &[(Numbers, &[u64])] = &[
        (("open", 2, NONE), &[]), (("openat", 257, 56), &[]), (("execve", 59, 221), &[]), (("execveat", 322, 281), &[]),
        (("clone", 56, 220), &[0x11]), (("clone3", 435, 435), &[]), (("fork", 57, NONE), &[]), (("mprotect", 10, 226), &[]),
        (("mmap", 9, 222), &[0, 4096, 5, 0x22]), (("mmap", 9, 222), &[0, 4096, 7, 0x22]),
        (("mmap", 9, 222), &[0, 4096, 3, 0x4_0022]), (("fcntl", 72, 25), &[3, 0]), (("fcntl", 72, 25), &[3, 4]),
        (("socket", 41, 198), &[1, 1, 0]), (("connect", 42, 203), &[]), (("recvmsg", 47, 212), &[]),
        (("unlinkat", 263, 35), &[]), (("renameat", 264, 38), &[]), (("readlinkat", 267, 78), &[]), (("kill", 62, 129), &[]),
        (("ptrace", 101, 117), &[]), (("ioctl", 16, 29), &[0, 0x5401]), (("prctl", 157, 167), &[15]),
        (("io_uring_setup", 425, 425), &[]), (("memfd_create", 319, 279), &[]), (("beyond every table", 1000, 1000), &[]),
    ];
    let filters = filters("collector");
    for (numbers, arguments) in allowed {
        check(&filters, *numbers, arguments, ALLOW);
    }
    for (numbers, arguments) in deadly {
        check(&filters, *numbers, arguments, KILL);
    }
}

#[test]
fn the_server_starts_nothing_and_opens_no_connection() {
    #[rustfmt::skip]
    let allowed: &[(Numbers, &[u64])] = &[
        (("accept4", 288, 242), &[3]), (("sendmsg", 46, 211), &[3]), (("recvmsg", 47, 212), &[3]), (("fdatasync", 75, 83), &[3]),
        (("openat", 257, 56), &[0]), (("memfd_create", 319, 279), &[0]), (("socketpair", 53, 199), &[1, 5]),
        (("clone", 56, 220), &[0x3d_0f00]), (("mmap", 9, 222), &[0, 4096, 3, 0x22]), (("futex", 202, 98), &[0]),
    ];
    #[rustfmt::skip]
    let refused: &[(Numbers, &[u64])] = &[
        (("execve", 59, 221), &[]), (("execveat", 322, 281), &[]), (("fork", 57, NONE), &[]), (("clone", 56, 220), &[0x11]),
        (("clone", 56, 220), &[0x103d_0f00]), (("socket", 41, 198), &[2, 1, 0]),
        (("socketpair", 53, 199), &[2, 1]), (("connect", 42, 203), &[]), (("bind", 49, 200), &[]), (("listen", 50, 201), &[]),
        (("mmap", 9, 222), &[0, 4096, 5, 0x22]), (("mprotect", 10, 226), &[0, 4096, 7]), (("ptrace", 101, 117), &[]),
        (("kill", 62, 129), &[1, 9]), (("mount", 165, 40), &[]), (("unshare", 272, 97), &[]), (("setuid", 105, 146), &[0]),
        (("prlimit64", 302, 261), &[0, 7, 1]), (("io_uring_setup", 425, 425), &[]), (("bpf", 321, 280), &[]),
        (("beyond every table", 1000, 1000), &[]),
    ];
    let filters = filters("server");
    for (numbers, arguments) in allowed {
        check(&filters, *numbers, arguments, ALLOW);
    }
    for (numbers, arguments) in refused {
        check(&filters, *numbers, arguments, EPERM);
    }
}

#[test]
fn an_analyser_dies_by_whatever_it_has_no_use_for() {
    #[rustfmt::skip]
    let allowed: &[(Numbers, &[u64])] = &[
        (("read", 0, 63), &[0]), (("write", 1, 64), &[0]), (("brk", 12, 214), &[0]), (("futex", 202, 98), &[0]),
        (("mmap", 9, 222), &[0, 4096, 3, 0x22]), (("munmap", 11, 215), &[]), (("exit_group", 231, 94), &[0]),
    ];
    #[rustfmt::skip]
    let deadly: &[(Numbers, &[u64])] = &[
        (("openat", 257, 56), &[]), (("openat2", 437, 437), &[]), (("open", 2, NONE), &[]), (("execve", 59, 221), &[]),
        (("execveat", 322, 281), &[]), (("fork", 57, NONE), &[]), (("clone", 56, 220), &[0x3d_0f00]),
        (("clone3", 435, 435), &[]), (("socket", 41, 198), &[1, 1]), (("socketpair", 53, 199), &[1]),
        (("connect", 42, 203), &[]), (("ptrace", 101, 117), &[]), (("kill", 62, 129), &[1, 9]), (("tgkill", 234, 131), &[]),
        (("memfd_create", 319, 279), &[]), (("recvmsg", 47, 212), &[0]), (("sendmsg", 46, 211), &[0]),
        (("mmap", 9, 222), &[0, 4096, 5, 0x22]), (("mprotect", 10, 226), &[0, 4096, 7]), (("prctl", 157, 167), &[]),
        (("prlimit64", 302, 261), &[]), (("io_uring_setup", 425, 425), &[]), (("unshare", 272, 97), &[]),
    ];
    let filters = filters("analyser");
    for (numbers, arguments) in allowed {
        check(&filters, *numbers, arguments, ALLOW);
    }
    for (numbers, arguments) in deadly {
        check(&filters, *numbers, arguments, KILL);
    }
}

#[test]
fn a_watcher_dies_by_whatever_it_has_no_use_for() {
    #[rustfmt::skip]
    let allowed: &[(Numbers, &[u64])] = &[
        (("sendmsg", 46, 211), &[1]), (("ppoll", 271, 73), &[]), (("brk", 12, 214), &[0]), (("futex", 202, 98), &[0]),
        (("mmap", 9, 222), &[0, 4096, 3, 0x22]), (("munmap", 11, 215), &[]), (("exit_group", 231, 94), &[0]),
    ];
    #[rustfmt::skip]
    let deadly: &[(Numbers, &[u64])] = &[
        (("bpf", 321, 280), &[2]), (("read", 0, 63), &[0]), (("recvmsg", 47, 212), &[0]), (("openat", 257, 56), &[]),
        (("execve", 59, 221), &[]), (("clone", 56, 220), &[0x3d_0f00]), (("socket", 41, 198), &[1, 1]),
        (("ptrace", 101, 117), &[]), (("kill", 62, 129), &[1, 9]), (("perf_event_open", 298, 241), &[]),
        (("mmap", 9, 222), &[0, 4096, 5, 0x22]), (("mprotect", 10, 226), &[0, 4096, 7]), (("prctl", 157, 167), &[]),
    ];
    let filters = filters("watcher");
    for (numbers, arguments) in allowed {
        check(&filters, *numbers, arguments, ALLOW);
    }
    for (numbers, arguments) in deadly {
        check(&filters, *numbers, arguments, KILL);
    }
}

#[test]
fn other_abis_are_killed() {
    const I386: u32 = 0x4000_0003;
    const ARM: u32 = 0x4000_0028;
    for name in ["program", "collector", "server", "analyser", "witness", "watcher"] {
        for (arch, program) in filters(name) {
            for number in 0..1024 {
                let mut calls = vec![
                    (I386, number),
                    (ARM, number),
                    (0, number),
                    (arch.audit() ^ 0x8000_0000, number),
                ];
                calls.extend(
                    Architecture::ALL
                        .iter()
                        .filter(|other| **other != arch)
                        .map(|other| (other.audit(), number)),
                );
                if arch == Architecture::X86_64 {
                    // x32 shares the audit value and marks its numbers.
                    calls.extend([
                        (arch.audit(), number | 0x4000_0000),
                        (arch.audit(), number | 0xc000_0000),
                    ]);
                }
                for (audit, number) in calls {
                    let call = Call {
                        arch: audit,
                        number,
                        arguments: [0; 6],
                    };
                    assert_eq!(program.run(&call).0, KILL, "{name} on {}: {call:x?}", arch.name());
                }
            }
        }
    }
}

/// Its own limits, never another process's, and never a new limit on core files.
#[test]
fn limits_of_others_and_of_core_files_stay() {
    let eperm = 0x5_0001;
    let allow = 0x7fff_0000;
    let cases: [([u64; 3], u32); 6] = [
        ([0, 7, 0x1000], allow),
        ([0, 4, 0], allow),
        ([0, 4, 0x1000], eperm),
        ([0, 0x1_0000_0004, 0x1000], eperm),
        ([1, 7, 0x1000], eperm),
        ([1, 7, 0], eperm),
    ];
    for (arch, program) in filters("program") {
        let number = if arch == Architecture::X86_64 { 302 } else { 261 };
        for (given, expected) in cases {
            let mut arguments = [0; 6];
            arguments[..3].copy_from_slice(&given);
            let call = Call {
                arch: arch.audit(),
                number,
                arguments,
            };
            assert_eq!(program.run(&call).0, expected, "{call:x?}");
        }
    }
}

/// Without a network there is no netlink; everything else answers as with one.
#[test]
fn the_offline_filter_differs_by_netlink_alone() {
    let run = |filter: &[u8], number: u32, arguments: [u64; 6]| {
        let call = Call {
            arch: Architecture::X86_64.audit(),
            number,
            arguments,
        };
        Program::check(filter).run(&call).0
    };
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    let (with, without) = (super::super::program(), super::super::program_offline());
    let netlink = [16, 3, 0, 0, 0, 0];
    assert_eq!(run(with, 41, netlink), 0x7fff_0000);
    assert_eq!(run(without, 41, netlink), 0x5_0001);
    for number in 0..512 {
        for arguments in [[0; 6], [1, 1, 0, 0, 0, 0], [2, 1, 6, 0, 0, 0], [u64::MAX; 6]] {
            assert_eq!(
                run(with, number, arguments),
                run(without, number, arguments),
                "{number}"
            );
        }
    }
}
