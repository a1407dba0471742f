# Writes the settings of the kernel, each with its own present value or a harmless one.
names = ["kernel/core_pattern", "kernel/hostname", "kernel/domainname", "kernel/modprobe", "kernel/sysrq", "kernel/panic",
         "kernel/randomize_va_space", "kernel/yama/ptrace_scope", "kernel/unprivileged_bpf_disabled", "kernel/pid_max",
         "kernel/ns_last_pid", "kernel/shmmax", "kernel/msgmax", "kernel/sem", "kernel/threads-max", "kernel/cap_last_cap",
         "kernel/usermodehelper/bset", "kernel/keys/maxkeys", "vm/overcommit_memory", "vm/drop_caches", "vm/panic_on_oom",
         "vm/mmap_min_addr", "fs/file-max", "fs/protected_symlinks", "fs/suid_dumpable", "fs/binfmt_misc/register",
         "fs/mqueue/msg_max", "net/ipv4/ip_forward", "net/ipv4/ping_group_range", "net/core/somaxconn",
         "user/max_user_namespaces", "dev/cdrom/debug"]
all_fail([(n, lambda n=n: write_to("/proc/sys/" + n, b"1\n")) for n in names])
