#include "tests/crash/rounds.hpp"

#include <istream>
#include <map>
#include <ostream>

namespace holdfast::crash {

bool round_report::is_good() const {
  return problem.empty() && lost == 0 && twice == 0 && disorder == 0 && confirms_wrong == 0
         && outside_missing == 0 && first_twice == 0 && dead == 0;
}

std::ostream& operator<<(std::ostream& out, const round_report& report) {
  out << "calls             " << report.calls << "\n"
      << "kills             " << report.kills_of_source + report.kills_of_target << " (source "
      << report.kills_of_source << ", target " << report.kills_of_target << ")\n"
      << "client restarts   " << report.client_restarts << "\n"
      << "lost              " << report.lost << "\n"
      << "twice             " << report.twice << "\n"
      << "disorder          " << report.disorder << "\n"
      << "completions wrong " << report.confirms_wrong << "\n"
      << "outside missing   " << report.outside_missing << "\n"
      << "outside repeats   " << report.repeats << "\n"
      << "attempt 1 twice   " << report.first_twice << "\n"
      << "dead letters      " << report.dead << "\n"
      << "seconds           " << static_cast<std::int64_t>(report.seconds) << "\n";
  if (!report.problem.empty())
    out << "PROBLEM           " << report.problem << "\n";
  return out;
}

void compare_list(round_report& report, std::int64_t first, std::int64_t step,
                  const std::vector<std::int64_t>& list) {
  std::map<std::int64_t, std::int64_t> found;
  for (std::size_t i = 0; i < list.size(); ++i) {
    ++found[list[i]];
    report.disorder += i > 0 && list[i] <= list[i - 1] ? 1 : 0;
  }
  for (auto n = first; n < report.calls; n += step) {
    auto times = found[n];
    report.lost += times == 0 ? 1 : 0;
    report.twice += times > 1 ? 1 : 0;
    found.erase(n);
  }
  if (!found.empty())
    report.problem += "a number that nobody queued: " + std::to_string(found.begin()->first) + ". ";
}

void compare_confirms(round_report& report, const std::vector<std::int64_t>& pairs) {
  std::map<std::int64_t, std::int64_t> found;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
    found[pairs[i]] = pairs[i + 1];
  for (std::int64_t n = 0; n < report.calls; ++n)
    report.confirms_wrong += found[n] == (is_relayed(n) ? 1 : 0) ? 0 : 1;
}

void compare_outside(round_report& report, std::istream& lines) {
  std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> found;  // lines, those of attempt 1
  std::int64_t n = 0;
  std::int64_t attempt = 0;
  while (lines >> n >> attempt) {
    auto& [all, firsts] = found[n];
    ++all;
    firsts += attempt == 1 ? 1 : 0;
  }
  for (n = 0; n < report.calls; ++n) {
    auto [all, firsts] = found[n];
    report.outside_missing += all == 0 ? 1 : 0;
    report.repeats += all > 1 ? all - 1 : 0;
    report.first_twice += firsts > 1 ? 1 : 0;
  }
}

}  // namespace holdfast::crash
