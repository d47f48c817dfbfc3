// The functions of the C library through which files are changed, as this program and the shared libraries that it loads
// (liblmdb, libstdc++) find them: the executable's come first. Each passes the call on to the kernel and tells the log.
// AddressSanitizer stands back where a program defines a function itself.

#include "tests/power_cuts/write_log.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

using holdfast::power_cuts::write_log;

int open_logged(int folder, const char* path, int flags, mode_t mode) {
  auto* log = write_log::active();
  const bool was_there = log && ::faccessat(folder, path, F_OK, 0) == 0;
  const auto descriptor =
      static_cast<int>(::syscall(SYS_openat, folder, path, flags, static_cast<unsigned>(mode)));
  if (log && descriptor >= 0)
    log->opened(descriptor, path, flags, was_there);
  return descriptor;
}

mode_t mode_of(int flags, std::va_list& rest) {
  return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(rest, unsigned)) : 0;
}

ssize_t pwrite_logged(int descriptor, const void* bytes, size_t size, off_t at) {
  const ssize_t done = ::syscall(SYS_pwrite64, descriptor, bytes, size, at);
  if (auto* log = write_log::active(); log && done > 0)
    log->wrote(descriptor, static_cast<std::uint64_t>(at),
               {static_cast<const char*>(bytes), static_cast<size_t>(done)});
  return done;
}

std::string joined(const iovec* parts, int count, size_t size) {
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  bytes.resize(size);
  return bytes;
}

ssize_t pwritev_logged(int descriptor, const iovec* parts, int count, off_t at) {
  // The kernel takes the offset in two halves; on a 64-bit machine the lower one is the whole.
  const ssize_t done = ::syscall(SYS_pwritev, descriptor, parts, count, at, 0L);
  if (auto* log = write_log::active(); log && done > 0)
    log->wrote(descriptor, static_cast<std::uint64_t>(at),
               joined(parts, count, static_cast<size_t>(done)));
  return done;
}

int ftruncate_logged(int descriptor, off_t length) {
  const auto result = static_cast<int>(::syscall(SYS_ftruncate, descriptor, length));
  if (auto* log = write_log::active(); log && result == 0)
    log->resized(descriptor, static_cast<std::uint64_t>(length));
  return result;
}

int fallocate_logged(int descriptor, int mode, off_t at, off_t length) {
  if (mode == FALLOC_FL_KEEP_SIZE && write_log::promises_room())
    return 0;
  struct stat before {};
  const bool is_known = ::fstat(descriptor, &before) == 0;
  const auto result = static_cast<int>(::syscall(SYS_fallocate, descriptor, mode, at, length));
  if (auto* log = write_log::active();
      log && result == 0 && mode == 0 && is_known && before.st_size < at + length)
    log->resized(descriptor, static_cast<std::uint64_t>(at + length));
  return result;
}

int sync_logged(long call, int descriptor) {
  auto* log = write_log::active();
  if (log && log->drops_sync(descriptor))
    return 0;
  const auto result = static_cast<int>(::syscall(call, descriptor));
  if (log && result == 0)
    log->synced(descriptor);
  return result;
}

int unlink_logged(int folder, const char* path, int flags) {
  const auto result = static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags));
  if (auto* log = write_log::active(); log && result == 0)
    log->removed(path);
  return result;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_logged(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_logged(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_logged(folder, path, flags, mode);
}

int close(int descriptor) {
  if (auto* log = write_log::active())
    log->closed(descriptor);
  return static_cast<int>(::syscall(SYS_close, descriptor));
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  return pwrite_logged(descriptor, bytes, size, at);
}
ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
  return pwrite_logged(descriptor, bytes, size, at);
}
ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t at) {
  return pwritev_logged(descriptor, parts, count, at);
}
ssize_t pwritev64(int descriptor, const iovec* parts, int count, off64_t at) {
  return pwritev_logged(descriptor, parts, count, at);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  auto* log = write_log::active();
  const off_t at = log ? ::lseek(descriptor, 0, SEEK_CUR) : 0;
  const ssize_t done = ::syscall(SYS_write, descriptor, bytes, size);
  if (log && done > 0 && at >= 0)
    log->wrote(descriptor, static_cast<std::uint64_t>(at),
               {static_cast<const char*>(bytes), static_cast<size_t>(done)});
  return done;
}

ssize_t writev(int descriptor, const iovec* parts, int count) {
  auto* log = write_log::active();
  const off_t at = log ? ::lseek(descriptor, 0, SEEK_CUR) : 0;
  const ssize_t done = ::syscall(SYS_writev, descriptor, parts, count);
  if (log && done > 0 && at >= 0)
    log->wrote(descriptor, static_cast<std::uint64_t>(at),
               joined(parts, count, static_cast<size_t>(done)));
  return done;
}

int ftruncate(int descriptor, off_t length) noexcept {
  return ftruncate_logged(descriptor, length);
}
int ftruncate64(int descriptor, off64_t length) noexcept {
  return ftruncate_logged(descriptor, length);
}
int fallocate(int descriptor, int mode, off_t at, off_t length) {
  return fallocate_logged(descriptor, mode, at, length);
}
int fallocate64(int descriptor, int mode, off64_t at, off64_t length) {
  return fallocate_logged(descriptor, mode, at, length);
}

int fsync(int descriptor) {
  return sync_logged(SYS_fsync, descriptor);
}
int fdatasync(int descriptor) {
  return sync_logged(SYS_fdatasync, descriptor);
}

int mkdir(const char* path, mode_t mode) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
  if (auto* log = write_log::active(); log && result == 0)
    log->made_folder(path);
  return result;
}

int rename(const char* from, const char* to) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
  if (auto* log = write_log::active(); log && result == 0)
    log->renamed(from, to);
  return result;
}

int unlink(const char* path) noexcept {
  return unlink_logged(AT_FDCWD, path, 0);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  return unlink_logged(folder, path, flags);
}
int remove(const char* path) noexcept {
  const int result = unlink_logged(AT_FDCWD, path, 0);
  return result != 0 && (errno == EISDIR || errno == EPERM)
             ? unlink_logged(AT_FDCWD, path, AT_REMOVEDIR)
             : result;
}

}  // extern "C"
