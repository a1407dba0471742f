# Reads a secret file of the host by its path (first argument), directly and by every detour.
path = sys.argv[1]
detours = [path, "/proc/self/root" + path, "/proc/1/root" + path, "/proc/self/cwd/../.." + path,
           "/proc/self/task/%d/root%s" % (os.getpid(), path), "/.." * 40 + path, "../" * 40 + path.lstrip("/"),
           "/proc/%d/root%s" % (os.getppid(), path), "/dev/fd/../root" + path]
attempts = [(d[:30], lambda d=d: read(d)) for d in detours]
link = "way_out"
os.symlink(path, link)
attempts.append(("symlink", lambda: read(link)))
attempts.append(("stat", lambda: os.stat(path)))
all_fail(attempts)
