# The auxiliary vector says that nothing is raised (AT_SECURE 23) and holds the program's own ids.
LIBC.getauxval.restype = ctypes.c_ulong
ids = [LIBC.getauxval(n) for n in (11, 12, 13, 14)]
if ids != [os.getuid(), os.geteuid(), os.getgid(), os.getegid()]:
    escaped(ids)
if LIBC.getauxval(23):
    escaped("AT_SECURE is set: something was raised")
held(ids)
