# Steals a descriptor of init by pidfd_getfd (438): the call itself must meet a wall.
all_walled([("getfd", lambda: syscall(438, -1, 0, 0))])
