# Reads the environment of init, as a whole and by thread.
none_readable(["/proc/1/environ", "/proc/1/task/1/environ"])
