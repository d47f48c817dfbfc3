#include "tests/benchmark/bare_store.hpp"

#include "tests/benchmark/stopwatch.hpp"

#include <endian.h>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace bench {
namespace {

void check(int result) {
  if (result != MDB_SUCCESS)
    throw std::runtime_error(std::string("LMDB: ") + mdb_strerror(result));
}

struct stored_key {
  explicit stored_key(std::uint64_t number) : bytes(htobe64(number)) {}
  MDB_val value() { return {sizeof bytes, &bytes}; }
  std::uint64_t bytes;
};

}  // namespace

bare_store::bare_store(const std::filesystem::path& directory, std::size_t room_bytes) {
  std::filesystem::create_directories(directory);
  check(mdb_env_create(&env_));
  check(mdb_env_set_mapsize(env_, std::size_t{16} << 30));
  check(mdb_env_open(env_, directory.c_str(), MDB_NOTLS, 0600));
  begin();
  check(mdb_dbi_open(open_, nullptr, 0, &rows_));
  commit();
  write_ahead(room_bytes);
}

// A commit into new blocks of a file waits for the file system's journal too, and so for everybody else on the disk. What
// the bare store measures is the disk alone: its first blocks have been written before.
void bare_store::write_ahead(std::size_t room_bytes) {
  mdb_filehandle_t file = -1;
  check(mdb_env_get_fd(env_, &file));
  struct stat facts {};
  const std::string zeros(1 << 20, 0);
  fstat(file, &facts);
  for (auto at = facts.st_size; at < static_cast<off_t>(room_bytes);
       at += static_cast<off_t>(zeros.size()))
    if (pwrite(file, zeros.data(), zeros.size(), at) < 0)
      throw std::runtime_error("the disk is full");
  fsync(file);
}

bare_store::~bare_store() {
  if (open_)
    mdb_txn_abort(open_);
  mdb_env_close(env_);
}

void bare_store::begin() {
  check(mdb_txn_begin(env_, nullptr, 0, &open_));
}

void bare_store::put(std::uint64_t number, std::string_view content) {
  stored_key key(number);
  auto at = key.value();
  MDB_val value{content.size(), const_cast<char*>(content.data())};
  check(mdb_put(open_, rows_, &at, &value, MDB_APPEND));
}

void bare_store::erase(std::uint64_t number) {
  stored_key key(number);
  auto at = key.value();
  check(mdb_del(open_, rows_, &at, nullptr));
}

void bare_store::commit() {
  auto* ending = open_;
  open_ = nullptr;
  check(mdb_txn_commit(ending));
}

double bare_put_rate(const std::filesystem::path& directory, std::size_t group,
                     std::string_view record, double seconds) {
  bare_store store(directory);
  std::uint64_t key = 0;
  stopwatch watch;
  while (watch.seconds() < seconds) {
    store.begin();
    for (std::size_t i = 0; i < group; ++i)
      store.put(++key, record);
    store.commit();
  }
  return static_cast<double>(key) / watch.seconds();
}

}  // namespace bench
