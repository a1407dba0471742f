# process_vm_readv 310, process_vm_writev 311, kcmp 312, process_madvise 440, on init.
buffer = ctypes.create_string_buffer(16)
vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 16)
all_walled([("readv", lambda: syscall(310, 1, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0)),
            ("writev", lambda: syscall(311, 1, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0)),
            ("kcmp", lambda: syscall(312, 1, os.getpid(), 0, 0, 0)),
            ("madvise", lambda: syscall(440, -1, ctypes.byref(vector), 1, 4, 0))])
