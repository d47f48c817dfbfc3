#pragma once

#include <holdfast/actors/table.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/value_archive.hpp>
#include <holdfast/runtime/status.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

/// A table as an operator may read it. Without types (a table that was not declared with node::show) a key is given and
/// shown as a string where it is one, and values are bytes.
struct shown_table {
  std::string name;
  std::function<std::string(const value&)> encode_key;  ///< throws errc::bad_argument
  std::function<value(std::string_view)> show_key;      ///< throws errc::undecodable
  std::function<value(std::string_view)> show_content;
};

template <class K, class V>
shown_table make_shown(const table<K, V>& declared) {
  std::string name(declared.name());
  return {name,
          [](const value& given) {
            K key{};
            from_value(given, key, value_place("key"));
            return holdfast::encode_key<K>(key);
          },
          [](std::string_view bytes) { return to_value(decode_key<K>(bytes), "key"); },
          [name](std::string_view bytes) {
            return to_value(decode<V>(bytes, "table " + name), "value");
          }};
}

/// A table of which nothing is known but its name.
shown_table make_untyped(std::string name);

/// By name. Any thread.
class shown_tables {
public:
  void add(shown_table shown);
  shown_table find(std::string_view name) const;  ///< untyped when it was not declared
  std::vector<std::string> names() const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, shown_table, std::less<>> tables_;
};

namespace inspect {

std::optional<state_report> get_state(const journal_reader& rows, const shown_table& shown,
                                      const value& key);

/// Rows with from <= key < to; null means the table's begin or end.
std::vector<state_report> range_state(const journal_reader& rows, const shown_table& shown,
                                      const value& from, const value& to, std::size_t limit);

/// Names of the tables that have rows.
std::vector<std::string> table_names(const journal_reader& rows, std::size_t limit);

}  // namespace inspect
}  // namespace holdfast
