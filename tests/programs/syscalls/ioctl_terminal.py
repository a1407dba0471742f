# Types into a terminal: TIOCSTI and TIOCLINUX (CVE-2016-7545 and its class), on every descriptor, also with high bits.
import pty
attempts = []
for fd in (0, 1, 2):
    for number in (0x5412, 0x541C, 0x5412 | 1 << 40, 0x541C | 1 << 33, 0x5412 | -1 << 32):
        attempts.append((f"{fd} {number:#x}", lambda f=fd, n=number: syscall(16, f, n, ctypes.create_string_buffer(b"\x03x"))))
try:
    master, slave = os.openpty()
    for number in (0x5412, 0x541C, 0x5412 | 1 << 40):
        attempts.append((f"pty {number:#x}", lambda n=number: syscall(16, slave, n, ctypes.create_string_buffer(b"\x03x"))))
except OSError:
    pass
all_walled(attempts)
