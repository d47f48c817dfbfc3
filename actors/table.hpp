#pragma once

#include <holdfast/actors/handler_run.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/key_codec.hpp>
#include <holdfast/persistence/state.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

namespace detail {
inline void bad_table_name(const char*) {
}  // not constexpr: reaching it stops the compiler at the declaration
}  // namespace detail

/// A table of a node's state, declared once and used by its handlers:
///
///     inline constexpr holdfast::table<std::string, int> pages_of{"pages"};
///
/// Keys are numbers, strings, enumerations, times, tuples of them and the like, and stand in their order. Values are
/// whatever can be an argument. A plain constant.
template <class K, class V>
class table {
public:
  using key = K;
  using content = V;

  consteval table(const char* name) : name_(name) {
    if (!is_dotted_name(name_) || name_.size() > limits::name_bytes_max)
      detail::bad_table_name(
          "holdfast: a table's name is words with dots between them: \"pages.done\"");
  }
  constexpr std::string_view name() const { return name_; }

private:
  std::string_view name_;
};

namespace detail {

/// A key as stored; throws errc::too_large, naming the table, when the store takes no such key.
std::string checked_state_key(std::string_view table, const std::string& key);
void check_state_value(std::string_view table, std::size_t bytes);
void check_range_limit(std::string_view table, std::size_t limit);

/// The stored keys of a whole table: from the first to the second.
std::pair<std::string, std::string> whole_table(std::string_view table);

}  // namespace detail

/// All rows of a table in a store, for those who look at it from outside.
template <class K, class V>
std::vector<std::pair<K, V>> rows_of(const journal_reader& store, const table<K, V>& of,
                                     std::size_t limit) {
  auto [from, to] = detail::whole_table(of.name());
  std::vector<std::pair<K, V>> found;
  for (auto& [key, bytes] : scan_state(store, from, to, limit))
    found.emplace_back(decode_key<K>(std::string_view(key).substr(from.size())),
                       decode<V>(bytes, "table " + std::string(of.name())));
  return found;
}

/// The rows of a table as one handler run sees them: all that was committed before it and what it wrote itself. Writes
/// are committed with the run or not at all. Valid until the handler returns.
template <class K, class V>
class rows {
public:
  rows(handler_run& run, std::string_view table_name) : run_(&run), table_(table_name) {}

  std::optional<V> get(const K& key) const {
    auto bytes = run_->read(stored(key));
    return bytes ? std::optional<V>(decode<V>(*bytes, "table " + table_)) : std::nullopt;
  }
  bool contains(const K& key) const { return run_->read(stored(key)).has_value(); }

  void put(const K& key, const V& content) {
    auto bytes = encode<V>(content);
    detail::check_state_value(table_, bytes.size());
    run_->write(stored(key), std::move(bytes));
  }
  void erase(const K& key) { run_->write(stored(key), std::nullopt); }

  /// Rows with from <= key < to in the order of keys, `limit` at most. It is compared at the commit: a row that another
  /// handler put into the range meanwhile runs this one again, so keep ranges short.
  std::vector<std::pair<K, V>> range(const K& from, const K& to, std::size_t limit = 1000) const {
    return collect(stored(from), stored(to), limit);
  }
  std::vector<std::pair<K, V>> all(std::size_t limit = 1000) const {
    auto [from, to] = detail::whole_table(table_);
    return collect(from, to, limit);
  }
  /// From `from` to the table's end.
  std::vector<std::pair<K, V>> from(const K& first, std::size_t limit = 1000) const {
    return collect(stored(first), detail::whole_table(table_).second, limit);
  }

private:
  std::string stored(const K& key) const {
    return detail::checked_state_key(table_, encode_key(key));
  }

  std::vector<std::pair<K, V>> collect(const std::string& from, const std::string& to,
                                       std::size_t limit) const {
    detail::check_range_limit(table_, limit);
    auto prefix_bytes = detail::whole_table(table_).first.size();
    std::vector<std::pair<K, V>> found;
    if (!(from < to))
      return found;
    for (auto& [key, bytes] : run_->read_range(from, to, limit))
      found.emplace_back(decode_key<K>(std::string_view(key).substr(prefix_bytes)),
                         decode<V>(bytes, "table " + table_));
    return found;
  }

  handler_run* run_;
  std::string table_;
};

}  // namespace holdfast
