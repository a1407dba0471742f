# What cgroup it is in: paths are relative to its own namespace, and no path of the host is shown.
text = read("/proc/self/cgroup").decode()
leaks = [l for l in text.splitlines() if l.split(":", 2)[2] != "/"]
if leaks:
    escaped(leaks)
held(text)
