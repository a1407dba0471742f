# The standard descriptors cannot be turned around: nothing of the host is read from 1 and 2 or written to 0.
import fcntl
notes = []
for number in (0, 1, 2):
    mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
    info = os.fstat(number)
    import stat
    kind = stat.S_IFMT(info.st_mode)
    if kind == stat.S_IFSOCK:
        escaped(f"{number} is a socket")
    if kind == stat.S_IFREG and "memfd" not in os.readlink(f"/proc/self/fd/{number}"):
        escaped(f"{number} is a file of the host: {os.readlink(f'/proc/self/fd/{number}')}")
    if kind == stat.S_IFDIR or kind == stat.S_IFBLK:
        escaped(f"{number} is {oct(kind)}")
    if os.isatty(number):
        escaped(f"{number} is a terminal")
    notes.append((number, oct(kind), mode))
held(notes)
