# An attack that is stopped: each line tries one thing and prints what answered. The exit code is 1 when
# anything got through. Do not run it without walls.
#
#   casemate run --mode observe attack.py
#
# casemate-mode: observe
import ctypes
import os
import signal
import socket
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def signal_everyone():
    found = []
    for process in range(2, 70000):
        try:
            os.kill(process, 0)
            found.append(process)
        except OSError:
            pass
    if found == [os.getpid()]:
        raise OSError(3, "nobody but ourselves")
    return found


def kill_init():
    os.kill(1, signal.SIGKILL)
    # Where init shares our user id, it takes no signal from its own namespace (pid_namespaces(7)).
    time.sleep(0.1)
    raise OSError(3, "it lives on")


def connect(address):
    with socket.socket() as out:
        out.settimeout(2)
        out.connect(address)


attempts = {
    "read the host's passwords": lambda: open("/etc/shadow").read(),
    "list the host's homes": lambda: os.listdir("/home"),
    "write to the system": lambda: open("/usr/bin/planted", "w"),
    "find somebody to signal": signal_everyone,
    "kill init": kill_init,
    "read the environment of init": lambda: open("/proc/1/environ").read(),
    "become root": lambda: os.setuid(0),
    "make a user namespace": lambda: check(libc.unshare(0x10000000)),
    "mount a filesystem": lambda: check(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    "trace a process": lambda: check(libc.ptrace(16, os.getppid(), 0, 0)),
    "set the clock": lambda: check(libc.settimeofday(ctypes.create_string_buffer(16), None)),
    "open a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "reach the cloud's metadata service": lambda: connect(("169.254.169.254", 80)),
    "see the kernel's messages": lambda: open("/dev/kmsg").read(1),
}

through = 0
for name, attempt in attempts.items():
    try:
        result = attempt()
    except OSError as error:
        print(f"stopped      {name}: {error.strerror}")
    else:
        print(f"GOT THROUGH  {name}: {str(result)[:60]}")
        through += 1
sys.exit(1 if through else 0)
