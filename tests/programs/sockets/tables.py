# /proc/net shows no socket of the host (words as arguments: hexadecimal ports, socket names).
found = []
for folder in ("/proc/net", "/proc/self/net", "/proc/1/net"):
    for name in ("tcp", "tcp6", "udp", "udp6", "unix", "raw", "packet", "netlink", "route", "arp", "dev"):
        try:
            text = read(f"{folder}/{name}", 1 << 20).decode("utf-8", "replace")
        except OSError:
            continue
        found += [(folder, name, word) for word in sys.argv[1:] if word in text]
        if name == "dev":
            found += [(folder, name, l.split(":")[0].strip()) for l in text.splitlines()
                      if ":" in l and l.split(":")[0].strip() != "lo"]
if found:
    escaped(found)
held("no trace of the host")
