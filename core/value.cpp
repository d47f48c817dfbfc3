#include <holdfast/core/error.hpp>
#include <holdfast/core/value.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace holdfast {
namespace {

constexpr std::array<std::string_view, 9> kind_names{
    "null", "bool", "integer", "double", "string", "bytes", "date-time", "array", "struct"};

[[noreturn]] void named_twice(std::string_view name) {
  throw error(errc::bad_argument,
              "a struct names '" + std::string(name) + "' twice; member names are unique");
}

// Few members are compared pairwise; many, which may come from a stranger, must not cost their
// square.
void check_unique(const std::vector<member>& members) {
  if (members.size() <= 8) {
    for (std::size_t i = 1; i < members.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (members[i].name == members[j].name)
          named_twice(members[i].name);
    return;
  }
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (auto& each : members)
    names.push_back(each.name);
  std::sort(names.begin(), names.end());
  if (auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    named_twice(*twice);
}

template <class T>
const T& expect(const value& content, value_kind wanted) {
  if (auto found = content.get_if<T>())
    return *found;
  throw error(errc::bad_argument, "expected " + std::string(to_string(wanted)) + ", got "
                                      + std::string(content.kind_name()));
}

}  // namespace

std::string_view to_string(value_kind kind) {
  auto position = static_cast<std::size_t>(kind);
  return position < kind_names.size() ? kind_names[position] : "unlisted kind";
}

dict::dict() = default;
dict::dict(const dict&) = default;
dict::dict(dict&&) noexcept = default;
dict& dict::operator=(const dict&) = default;
dict& dict::operator=(dict&&) noexcept = default;
dict::~dict() = default;

dict::dict(std::initializer_list<member> members) : members_(members) {
  check_unique(members_);
}

dict::dict(std::vector<member> members) : members_(std::move(members)) {
  check_unique(members_);
}

const value* dict::find(std::string_view name) const {
  for (auto& each : members_)
    if (each.name == name)
      return &each.content;
  return nullptr;
}

value* dict::find(std::string_view name) {
  return const_cast<value*>(std::as_const(*this).find(name));
}

const value& dict::at(std::string_view name) const {
  if (auto found = find(name))
    return *found;
  throw error(errc::bad_argument, "the struct has no member '" + std::string(name) + "'");
}

void dict::add(std::string name, value content) {
  if (find(name))
    named_twice(name);
  members_.push_back({std::move(name), std::move(content)});
}

void dict::set(std::string name, value content) {
  if (auto found = find(name))
    *found = std::move(content);
  else
    members_.push_back({std::move(name), std::move(content)});
}

bool dict::operator==(const dict& other) const {
  return members_ == other.members_;
}

bool value::as_bool() const {
  return expect<bool>(*this, value_kind::boolean);
}

std::int64_t value::as_integer() const {
  return expect<std::int64_t>(*this, value_kind::integer);
}

double value::as_double() const {
  if (auto whole = get_if<std::int64_t>())
    return static_cast<double>(*whole);
  return expect<double>(*this, value_kind::real);
}

const std::string& value::as_string() const {
  return expect<std::string>(*this, value_kind::string);
}

const binary& value::as_bytes() const {
  return expect<binary>(*this, value_kind::bytes);
}

date_time value::as_date_time() const {
  return expect<date_time>(*this, value_kind::date_time);
}

const array& value::as_array() const {
  return expect<array>(*this, value_kind::array);
}

const dict& value::as_dict() const {
  return expect<dict>(*this, value_kind::structure);
}

void value::too_large(std::uint64_t content) {
  throw error(errc::bad_argument,
              std::to_string(content) + " does not fit a 64-bit signed integer");
}

}  // namespace holdfast
