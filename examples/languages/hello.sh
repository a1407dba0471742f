# Bash. This file is not executable: it is a program for `casemate run`.
echo "hello from bash"
