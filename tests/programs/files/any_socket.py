# No socket, FIFO, block device or foreign character device is anywhere in sight.
import stat
known = {(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2)}
found, seen = [], 0
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [f for f in folders if f not in ("proc", "usr")]
    for name in files + folders:
        path = os.path.join(folder, name)
        try:
            info = os.lstat(path)
        except OSError:
            continue
        seen += 1
        kind = stat.S_IFMT(info.st_mode)
        device = (os.major(info.st_rdev), os.minor(info.st_rdev))
        if kind in (stat.S_IFSOCK, stat.S_IFIFO, stat.S_IFBLK) or (kind == stat.S_IFCHR and device not in known):
            found.append((path, oct(kind), device))
if found:
    escaped(found[:10])
held(f"{seen} entries")
