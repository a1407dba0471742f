# Tries to kill, stop and end init, then sees whether it still lives.
notes = []
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV):
    try:
        os.kill(1, number)
        notes.append("sent")
    except OSError as error:
        notes.append(name_of(error.errno))
state = status_field("State", 1)
if state[0] in "TtZX":
    escaped(f"init is in state {state}")
child = os.fork()
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
held(f"init is in state {state}: {notes}")
