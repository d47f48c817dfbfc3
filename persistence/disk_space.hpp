#pragma once

#include <cstdint>

namespace holdfast {

/// Sees to it that a file's bytes have room on the disk before they are written: a write that meets
/// a full disk in the middle of a commit comes too late for a good answer.
///
/// Room is set aside with fallocate, beyond the file's end, without changing its length. On file
/// systems that cannot do that (NFS before 4.2, some network and FUSE file systems) the free space
/// is asked for instead, each time: others may take it before we write, `is_certain` is false, and
/// a write that fails then is treated like a failed flush. Copy-on-write file systems (btrfs, ZFS)
/// may accept and still run out; there too the operator should leave room.
///
/// The quota and the process's file size limit count as the size of the disk. One thread.
class disk_space {
public:
  /// `file` stays open while this lives. `used` bytes of it are in use.
  disk_space(int file, std::uint64_t used, std::uint64_t bytes_max);

  /// Tries to have room for the first `end` bytes of the file, of which `written` are on disk
  /// already. Takes a step more than asked for while the disk has plenty.
  bool make_room(std::uint64_t end, std::uint64_t written);

  std::uint64_t free_bytes() const;  ///< that the file system would still give us
  std::uint64_t allocated() const noexcept { return allocated_; }
  bool is_certain() const noexcept { return preallocates_; }
  void set_bytes_max(std::uint64_t bytes_max) noexcept { bytes_max_ = bytes_max; }

private:
  bool allocate(std::uint64_t end);
  std::uint64_t file_blocks_bytes() const;
  std::uint64_t size_limit() const;

  int file_;
  bool preallocates_ = true;
  std::uint64_t allocated_ = 0;
  std::uint64_t bytes_max_;
};

}  // namespace holdfast
