#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/data_directory.hpp>
#include <holdfast/persistence/disk_space.hpp>
#include <holdfast/persistence/lmdb_environment.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>
#include <holdfast/persistence/lmdb_snapshots.hpp>
#include <holdfast/persistence/lmdb_writer.hpp>
#include <holdfast/persistence/store_rules.hpp>

#include <lmdb.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <utility>

namespace holdfast {

namespace {

// Snapshots of our own: for `status`, and for the commit that looks whether it fits.
constexpr unsigned own_readers = 16;

constexpr std::uint64_t flushes_per_commit =
    2;  // the pages, then the meta page that makes them count

// Room for what a file system needs for itself beside the pages of a commit.
constexpr std::uint64_t slack_bytes = 1u << 20;

bool is_full_disk(int code) {
  return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

}  // namespace

struct lmdb_journal::engine {
  engine(std::filesystem::path path, const lmdb_journal_options& options);

  enum class attempt { committed, full, full_until_next, map_exhausted };

  attempt try_commit(growth kind, function_ref<void(journal_writer&)> body);
  enum class room { none, after_next, likely, sure };

  room find_room(growth kind, const detail::lmdb_writer& writer, MDB_txn* transaction);
  bool was_out_of_space(int code, room found) const;
  bool really_grows(MDB_txn* transaction) const;
  bool grow_map();
  void check() const;
  [[noreturn]] void fail(int code);

  std::uint64_t reserve() const { return reserve_within(bytes_max, options.reserve_bytes); }

  lmdb_journal_options options;
  data_directory directory;
  detail::lmdb_environment environment;
  mutable detail::lmdb_snapshots snapshots;
  disk_space space;
  std::uint64_t file_bytes;  // after the last commit
  std::atomic<bool> committing = false;
  std::atomic<std::uint64_t> bytes_max;
  std::atomic<std::uint64_t> allocated = 0;
  std::atomic<std::uint64_t> map_bytes;
  std::atomic<bool> is_full = false;
  std::atomic<bool> is_failed = false;
  std::atomic<std::uint64_t> commits = 0;
  std::atomic<std::uint64_t> refusals = 0;
  std::atomic<std::uint64_t> map_growths = 0;
};

lmdb_journal::engine::engine(std::filesystem::path path, const lmdb_journal_options& how)
    : options(how), directory(std::move(path), how.read_only ? data_directory::access::inspector
                                                             : data_directory::access::owner),
      environment(directory, {how.map_bytes, how.read_only, how.readers_max + own_readers}),
      snapshots(environment.get(), environment.handles(), how.readers_max),
      space(environment.file(), how.read_only ? 0 : environment.file_bytes(), how.bytes_max),
      file_bytes(environment.file_bytes()), bytes_max(how.bytes_max),
      map_bytes(environment.map_bytes()) {
  if (how.read_only)
    return;
  // On a full disk the reserve may not be had: then `grows` is refused, and asks again, until it
  // is.
  space.make_room(file_bytes + reserve(), file_bytes);
  allocated = space.allocated();
}

void lmdb_journal::engine::check() const {
  if (is_failed)
    throw error(errc::journal_failed,
                "the journal in " + directory.path().string()
                    + " failed earlier and answers nothing more; restart recovers");
}

// Nobody knows now what the disk holds. Whoever restarts finds the last state that was flushed
// whole.
void lmdb_journal::engine::fail(int code) {
  is_failed = true;
  throw error(errc::journal_failed, "a commit to the journal in " + directory.path().string()
                                        + " failed: " + mdb_strerror(code)
                                        + "; check the disk, restart recovers");
}

// Whether the tables take more pages than before. Asked only of a `shrinks` commit on a full disk.
bool lmdb_journal::engine::really_grows(MDB_txn* transaction) const {
  MDB_txn* committed = nullptr;
  const int code = mdb_txn_begin(environment.get(), nullptr, MDB_RDONLY, &committed);
  if (code != 0)
    detail::throw_lmdb(code, "beginning to read");
  const ending abort([committed] { mdb_txn_abort(committed); });
  return detail::pages_in_use(transaction, environment.handles())
         > detail::pages_in_use(committed, environment.handles());
}

lmdb_journal::engine::room lmdb_journal::engine::find_room(growth kind,
                                                           const detail::lmdb_writer& writer,
                                                           MDB_txn* transaction) {
  const auto page_bytes = environment.page_bytes();
  const auto kept = kind == growth::grows ? reserve() : 0;
  const auto demand = writer.demand(page_bytes);
  if (space.make_room(file_bytes + demand.total() * page_bytes + kept, file_bytes))
    return room::sure;
  const auto limit =
      bytes_max == 0 ? space.allocated() : std::min(space.allocated(), bytes_max.load());
  const auto spare = limit > file_bytes + kept ? (limit - file_bytes - kept) / page_bytes : 0;
  // LMDB takes pages that were freed before the commit that its oldest reader sees.
  const std::uint64_t number = mdb_txn_id(transaction);
  const auto oldest = std::min(number - 1, snapshots.oldest());
  if (detail::free_pages_cover(environment.get(), oldest, demand, spare))
    return room::likely;
  // The bound is generous: what only takes away goes on, and at worst meets the full disk,
  // unharmed.
  const bool may_try = kind == growth::shrinks && !really_grows(transaction);
  if (may_try)
    return room::likely;
  // What the last commit freed serves the one after the next. Nobody may come to make the next.
  const bool soon = oldest == number - 1 && snapshots.oldest() > oldest
                    && detail::free_pages_cover(environment.get(), number, demand, spare);
  return soon ? room::after_next : room::none;
}

// Whether a commit that failed for want of space failed to write pages, before anything counted: then
// nothing was lost. Otherwise a flush or the meta page failed.
bool lmdb_journal::engine::was_out_of_space(int code, room found) const {
  if (!is_full_disk(code) || !space.is_certain())
    return false;
  // Pages have room that was set aside. Where that does not hold (copy on write), the disk is full.
  // Space that a flush lacks on a disk that has some is another's: a thin pool, a network quota.
  if (found == room::sure && code != EFBIG && space.free_bytes() > slack_bytes)
    return false;
  // After a meta page that it could not write, LMDB begins nothing more.
  MDB_txn* probe = nullptr;
  if (mdb_txn_begin(environment.get(), nullptr, 0, &probe) != 0)
    return false;
  mdb_txn_abort(probe);
  return true;
}

lmdb_journal::engine::attempt lmdb_journal::engine::try_commit(
    growth kind, function_ref<void(journal_writer&)> body) {
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(environment.get(), nullptr, 0, &transaction); code != 0)
    fail(code);
  ending abort([&transaction] {
    if (transaction)
      mdb_txn_abort(transaction);
  });
  detail::lmdb_writer writer(transaction, environment.handles());
  try {
    body(writer);
  } catch (const detail::map_exhausted&) {
    return attempt::map_exhausted;
  }
  if (writer.failure() == MDB_MAP_FULL)
    return attempt::map_exhausted;
  if (writer.failure() != 0)
    detail::throw_lmdb(writer.failure(), "writing");
  if (!writer.wrote())
    return attempt::committed;
  const auto found = find_room(kind, writer, transaction);
  if (found == room::none)
    return attempt::full;
  if (found == room::after_next)
    return attempt::full_until_next;
  const int code = mdb_txn_commit(std::exchange(transaction, nullptr));
  if (code == MDB_MAP_FULL)
    return attempt::map_exhausted;
  if (code != 0) {
    if (was_out_of_space(code, found))
      return attempt::full;
    fail(code);
  }
  file_bytes = environment.file_bytes();
  ++commits;
  return attempt::committed;
}

bool lmdb_journal::engine::grow_map() {
  snapshots.pause();
  const ending resume([this] { snapshots.resume(); });
  try {
    if (!environment.grow_map())
      return false;
  } catch (...) {
    is_failed = true;  // there is no map any more
    throw;
  }
  map_bytes = environment.map_bytes();
  ++map_growths;
  return true;
}

lmdb_journal::lmdb_journal(std::filesystem::path directory, const lmdb_journal_options& options)
    : engine_(std::make_unique<engine>(std::move(directory), options)) {}

lmdb_journal::~lmdb_journal() = default;

std::unique_ptr<journal_reader> lmdb_journal::read() const {
  engine_->check();
  return engine_->snapshots.take();
}

commit_result lmdb_journal::commit(growth kind, function_ref<void(journal_writer&)> body) {
  auto& self = *engine_;
  if (self.options.read_only)
    throw error(errc::wrong_context, "a commit to a journal that was opened for reading alone");
  if (self.committing.exchange(true))
    throw error(errc::wrong_context, "a commit while another one runs; end the first one");
  const ending last([&self] { self.committing = false; });
  self.check();
  self.space.set_bytes_max(self.bytes_max);
  auto result = self.try_commit(kind, body);
  if (result == engine::attempt::full_until_next) {
    // A commit of next to nothing, on the reserve.
    self.try_commit(growth::shrinks, [](journal_writer& to) {
      to.put(table_id::meta, format_key, format_record());
    });
    result = self.try_commit(kind, body);
  }
  while (result == engine::attempt::map_exhausted && self.grow_map())
    result = self.try_commit(kind, body);
  self.allocated = self.space.allocated();
  const bool full = result != engine::attempt::committed;
  if (full)
    ++self.refusals;
  if (kind == growth::grows)
    self.is_full = full;
  return full ? commit_result::full : commit_result::committed;
}

journal_status lmdb_journal::status() const {
  auto& self = *engine_;
  journal_status result;
  result.readers = self.snapshots.alive();
  result.allocated_bytes = self.allocated;
  result.map_bytes = self.map_bytes;
  result.bytes_max = self.bytes_max;
  result.reserve_bytes = self.reserve();
  result.is_full = self.is_full;
  result.is_failed = self.is_failed;
  result.commits = self.commits;
  result.refusals = self.refusals;
  result.flushes = self.commits * flushes_per_commit;
  result.map_growths = self.map_growths;
  if (self.is_failed)  // there is nothing to look at any more
    return result;
  self.snapshots.look([&](MDB_txn* transaction) {
    const auto page_bytes = self.environment.page_bytes();
    result.file_bytes = self.environment.file_bytes();
    result.bytes_used = detail::pages_in_use(transaction, self.environment.handles()) * page_bytes;
    result.bytes_free = result.file_bytes - std::min(result.file_bytes, result.bytes_used);
  });
  return result;
}

void lmdb_journal::set_bytes_max(std::uint64_t bytes_max) noexcept {
  engine_->bytes_max = bytes_max;
}

const std::filesystem::path& lmdb_journal::directory() const noexcept {
  return engine_->directory.path();
}

}  // namespace holdfast
