#pragma once

#include <filesystem>

namespace holdfast {

/// Creates what is missing of the path, owner only, each part durable in its parent before the next one. Throws
/// errc::bad_config when that cannot be done.
void make_directories(const std::filesystem::path& path);

/// A node's data directory, created when it is not there (owner only, and on disk before anything
/// is put into it; also when a process was killed while it made it) and locked for as long as this
/// object lives. Two nodes on one directory would each answer for calls that the other overwrites.
///
/// The lock is on the open file `DIR/lock`, so it ends with the process however it ends, and
/// refuses a second open in the same process too. The file holds the owner's process id, for the
/// message alone.
class data_directory {
public:
  enum class access : unsigned char {
    owner,      ///< the node: nobody else may be inside
    inspector,  ///< a command that reads while no node runs: other inspectors may be inside
  };

  /// Throws errc::journal_locked, naming the directory and the process that has it;
  /// errc::bad_config when the directory cannot be made or used; and for an inspector when it is
  /// not there.
  data_directory(std::filesystem::path path, access how);
  ~data_directory();

  data_directory(const data_directory&) = delete;
  data_directory& operator=(const data_directory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

  /// Makes the names of files created, renamed or removed in it durable.
  void sync() const;

private:
  void lock(access how);

  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace holdfast
