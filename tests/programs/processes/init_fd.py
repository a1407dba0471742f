# Lists and opens the descriptors of init.
all_fail([("list fd", lambda: os.listdir("/proc/1/fd")), ("list fdinfo", lambda: os.listdir("/proc/1/fdinfo"))]
         + [(f"open {n}", lambda n=n: os.open(f"/proc/1/fd/{n}", os.O_RDONLY | os.O_NONBLOCK)) for n in range(12)])
