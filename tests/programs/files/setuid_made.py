# Gives a program of its own the setuid bit and file capabilities, then runs it.
import shutil
copy = "own_id"
shutil.copy("/usr/bin/id", copy)
notes = []
try:
    os.chmod(copy, 0o6755)
    notes.append(oct(os.stat(copy).st_mode))
except OSError as error:
    notes.append(name_of(error.errno))
try:
    os.setxattr(copy, "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    escaped("gave itself file capabilities")
except OSError as error:
    notes.append(name_of(error.errno))
mount = os.statvfs(copy).f_flag
if not mount & os.ST_NOSUID:
    escaped("its folder honours setuid bits")
held(notes)
