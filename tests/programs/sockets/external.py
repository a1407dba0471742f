# Reaches for the internet and the cloud's metadata service.
import socket
def connect(address, port, kind=socket.SOCK_STREAM, family=socket.AF_INET):
    with socket.socket(family, kind) as one:
        one.settimeout(2)
        one.connect((address, port))
        return "connected"
def send(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return one.sendto(b"x", (address, port))
all_fail([("tcp", lambda: connect("1.1.1.1", 443)), ("dns", lambda: send("8.8.8.8", 53)),
          ("metadata", lambda: connect("169.254.169.254", 80)), ("udp", lambda: connect("9.9.9.9", 53, socket.SOCK_DGRAM)),
          ("tcp6", lambda: connect("2606:4700:4700::1111", 443, socket.SOCK_STREAM, socket.AF_INET6)),
          ("broadcast", lambda: send("255.255.255.255", 9)), ("multicast", lambda: send("224.0.0.1", 9)),
          ("link local", lambda: connect("fe80::1", 80, socket.SOCK_STREAM, socket.AF_INET6))])
