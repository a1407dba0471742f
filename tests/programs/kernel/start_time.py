# The start times of processes (/proc/<pid>/stat, field 22) count from the boot of the host unless shifted.
host = int(sys.argv[1])
tick = os.sysconf("SC_CLK_TCK")
said = {}
for pid in pids():
    try:
        said[pid] = int(read(f"/proc/{pid}/stat").rsplit(b")", 1)[1].split()[19]) / tick
    except OSError:
        continue
close = {k: v for k, v in said.items() if abs(v - host) < 120}
if close:
    escaped(f"the host runs for {host} s: {close}")
held(said)
