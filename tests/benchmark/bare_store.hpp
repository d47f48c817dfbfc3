#pragma once

#include <lmdb.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace bench {

/// LMDB and nothing else: what the disk allows. Same flags as Holdfast's store (every commit is flushed), keys of 8 bytes
/// in ascending order, appended.
class bare_store {
public:
  /// Its first `room_bytes` are written beforehand.
  explicit bare_store(const std::filesystem::path& directory,
                      std::size_t room_bytes = std::size_t{64} << 20);
  ~bare_store();
  bare_store(const bare_store&) = delete;
  bare_store& operator=(const bare_store&) = delete;

  void begin();
  void put(std::uint64_t key, std::string_view value);
  void erase(std::uint64_t key);
  void commit();

private:
  void write_ahead(std::size_t room_bytes);

  MDB_env* env_ = nullptr;
  MDB_dbi rows_ = 0;
  MDB_txn* open_ = nullptr;
};

/// Records put per second for about `seconds`, in commits of `group` records.
double bare_put_rate(const std::filesystem::path& directory, std::size_t group,
                     std::string_view record, double seconds);

}  // namespace bench
