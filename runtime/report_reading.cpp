#include <holdfast/runtime/report_reading.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace holdfast::reporting {
namespace {

using words = std::vector<std::string>;

words words_of(std::string_view text) {
  words found;
  for (std::size_t at = 0; at < text.size() && found.size() < 12;) {
    auto begin = text.find_first_not_of(' ', at);
    if (begin == std::string_view::npos)
      break;
    at = std::min(text.find(' ', begin), text.size());
    found.emplace_back(text.substr(begin, at - begin));
  }
  return found;
}

bool is_trouble(std::string_view kind) {
  return kind == "warning" || kind == "warn" || kind == "error" || kind == "critical";
}

void between(happening& to, happening_kind kind, std::string node, std::string peer) {
  to.kind = kind;
  to.node = std::move(node);
  to.peer = std::move(peer);
}

/// "partition a -> b", "heal a and b", "delay a and b by 20 ms", "drop 0.1 between a and b".
void read_network_fault(const words& said, happening& to) {
  auto is = [&](std::size_t at, std::string_view word) {
    return said.size() > at && said[at] == word;
  };
  if (is(0, "partition") && is(2, "->") && said.size() == 4)
    between(to, happening_kind::cut, said[1], said[3]);
  else if (is(0, "heal") && is(2, "and") && said.size() == 4)
    between(to, happening_kind::heal, said[1], said[3]);
  else if (is(0, "heal"))
    to.kind = happening_kind::heal;
  else if (is(0, "delay") && is(2, "and") && said.size() > 4)
    between(to, happening_kind::harm, said[1], said[3]);
  else if (is(0, "drop") && is(2, "between") && is(4, "and") && said.size() == 6)
    between(to, happening_kind::harm, said[3], said[5]);
  else
    to.kind = happening_kind::harm;
}

happening_kind node_fault(std::string_view text) {
  if (text == "add" || text == "restart")
    return happening_kind::start;
  if (text == "stop")
    return happening_kind::stop;
  if (text == "freeze")
    return happening_kind::freeze;
  if (text == "thaw")
    return happening_kind::thaw;
  if (text == "crash" || text == "crash, and nobody is told" || text == "died"
      || text.starts_with("the process ends"))
    return happening_kind::death;
  return happening_kind::harm;
}

/// "link to b is up: start 1", "link to b is down: link_silent: ...".
bool read_link(const words& said, happening& to) {
  if (said.size() < 5 || said[0] != "link" || said[1] != "to" || said[3] != "is")
    return false;
  if (said[4] != "up:" && said[4] != "down:")
    return false;
  between(to, said[4] == "up:" ? happening_kind::link_up : happening_kind::link_down, to.node,
          said[2]);
  return true;
}

/// "queued call 1 at a for b", "queued call 1 at a for b and from there ...", "sent message 1 at a for b".
bool read_sent(const words& said, happening& to) {
  bool is_call = said.size() >= 6 && said[0] == "queued" && said[1] == "call";
  bool is_item = said.size() >= 6 && said[0] == "submitted" && said[1] == "item";
  bool is_message = said.size() >= 6 && said[0] == "sent" && said[1] == "message";
  bool is_whole = said.size() == 7 || (said.size() > 7 && said[7] == "and");
  if ((!is_call && !is_item && !is_message) || !is_whole || said[3] != "at" || said[5] != "for")
    return false;
  between(to, happening_kind::sent, said[4], said[6]);
  return true;
}

bool read_item(const words& said, happening& to) {
  constexpr std::array alone{"waiting", "suspended", "done", "failed", "cancelled", "expired"};
  constexpr std::array with_worker{"assigned to", "running on", "moved to"};
  if (said.size() < 3 || said[0] != "item")
    return false;
  if (said.size() == 5 && std::ranges::count(with_worker, said[2] + " " + said[3]) > 0) {
    between(to, happening_kind::item, to.node, said[4]);
    to.state =
        said[2] == "moved" ? "assigned to " + said[4] : said[2] + " " + said[3] + " " + said[4];
  } else if (std::ranges::count(alone, said[2]) > 0) {
    to.kind = happening_kind::item;
    to.state = said[2];
  } else {
    return false;
  }
  to.item = said[1];
  return true;
}

}  // namespace

happening read(const simulation_event& event, std::size_t index) {
  happening found;
  found.event = index;
  found.node = event.node;
  if (event.kind == "fault") {
    if (event.node.empty())
      read_network_fault(words_of(event.text), found);
    else
      found.kind = node_fault(event.text);
    return found;
  }
  constexpr std::array begins{"link to ", "queued ", "sent ", "submitted ", "item "};
  bool may_tell =
      std::ranges::any_of(begins, [&](auto word) { return event.text.starts_with(word); });
  auto said = may_tell ? words_of(event.text) : words();
  if (read_link(said, found) || read_sent(said, found) || read_item(said, found))
    return found;
  if (is_trouble(event.kind))
    found.kind = happening_kind::trouble;
  else if (event.kind == "act")
    found.kind = happening_kind::act;
  return found;
}

std::string_view to_string(node_state state) {
  switch (state) {
  case node_state::absent: return "absent";
  case node_state::up: return "up";
  case node_state::frozen: return "frozen";
  case node_state::down: return "down";
  }
  return "unknown";
}

std::string_view to_string(link_view view) {
  switch (view) {
  case link_view::none: return "none";
  case link_view::half: return "half";
  case link_view::both: return "both";
  }
  return "unknown";
}

std::string_view to_string(cut_view view) {
  switch (view) {
  case cut_view::none: return "none";
  case cut_view::forward: return "forward";
  case cut_view::backward: return "backward";
  case cut_view::both: return "both";
  }
  return "unknown";
}

namespace {

/// Goes through the events once and keeps the lanes.
class reader {
public:
  explicit reader(const simulation_report& report) : report_(report) {
    for (auto& name : report.nodes)
      node(name);
  }

  reading run() && {
    auto& events = report_.events;
    got_.happenings.reserve(events.size());
    got_.is_half_of_two.assign(events.size(), false);
    got_.length_ns = report_.length.count();
    for (std::size_t i = 0; i < events.size(); ++i) {
      got_.happenings.push_back(read(events[i], i));
      at_ns_ = std::max<std::int64_t>(events[i].at_ns, 0);
      got_.length_ns = std::max(got_.length_ns, at_ns_);
      take(got_.happenings.back());
    }
    for (auto& lane : got_.nodes)
      lane.states.end(got_.length_ns);
    for (auto& lane : got_.links) {
      lane.views.end(got_.length_ns);
      lane.cuts.end(got_.length_ns);
    }
    for (auto& lane : got_.items)
      lane.states.end(got_.length_ns);
    return std::move(got_);
  }

private:
  node_lane& node(const std::string& name) {
    auto [at, is_new] = node_at_.try_emplace(name, got_.nodes.size());
    if (is_new)
      got_.nodes.push_back({name, {}, {}});
    return got_.nodes[at->second];
  }

  link_lane& link(const std::string& one, const std::string& other) {
    auto key = std::minmax(one, other);
    auto [at, is_new] = link_at_.try_emplace({key.first, key.second}, got_.links.size());
    if (is_new) {
      auto& lane = got_.links.emplace_back();
      lane.a = key.first;
      lane.b = key.second;
    }
    return got_.links[at->second];
  }

  void take(const happening& news) {
    bool is_of_pair = !news.node.empty() && !news.peer.empty() && news.kind != happening_kind::item;
    if (news.kind == happening_kind::line)
      return;
    if (is_of_pair && news.kind != happening_kind::sent && news.kind != happening_kind::link_up)
      link(news.node, news.peer).marks.push_back(news.event);
    else if (news.node.empty())
      got_.common.push_back(news.event);
    else if (!is_of_pair || news.kind == happening_kind::sent)
      node(news.node).marks.push_back(news.event);
    change(news);
  }

  void change(const happening& news) {
    switch (news.kind) {
    case happening_kind::start: node(news.node).states.turn(at_ns_, node_state::up); break;
    case happening_kind::stop:
    case happening_kind::death: down(news.node); break;
    case happening_kind::freeze: node(news.node).states.turn(at_ns_, node_state::frozen); break;
    case happening_kind::thaw: thaw(news.node); break;
    case happening_kind::cut: cut(news.node, news.peer); break;
    case happening_kind::heal: heal(news); break;
    case happening_kind::link_up: sees(news.node, news.peer, true, news.event); break;
    case happening_kind::link_down: sees(news.node, news.peer, false, news.event); break;
    case happening_kind::item: item(news); break;
    default: break;
    }
  }

  /// A process that is gone sees nobody.
  void down(const std::string& name) {
    node(name).states.turn(at_ns_, node_state::down);
    for (auto& peer : std::exchange(seen_by_[name], {}))
      view(link(name, peer), name, false);
  }

  void thaw(const std::string& name) {
    auto& states = node(name).states;
    if (states.state() == node_state::frozen)
      states.turn(at_ns_, node_state::up);
  }

  void cut(const std::string& from, const std::string& to) {
    auto& lane = link(from, to);
    auto mine = from == lane.a ? cut_view::forward : cut_view::backward;
    auto had = lane.cuts.state();
    lane.cuts.turn(at_ns_, had == cut_view::none || had == mine ? mine : cut_view::both);
    cut_.insert({lane.a, lane.b});
  }

  void heal(const happening& news) {
    if (news.peer.empty())
      for (auto& [a, b] : std::exchange(cut_, {}))
        link(a, b).cuts.turn(at_ns_, cut_view::none);
    else
      link(news.node, news.peer).cuts.turn(at_ns_, cut_view::none);
  }

  void sees(const std::string& name, const std::string& peer, bool is_up, std::size_t event) {
    if (is_up)
      seen_by_[name].insert(peer);
    else
      seen_by_[name].erase(peer);
    auto& lane = link(name, peer);
    auto first = std::exchange(lane.half_since, std::nullopt);
    view(lane, name, is_up);
    if (is_up && lane.views.state() == link_view::half)
      lane.half_since = event;
    else if (is_up && first)
      got_.is_half_of_two[*first] = true;
  }

  void view(link_lane& lane, const std::string& name, bool is_up) {
    lane.sees[name == lane.a ? 0 : 1] = is_up;
    auto count = lane.sees[0] + lane.sees[1];
    if (count < 2 && !is_up)
      lane.half_since.reset();
    lane.views.turn(at_ns_, count == 2   ? link_view::both
                            : count == 1 ? link_view::half
                                         : link_view::none);
  }

  void item(const happening& news) {
    auto [at, is_new] = item_at_.try_emplace(news.item, got_.items.size());
    if (is_new)
      got_.items.push_back({news.item, {}});
    got_.items[at->second].states.turn(at_ns_, news.state);
  }

  const simulation_report& report_;
  reading got_;
  std::int64_t at_ns_ = 0;
  std::map<std::string, std::size_t> node_at_, item_at_;
  std::map<std::pair<std::string, std::string>, std::size_t> link_at_;
  std::map<std::string, std::set<std::string>> seen_by_;  ///< whom each sees, as long as it lives
  std::set<std::pair<std::string, std::string>> cut_;
};

}  // namespace

reading read(const simulation_report& report) {
  return reader(report).run();
}

}  // namespace holdfast::reporting
