# Python.
print("hello from python")
