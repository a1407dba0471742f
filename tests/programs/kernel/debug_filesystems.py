# Debugging, tracing and security filesystems, however they are reached.
found = []
for path in ("/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security", "/sys/fs/bpf", "/sys/firmware",
             "/proc/sys/debug", "/sys/power", "/dev/hugepages", "/sys/kernel/config", "/proc/self/attr/apparmor"):
    try:
        if path.startswith("/sys") and os.path.exists(path) or path.startswith("/dev") and os.path.exists(path):
            found.append((path, os.listdir(path)[:3]))
    except OSError:
        found.append((path, "exists"))
if found:
    escaped(found)
held("none is there")
