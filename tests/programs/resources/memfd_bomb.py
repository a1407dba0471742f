# Fills memory files, which no disk limit counts.
block = b"x" * (1 << 20)
files = []
for n in range(int(sys.argv[1])):
    if n % 32 == 0:
        files.append(os.memfd_create(f"m{n}"))
    os.write(files[-1], block)
escaped(f"{sys.argv[1]} MiB in memory files")
