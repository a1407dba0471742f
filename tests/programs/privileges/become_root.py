# Becomes another user: every call that changes ids, to every id worth having.
attempts = []
own = (os.getuid(), os.getgid())
for uid in {0, 1, 1000, 65534} - {own[0]}:
    attempts += [(f"setuid {uid}", lambda u=uid: os.setuid(u)), (f"seteuid {uid}", lambda u=uid: os.seteuid(u)),
                 (f"setresuid {uid}", lambda u=uid: os.setresuid(u, u, u)), (f"setreuid {uid}", lambda u=uid: os.setreuid(u, u))]
for gid in {0, 1, 1000, 65534} - {own[1]}:
    attempts += [(f"setgid {gid}", lambda g=gid: os.setgid(g)), (f"setresgid {gid}", lambda g=gid: os.setresgid(g, g, g)),
                 (f"setgroups {gid}", lambda g=gid: os.setgroups([g]))]
all_fail(attempts)
