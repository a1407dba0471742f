# Attaches a debugger to init: PTRACE_ATTACH 16, PTRACE_SEIZE 0x4206.
all_fail([("attach", lambda: syscall(101, 16, 1, 0, 0)), ("seize", lambda: syscall(101, 0x4206, 1, 0, 0))])
