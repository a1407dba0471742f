# Overwrites its own interpreter through /proc/self/exe, and by truncation.
path = os.readlink("/proc/self/exe")
all_fail([("write", lambda: os.open("/proc/self/exe", os.O_WRONLY)),
          ("truncate", lambda: os.truncate(path, 0)),
          ("append", lambda: os.open(path, os.O_WRONLY | os.O_APPEND)),
          ("unlink", lambda: os.unlink(path)),
          ("rename", lambda: os.rename(path, path + ".old"))])
