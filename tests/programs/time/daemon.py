# Daemonises by the book: fork, setsid, fork, all descriptors closed, all signals ignored; then the program ends.
# The marker stands in the arguments, by which the test looks for what is left.
import time
child = os.fork()
if child == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        os.closerange(0, 256)
        while True:
            time.sleep(1)
    os._exit(0)
os.waitpid(child, 0)
held("left a daemon")
