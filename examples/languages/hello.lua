-- Lua.
print("hello from lua")
