# Fills the largest pipes it can have; argument: MiB that must not fit.
import fcntl
total, pipes = 0, []
want = int(sys.argv[1]) << 20
try:
    while total < want:
        reader, writer = os.pipe()
        pipes.append((reader, writer))
        os.set_blocking(writer, False)
        try:
            fcntl.fcntl(writer, 1031, 1 << 20)
        except OSError:
            pass
        try:
            while True:
                total += os.write(writer, b"x" * 65536)
        except BlockingIOError:
            pass
except OSError as error:
    held(f"refused after {len(pipes)} pipes, {total >> 20} MiB: {name_of(error.errno)}")
escaped(f"{total >> 20} MiB in {len(pipes)} pipes")
