# No group comes along but its own.
extra = set(os.getgroups()) - {os.getgid(), 65534}
if extra or 0 in os.getgroups() and os.getgid() != 0:
    escaped(f"groups {os.getgroups()}")
held(os.getgroups())
