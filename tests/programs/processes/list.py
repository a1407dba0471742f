# Lists /proc: only init and this program may be there.
found = [p for p in pids() if p not in (1, os.getpid())]
if found:
    names = [(p, read(f"/proc/{p}/cmdline")[:80]) for p in found]
    escaped(f"other processes: {names}")
if os.getpid() > 1000:
    escaped(f"own id is {os.getpid()}: ids come from a shared namespace")
held(f"pids {pids()}")
