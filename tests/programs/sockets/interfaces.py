# Only the loopback interface exists, and none can be added, renamed or brought up.
import fcntl
import socket
import struct
try:
    names = [name for _, name in socket.if_nameindex()]
except PermissionError:
    # Without a network there is no netlink to ask by.
    names = []
if names not in ([], ["lo"]):
    escaped(f"interfaces {names}")
def ioctl(number, flags):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return fcntl.ioctl(one, number, struct.pack("16sh14x8x", b"lo", flags))
def netlink(kind):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as one:
        # RTM_NEWLINK or RTM_NEWROUTE with an acknowledgement: the kernel's answer holds the error.
        one.send(struct.pack("=IHHII", 16 + 16, kind, 0x605, 1, 0) + struct.pack("=BxHiII", 0, 0, 1, 1, 1))
        one.settimeout(2)
        answer = one.recv(4096)
        code = struct.unpack("=i", answer[16:20])[0]
        if code < 0:
            raise OSError(-code, "netlink")
        return "accepted"
all_fail([("SIOCSIFFLAGS", lambda: ioctl(0x8914, 1)), ("SIOCSIFADDR", lambda: ioctl(0x8916, 2)),
          ("SIOCADDRT", lambda: ioctl(0x890B, 0)), ("SIOCSIFNAME", lambda: ioctl(0x8923, 0)),
          ("newlink", lambda: netlink(16)), ("newroute", lambda: netlink(24)), ("newaddr", lambda: netlink(20))])
