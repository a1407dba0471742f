# setfsuid 122 and setfsgid 123 report no error: the id in force tells.
for call, own, field in ((122, os.getuid(), "Uid"), (123, os.getgid(), "Gid")):
    for other in (0, 1000, 65534):
        if other == own:
            continue
        try:
            syscall(call, other)
        except OSError:
            pass
        now = int(status_field(field).split()[3])
        if now == other:
            escaped(f"{field} of files became {other}")
held(status_field("Uid"))
