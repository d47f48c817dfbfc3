#include "tests/power_cuts/write_log.hpp"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <utility>

namespace holdfast::power_cuts {

namespace {

// Constant-initialised: the interposed functions are called before main, too.
constinit std::atomic<write_log*> active_log = nullptr;
constinit std::atomic<bool> is_room_promised = false;

}  // namespace

write_log::write_log(std::filesystem::path folder, dropped_syncs dropped,
                     std::map<std::string, int> names)
    : folder_(std::move(folder)), dropped_(dropped), names_(std::move(names)) {
  for (auto& [name, file] : names_)
    next_file_ = std::max(next_file_, file + 1);
  active_log = this;
}

write_log::~write_log() {
  active_log = nullptr;
}

write_log* write_log::active() noexcept {
  return active_log;
}

void write_log::promise_room() noexcept {
  is_room_promised = true;
}

bool write_log::promises_room() noexcept {
  return is_room_promised;
}

bool write_log::find_name(const char* path, std::string& name) const {
  const std::string_view given(path);
  const auto& folder = folder_.native();
  if (!given.starts_with(folder))
    return false;
  const auto rest = given.substr(folder.size());
  if (!rest.empty() && rest.front() != '/')
    return false;
  name = rest.empty() ? "" : rest.substr(1);
  return true;
}

bool write_log::drops(bool is_meant) {
  if (!is_meant || meant_++ < dropped_.honoured)
    return false;
  first_dropped_ = std::min(first_dropped_, events_.size());
  return true;
}

void write_log::note() {
  const std::lock_guard lock(mutex_);
  events_.push_back({.what = disk_event::kind::note});
}

void write_log::opened(int descriptor, const char* path, int flags, bool was_there) {
  std::string name;
  if (!find_name(path, name))
    return;
  struct stat found {};
  const bool is_folder = ::fstat(descriptor, &found) == 0 && S_ISDIR(found.st_mode);
  const std::lock_guard lock(mutex_);
  if (is_folder) {
    descriptors_[descriptor] = {-1, name, false};
    return;
  }
  if (!was_there) {
    names_[name] = next_file_++;
    events_.push_back({.what = disk_event::kind::create, .file = names_[name], .name = name});
  }
  const int file = names_.at(name);
  if (was_there && (flags & O_TRUNC) != 0)
    events_.push_back({.what = disk_event::kind::resize, .file = file});
  descriptors_[descriptor] = {file, name, (flags & O_DSYNC) != 0};
}

void write_log::closed(int descriptor) {
  const std::lock_guard lock(mutex_);
  descriptors_.erase(descriptor);
}

void write_log::wrote(int descriptor, std::uint64_t at, std::string bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = descriptors_.find(descriptor);
  if (found == descriptors_.end() || found->second.file < 0)
    return;
  events_.push_back({.what = disk_event::kind::write,
                     .file = found->second.file,
                     .at = at,
                     .bytes = std::move(bytes),
                     .is_durable = found->second.is_durable && !drops(dropped_.of_meta)});
}

void write_log::resized(int descriptor, std::uint64_t length) {
  const std::lock_guard lock(mutex_);
  const auto found = descriptors_.find(descriptor);
  if (found != descriptors_.end() && found->second.file >= 0)
    events_.push_back({.what = disk_event::kind::resize, .file = found->second.file, .at = length});
}

void write_log::made_folder(const char* path) {
  std::string name;
  if (!find_name(path, name))
    return;
  const std::lock_guard lock(mutex_);
  names_[name] = -1;
  events_.push_back({.what = disk_event::kind::make_folder, .name = name});
}

void write_log::renamed(const char* from, const char* to) {
  std::string name, new_name;
  if (!find_name(from, name) || !find_name(to, new_name))
    return;
  const std::lock_guard lock(mutex_);
  names_[new_name] = names_.at(name);
  names_.erase(name);
  events_.push_back({.what = disk_event::kind::rename, .name = name, .to = new_name});
}

void write_log::removed(const char* path) {
  std::string name;
  if (!find_name(path, name))
    return;
  const std::lock_guard lock(mutex_);
  names_.erase(name);
  events_.push_back({.what = disk_event::kind::remove, .name = name});
}

bool write_log::drops_sync(int descriptor) {
  const std::lock_guard lock(mutex_);
  const auto found = descriptors_.find(descriptor);
  return found != descriptors_.end()
         && drops(found->second.file < 0 ? dropped_.of_folders : dropped_.of_data);
}

void write_log::synced(int descriptor) {
  const std::lock_guard lock(mutex_);
  const auto found = descriptors_.find(descriptor);
  if (found == descriptors_.end())
    return;
  if (found->second.file < 0)
    events_.push_back({.what = disk_event::kind::sync_folder, .name = found->second.name});
  else
    events_.push_back({.what = disk_event::kind::sync_file, .file = found->second.file});
}

}  // namespace holdfast::power_cuts
