# Changes what is there: content, mode, owner, times, name, attributes.
targets = ["/etc/passwd", "/etc/hosts", "/etc/resolv.conf", "/usr/bin/env", "/etc/ld.so.cache", "/etc/nsswitch.conf"]
attempts = []
for t in targets:
    if not os.path.exists(t):
        continue
    attempts += [(f"open {t}", lambda t=t: os.open(t, os.O_WRONLY)), (f"chmod {t}", lambda t=t: os.chmod(t, 0o777)),
                 (f"chown {t}", lambda t=t: os.chown(t, os.getuid(), os.getgid())),
                 (f"utime {t}", lambda t=t: os.utime(t)), (f"unlink {t}", lambda t=t: os.unlink(t)),
                 (f"rename {t}", lambda t=t: os.rename(t, t + "x")),
                 (f"link {t}", lambda t=t: os.link(t, "stolen")),
                 (f"setxattr {t}", lambda t=t: os.setxattr(t, "user.x", b"1"))]
all_fail(attempts)
