# The parent and the group leader are inside, and there is no terminal of anyone's session.
outside = [n for n in (os.getppid(), os.getpgrp(), os.getsid(0)) if n > 1000]
if outside:
    escaped(f"ids of the outside: {outside}")
try:
    os.open("/dev/tty", os.O_RDWR)
    escaped("there is a controlling terminal")
except OSError as error:
    note = name_of(error.errno)
if os.getsid(0) == 0:
    escaped("the session leader is outside")
held(f"parent {os.getppid()} group {os.getpgrp()} session {os.getsid(0)} tty {note}")
