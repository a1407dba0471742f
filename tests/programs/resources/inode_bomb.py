# Makes empty files until it is refused.
count = 0
try:
    for folder in range(1000):
        os.mkdir(f"/tmp/{folder}")
        for file in range(1000):
            os.close(os.open(f"/tmp/{folder}/{file}", os.O_CREAT | os.O_WRONLY))
            count += 1
except OSError as error:
    if count > 20000:
        escaped(f"{count} files")
    held(f"refused after {count}: {name_of(error.errno)}")
escaped(f"{count} files")
