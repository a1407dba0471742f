# Put before every Python escape program by the harness. A program ends with
# exactly one verdict line: HELD (the claim is true) or ESCAPED (it is not).
# A program that can tell neither ends with BROKEN, which fails its test.
import ctypes
import errno
import os
import signal
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
# The errors a wall answers with. Any other error means that the kernel's own
# code was reached and looked at the arguments.
WALL_ERRNOS = {errno.EPERM, errno.EACCES, errno.ENOSYS}


def held(detail):
    print("HELD:", " ".join(str(detail).split())[:2000], flush=True)
    os._exit(0)


def escaped(detail):
    print("ESCAPED:", " ".join(str(detail).split())[:2000], flush=True)
    os._exit(0)


def broken(detail):
    print("BROKEN:", " ".join(str(detail).split())[:2000], flush=True)
    os._exit(3)


def _complain(kind, value, trace):
    import traceback
    traceback.print_exception(kind, value, trace)
    broken(f"{kind.__name__}: {value}")


sys.excepthook = _complain


def name_of(number):
    return errno.errorcode.get(number, str(number))


def syscall(number, *arguments):
    """One system call by number; raises OSError. Integers go as 64 bits."""
    ctypes.set_errno(0)
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    answer = LIBC.syscall(ctypes.c_long(number), *words)
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def apart(action):
    """Runs the action in a child: ("ok", text), ("errno", n), ("signal", n)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            line = "ok " + repr(action())[:500]
        except OSError as error:
            line = f"errno {error.errno or 0}"
        except BaseException as error:
            line = f"odd {type(error).__name__}: {error}"
        os.write(writer, line.encode("utf-8", "replace"))
        os._exit(0)
    os.close(writer)
    answer = b""
    while chunk := os.read(reader, 4096):
        answer += chunk
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "signal", os.WTERMSIG(status)
    kind, _, rest = answer.decode("utf-8", "replace").partition(" ")
    if kind == "errno":
        return "errno", int(rest)
    if kind != "ok":
        broken(rest)
    return "ok", rest


def all_fail(attempts):
    """HELD when every named action raises an OSError or dies of SIGSYS."""
    notes = []
    for label, action in attempts:
        kind, value = apart(action)
        if kind == "ok":
            escaped(f"{label} worked: {value}")
        if kind == "signal" and value != signal.SIGSYS:
            broken(f"{label} died of signal {value}")
        notes.append(f"{label}={name_of(value) if kind == 'errno' else 'SIGSYS'}")
    if not notes:
        broken("nothing was tried")
    held(" ".join(notes))


def all_walled(attempts):
    """HELD when every action meets a wall, not the kernel's own checks."""
    notes = []
    for label, action in attempts:
        kind, value = apart(action)
        if kind == "ok":
            escaped(f"{label} worked: {value}")
        if kind == "errno" and value not in WALL_ERRNOS:
            escaped(f"{label} reached the kernel: {name_of(value)}")
        if kind == "signal" and value != signal.SIGSYS:
            escaped(f"{label} reached the kernel and died of signal {value}")
        notes.append(f"{label}={name_of(value) if kind == 'errno' else 'SIGSYS'}")
    if not notes:
        broken("nothing was tried")
    held(" ".join(notes))


def read(path, limit=65536):
    """The start of a file, without blocking."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, limit)
    finally:
        os.close(descriptor)


def readable(paths):
    """The paths among these that give at least one byte which is not zero, blank or a bare 0."""
    found = []
    for path in paths:
        try:
            content = read(path)
        except OSError:
            continue
        if content.strip(b"\0 \t\n"):
            found.append(path)
    return found


def none_readable(paths):
    found = readable(paths)
    if found:
        escaped(f"{found[0]} reads {read(found[0])[:80]!r}; {len(found)} in all: {found}")
    held(f"{len(paths)} paths give nothing")


def write_to(path, content):
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.write(descriptor, content)
    finally:
        os.close(descriptor)


def status_field(name, pid="self"):
    for line in read(f"/proc/{pid}/status").decode().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    broken(f"no {name} in /proc/{pid}/status")


def pids():
    return sorted(int(p) for p in os.listdir("/proc") if p.isdigit())
