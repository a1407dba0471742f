# The namespaces of init cannot be named or opened.
all_fail([(k, lambda k=k: os.open(f"/proc/1/ns/{k}", os.O_RDONLY)) for k in ("user", "mnt", "net", "cgroup", "pid")])
