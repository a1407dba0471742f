# Searches /proc outside the folders of processes, and uname, for facts of the host given as arguments.
words = [w.encode() for w in sys.argv[1:] if len(w) >= 4]
if not words:
    broken("no facts were given")
found, seen = [], 0
texts = [("uname", " ".join(os.uname()).encode())]
for folder, folders, files in os.walk("/proc"):
    if folder == "/proc":
        folders[:] = [f for f in folders if not f.isdigit() and f != "thread-self"]
    for name in files:
        path = os.path.join(folder, name)
        try:
            texts.append((path, read(path)))
        except OSError:
            continue
for name in ("/etc/hostname", "/etc/hosts", "/etc/machine-id", "/etc/resolv.conf"):
    try:
        texts.append((name, read(name)))
    except OSError:
        continue
for path, text in texts:
    seen += 1
    found += [(path, word) for word in words if word in text]
if found:
    escaped(found)
held(f"{seen} files")
