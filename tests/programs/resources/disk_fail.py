# Fills the disk and lets the error end the program.
with open("/workspace/fill", "wb", buffering=0) as file:
    while True:
        file.write(b"x" * (1 << 20))
