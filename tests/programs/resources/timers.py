# Timers of the kernel: bounded by the limit of pending signals.
count = 0
event = ctypes.create_string_buffer(64)
while count < 300000:
    timer = ctypes.c_int()
    try:
        syscall(222, 1, None, ctypes.byref(timer))
    except OSError as error:
        held(f"refused after {count} timers: {name_of(error.errno)}")
    count += 1
escaped(f"{count} timers")
