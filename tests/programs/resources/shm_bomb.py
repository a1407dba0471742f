# Fills /dev/shm, whose bound is 64 MiB.
block, written = b"x" * (1 << 20), 0
try:
    with open("/dev/shm/fill", "wb", buffering=0) as file:
        for _ in range(512):
            written += file.write(block)
except OSError as error:
    if written > 65 << 20:
        escaped(f"{written >> 20} MiB in /dev/shm")
    held(f"refused after {written >> 20} MiB: {name_of(error.errno)}")
escaped(f"{written >> 20} MiB in /dev/shm")
