# Gives itself capabilities: capset 126, ambient (PR_CAP_AMBIENT 47), keeping them (PR_SET_KEEPCAPS 8).
import struct
header = struct.pack("II", 0x20080522, 0)
full = struct.pack("6I", *[0xFFFFFFFF] * 6)
one = struct.pack("6I", 1 << 21, 1 << 21, 1 << 21, 0, 0, 0)
def control(*words):
    ctypes.set_errno(0)
    if LIBC.prctl(*[ctypes.c_ulong(w) for w in words]) < 0:
        raise OSError(ctypes.get_errno(), "prctl")
    return "done"
all_fail([("capset all", lambda: syscall(126, header, full)), ("capset admin", lambda: syscall(126, header, one)),
          ("ambient", lambda: control(47, 2, 21, 0, 0)), ("drop", lambda: control(24, 21, 0, 0, 0))])
