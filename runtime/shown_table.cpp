#include <holdfast/persistence/key_codec.hpp>
#include <holdfast/persistence/state.hpp>
#include <holdfast/runtime/shown_table.hpp>

#include <algorithm>

namespace holdfast {
namespace {

value bytes_as_value(std::string_view bytes) {
  auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return value(binary(first, first + bytes.size()));
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

/// What a key most likely is: a string, else its bytes.
value guess_key(std::string_view bytes) try {
  auto text = decode_key<std::string>(bytes);
  return is_printable(text) ? value(text) : bytes_as_value(bytes);
} catch (const error&) {
  return bytes_as_value(bytes);
}

std::string key_of_guess(const value& given) {
  if (auto* bytes = given.get_if<binary>())
    return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
  if (auto* text = given.get_if<std::string>())
    return encode_key(*text);
  if (auto* number = given.get_if<std::int64_t>())
    return encode_key(*number);
  throw error(errc::bad_argument,
              "the key of a table that was not declared is a string, a 64-bit integer or "
              "{\"$bytes\": ...}, not "
                  + std::string(given.kind_name()));
}

state_report shown_row(const shown_table& shown, std::string_view key, std::string_view content) {
  state_report report;
  try {
    report.key = shown.show_key(key);
  } catch (const error&) {
    report.key = bytes_as_value(key);
  }
  try {
    report.content = shown.show_content(content);
  } catch (const error&) {
    report.content = bytes_as_value(content);  // written by another version of the program
  }
  return report;
}

}  // namespace

shown_table make_untyped(std::string name) {
  return {std::move(name), key_of_guess, guess_key, bytes_as_value};
}

void shown_tables::add(shown_table shown) {
  std::lock_guard guard(mutex_);
  auto name = shown.name;
  tables_.insert_or_assign(std::move(name), std::move(shown));
}

shown_table shown_tables::find(std::string_view name) const {
  std::lock_guard guard(mutex_);
  auto i = tables_.find(name);
  return i == tables_.end() ? make_untyped(std::string(name)) : i->second;
}

std::vector<std::string> shown_tables::names() const {
  std::lock_guard guard(mutex_);
  std::vector<std::string> all;
  for (auto& [name, shown] : tables_)
    all.push_back(name);
  return all;
}

namespace inspect {

std::optional<state_report> get_state(const journal_reader& rows, const shown_table& shown,
                                      const value& key) {
  auto encoded = shown.encode_key(key);
  auto content = read_state(rows, state_key(shown.name, encoded));
  return content ? std::optional(shown_row(shown, encoded, *content)) : std::nullopt;
}

std::vector<state_report> range_state(const journal_reader& rows, const shown_table& shown,
                                      const value& from, const value& to, std::size_t limit) {
  auto [first, last] = detail::whole_table(shown.name);
  auto prefix_bytes = first.size();
  if (!from.is_null())
    first = state_key(shown.name, shown.encode_key(from));
  if (!to.is_null())
    last = state_key(shown.name, shown.encode_key(to));
  std::vector<state_report> found;
  if (first < last)
    for (auto& [key, content] : scan_state(rows, first, last, limit))
      found.push_back(shown_row(shown, std::string_view(key).substr(prefix_bytes), content));
  return found;
}

std::vector<std::string> table_names(const journal_reader& rows, std::size_t limit) {
  std::vector<std::string> names;
  std::string from;
  while (names.size() < limit) {
    auto next = rows.at_or_after(table_id::state, from);
    if (!next)
      break;
    std::string name(next->key.substr(0, next->key.find('\0')));
    from = detail::whole_table(name).second;
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace inspect
}  // namespace holdfast
