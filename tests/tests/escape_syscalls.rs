//! Escape tests: system calls by number, in every ABI of the processor.
//!
//! Each call has arguments for which the kernel itself would answer with another error than the
//! wall's (EFAULT, EINVAL, EBADF, ESRCH), so a call that reached the kernel is told from one that
//! the filter stopped. uretprobe and uprobe are left out: the kernel lets them past every filter
//! (`kernel/seccomp.c`, since 6.14), and outside a probe they only end their caller. The numbers are those of x86_64 (`arch/x86/entry/syscalls/syscall_64.tbl`).
#![cfg(target_arch = "x86_64")]

use casemate_tests::{held, probe};

held! {
    /// Numbers that no list names are refused.
    unknown_numbers_are_refused => "syscalls/unknown.py";
    /// Every call of the x32 ABI dies.
    x32_is_killed => "syscalls/x32.py";
    /// The same by the instruction itself.
    x32_instruction_is_killed => "syscalls/x32_asm.c";
    /// Every call of the i386 ABI dies.
    i386_is_killed => "syscalls/i386.c";
    /// 32-bit code segments are no way around.
    far_jump_to_32_bits_is_killed => "syscalls/far_jump.c";
    /// Bits in the upper half of an argument do not get past the filter.
    high_bits_do_not_pass => "syscalls/high_bits.py";
    /// Nothing can be typed into a terminal.
    terminal_injection_is_walled => "syscalls/ioctl_terminal.py";
    /// Protections of memory cannot be switched off.
    personality_is_walled => "syscalls/personality.py";
    /// clone(2) makes no namespace.
    clone_makes_no_namespace => "syscalls/clone_flags.py";
    /// clone3 answers ENOSYS.
    clone3_is_not_there => "syscalls/clone3.py";
    /// A second filter does not loosen the first.
    filters_cannot_be_loosened => "syscalls/seccomp_again.py";
    /// Code from memory is as walled as code from a file.
    code_from_memory_is_walled => "syscalls/memfd_exec.py";
}

macro_rules! walled {
    ($($name:ident => $number:literal, [$($argument:literal),*];)+) => {
        $(#[test] fn $name() {
            probe("syscalls/number.py")
                .claim(concat!("System call ", $number, " meets a wall before the kernel looks at its arguments."))
                .arg(stringify!($name)).arg(stringify!($number))$(.arg($argument))*.held();
        })+
    };
}

walled! {
    ptrace_traceme => 101, ["0", "0", "0", "0"];
    ptrace_peek => 101, ["1", "0", "0", "0"];
    process_vm_readv => 310, ["0", "0", "0", "0", "0", "1"];
    process_vm_writev => 311, ["0", "0", "0", "0", "0", "1"];
    kexec_load => 246, ["0", "99", "0", "0"];
    kexec_file_load => 320, ["-1", "-1", "0", "0", "0"];
    init_module => 175, ["0", "0", "0"];
    finit_module => 313, ["-1", "0", "99"];
    delete_module => 176, ["0", "0"];
    create_module => 174, ["0", "0"];
    bpf_map_create => 321, ["0", "buffer", "64"];
    bpf_prog_load => 321, ["5", "buffer", "64"];
    perf_event_open => 298, ["0", "0", "-1", "-1", "0"];
    userfaultfd => 323, ["0"];
    userfaultfd_user_mode => 323, ["1"];
    io_uring_setup => 425, ["1", "0"];
    io_uring_enter => 426, ["-1", "0", "0", "0", "0"];
    io_uring_register => 427, ["-1", "0", "0", "0"];
    keyctl_get_session => 250, ["0", "-3", "0"];
    keyctl_join => 250, ["1", "0"];
    keyctl_search => 250, ["10", "-4", "0", "0", "0"];
    add_key => 248, ["0", "0", "0", "0", "-2"];
    request_key => 249, ["0", "0", "0", "0"];
    mount => 165, ["0", "1", "0", "0", "0"];
    umount2 => 166, ["1", "0"];
    pivot_root => 155, ["1", "1"];
    chroot => 161, ["1"];
    open_tree => 428, ["-1", "1", "0"];
    open_tree_clone => 428, ["-100", "text:/", "1"];
    move_mount => 429, ["-1", "1", "-1", "1", "0"];
    fsopen => 430, ["1", "0"];
    fsconfig => 431, ["-1", "0", "0", "0", "0"];
    fsmount => 432, ["-1", "0", "0"];
    fspick => 433, ["-100", "text:/", "0"];
    mount_setattr => 442, ["-1", "1", "0", "0", "0"];
    statmount => 457, ["0", "0", "0", "0"];
    listmount => 458, ["0", "0", "0", "0"];
    setns => 308, ["-1", "0"];
    open_by_handle_at => 304, ["-1", "0", "0"];
    swapon => 167, ["1", "0"];
    swapoff => 168, ["1"];
    reboot => 169, ["0", "0", "0", "0"];
    settimeofday => 164, ["1", "0"];
    clock_settime => 227, ["0", "1"];
    clock_settime_boottime => 227, ["7", "1"];
    adjtimex_bad_memory => 159, ["1"];
    clock_adjtime_bad_memory => 305, ["0", "1"];
    sethostname => 170, ["1", "99999"];
    setdomainname => 171, ["1", "99999"];
    iopl => 172, ["3"];
    iopl_bad => 172, ["99"];
    ioperm => 173, ["0xffff", "9", "1"];
    modify_ldt_read => 154, ["0", "0", "0"];
    modify_ldt_write => 154, ["1", "0", "0"];
    quotactl => 179, ["0", "0", "0", "0"];
    quotactl_fd => 443, ["-1", "0", "0", "0"];
    acct => 163, ["1"];
    syslog_read => 103, ["3", "1", "-1"];
    syslog_size => 103, ["10", "0", "0"];
    lookup_dcookie => 212, ["0", "1", "0"];
    nfsservctl => 180, ["0", "0", "0"];
    kcmp => 312, ["0", "0", "99", "0", "0"];
    pidfd_getfd => 438, ["-1", "0", "0"];
    fanotify_init => 300, ["0", "0"];
    fanotify_mark => 301, ["-1", "0", "0", "-1", "0"];
    personality_norandom => 135, ["0x40000"];
    vhangup => 153, [];
    uselib => 134, ["1"];
    ustat => 136, ["0", "1"];
    sysfs => 139, ["3", "0", "0"];
    get_kernel_syms => 177, ["0"];
    query_module => 178, ["0", "0", "0", "0", "0"];
    afs_syscall => 183, [];
    tuxcall => 184, [];
    security => 185, [];
    vserver => 236, [];
    remap_file_pages => 216, ["1", "0", "0", "0", "0"];
    migrate_pages => 256, ["0", "99999999", "1", "1"];
    move_pages => 279, ["0", "1", "1", "1", "1", "99"];
    mbind => 237, ["1", "0", "99", "0", "0", "99"];
    set_mempolicy => 238, ["99", "0", "0"];
    get_mempolicy => 239, ["1", "1", "0", "0", "99"];
    name_to_handle_at => 303, ["-1", "1", "0", "0", "0"];
    process_madvise => 440, ["-1", "0", "0", "0", "99"];
    process_mrelease => 448, ["-1", "99"];
    memfd_secret => 447, ["99"];
    lsm_set_self_attr => 460, ["0", "0", "0", "0"];
    lsm_list_modules => 461, ["0", "0", "99"];
    map_shadow_stack => 453, ["1", "1", "99"];
    epoll_ctl_old => 214, ["-1", "0", "0", "0"];
    epoll_wait_old => 215, ["-1", "0", "0", "0"];
}
