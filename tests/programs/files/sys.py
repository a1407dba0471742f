# /sys, and everything that is usually found through it.
found = []
for path in ("/sys", "/sys/fs/cgroup", "/sys/kernel", "/sys/class", "/sys/devices", "/proc/sys/../../sys"):
    try:
        found += [(path, os.listdir(path)[:4])] if os.listdir(path) else []
    except OSError:
        pass
if found:
    escaped(found)
held("no /sys")
