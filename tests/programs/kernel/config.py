# How the kernel was built.
none_readable(["/proc/config.gz", "/boot/config-" + os.uname().release, "/proc/modules"])
