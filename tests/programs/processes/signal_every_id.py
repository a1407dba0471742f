# Asks for every possible process id: nothing but init, itself and its children may answer.
own = {1, os.getpid()}
for pid in range(1, 70000):
    if pid in own:
        continue
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        continue
    except PermissionError:
        escaped(f"process {pid} exists")
    escaped(f"process {pid} may be signalled")
held("70000 ids asked")
