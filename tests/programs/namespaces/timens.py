# Shifts its own clocks: the offsets of the time namespace cannot be written.
all_fail([("offsets", lambda: write_to("/proc/self/timens_offsets", b"monotonic 1000 0\n")),
          ("clock", lambda: syscall(227, 0, (ctypes.c_long * 2)(1, 0))),
          ("day", lambda: syscall(164, (ctypes.c_long * 2)(1, 0), 0))])
