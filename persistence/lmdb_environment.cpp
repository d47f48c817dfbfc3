#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/lmdb_environment.hpp>
#include <holdfast/persistence/store_rules.hpp>

#include <lmdb.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>

namespace holdfast::detail {

namespace {

constexpr std::uint64_t map_bytes_min = 1ull << 20;
constexpr mdb_mode_t owner_only = 0600;
constexpr unsigned tables_max = 64;  // room for the tables of later formats

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::uint64_t length_of(const std::filesystem::path& file) {
  struct stat found {};
  return ::stat(file.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

MDB_env* create_handle(std::uint64_t map_bytes, unsigned readers_max) {
  MDB_env* environment = nullptr;
  int code = mdb_env_create(&environment);
  if (code == 0)
    code = mdb_env_set_maxdbs(environment, tables_max);
  if (code == 0)
    code = mdb_env_set_maxreaders(environment, readers_max);
  if (code == 0)
    code = mdb_env_set_mapsize(environment, map_bytes);
  if (code != 0)
    throw_lmdb(code, "preparing to open the store");
  return environment;
}

// A transaction that is aborted unless it was committed.
class transaction {
public:
  transaction(MDB_env* environment, unsigned flags) {
    if (const int code = mdb_txn_begin(environment, nullptr, flags, &handle_); code != 0)
      throw_lmdb(code, "opening the store");
  }
  ~transaction() {
    if (handle_)
      mdb_txn_abort(handle_);
  }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  MDB_txn* get() const { return handle_; }
  void commit() {
    if (const int code = mdb_txn_commit(std::exchange(handle_, nullptr)); code != 0)
      throw_lmdb(code, "making the store's tables");
  }

private:
  MDB_txn* handle_ = nullptr;
};

table_handles find_tables(MDB_txn* in, unsigned flags) {
  table_handles handles{};
  for (std::size_t i = 0; i < table_count; ++i) {
    const std::string name(table_name(static_cast<table_id>(i)));
    const int code = mdb_dbi_open(in, name.c_str(), flags, &handles[i]);
    if (code == MDB_NOTFOUND)
      throw error(errc::journal_damaged,
                  "the store has no table " + name + "; restore a backup, or start the node once");
    if (code != 0)
      throw_lmdb(code, "opening a table");
  }
  return handles;
}

void remove_new(const std::filesystem::path& file) {
  std::error_code ignored;  // not there is as good as removed; what stays in the way fails the open
  std::filesystem::remove(file, ignored);
}

void create_store(const data_directory& directory, const std::filesystem::path& file) {
  const auto fresh = std::filesystem::path(file.string() + ".new");
  remove_new(fresh);
  MDB_env* environment = create_handle(map_bytes_min, 1);
  {
    const ending close([environment] { mdb_env_close(environment); });
    // No lock file: the data directory's lock keeps others away, and nobody reads yet.
    if (const int code =
            mdb_env_open(environment, fresh.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, owner_only);
        code != 0)
      throw_lmdb(code, "creating the store");
    transaction first(environment, 0);
    const auto handles = find_tables(first.get(), MDB_CREATE);
    const auto value = format_record();
    MDB_val to{format_key.size(), const_cast<char*>(format_key.data())};
    MDB_val from{value.size(), const_cast<char*>(value.data())};
    const auto meta = handles[static_cast<std::size_t>(table_id::meta)];
    if (const int code = mdb_put(first.get(), meta, &to, &from, 0); code != 0)
      throw_lmdb(code, "creating the store");
    first.commit();
  }
  std::filesystem::rename(fresh, file);
  directory.sync();
}

}  // namespace

lmdb_environment::lmdb_environment(const data_directory& directory, const settings& how) {
  const auto file = directory.path() / "journal.mdb";
  if (!std::filesystem::exists(file)) {
    if (how.read_only)
      throw error(errc::bad_config, "there is no journal in " + directory.path().string()
                                        + "; name the data directory of a node that has run");
    create_store(directory, file);
  } else if (!how.read_only) {
    directory.sync();  // whoever named the store may have been killed before it flushed the name
  }
  try {
    open(file, how);
    open_tables(how);
  } catch (const error& reason) {
    if (environment_)
      mdb_env_close(environment_);
    throw error(reason.code(), file.string() + ": " + reason.what());
  }
}

lmdb_environment::~lmdb_environment() {
  mdb_env_close(environment_);
}

void lmdb_environment::open(const std::filesystem::path& file, const settings& how) {
  // Four times what is there, so that a large store does not have to remap soon after it was
  // opened.
  auto map_bytes =
      round_up(std::max({how.map_bytes, map_bytes_min, length_of(file) * 4}), map_bytes_min);
  const unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | (how.read_only ? MDB_RDONLY : 0u);
  for (;; map_bytes = round_up(map_bytes / 2, map_bytes_min)) {
    environment_ = create_handle(map_bytes, how.readers_max);
    const int code = mdb_env_open(environment_, file.c_str(), flags, owner_only);
    if (code == 0)
      break;
    mdb_env_close(std::exchange(environment_, nullptr));
    // An address space limit (RLIMIT_AS, a small machine): less will do, the map grows when it
    // must.
    if (code != ENOMEM || map_bytes / 2 < length_of(file) + map_bytes_min)
      throw_lmdb(code, "opening the store");
  }
  // Whoever opens sees what a killed process wrote last, which may be with the kernel alone: nobody is
  // to answer for what a power cut could still take away.
  if (!how.read_only)
    if (const int code = mdb_env_sync(environment_, 1); code != 0)
      throw_lmdb(code, "flushing what was written before");
  int dead_readers = 0;
  if (const int code = mdb_reader_check(environment_, &dead_readers); code != 0)
    throw_lmdb(code, "removing dead readers");
  if (static_cast<std::size_t>(mdb_env_get_maxkeysize(environment_)) < journal_key_bytes_max)
    throw error(errc::journal_format, "this LMDB was built with keys shorter than "
                                          + std::to_string(journal_key_bytes_max) + " bytes");
  MDB_stat found{};
  mdb_env_stat(environment_, &found);
  page_bytes_ = found.ms_psize;
}

void lmdb_environment::open_tables(const settings& how) {
  MDB_dbi meta = 0;
  {
    transaction reading(environment_, MDB_RDONLY);
    if (const int code = mdb_dbi_open(reading.get(), "meta", 0, &meta); code != 0)
      throw error(errc::journal_damaged,
                  "it is no store of ours: it has no table meta; restore a backup");
    MDB_val key{format_key.size(), const_cast<char*>(format_key.data())};
    MDB_val value{};
    if (const int code = mdb_get(reading.get(), meta, &key, &value); code != 0)
      throw error(errc::journal_damaged, "it has no format row; restore a backup");
    check_format_record({static_cast<const char*>(value.mv_data), value.mv_size});
  }
  // Only now, with a format that we know, may tables that it lacks be added.
  transaction opening(environment_, how.read_only ? MDB_RDONLY : 0u);
  handles_ = find_tables(opening.get(), how.read_only ? 0u : MDB_CREATE);
  opening.commit();
}

int lmdb_environment::file() const {
  int fd = -1;
  mdb_env_get_fd(environment_, &fd);
  return fd;
}

std::uint64_t lmdb_environment::map_bytes() const {
  MDB_envinfo found{};
  mdb_env_info(environment_, &found);
  return found.me_mapsize;
}

std::uint64_t lmdb_environment::file_bytes() const {
  MDB_envinfo found{};
  mdb_env_info(environment_, &found);
  return (found.me_last_pgno + 1) * page_bytes_;
}

bool lmdb_environment::grow_map() {
  const auto now = map_bytes();
  for (auto more = now; more >= map_bytes_min; more = round_up(more / 2, map_bytes_min)) {
    // LMDB unmaps before it maps, and is lost when that fails: see first whether there is room.
    void* room =
        ::mmap(nullptr, now + more, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room != MAP_FAILED) {
      ::munmap(room, now + more);
      if (const int code = mdb_env_set_mapsize(environment_, now + more); code != 0)
        throw_lmdb(code, "growing the map");
      return true;
    }
    if (more == map_bytes_min)
      break;
  }
  return false;
}

}  // namespace holdfast::detail
