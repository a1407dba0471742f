# A filter of its own cannot loosen the one in force: after adding an allow-all filter ptrace stays walled.
import struct
allow = struct.pack("HBBI", 6, 0, 0, 0x7FFF0000)
buffer = ctypes.create_string_buffer(allow, 8)
program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(buffer))
try:
    syscall(317, 1, 0, program)
except OSError:
    pass
all_walled([("kexec", lambda: syscall(246, 0, 0, 0, 0)), ("ptrace", lambda: syscall(101, 0, 0, 0, 0)),
            ("listener", lambda: syscall(317, 1, 8, program))])
