# Traces a child of its own: no ptrace at all is the claim.
child = os.fork()
if child == 0:
    signal.pause()
    os._exit(0)
try:
    syscall(101, 0x4206, child, 0, 0)
    escaped("seized a child")
except OSError as error:
    verdict = f"ptrace: {name_of(error.errno)}"
    if error.errno not in WALL_ERRNOS:
        escaped(verdict)
finally:
    os.kill(child, signal.SIGKILL)
held(verdict)
