# Without a network not even 127.0.0.1 answers: a listener of its own cannot be reached.
import socket
def whole():
    with socket.socket() as listener, socket.socket() as caller:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        caller.settimeout(2)
        caller.connect(listener.getsockname())
        return "connected"
def datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.sendto(b"x", one.getsockname())
all_fail([("tcp", whole), ("udp", datagram)])
