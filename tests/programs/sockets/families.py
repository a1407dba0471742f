# Every address family but unix, inet, inet6 and netlink meets a wall, in every type.
families = [f for f in range(0, 64) if f not in (1, 2, 10, 16)]
attempts = []
for family in families:
    for kind in (1, 2, 3, 5):
        attempts.append((f"{family}/{kind}", lambda f=family, k=kind: syscall(41, f, k, 0)))
all_walled(attempts)
