# Opens every file of /proc outside the folders of processes for writing.
opened, seen = [], 0
for folder, folders, files in os.walk("/proc"):
    if folder == "/proc":
        folders[:] = [f for f in folders if not f.isdigit()]
    for name in files:
        path = os.path.join(folder, name)
        if os.path.islink(path):
            continue
        seen += 1
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            opened.append(path)
        except OSError:
            pass
if opened:
    escaped(f"{len(opened)} may be written: {opened[:10]}")
held(f"{seen} files")
