# no_new_privs is set and stays set.
if status_field("NoNewPrivs") != "1":
    escaped("NoNewPrivs " + status_field("NoNewPrivs"))
if LIBC.prctl(38, 0, 0, 0, 0) == 0:
    escaped("PR_SET_NO_NEW_PRIVS 0 was accepted")
if LIBC.prctl(39, 0, 0, 0, 0) == 0:
    escaped("PR_GET_NO_NEW_PRIVS says 0")
held("1")
