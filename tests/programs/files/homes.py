# Lists every folder that holds people's or services' files.
def entries(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []
found = {f: entries(f)[:5] for f in ("/home", "/root", "/var", "/run", "/mnt", "/media", "/srv", "/boot",
                                     "/var/lib", "/var/run", "/var/log", "/lost+found") if entries(f)}
if found:
    escaped(found)
held("nothing listed")
