# find / -perm /6000: no file with a setuid or setgid bit, nor with capabilities, is in sight.
found, seen = [], 0
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [f for f in folders if f != "proc"]
    for name in files:
        path = os.path.join(folder, name)
        try:
            info = os.lstat(path)
        except OSError:
            continue
        seen += 1
        if info.st_mode & 0o6000 and not os.path.islink(path):
            found.append(path)
if found:
    escaped(f"{len(found)}: {found[:10]}")
held(f"{seen} files")
