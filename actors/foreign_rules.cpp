#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/foreign_rules.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/names.hpp>

#include <algorithm>

namespace holdfast {
namespace {

constexpr std::size_t told_max = 1000;

bool is_pattern_character(char c) {
  return is_word_character(c) || c == '.' || c == '-' || c == '/' || c == '*';
}

/// The classic two-pointer match: linear but for the last star, which is moved on where the rest does not fit.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

}  // namespace

void foreign_rules::allow(std::string pattern) {
  if (pattern.empty() || !std::all_of(pattern.begin(), pattern.end(), is_pattern_character))
    throw error(errc::bad_config,
                "'" + pattern
                    + "' names no method that foreign nodes may call: a method's name, in "
                      "which '*' stands for any characters, as in log.*");
  patterns_.push_back(std::move(pattern));
}

bool foreign_rules::allows(std::string_view method) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const std::string& pattern) { return matches(pattern, method); });
}

bool foreign_rules::note_refused(const std::string& node, std::string_view method) {
  std::lock_guard guard(mutex_);
  ++refused_;
  auto key = node + " " + std::string(method);
  if (auto i = told_.find(key); i != told_.end()) {
    ++i->second;
    return false;
  }
  if (told_.size() >= told_max)
    return false;
  told_.emplace(std::move(key), 1);
  return true;
}

std::uint64_t foreign_rules::refused() const {
  std::lock_guard guard(mutex_);
  return refused_;
}

bool may_call(const environment& env, const served_method* method, std::string_view name) {
  return (method && method->is_public) || env.foreign.allows(name);
}

}  // namespace holdfast
