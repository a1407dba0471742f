# Makes the read-only view writable: mount(2) and the new mount interface.
LIBC.mount.restype = ctypes.c_int
def mount(source, target, kind, flags):
    ctypes.set_errno(0)
    if LIBC.mount(source, target, kind, ctypes.c_ulong(flags), None) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    return "mounted"
all_fail([("remount /", lambda: mount(None, b"/", None, 32)), ("remount /usr", lambda: mount(None, b"/usr", None, 32 | 4096)),
          ("tmpfs", lambda: mount(b"none", b"/tmp", b"tmpfs", 0)), ("proc", lambda: mount(b"none", b"/tmp", b"proc", 0)),
          ("bind", lambda: mount(b"/usr", b"/tmp", None, 4096)), ("shared", lambda: mount(None, b"/", None, 1 << 20)),
          ("umount", lambda: syscall(166, b"/proc", 2)), ("umount /dev", lambda: syscall(166, b"/dev/shm", 2))])
