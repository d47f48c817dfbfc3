#pragma once

#include <filesystem>
#include <vector>

namespace bench {

/// A new folder with a name of its own, which goes away with the object.
class temporary_folder {
public:
  explicit temporary_folder(const std::filesystem::path& parent);
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  std::filesystem::path path;
};

/// Interrupted, nothing stays behind: the other processes die with this one. Before any other thread is started.
void remove_when_interrupted(const std::vector<std::filesystem::path>& folders);

}  // namespace bench
