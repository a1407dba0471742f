import fcntl, glob, mmap, os, pathlib, shutil, stat, sys, tempfile, zipfile
with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as file:
    file.write(b"temporary"); file.flush()
    print(pathlib.Path(file.name).read_text(), os.path.isdir(folder))
print(os.getcwd(), oct(os.umask(0o22)), tempfile.gettempdir())
os.makedirs("a/b/c"); pathlib.Path("a/b/c/ü 名.txt").write_text("ünï"); os.symlink("a", "link"); os.link("a/b/c/ü 名.txt", "hard")
print(sorted(glob.glob("a/**/*.txt", recursive=True)), os.path.realpath("link"), os.stat("hard").st_nlink)
shutil.copytree("a", "copy"); shutil.move("copy", "moved"); shutil.rmtree("moved")
with zipfile.ZipFile("z.zip", "w") as z: z.write("hard")
print(zipfile.ZipFile("z.zip").namelist(), shutil.disk_usage(".").total >> 20)
os.chmod("hard", 0o640); print(oct(stat.S_IMODE(os.stat("hard").st_mode)))
with open("map", "w+b") as f:
    f.truncate(4096); m = mmap.mmap(f.fileno(), 4096); m[:3] = b"map"; print(m[:3]); m.close()
    fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_EX)
os.mkfifo("fifo"); r = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK); w = os.open("fifo", os.O_WRONLY); os.write(w, b"fifo"); print(os.read(r, 9))
print(len(os.urandom(16)), open("/dev/zero", "rb").read(2), open("/dev/null").read() == "")
open("script", "w").write("#!/bin/sh\necho executed\n"); os.chmod("script", 0o755); sys.stdout.flush(); os.system("./script")
