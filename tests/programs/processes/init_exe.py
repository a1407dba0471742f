# Reads and overwrites the program of init (CVE-2019-5736).
all_fail([("readlink", lambda: os.readlink("/proc/1/exe")),
          ("read", lambda: os.open("/proc/1/exe", os.O_RDONLY)),
          ("write", lambda: os.open("/proc/1/exe", os.O_WRONLY)),
          ("path", lambda: os.open("/proc/1/exe", os.O_PATH))])
