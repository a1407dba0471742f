# The quick start: one program behind every wall that this machine offers.
#
#   casemate run hello.py
import os
import platform

print("hello from Python", platform.python_version())
print("user", os.getuid(), "in", os.getcwd(), "on", platform.node())
