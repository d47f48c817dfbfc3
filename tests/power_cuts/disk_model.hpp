#pragma once

#include "tests/power_cuts/write_log.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::power_cuts {

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t sector_bytes = 512;  ///< what a disk writes whole or not at all
inline constexpr std::uint8_t all_sectors = 0xff;

/// One thing that a cut may leave done or undone: a page of a file with what was written to it since it was last synced,
/// the length of a file, or a change of a folder's entries.
struct unsynced_unit {
  enum class kind : std::uint8_t { page, length, entry };
  kind what{};
  int file = -1;
  std::uint64_t page = 0;
  std::size_t change = 0;     ///< of entries: which of those that are pending
  std::uint16_t levels = 1;   ///< 0 is as last synced, each write since then is one more
  std::uint8_t sectors = 0;   ///< of pages: those that the last write changed
  std::uint64_t made_by = 0;  ///< the number of the event that made the first level
};

/// What the disk took of the units, in their order. `sectors` says which sectors of the level came; the others are of the
/// level before it.
struct cut_choice {
  std::vector<std::uint16_t> level;
  std::vector<std::uint8_t> sectors;
  unsigned bystanders = 0;  ///< how files look that mean nothing after a restart: see disk_model
};

struct disk_files {
  std::set<std::string> folders;
  std::map<std::string, std::string> files;  ///< name, content
};

/// What is on the disk for certain, and what may be, after the events that were applied. The rules are those that POSIX
/// leaves, not those of one file system: whatever was not synced may be there or not, in any order and mixture, sector by
/// sector; a page that did not come reads as before, or as zeros beyond the old end; entries of a folder are independent of
/// each other and of the files' contents, but for two changes of one name, which keep their order. A rename is atomic.
///
/// Lock files (`lock`, `*-lock`) are bystanders: nobody reads what was in them before the restart. They are no units;
/// each image has them absent, empty, as they were, or full of garbage.
class disk_model {
public:
  disk_model() = default;
  explicit disk_model(const disk_files& durable);

  void apply(const disk_event& event);
  void begin(const disk_event& event);  ///< as apply, but a durable write is still under way

  /// What a cut of that node's power leaves open. A node is a folder in the watched one.
  std::vector<unsynced_unit> units(std::string_view node) const;

  /// Whether two changes of one name keep their order.
  bool allows(const std::vector<unsynced_unit>& units, const cut_choice& choice) const;

  disk_files after_cut(std::string_view node, const std::vector<unsynced_unit>& units,
                       const cut_choice& choice) const;
  disk_files live(std::string_view node) const;  ///< as its processes see it

  /// The same for all images that are the same because they were made of the same writes.
  std::string key(std::string_view node, const std::vector<unsynced_unit>& units,
                  const cut_choice& choice) const;

  const std::map<std::string, int>& live_names() const { return live_names_; }
  std::uint64_t events() const { return events_; }  ///< so many were applied

private:
  struct version {
    std::uint64_t made_by;
    std::string bytes;
  };
  struct resized {
    std::uint64_t made_by;
    std::uint64_t length;
  };
  struct file_state {
    std::string node;
    std::string durable, live;
    std::map<std::uint64_t, std::vector<version>> pages;  // written since the last sync
    std::vector<resized> lengths;
  };
  struct entry_change {
    std::uint64_t made_by;
    disk_event::kind what;
    std::string name, to;
    int file;
  };

  void write(file_state& file, std::uint64_t at, std::string_view bytes);
  void resize(file_state& file, std::uint64_t length);
  void sync(file_state& file);
  void sync_range(file_state& file, std::uint64_t at, std::uint64_t end);
  void sync_folder(const std::string& name);
  void change_entry(const disk_event& event);
  std::string content(int number, const std::vector<unsynced_unit>& units,
                      const cut_choice& choice) const;

  std::map<int, file_state> files_;
  std::map<std::string, int> durable_names_, live_names_;
  std::vector<entry_change> changes_;
  std::map<std::string, std::uint64_t, std::less<>> generations_;  // of each node's durable bytes
  std::uint64_t events_ = 0;
};

bool is_bystander(std::string_view name);

}  // namespace holdfast::power_cuts
