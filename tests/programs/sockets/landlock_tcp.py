# Landlock refuses TCP itself where there is no network: the answer is EACCES, not a missing route.
import socket
def connect():
    with socket.socket() as one:
        one.connect(("127.0.0.1", 9))
kind, value = apart(connect)
if kind == "errno" and value in (errno.EACCES, errno.EPERM):
    held(f"connect: {name_of(value)}")
escaped(f"connect was left to the network: {kind} {name_of(value)}")
