# Turns off the randomisation of addresses and other protections: personality 135.
all_walled([("no randomisation", lambda: syscall(135, 0x40000)), ("read implies exec", lambda: syscall(135, 0x400000)),
            ("mmap page zero", lambda: syscall(135, 0x100000)), ("compat layout", lambda: syscall(135, 0x200000)),
            ("linux32", lambda: syscall(135, 8))])
