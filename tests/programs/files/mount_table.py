# The mount table names none of these paths and disks of the host (words given as arguments).
table = b""
for name in ("mountinfo", "mounts", "mountstats"):
    try:
        table += read(f"/proc/self/{name}", 1 << 20)
    except OSError:
        pass
for word in sys.argv[1:]:
    if word.encode() in table:
        line = [l for l in table.splitlines() if word.encode() in l][0]
        escaped(f"{word} in {line}")
held(f"{len(table.splitlines())} lines")
