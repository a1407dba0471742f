# One address family (first argument) meets a wall in every type, also as a pair, also with high bits set.
family = int(sys.argv[1])
high = 1 << 40
all_walled([(f"type {k}", lambda k=k: syscall(41, family, k, 0)) for k in (1, 2, 3, 4, 5, 10)]
           + [("pair", lambda: syscall(53, family, 1, 0, ctypes.create_string_buffer(8))),
              ("high bits", lambda: syscall(41, family | high, 2 | high, 0)),
              ("flags", lambda: syscall(41, family, 3 | 0o2000000, 0))])
