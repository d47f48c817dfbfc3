#include "tests/benchmark/roles.hpp"

#include "tests/benchmark/bare_wire.hpp"
#include "tests/benchmark/node_pair.hpp"

#include <map>
#include <stdexcept>

namespace bench {

int play(const std::string& role, const std::vector<std::string>& words) {
  using part = int (*)(const std::vector<std::string>&);
  static const std::map<std::string, part> all{
      {"bare", [](const std::vector<std::string>& given) { return serve_bare(given.at(0)); }},
      {"bare-first", remove_bare_first},
      {"crowd", serve_crowd},
      {"fill", fill_backlog},
      {"frames", serve_frames},
      {"hub", serve_hub},
      {"remote-actor", serve_remote_actor},
      {"start", start_backlog},
      {"tallies", serve_tallies},
      {"take", take_backlog},
      {"target", [](const std::vector<std::string>& given) { return serve_target(given.at(0)); }},
  };
  auto found = all.find(role);
  if (found == all.end())
    throw std::runtime_error("there is no role " + role);
  return found->second(words);
}

std::vector<std::string> role_command(std::vector<std::string> role_and_words) {
  role_and_words.insert(role_and_words.begin(), {"bench", "--role"});
  return role_and_words;
}

}  // namespace bench
