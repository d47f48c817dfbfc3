#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace holdfast::test {

/// An empty directory that goes away with its owner. In memory where the machine offers that: on a
/// busy disk a flush takes ten milliseconds, and suites make thousands. Tests of the disk itself
/// say so.
class temporary_directory {
public:
  enum class place : unsigned char { anywhere, disk };

  explicit temporary_directory(place where = place::anywhere) {
    const std::filesystem::path memory = "/dev/shm";
    const bool in_memory = where == place::anywhere && ::access(memory.c_str(), W_OK) == 0;
    const auto parent = in_memory ? memory : std::filesystem::temp_directory_path();
    auto name = (parent / "holdfast-test-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error("cannot make a temporary directory at " + name);
    path_ = name;
  }
  ~temporary_directory() {
    std::error_code ignored;  // a test that fails here has failed before
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

}  // namespace holdfast::test
