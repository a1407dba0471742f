# clone3 435 answers ENOSYS whatever it is asked: its flags lie in memory where a filter cannot look.
import struct
notes = []
for flags in (0, 0x10000000, 0x40000000, 0x80, 0x200000000):
    block = struct.pack("11Q", flags, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0)
    def attempt(block=block):
        child = syscall(435, block, len(block))
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        return "cloned"
    kind, value = apart(attempt)
    if (kind, value) != ("errno", errno.ENOSYS):
        escaped(f"clone3 with {flags:#x}: {kind} {value}")
held("ENOSYS each time")
