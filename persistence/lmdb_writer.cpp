#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/lmdb_writer.hpp>
#include <holdfast/persistence/store_rules.hpp>

#include <lmdb.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace holdfast::detail {

namespace {

// LMDB's layout: what a page and a row carry beside the bytes, and the number of its own tables.
constexpr std::uint64_t page_header_bytes = 16;
constexpr std::uint64_t row_header_bytes = 8;
constexpr MDB_dbi free_pages_table = 0;
constexpr MDB_dbi names_table = 1;
constexpr std::uint64_t meta_pages = 2;

// A list of free pages longer than this is not read to its end: it is enough for any commit.
constexpr std::size_t free_pages_read_max = 1u << 20;

std::vector<std::uint64_t> read_free_pages(MDB_env* environment, std::uint64_t oldest) {
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(environment, nullptr, MDB_RDONLY, &transaction); code != 0)
    throw_lmdb(code, "beginning to read");
  const ending abort([transaction] { mdb_txn_abort(transaction); });
  MDB_cursor* cursor = nullptr;
  if (const int code = mdb_cursor_open(transaction, free_pages_table, &cursor); code != 0)
    throw_lmdb(code, "reading the list of free pages");
  const ending close([cursor] { mdb_cursor_close(cursor); });

  // Key: the commit that freed the pages. Value: their number, then the pages.
  std::vector<std::uint64_t> pages;
  MDB_val key{};
  MDB_val list{};
  while (pages.size() < free_pages_read_max && mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == 0) {
    std::uint64_t commit = 0;
    std::memcpy(&commit, key.mv_data, sizeof commit);
    if (commit >= oldest)
      break;
    const auto count = list.mv_size / sizeof(std::uint64_t) - 1;
    const auto begin = pages.size();
    pages.resize(begin + count);
    const auto* from = static_cast<const char*>(list.mv_data) + sizeof(std::uint64_t);
    std::memcpy(pages.data() + begin, from, count * sizeof(std::uint64_t));
  }
  std::sort(pages.begin(), pages.end());
  return pages;
}

// Lengths of the stretches of pages that follow each other.
std::vector<std::uint64_t> stretches(const std::vector<std::uint64_t>& pages) {
  std::vector<std::uint64_t> lengths;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (i != 0 && pages[i] == pages[i - 1] + 1)
      ++lengths.back();
    else
      lengths.push_back(1);
  }
  return lengths;
}

}  // namespace

std::uint64_t page_demand::total() const noexcept {
  return std::accumulate(runs.begin(), runs.end(), singles);
}

void lmdb_writer::fail(int code, const char* doing) {
  failure_ = code;
  if (code == MDB_MAP_FULL)
    throw map_exhausted{};
  throw_lmdb(code, doing);
}

void lmdb_writer::write(table_id table, std::string_view key, std::string_view value,
                        bool ascending) {
  check_row_limits(table, key, value);
  MDB_val to{key.size(), const_cast<char*>(key.data())};
  MDB_val from{value.size(), const_cast<char*>(value.data())};
  auto* transaction = view_.transaction();
  int code = mdb_put(transaction, view_.handle(table), &to, &from, ascending ? MDB_APPEND : 0);
  if (ascending && code == MDB_KEYEXIST)  // not above the others after all
    code = mdb_put(transaction, view_.handle(table), &to, &from, 0);
  if (code != 0)
    fail(code, "writing");
  wrote_ = true;
  ++costs_[static_cast<std::size_t>(table)].operations;
  if (key.size() + value.size() > 1024)
    large_values_.push_back(key.size() + value.size());
}

void lmdb_writer::put(table_id table, std::string_view key, std::string_view value) {
  write(table, key, value, false);
}

void lmdb_writer::append(table_id table, std::string_view key, std::string_view value) {
  write(table, key, value, true);
}

bool lmdb_writer::erase(table_id table, std::string_view key) {
  if (key.empty() || key.size() > journal_key_bytes_max)
    return false;
  MDB_val wanted{key.size(), const_cast<char*>(key.data())};
  const int code = mdb_del(view_.transaction(), view_.handle(table), &wanted, nullptr);
  if (code == MDB_NOTFOUND)
    return false;
  if (code != 0)
    fail(code, "erasing");
  wrote_ = true;
  auto& paid = costs_[static_cast<std::size_t>(table)];
  ++paid.operations;
  ++paid.erases;
  return true;
}

// Each operation copies at most the path to its row and splits one page of it; no table can have
// more changed pages than pages. Values above half a page stand on pages of their own.
page_demand lmdb_writer::demand(std::uint64_t page_bytes) const {
  page_demand sum;
  for (std::size_t i = 0; i < table_count; ++i) {
    const auto& paid = costs_[i];
    if (paid.operations == 0)
      continue;
    MDB_stat found{};
    const int code = mdb_stat(view_.transaction(), view_.handle(static_cast<table_id>(i)), &found);
    if (code != 0)
      throw_lmdb(code, "counting pages");
    const auto pages = found.ms_branch_pages + found.ms_leaf_pages;
    sum.singles += std::min(paid.operations * (found.ms_depth + 1), pages + paid.erases);
  }
  for (const auto bytes : large_values_) {
    if (bytes + row_header_bytes <= (page_bytes - page_header_bytes) / 2)
      continue;
    const auto pages = (page_header_bytes + bytes + page_bytes - 1) / page_bytes;
    if (pages == 1)
      ++sum.singles;
    else
      sum.runs.push_back(static_cast<std::uint32_t>(pages));
  }
  // The tree of table names, and the list of the pages that this commit frees: eight bytes for
  // each.
  sum.singles += 8 + sum.total() / 128;
  return sum;
}

bool free_pages_cover(MDB_env* environment, std::uint64_t oldest, page_demand demand,
                      std::uint64_t spare) {
  const auto pages = read_free_pages(environment, oldest);
  auto lengths = stretches(pages);
  std::make_heap(lengths.begin(), lengths.end());
  std::uint64_t left = pages.size();
  std::sort(demand.runs.rbegin(), demand.runs.rend());
  for (const std::uint64_t run : demand.runs) {
    if (!lengths.empty() && lengths.front() >= run) {
      std::pop_heap(lengths.begin(), lengths.end());
      lengths.back() -= run;
      std::push_heap(lengths.begin(), lengths.end());
      left -= run;
    } else if (spare >= run) {
      spare -= run;
    } else {
      return false;
    }
  }
  return demand.singles <= left + spare;
}

std::uint64_t pages_in_use(MDB_txn* transaction, const table_handles& handles) {
  std::uint64_t pages = meta_pages;
  const auto add = [&](MDB_dbi table) {
    MDB_stat found{};
    if (const int code = mdb_stat(transaction, table, &found); code != 0)
      throw_lmdb(code, "counting pages");
    pages += found.ms_branch_pages + found.ms_leaf_pages + found.ms_overflow_pages;
  };
  add(free_pages_table);
  add(names_table);
  for (const auto table : handles)
    add(table);
  return pages;
}

}  // namespace holdfast::detail
