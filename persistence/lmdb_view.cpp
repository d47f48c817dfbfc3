#include <holdfast/core/error.hpp>
#include <holdfast/persistence/lmdb_view.hpp>

#include <lmdb.h>

#include <new>
#include <string>

namespace holdfast::detail {

namespace {

MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};  // LMDB does not write through it
}

std::string_view to_view(const MDB_val& bytes) {
  return {static_cast<const char*>(bytes.mv_data), bytes.mv_size};
}

}  // namespace

void throw_lmdb(int code, const char* doing) {
  if (code == ENOMEM)
    throw std::bad_alloc();
  const auto text = std::string("the journal failed while ") + doing + ": " + mdb_strerror(code);
  switch (code) {
  case MDB_CORRUPTED:
  case MDB_PAGE_NOTFOUND:
  case MDB_INVALID: throw error(errc::journal_damaged, text + "; restore a backup");
  case MDB_VERSION_MISMATCH:
    throw error(errc::journal_format, text + "; run the version that wrote it");
  case ENOSPC:
  case EDQUOT: throw error(errc::disk_full, text + "; free space on the disk");
  case MDB_TXN_FULL: throw error(errc::too_large, text + "; commit in smaller groups");
  case MDB_READERS_FULL: throw error(errc::too_large, text + "; hold fewer readers at once");
  default: throw error(errc::journal_failed, text + "; restart recovers");
  }
}

// The cursor of a table for one call: the kept one, or one of its own while a scan stands on that.
class lmdb_view::lease {
public:
  lease(const lmdb_view& view, table_id table)
      : slot_(view.slots_[static_cast<std::size_t>(table)]), kept_(!slot_.busy) {
    if (!kept_ || !slot_.cursor) {
      const int code = mdb_cursor_open(view.transaction_, view.handle(table), &cursor_);
      if (code != 0)
        throw_lmdb(code, "opening a cursor");
      if (kept_)
        slot_.cursor = cursor_;
    } else {
      cursor_ = slot_.cursor;
      if (slot_.stale) {
        const int code = mdb_cursor_renew(view.transaction_, cursor_);
        if (code != 0)
          throw_lmdb(code, "renewing a cursor");
      }
    }
    if (kept_) {
      slot_.stale = false;
      slot_.busy = true;
    }
  }
  ~lease() {
    if (kept_)
      slot_.busy = false;
    else
      mdb_cursor_close(cursor_);
  }
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;

  std::optional<row> seek(MDB_cursor_op how, std::string_view key = {}) {
    MDB_val found_key = to_val(key);
    MDB_val found_value{};
    const int code = mdb_cursor_get(cursor_, &found_key, &found_value, how);
    if (code == MDB_NOTFOUND)
      return std::nullopt;
    if (code != 0)
      throw_lmdb(code, "reading");
    return row{to_view(found_key), to_view(found_value)};
  }
  std::optional<row> seek_at_or_after(std::string_view key) {
    return key.empty() ? seek(MDB_FIRST) : seek(MDB_SET_RANGE, key);
  }

private:
  slot& slot_;
  bool kept_;
  MDB_cursor* cursor_ = nullptr;
};

std::optional<std::string_view> lmdb_view::get(table_id table, std::string_view key) const {
  if (key.empty() || key.size() > journal_key_bytes_max)
    return std::nullopt;
  MDB_val wanted = to_val(key);
  MDB_val found{};
  const int code = mdb_get(transaction_, handle(table), &wanted, &found);
  if (code == MDB_NOTFOUND)
    return std::nullopt;
  if (code != 0)
    throw_lmdb(code, "reading");
  return to_view(found);
}

std::optional<row> lmdb_view::at_or_after(table_id table, std::string_view key) const {
  return lease(*this, table).seek_at_or_after(key);
}

std::optional<row> lmdb_view::before(table_id table, std::string_view key) const {
  lease cursor(*this, table);
  const bool from_end = key.empty() || !cursor.seek(MDB_SET_RANGE, key);
  return cursor.seek(from_end ? MDB_LAST : MDB_PREV);
}

void lmdb_view::scan(table_id table, std::string_view from, std::string_view to,
                     function_ref<bool(row)> visit) const {
  lease cursor(*this, table);
  for (auto at = cursor.seek_at_or_after(from); at; at = cursor.seek(MDB_NEXT)) {
    if ((!to.empty() && at->key >= to) || !visit(*at))
      return;
  }
}

std::uint64_t lmdb_view::count(table_id table) const {
  MDB_stat found{};
  const int code = mdb_stat(transaction_, handle(table), &found);
  if (code != 0)
    throw_lmdb(code, "counting");
  return found.ms_entries;
}

void lmdb_view::renewed() noexcept {
  for (auto& each : slots_)
    each.stale = true;
}

void lmdb_view::close_cursors() noexcept {
  for (auto& each : slots_) {
    if (each.cursor)
      mdb_cursor_close(each.cursor);
    each = {};
  }
}

}  // namespace holdfast::detail
