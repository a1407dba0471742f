# Walks through /proc/1/root, /proc/1/cwd and the same of the thread.
all_fail([(path, lambda path=path: os.listdir(path))
          for path in ("/proc/1/root/", "/proc/1/cwd/", "/proc/1/task/1/root/", "/proc/1/task/1/cwd/")])
