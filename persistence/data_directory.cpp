#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/data_directory.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace holdfast {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const char* what, int code) {
  throw error(errc::bad_config, "data directory " + path.string() + ": " + what + ": "
                                    + std::strerror(code)
                                    + "; name another directory or correct its permissions");
}

void sync_directory(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    refuse(path, "cannot open it", errno);
  const ending close([fd] { ::close(fd); });
  // Some file systems keep names durable by themselves and refuse to be asked.
  if (::fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
    refuse(path, "cannot flush it", errno);
}

bool is_readable(const std::filesystem::path& path) {
  return ::access(path.c_str(), R_OK) == 0;
}

// Whoever made a directory may have been killed before its name was flushed. What a process of ours
// made belongs to us and lies on the file system of what is around it; what others made is theirs to
// keep, and so is what is above it.
void sync_names_of_ours(std::filesystem::path path, struct stat found) {
  while (found.st_uid == ::geteuid() && path.has_relative_path()) {
    const auto device = found.st_dev;
    path = path.parent_path();
    if (::stat(path.c_str(), &found) != 0 || found.st_dev != device)
      return;
    if (is_readable(path))  // else it cannot be flushed, and could not have been when it was new
      sync_directory(path);
  }
}

std::string owner_of(int lock) {
  char text[32] = {};
  const auto size = ::pread(lock, text, sizeof text - 1, 0);
  std::string digits(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  digits.resize(std::min(digits.find_first_not_of("0123456789"), digits.size()));
  return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

void make_directories(const std::filesystem::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (!S_ISDIR(found.st_mode))
      refuse(path, "it is a file", ENOTDIR);
    sync_names_of_ours(path, found);
    return;
  }
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (parent != path)
    make_directories(parent);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    refuse(path, "cannot create it", errno);
  sync_directory(parent);
}

data_directory::data_directory(std::filesystem::path path, access how) : path_(std::move(path)) {
  if (path_.empty())
    throw error(errc::bad_config, "the data directory's name is empty; name a directory");
  path_ = std::filesystem::absolute(path_).lexically_normal();
  if (!path_.has_filename())
    path_ = path_.parent_path();  // "dir/" is "dir"
  if (how == access::owner)
    make_directories(path_);
  lock(how);
}

void data_directory::lock(access how) {
  const auto name = path_ / "lock";
  const bool owner = how == access::owner;
  lock_ = ::open(name.c_str(), owner ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
  if (lock_ < 0 && !owner && errno == ENOENT)
    throw error(errc::bad_config, "there is no journal in " + path_.string()
                                      + "; name the data directory of a node that has run");
  if (lock_ < 0)
    refuse(path_, "cannot open its lock file", errno);
  if (::flock(lock_, (owner ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    const int code = errno;
    const auto holder = owner_of(lock_);
    ::close(std::exchange(lock_, -1));
    if (code != EWOULDBLOCK)
      refuse(path_, "cannot lock it", code);
    throw error(errc::journal_locked, "data directory " + path_.string() + " is in use by " + holder
                                          + "; stop that process or name another directory");
  }
  if (!owner)
    return;
  const auto text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_, 0) != 0 || ::pwrite(lock_, text.data(), text.size(), 0) < 0) {
    // A full disk: the lock holds, and a message without a number is what can be had.
  }
}

data_directory::~data_directory() {
  if (lock_ >= 0)
    ::close(lock_);
}

void data_directory::sync() const {
  sync_directory(path_);
}

}  // namespace holdfast
