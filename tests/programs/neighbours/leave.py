# Leaves something (its name as argument) in every place it can.
import socket
import time
word = sys.argv[1]
left = []
for folder in ("/tmp", "/dev/shm", "/workspace", "/dev/mqueue", "/var/tmp"):
    try:
        with open(f"{folder}/{word}", "w") as file:
            file.write(word)
        left.append(folder)
    except OSError:
        pass
for label, action in (("shm", lambda: LIBC.shmget(0x5EC2E7, 4096, 0o1666)), ("msg", lambda: LIBC.msgget(0x5EC2E7, 0o1666)),
                      ("sem", lambda: LIBC.semget(0x5EC2E7, 1, 0o1666))):
    if action() >= 0:
        left.append(label)
listener = socket.socket(socket.AF_UNIX)
listener.bind("\0" + word)
listener.listen()
port = socket.socket()
try:
    port.bind(("127.0.0.1", 45678))
    port.listen()
    left.append("port")
except OSError as error:
    left.append(f"port {name_of(error.errno)}")
print("LEFT", left, flush=True)
if len(sys.argv) > 2:
    time.sleep(float(sys.argv[2]))
