#include "tests/benchmark/machine.hpp"

#include <boost/version.hpp>
#include <caf/config.hpp>
#include <lmdb.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/utsname.h>
#include <thread>

namespace bench {
namespace {

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string version(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

/// Type and device of the mount that holds `path`, as /proc/self/mountinfo has them.
nlohmann::json file_system(const std::filesystem::path& path) {
  auto wanted = std::filesystem::weakly_canonical(path).string();
  std::ifstream in("/proc/self/mountinfo");
  std::string best, type = "unknown", device;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word, mount;
    for (int i = 0; i < 5; ++i)
      words >> (i == 4 ? mount : word);
    while (words >> word && word != "-") {}
    bool is_above =
        wanted.starts_with(mount)
        && (mount == "/" || wanted.size() == mount.size() || wanted[mount.size()] == '/');
    if (is_above && mount.size() >= best.size()) {
      best = mount;
      words >> type >> device;
    }
  }
  return {{"type", type}, {"device", device}};
}

}  // namespace

nlohmann::json describe_machine(const std::filesystem::path& data) {
  utsname system{};
  uname(&system);
  double load[1] = {0};
  getloadavg(load, 1);
  return {
      {"processor", processor()},
      {"cores", std::thread::hardware_concurrency()},
      {"kernel", std::string(system.sysname) + " " + system.release},
      {"file_system", file_system(data)},
      {"load_before", load[0]},
      {"versions",
       {{"lmdb", version(MDB_VERSION_MAJOR, MDB_VERSION_MINOR, MDB_VERSION_PATCH)},
        {"caf", version(CAF_VERSION / 10000, CAF_VERSION / 100 % 100, CAF_VERSION % 100)},
        {"boost", version(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
        {"compiler", __VERSION__}}}};
}

}  // namespace bench
