# The tools that raise privilege are absent or refuse.
import shutil
import subprocess
notes = []
for words in (["sudo", "-n", "id", "-u"], ["su", "-c", "id -u"], ["pkexec", "id", "-u"], ["doas", "id", "-u"], ["newgrp", "root"],
              ["mount", "-t", "tmpfs", "x", "/tmp"], ["chroot", "/", "id", "-u"], ["nsenter", "-t", "1", "-a", "id", "-u"]):
    if not shutil.which(words[0]):
        notes.append(f"no {words[0]}")
        continue
    done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
    if done.returncode == 0:
        escaped(f"{words}: {done.stdout!r}")
    notes.append(f"{words[0]} ends with {done.returncode}")
held(notes)
