#include <holdfast/persistence/disk_space.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace holdfast {

namespace {

// Small enough to be quick, large enough that few commits pay for it.
constexpr std::uint64_t step_bytes_min = 1ull << 20;
constexpr std::uint64_t step_bytes_max = 256ull << 20;

}  // namespace

disk_space::disk_space(int file, std::uint64_t used, std::uint64_t bytes_max)
    : file_(file), bytes_max_(bytes_max) {
  // What is in use may have holes (a copied file, pages that were never written): fill them now.
  if (!allocate(used))
    allocated_ = used;
}

bool disk_space::allocate(std::uint64_t end) {
  if (end > size_limit())
    return false;
  while (preallocates_ && end > allocated_) {
    const auto offset = static_cast<off_t>(allocated_);
    if (::fallocate(file_, FALLOC_FL_KEEP_SIZE, offset, static_cast<off_t>(end) - offset) == 0)
      allocated_ = end;
    else if (errno == EOPNOTSUPP || errno == ENOSYS)
      preallocates_ = false;
    else if (errno != EINTR)
      return false;
  }
  return true;
}

bool disk_space::make_room(std::uint64_t end, std::uint64_t written) {
  const auto limit = size_limit();
  if (end > limit)
    return false;
  if (preallocates_ && end <= allocated_)
    return true;
  const auto available = free_bytes();
  if (preallocates_) {
    // A failing fallocate may keep what it got, and would fill the disk for nothing: ask first. The
    // file may have more blocks than we know of, from before a restart.
    const auto has = file_blocks_bytes();
    const auto fits = [&](std::uint64_t to) { return to <= has || to - has <= available; };
    const auto step = std::min(std::clamp(end / 4, step_bytes_min, step_bytes_max), available / 8);
    const auto generous = std::min(end + step, limit);
    const bool done = (fits(generous) && allocate(generous)) || (fits(end) && allocate(end));
    if (preallocates_)
      return done;
  }
  allocated_ = written;
  return end <= written || end - written <= available;
}

std::uint64_t disk_space::file_blocks_bytes() const {
  struct stat found {};
  return ::fstat(file_, &found) == 0 ? static_cast<std::uint64_t>(found.st_blocks) * 512 : 0;
}

std::uint64_t disk_space::free_bytes() const {
  struct statvfs found {};
  if (::fstatvfs(file_, &found) != 0)
    return 0;
  if (found.f_blocks == 0)  // a file system that does not count, such as ramfs
    return std::numeric_limits<std::uint64_t>::max() / 2;
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

std::uint64_t disk_space::size_limit() const {
  auto limit = bytes_max_ == 0 ? std::numeric_limits<std::uint64_t>::max() / 2 : bytes_max_;
  struct rlimit file_size {};
  if (::getrlimit(RLIMIT_FSIZE, &file_size) == 0 && file_size.rlim_cur != RLIM_INFINITY)
    limit = std::min<std::uint64_t>(limit, file_size.rlim_cur);
  return limit;
}

}  // namespace holdfast
