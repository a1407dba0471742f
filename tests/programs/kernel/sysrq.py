# Opens the trigger that restarts the machine; writes a letter that means help only.
all_fail([("open", lambda: os.open("/proc/sysrq-trigger", os.O_WRONLY)), ("write", lambda: write_to("/proc/sysrq-trigger", b"h"))])
