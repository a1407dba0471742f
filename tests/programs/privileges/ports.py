# Binds a port below 1024, which needs a capability over the namespace of the network.
import socket
def bind(kind, port):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("0.0.0.0", port))
        return "bound"
all_fail([("tcp 80", lambda: bind(socket.SOCK_STREAM, 80)), ("udp 53", lambda: bind(socket.SOCK_DGRAM, 53))])
