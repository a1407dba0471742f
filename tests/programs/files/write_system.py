# Creates, changes and removes files in the system's folders.
def create(folder):
    path = os.path.join(folder, "casemate_probe")
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.close(descriptor)
    os.unlink(path)
    return path
folders = ["/", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/dev",
           "/proc", "/proc/sys", "/usr/local/bin", "/opt", "/root", "/home", "/var", "/etc/ssl"]
all_fail([(f, lambda f=f: create(f)) for f in folders] + [(f"mkdir {f}", lambda f=f: os.mkdir(f + "/d")) for f in folders])
