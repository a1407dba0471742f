# Reaches for a neighbour that runs at the same time (first argument: its marker, split; then its ids on the host).
import socket
word = "".join(sys.argv[1].split("+"))
found = []
for pid in pids():
    try:
        if word.encode() in read(f"/proc/{pid}/cmdline"):
            found.append(f"process {pid}")
    except OSError:
        pass
for folder in ("/tmp", "/dev/shm", "/workspace"):
    found += [f"{folder}/{n}" for n in os.listdir(folder) if word in n]
for pid in map(int, sys.argv[2:]):
    try:
        os.kill(pid, 0)
        found.append(f"signal to {pid}")
    except OSError:
        pass
with socket.socket(socket.AF_UNIX) as one:
    try:
        one.connect("\0" + word)
        found.append("abstract socket")
    except OSError:
        pass
with socket.socket() as one:
    one.settimeout(2)
    try:
        one.connect(("127.0.0.1", 45678))
        found.append("port")
    except OSError:
        pass
if LIBC.shmget(0x5EC2E7, 0, 0) >= 0 or LIBC.msgget(0x5EC2E7, 0) >= 0 or LIBC.semget(0x5EC2E7, 0, 0) >= 0:
    found.append("System V key")
if found:
    escaped(found)
held("no trace of the neighbour")
