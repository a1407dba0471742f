# Connects to an abstract socket of the host (first argument), by stream and by datagram.
import socket
def connect(kind):
    with socket.socket(socket.AF_UNIX, kind) as one:
        one.connect("\0" + sys.argv[1])
        return "connected"
all_fail([("stream", lambda: connect(socket.SOCK_STREAM)), ("datagram", lambda: connect(socket.SOCK_DGRAM)),
          ("packet", lambda: connect(socket.SOCK_SEQPACKET))])
