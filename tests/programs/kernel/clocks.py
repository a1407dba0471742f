# Since when the machine runs (host's uptime as argument): by clock, by file, by sysinfo(2) 99, in every place.
import time
host = int(sys.argv[1])
said = {"boottime": time.clock_gettime(time.CLOCK_BOOTTIME), "monotonic": time.clock_gettime(time.CLOCK_MONOTONIC),
        "raw": time.clock_gettime(time.CLOCK_MONOTONIC_RAW)}
for path in ("/proc/uptime",):
    try:
        said[path] = float(read(path).split()[0])
    except (OSError, IndexError):
        pass
try:
    for line in read("/proc/stat").decode().splitlines():
        if line.startswith("btime"):
            said["btime"] = time.time() - int(line.split()[1])
except OSError:
    pass
buffer = ctypes.create_string_buffer(128)
try:
    syscall(99, buffer)
    said["sysinfo"] = int.from_bytes(buffer.raw[:8], "little")
except OSError:
    pass
close = {k: v for k, v in said.items() if abs(v - host) < 120}
if close:
    escaped(f"the host runs for {host} s: {close}")
held(said)
