// C++, compiled behind the walls.
#include <iostream>

int main() { std::cout << "hello from cpp\n"; }
