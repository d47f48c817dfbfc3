#include <holdfast/core/clock.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/runtime/secret.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast {
namespace {

constexpr std::size_t secret_bytes_min = 16;
constexpr std::size_t secret_bytes_max = 4096;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw error(errc::bad_config, "the cluster secret " + file.string() + " " + why);
}

std::string reason() {
  return std::strerror(errno);
}

std::string draw() {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (int word = 0; word < 4; ++word) {
    auto bits = system_random().next();
    for (int shift = 60; shift >= 0; shift -= 4)
      text += digits[(bits >> shift) & 15];
  }
  return text;
}

void check_owner(int fd, const std::filesystem::path& file) {
  struct stat facts {};
  if (fstat(fd, &facts) != 0)
    refuse(file, "cannot be looked at: " + reason());
  if (!S_ISREG(facts.st_mode))
    refuse(file, "is no regular file");
  if (facts.st_uid != geteuid())
    refuse(file, "belongs to another user; use a file of your own (--secret-file)");
  if ((facts.st_mode & 077) != 0)
    refuse(file, "can be read or written by others; run: chmod 600 " + file.string());
}

/// Nothing when there is no such file.
std::optional<std::string> read_existing(const std::filesystem::path& file) {
  int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT)
      return std::nullopt;
    refuse(file, "cannot be opened: " + reason());
  }
  ending closes([fd] { ::close(fd); });
  check_owner(fd, file);
  std::string text(secret_bytes_max + 1, '\0');
  auto got = ::read(fd, text.data(), text.size());
  if (got < 0)
    refuse(file, "cannot be read: " + reason());
  text.resize(static_cast<std::size_t>(got));
  if (text.size() > secret_bytes_max)
    refuse(file, "is longer than 4096 bytes");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  if (text.size() < secret_bytes_min)
    refuse(file, "is shorter than 16 characters; remove it to have a new one drawn");
  return text;
}

/// Writes a new secret beside `file` and gives it its name, unless somebody was first. The name appears with the whole
/// content or not at all.
void create(const std::filesystem::path& file) {
  auto draft = file.string() + "." + draw().substr(0, 16);
  int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    refuse(file, "cannot be created: " + reason());
  ending removes([&] { ::unlink(draft.c_str()); });
  auto text = draw() + "\n";
  bool is_written = fchmod(fd, 0600) == 0
                    && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size())
                    && fsync(fd) == 0;
  auto why = reason();
  ::close(fd);
  if (!is_written)
    refuse(file, "cannot be written: " + why);
  if (::link(draft.c_str(), file.c_str()) != 0 && errno != EEXIST)
    refuse(file, "cannot be created: " + reason());
}

}  // namespace

std::filesystem::path default_secret_file() {
  if (auto* folder = std::getenv("XDG_CONFIG_HOME"); folder && *folder == '/')
    return std::filesystem::path(folder) / "holdfast" / "secret";
  if (auto* home = std::getenv("HOME"); home && *home)
    return std::filesystem::path(home) / ".config" / "holdfast" / "secret";
  throw error(errc::bad_config,
              "there is no place for the cluster secret: neither XDG_CONFIG_HOME nor HOME is set; "
              "name a file with --secret-file");
}

std::string load_secret(const std::filesystem::path& file) {
  if (auto secret = read_existing(file))
    return *secret;
  std::error_code problem;
  if (file.has_parent_path() && std::filesystem::create_directories(file.parent_path(), problem))
    ::chmod(file.parent_path().c_str(), 0700);
  if (problem)
    refuse(file, "cannot be created: " + problem.message());
  create(file);
  auto secret = read_existing(file);
  if (!secret)
    refuse(file, "was removed while it was created");
  return *secret;
}

}  // namespace holdfast
