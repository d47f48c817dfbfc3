#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {

/// Holds what nodes hear of their links against L1 and L2: a peer comes up and goes down by turns, and a message of a peer
/// comes while it is up, over the session that is up. Told in the order of each node's mailbox. Pure.
class link_watch {
public:
  using pair = std::pair<std::string, std::string>;  ///< (who hears, of whom)

  /// A session as its sender counts it: the life of the sender, and how many sessions that life has had with the peer.
  using session = std::pair<std::uint64_t, std::uint64_t>;

  void started(const std::string& node);  ///< a new life, which has heard nothing
  void came_up(const std::string& node, const std::string& peer);
  void went_down(const std::string& node, const std::string& peer);
  void heard(const std::string& node, const std::string& peer, session over, std::int64_t number);

  bool is_up(const std::string& node, const std::string& peer) const {
    return up_.contains({node, peer});
  }

  /// What was broken since the last time, in sentences that begin with the invariant's number.
  std::vector<std::string> take_findings() { return std::exchange(found_, {}); }

private:
  std::set<pair> up_;
  std::map<pair, session> now_;    ///< the session that a message came over, while the peer is up
  std::map<pair, session> ended_;  ///< the last of those that are over
  std::vector<std::string> found_;
};

}  // namespace holdfast
