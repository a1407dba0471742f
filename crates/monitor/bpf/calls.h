/* Which calls are looked at, by number. x86_64: arch/x86/entry/syscalls/syscall_64.tbl. */
#pragma once

enum call {
	IGNORED = 0,
	OPEN,
	OPENAT,
	OPENAT2,
	CREAT,
	UNLINK,
	UNLINKAT,
	RENAME,
	RENAMEAT,
	LINK,
	LINKAT,
	SYMLINK,
	SYMLINKAT,
	CHMOD,
	CHMODAT,
	CHMODFD,
	TRUNCATE,
	SOCKET,
	CONNECT,
	SENDTO,
	BIND,
	LISTEN,
	ACCEPT,
	REDIRECT,
	MMAP,
	MUNMAP,
	MPROTECT,
	MEMFD,
	KILL,
	TGKILL,
	CLONE,
	SELDOM,
};

#define CALLS 512

static const volatile u8 calls[CALLS] = {
	[2] = OPEN, [257] = OPENAT, [437] = OPENAT2, [85] = CREAT, [76] = TRUNCATE,
	[87] = UNLINK, [84] = UNLINK, [263] = UNLINKAT,
	[82] = RENAME, [264] = RENAMEAT, [316] = RENAMEAT,
	[86] = LINK, [265] = LINKAT, [88] = SYMLINK, [266] = SYMLINKAT,
	[90] = CHMOD, [268] = CHMODAT, [452] = CHMODAT, [91] = CHMODFD,
	/* chown, lchown, fchownat, fchown: told as a change of mode 0. */
	[92] = CHMOD, [94] = CHMOD, [260] = CHMODAT, [93] = CHMODFD,
	[41] = SOCKET, [42] = CONNECT, [44] = SENDTO, [49] = BIND, [50] = LISTEN, [43] = ACCEPT, [288] = ACCEPT,
	[33] = REDIRECT, [292] = REDIRECT,
	[9] = MMAP, [11] = MUNMAP, [10] = MPROTECT, [329] = MPROTECT,
	[319] = MEMFD, [447] = MEMFD,
	[62] = KILL, [200] = KILL, [129] = KILL, [424] = KILL, [234] = TGKILL, [297] = TGKILL,
	[56] = CLONE,
	/* ptrace, process_vm_readv, process_vm_writev, kcmp, pidfd_getfd */
	[101] = SELDOM, [310] = SELDOM, [311] = SELDOM, [312] = SELDOM, [438] = SELDOM,
	/* unshare, setns, mount, umount2, pivot_root, chroot, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick,
	 * mount_setattr */
	[272] = SELDOM, [308] = SELDOM, [165] = SELDOM, [166] = SELDOM, [155] = SELDOM, [161] = SELDOM, [428] = SELDOM,
	[429] = SELDOM, [430] = SELDOM, [431] = SELDOM, [432] = SELDOM, [433] = SELDOM, [442] = SELDOM,
	/* init_module, finit_module, delete_module, kexec_load, kexec_file_load, bpf, perf_event_open */
	[175] = SELDOM, [313] = SELDOM, [176] = SELDOM, [246] = SELDOM, [320] = SELDOM, [321] = SELDOM, [298] = SELDOM,
	/* add_key, request_key, keyctl, userfaultfd, io_uring_setup, open_by_handle_at, name_to_handle_at */
	[248] = SELDOM, [249] = SELDOM, [250] = SELDOM, [323] = SELDOM, [425] = SELDOM, [304] = SELDOM, [303] = SELDOM,
	/* personality, modify_ldt, iopl, ioperm, acct, swapon, reboot, settimeofday, clock_settime, mknod, mknodat */
	[135] = SELDOM, [154] = SELDOM, [172] = SELDOM, [173] = SELDOM, [163] = SELDOM, [167] = SELDOM, [169] = SELDOM,
	[164] = SELDOM, [227] = SELDOM, [133] = SELDOM, [259] = SELDOM,
	/* setuid, setgid, setreuid, setregid, setresuid, setresgid, capset, setgroups */
	[105] = SELDOM, [106] = SELDOM, [113] = SELDOM, [114] = SELDOM, [117] = SELDOM, [119] = SELDOM, [126] = SELDOM,
	[116] = SELDOM,
};
