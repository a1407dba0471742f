# The map of user ids: only ids that are not 0 on the host, and it cannot be written again.
text = read("/proc/self/uid_map").decode()
for line in text.splitlines():
    inside, outside, count = (int(word) for word in line.split())
    if outside == 0:
        escaped(f"host root is mapped: {line}")
    if count > 65536:
        escaped(f"the map is wide: {line}")
if not text.strip():
    broken("no map")
for name in ("uid_map", "gid_map", "setgroups"):
    try:
        write_to(f"/proc/self/{name}", b"0 0 1\n" if name != "setgroups" else b"allow")
        escaped(f"wrote {name}")
    except OSError:
        pass
held(text)
