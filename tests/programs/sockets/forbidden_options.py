# Socket options that need privilege: force buffers, mark packets, attach to devices, packet filters of classic BPF.
import socket
def set_option(option, value):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, option, value)
        return "set"
all_fail([("SO_SNDBUFFORCE", lambda: set_option(32, 1 << 26)), ("SO_RCVBUFFORCE", lambda: set_option(33, 1 << 26)),
          ("SO_MARK", lambda: set_option(36, 1)), ("SO_DEBUG", lambda: set_option(1, 1)),
          ("SO_PRIORITY", lambda: set_option(12, 7))])
