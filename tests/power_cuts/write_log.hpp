#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace holdfast::power_cuts {

/// One thing that a process asked of the disk. Files are numbers, because they outlive their names.
struct disk_event {
  enum class kind : std::uint8_t {
    make_folder,  ///< name
    create,       ///< name, file
    write,        ///< file, at, bytes
    resize,       ///< file, at: the new length
    rename,       ///< name, to
    remove,       ///< name
    sync_file,    ///< file: fsync or fdatasync returned
    sync_folder,  ///< name: its entries are durable
    note,         ///< nothing for the disk: the story went on, an answer was given
  };
  kind what{};
  int file = -1;
  std::string name;  ///< relative to the watched folder: "alpha/journal.mdb"; "" is that folder
  std::string to;
  std::uint64_t at = 0;
  std::string bytes;
  bool is_durable = false;  ///< written through O_DSYNC or O_SYNC: on disk when it returned
};

/// Syncs that are answered with success and never made, for canaries.
struct dropped_syncs {
  bool of_data = false;     ///< fsync and fdatasync of files
  bool of_meta = false;     ///< what O_DSYNC promises
  bool of_folders = false;  ///< fsync of folders
  unsigned honoured = 0;    ///< so many are made before the first is dropped
  bool any() const { return of_data || of_meta || of_folders; }
};

/// Everything that this process does to the files below one folder, in order, while this object lives. One at a time in a
/// process. The functions in interposed.cpp stand before those of the C library, for our code and for liblmdb alike, pass
/// every call on to the kernel and tell this log what was done. Any thread.
///
/// What goes through a shared, writable map is not seen. LMDB writes its lock file so, whose content means nothing after a
/// restart; tests compare the data files with the log, byte by byte, so that nothing else can go unseen.
class write_log {
public:
  /// `names` are the files and folders (number -1) that are there already.
  explicit write_log(std::filesystem::path folder, dropped_syncs dropped = {},
                     std::map<std::string, int> names = {});
  ~write_log();

  write_log(const write_log&) = delete;
  write_log& operator=(const write_log&) = delete;

  static write_log* active() noexcept;

  /// From now on room beyond a file's end (FALLOC_FL_KEEP_SIZE) is promised in this process and not set aside. It is no part
  /// of what a cut leaves, and takes most of the time where thousands of stores are opened in memory.
  static void promise_room() noexcept;
  static bool promises_room() noexcept;

  const std::vector<disk_event>& events() const noexcept { return events_; }
  std::size_t first_dropped() const noexcept { return first_dropped_; }  ///< events before it
  void note();

  // From the interposed functions, after the kernel did it. Paths and descriptors of others are ignored.
  void opened(int descriptor, const char* path, int flags, bool was_there);
  void closed(int descriptor);
  void wrote(int descriptor, std::uint64_t at, std::string bytes);
  void resized(int descriptor, std::uint64_t length);
  void made_folder(const char* path);
  void renamed(const char* from, const char* to);
  void removed(const char* path);
  bool drops_sync(int descriptor);
  void synced(int descriptor);

private:
  struct open_file {
    int file = -1;  // -1: a folder
    std::string name;
    bool is_durable = false;
  };

  bool find_name(const char* path, std::string& name) const;
  bool drops(bool is_meant);

  std::filesystem::path folder_;
  dropped_syncs dropped_;
  std::mutex mutex_;
  std::map<std::string, int> names_;
  std::map<int, open_file> descriptors_;
  std::vector<disk_event> events_;
  int next_file_ = 0;
  unsigned meant_ = 0;  // syncs of the kinds that are dropped
  std::size_t first_dropped_ = ~std::size_t{0};
};

}  // namespace holdfast::power_cuts
