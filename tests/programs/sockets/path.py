# Connects to a socket of the host by its path (first argument).
import socket
def connect(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)
        return "connected"
all_fail([("path", lambda: connect(sys.argv[1])), ("root", lambda: connect("/proc/1/root" + sys.argv[1]))])
