# One kind of namespace (first argument) is not the host's (second argument).
kind, host = sys.argv[1], sys.argv[2]
try:
    own = os.readlink(f"/proc/self/ns/{kind}")
except OSError as error:
    broken(f"{kind}: {name_of(error.errno)}")
if own == host:
    escaped(f"shares the host's {own}")
held(own)
