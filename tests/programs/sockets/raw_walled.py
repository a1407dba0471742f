# SOCK_RAW of the internet families meets a wall before the kernel looks at capabilities.
all_walled([("raw", lambda: syscall(41, 2, 3, 255)), ("raw6", lambda: syscall(41, 10, 3, 255)),
            ("raw high", lambda: syscall(41, 2, 3 | 1 << 40, 255))])
