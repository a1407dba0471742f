# Forks until it is refused; argument: the limit of processes.
limit, count = int(sys.argv[1]), 0
try:
    while count <= limit * 4:
        child = os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
        count += 1
except OSError as error:
    if count >= limit:
        escaped(f"{count} children with a limit of {limit}")
    held(f"refused after {count}: {name_of(error.errno)}")
escaped(f"{count} children")
