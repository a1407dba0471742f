# Climbs above the root: by .., by descriptors and by a changed root.
root = os.stat("/")
place = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
for _ in range(40):
    above = os.open("..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=place)
    os.close(place)
    place = above
info = os.fstat(place)
if (info.st_dev, info.st_ino) != (root.st_dev, root.st_ino):
    escaped("climbed above the root")
kind, value = apart(lambda: os.chroot("/tmp"))
if kind == "ok":
    escaped("changed the root")
held("the root has nothing above it")
