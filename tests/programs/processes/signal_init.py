# Tries to kill, stop and end init, then sees whether it still lives.
notes = []
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV):
    try:
        os.kill(1, number)
        notes.append("sent")
    except OSError as error:
        notes.append(name_of(error.errno))
try:
    state = [l for l in read("/proc/1/status").decode().splitlines() if l.startswith("State")][0].split()[1]
except OSError:
    state = "hidden"
if state in ("T", "t", "Z", "X"):
    escaped(f"init is in state {state}")
child = os.fork()
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
held(f"init is in state {state}: {notes}")
