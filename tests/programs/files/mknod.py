# Makes device nodes wherever it may write.
import stat
def node(path, kind, major, minor):
    os.mknod(path, kind | 0o666, os.makedev(major, minor))
    descriptor = os.open(path, os.O_RDONLY)
    return os.read(descriptor, 1)
attempts = []
for folder in (".", "/tmp", "/dev/shm", "/dev"):
    for label, kind, major, minor in (("disk", stat.S_IFBLK, 254, 0), ("sda", stat.S_IFBLK, 8, 0), ("mem", stat.S_IFCHR, 1, 1),
                                      ("null", stat.S_IFCHR, 1, 3), ("kmsg", stat.S_IFCHR, 1, 11)):
        attempts.append((f"{folder} {label}", lambda f=folder, k=kind, a=major, b=minor, l=label: node(f"{f}/{l}", k, a, b)))
all_fail(attempts)
