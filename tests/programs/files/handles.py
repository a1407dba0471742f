# Reaches a file by handle instead of by path: name_to_handle_at 303, open_by_handle_at 304.
handle = ctypes.create_string_buffer(b"\x80\0\0\0", 256)
number = ctypes.c_int()
all_walled([("open", lambda: syscall(304, -100, handle, 0))])
