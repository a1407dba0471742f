# Resolves a name of the internet.
import socket
all_fail([("getaddrinfo", lambda: socket.getaddrinfo("example.com", 80)), ("gethostbyname", lambda: socket.gethostbyname("example.org"))])
