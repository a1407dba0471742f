# Connects to a listener of the host: port as first argument, then addresses.
import socket
port = int(sys.argv[1])
def connect(address, family):
    with socket.socket(family) as one:
        one.settimeout(2)
        one.connect((address, port))
        return "connected"
def send(address, family):
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.sendto(b"escaped", (address, port))
        return "sent"
attempts = [(a, lambda a=a: connect(a, socket.AF_INET)) for a in ["127.0.0.1", "0.0.0.0", "127.1.2.3"] + sys.argv[2:]]
attempts += [("::1", lambda: connect("::1", socket.AF_INET6)), ("::ffff:127.0.0.1", lambda: connect("::ffff:127.0.0.1", socket.AF_INET6))]
all_fail(attempts)
