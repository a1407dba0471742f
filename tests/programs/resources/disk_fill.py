# Writes until the disk is full; argument: MiB that must not fit.
block = b"x" * (1 << 20)
written = 0
try:
    for folder in ("/workspace", "/tmp"):
        with open(f"{folder}/fill", "wb", buffering=0) as file:
            try:
                for _ in range(int(sys.argv[1])):
                    written += file.write(block)
            except OSError as error:
                note = name_of(error.errno)
except OSError as error:
    note = name_of(error.errno)
if written >= int(sys.argv[1]) << 20:
    escaped(f"{written >> 20} MiB written")
held(f"{written >> 20} MiB written, then {note}")
