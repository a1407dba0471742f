# Fills System V and anonymous shared memory.
LIBC.shmat.restype = ctypes.c_void_p
total = 0
for n in range(int(sys.argv[1])):
    segment = LIBC.shmget(0, 1 << 20, 0o1600)
    if segment < 0:
        held(f"refused after {total} MiB")
    address = LIBC.shmat(segment, None, 0)
    if address in (None, ctypes.c_void_p(-1).value):
        held(f"no attachment after {total} MiB")
    ctypes.memset(address, 1, 1 << 20)
    total += 1
escaped(f"{total} MiB of shared memory")
