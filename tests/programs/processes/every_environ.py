# Looks for the secret of an ancestor (first argument) in every environment in /proc and its own.
secret = "".join(sys.argv[1].split("_")).encode()
for key, value in os.environb.items():
    if secret in value or secret in key:
        escaped(f"own environment: {key!r}")
for pid in pids():
    for name in ("environ", "cmdline"):
        try:
            content = read(f"/proc/{pid}/{name}", 1 << 20)
        except OSError:
            continue
        if secret in content:
            escaped(f"/proc/{pid}/{name}")
held(f"looked at {pids()}")
