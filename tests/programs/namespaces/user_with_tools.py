# A nested user namespace by every door: unshare, clone, clone3, unshare(1), and the count of them allowed.
import subprocess
def tool():
    done = subprocess.run(["unshare", "--user", "--map-root-user", "id", "-u"], capture_output=True)
    if done.returncode:
        raise OSError(errno.EPERM, done.stderr)
    return done.stdout
def child():
    one = syscall(56, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
    if one == 0:
        os._exit(0)
    return os.waitpid(one, 0)
all_fail([("unshare", lambda: syscall(272, 0x10000000)), ("clone", child), ("unshare(1)", tool)])
