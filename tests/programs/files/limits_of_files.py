# Locks, leases and watches on the system's own files: leases stop whoever opens the file next.
import fcntl
all_fail([("lease", lambda: fcntl.fcntl(os.open("/usr/bin/env", os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_WRLCK)),
          ("immutable", lambda: fcntl.ioctl(os.open("/etc/passwd", os.O_RDONLY), 0x40086602, b"\x10\0\0\0\0\0\0\0")),
          ("freeze", lambda: fcntl.ioctl(os.open("/", os.O_RDONLY), 0xC0045877, b"\0\0\0\0")),
          ("fanotify", lambda: syscall(300, 0, 0))])
