import subprocess
print(subprocess.run(["echo", "plain"], capture_output=True, text=True).stdout.strip())
print(subprocess.run("printf 'a\\nb\\n' | sort -r | tr '\\n' ' '", shell=True, capture_output=True, text=True).stdout.strip())
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(child.communicate(b"through a pipe")[0].decode(), child.returncode)
print(subprocess.run(["sh", "-c", "exit 7"]).returncode, subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
try:
    subprocess.run(["sleep", "60"], timeout=0.2)
except subprocess.TimeoutExpired:
    print("timeout")
try:
    subprocess.run(["no-such-program"])
except FileNotFoundError:
    print("absent")
