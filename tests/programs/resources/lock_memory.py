# Pins memory beyond a small bound: mlock 149, mlockall 151, and huge pages by mmap and shmget.
LIBC.mmap.restype = ctypes.c_void_p
area = LIBC.mmap(None, 256 << 20, 3, 0x22, -1, 0)
def huge():
    got = LIBC.mmap(None, 2 << 20, 3, 0x22 | 0x40000, -1, 0)
    if got in (None, ctypes.c_void_p(-1).value):
        raise OSError(errno.ENOMEM, "mmap")
    return hex(got)
def segment():
    if LIBC.shmget(0, 2 << 20, 0o1600 | 0o4000) < 0:
        raise OSError(errno.EPERM, "shmget")
    return "segment"
all_fail([("mlock", lambda: syscall(149, ctypes.c_void_p(area), 256 << 20)), ("huge", huge), ("huge segment", segment)])
