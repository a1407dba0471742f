# Raises its own limits above what it was given.
import resource
attempts = []
for name in ("CORE", "NOFILE", "NPROC", "MEMLOCK", "RTPRIO", "NICE", "SIGPENDING", "MSGQUEUE", "FSIZE", "STACK", "AS", "DATA"):
    number = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(number)
    if hard == resource.RLIM_INFINITY:
        if name in ("CORE", "NOFILE", "MEMLOCK", "RTPRIO", "NICE", "MSGQUEUE"):
            escaped(f"{name} has no limit")
        continue
    def raise_it(number=number, hard=hard):
        try:
            resource.setrlimit(number, (hard + 1, hard + 1))
        except ValueError as error:
            raise OSError(errno.EPERM, str(error))
        return "raised"
    attempts.append((name, raise_it))
all_fail(attempts)
