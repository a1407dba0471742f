# Opens the memory of init to read and to write.
all_fail([("read mem", lambda: os.open("/proc/1/mem", os.O_RDONLY)),
          ("write mem", lambda: os.open("/proc/1/mem", os.O_RDWR)),
          ("task mem", lambda: os.open("/proc/1/task/1/mem", os.O_RDONLY))])
