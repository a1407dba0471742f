# Looks for what the run before left (its marker as argument), in every place where something can be left.
word = "".join(sys.argv[1].split("+"))
found = []
for folder in ("/tmp", "/dev/shm", "/workspace", "/dev/mqueue", "/var/tmp", "/run"):
    for place, folders, files in os.walk(folder):
        found += [os.path.join(place, n) for n in files + folders if word in n]
for name in ("shm", "msg", "sem"):
    try:
        lines = read(f"/proc/sysvipc/{name}").decode().splitlines()[1:]
        found += [(name, line) for line in lines]
    except OSError:
        pass
if LIBC.shmget(0x5EC2E7, 0, 0) >= 0 or LIBC.msgget(0x5EC2E7, 0) >= 0 or LIBC.semget(0x5EC2E7, 0, 0) >= 0:
    found.append("System V key")
try:
    found += [l for l in read("/proc/net/unix", 1 << 20).decode().splitlines() if word in l]
except OSError:
    pass
import socket
with socket.socket(socket.AF_UNIX) as one:
    try:
        one.connect("\0" + word)
        found.append("abstract socket")
    except OSError:
        pass
if found:
    escaped(found)
held("nothing of the run before")
