# Fills the buffers of socket pairs; argument: MiB that must not fit.
import socket
total, pairs = 0, []
want = int(sys.argv[1]) << 20
try:
    while total < want:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        pairs.append((ours, theirs))
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
        try:
            while True:
                total += ours.send(b"x" * 65536)
        except BlockingIOError:
            pass
except OSError as error:
    held(f"refused after {len(pairs)} pairs, {total >> 20} MiB: {name_of(error.errno)}")
escaped(f"{total >> 20} MiB in {len(pairs)} pairs")
