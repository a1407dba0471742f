#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <thread>
#include <vector>
int main() {
    std::atomic<int> n{0}; std::vector<std::thread> all;
    for (int i = 0; i < 8; i++) all.emplace_back([&n, i] { n += i; });
    for (auto &t : all) t.join();
    auto later = std::async(std::launch::async, [] { return 42; });
    std::ofstream("/tmp/x") << "file"; std::string s; std::ifstream("/tmp/x") >> s;
    try { throw std::runtime_error("caught"); } catch (const std::exception &e) { std::cout << n << ' ' << later.get() << ' ' << s << ' ' << std::filesystem::file_size("/tmp/x") << ' ' << e.what() << '\n'; }
}
