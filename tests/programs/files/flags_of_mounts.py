# Every place it can write to is nosuid and nodev; every other one is read-only.
weak = []
for path in ("/", "/usr", "/etc", "/dev", "/proc", "/lib", "/bin", "/usr/lib"):
    if os.path.isdir(path) and not os.path.islink(path) and path != "/proc" and not os.statvfs(path).f_flag & os.ST_RDONLY:
        weak.append((path, "writable"))
for path in ("/", "/usr", "/tmp", "/workspace", "/dev/shm"):
    if not os.statvfs(path).f_flag & os.ST_NOSUID:
        weak.append((path, "suid"))
for path in ("/usr", "/tmp", "/workspace", "/dev/shm"):
    if not os.statvfs(path).f_flag & os.ST_NODEV:
        weak.append((path, "dev"))
if weak:
    escaped(weak)
held("all mounts are tight")
