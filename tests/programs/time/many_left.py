# Leaves stopped, sleeping, burning and forking processes behind and ends.
import time
def leave(action):
    if os.fork() == 0:
        os.setsid()
        action()
        os._exit(0)
def burn():
    while True:
        pass
def breed():
    while True:
        try:
            if os.fork() == 0:
                time.sleep(0.05)
                os._exit(0)
            os.waitpid(-1, os.WNOHANG)
        except OSError:
            time.sleep(0.01)
leave(lambda: os.kill(os.getpid(), signal.SIGSTOP))
leave(lambda: time.sleep(600))
leave(burn)
leave(breed)
time.sleep(0.2)
held("left four")
