#include <holdfast/runtime/link_watch.hpp>

#include <algorithm>

namespace holdfast {

void link_watch::started(const std::string& node) {
  std::erase_if(up_, [&](auto& link) { return link.first == node; });
  std::erase_if(now_, [&](auto& each) { return each.first.first == node; });
}

void link_watch::came_up(const std::string& node, const std::string& peer) {
  if (!up_.emplace(node, peer).second)
    found_.push_back("L1 " + node + ": " + peer + " came up, and was up already");
}

void link_watch::went_down(const std::string& node, const std::string& peer) {
  if (up_.erase({node, peer}) == 0)
    found_.push_back("L2 " + node + ": " + peer + " went down, and was not up");
  if (auto over = now_.extract({node, peer}))
    ended_[{node, peer}] = over.mapped();
}

void link_watch::heard(const std::string& node, const std::string& peer, session over,
                       std::int64_t number) {
  auto what = "L2 " + node + ": the message " + std::to_string(number) + " of " + peer;
  if (!is_up(node, peer)) {
    found_.push_back(what + " came while " + peer + " was not up");
    return;
  }
  if (auto ended = ended_.find({node, peer}); ended != ended_.end() && over <= ended->second) {
    found_.push_back(what + " came behind the end of its session");
    return;
  }
  auto& now = now_.try_emplace({node, peer}, over).first->second;
  if (now != over)
    found_.push_back(what + " came over another session than those before it, and " + peer
                     + " had not gone down");
}

}  // namespace holdfast
