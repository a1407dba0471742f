# Changes its own limits: no cgroup filesystem is there to be written.
found = []
for folder in ("/sys/fs/cgroup", "/proc/self/root/sys/fs/cgroup", "/cgroup", "/dev/cgroup"):
    for folder, _, files in os.walk(folder):
        found += [os.path.join(folder, f) for f in files][:3]
if found:
    escaped(found)
held("no cgroup filesystem")
