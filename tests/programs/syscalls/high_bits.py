# Arguments whose upper halves carry bits: a filter that compares 64 bits where the kernel looks at 32, or the
# other way round, lets them through.
import struct
high = 1 << 32
CLONE = {"newns": 0x20000, "newcgroup": 0x2000000, "newuts": 0x4000000, "newipc": 0x8000000, "newuser": 0x10000000,
         "newpid": 0x20000000, "newnet": 0x40000000, "newtime": 0x80}
attempts = [(f"unshare {n}", lambda f=f: syscall(272, f | high)) for n, f in CLONE.items()]
attempts += [("personality", lambda: syscall(135, 0x40000 | high)),
             ("TIOCSTI", lambda: syscall(16, 0, 0x5412 | high, b"x")), ("TIOCLINUX", lambda: syscall(16, 0, 0x541C | high, b"\x03")),
             ("TIOCSETD", lambda: syscall(16, 0, 0x5423 | high, struct.pack("i", 3))),
             ("socket alg", lambda: syscall(41, 38 | high, 5, 0)), ("socket packet", lambda: syscall(41, 17 | high, 3, 0))]
all_walled(attempts)
