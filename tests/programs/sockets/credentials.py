# Pretends to be root towards a peer: SCM_CREDENTIALS with another id (unix(7)).
import socket
import struct
def pretend(uid, pid):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("iii", pid, uid, os.getgid()))])
    return "sent"
other = 0 if os.getuid() != 0 else 1
all_fail([("uid", lambda: pretend(other, os.getpid())), ("pid", lambda: pretend(os.getuid(), 1))])
