#include <holdfast/core/invariant.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace holdfast {

std::string_view to_string(invariant_id id) {
  static constexpr std::array<std::string_view, 14> names{"C1", "C2", "C3", "C4", "L1", "L2", "L3",
                                                          "W1", "W2", "W3", "W4", "J1", "J2", "J3"};
  return names.at(static_cast<std::size_t>(id));
}

void invariant_failed(invariant_id id, std::string_view condition, std::string_view text,
                      const char* file, int line) {
  auto name = to_string(id);
  std::fprintf(stderr, "holdfast: invariant %.*s broken: %.*s (%.*s at %s:%d)\n",
               static_cast<int>(name.size()), name.data(), static_cast<int>(text.size()),
               text.data(), static_cast<int>(condition.size()), condition.data(), file, line);
  std::abort();
}

}  // namespace holdfast
