#include "tests/crash/namespaces.hpp"

#include "tests/crash/processes.hpp"

#include <unistd.h>

namespace holdfast::crash {

namespaces::namespaces() : id_("hf" + std::to_string(::getpid())) {
  is_made_ = ip({"netns", "add", near()}) && ip({"netns", "add", far()})
             && ip({"link", "add", "near0", "netns", near(), "type", "veth", "peer", "name", "far0",
                    "netns", far()})
             && join(near(), "near0", near_address) && join(far(), "far0", far_address);
}

namespaces::~namespaces() {
  ip({"netns", "del", near()});
  ip({"netns", "del", far()});
}

bool namespaces::pull() {
  return ip({"-n", far(), "link", "set", "far0", "down"});
}

bool namespaces::plug() {
  return ip({"-n", far(), "link", "set", "far0", "up"});
}

bool namespaces::join(const std::string& space, const std::string& end,
                      const std::string& address) {
  return ip({"-n", space, "addr", "add", address + "/24", "dev", end})
         && ip({"-n", space, "link", "set", end, "up"})
         && ip({"-n", space, "link", "set", "lo", "up"});  // for those that meet within it
}

bool namespaces::ip(std::vector<std::string> words) {
  words.insert(words.begin(), "ip");
  auto result = run_command(words);
  if (result.status != 0 && problem_.empty())
    problem_ = result.err.empty() ? "there is no `ip`" : result.err;
  return result.status == 0;
}

}  // namespace holdfast::crash
