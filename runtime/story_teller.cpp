#include <holdfast/actors/controller_tables.hpp>
#include <holdfast/actors/environment.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/operator_commands.hpp>
#include <holdfast/runtime/simulation_story.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace holdfast {
namespace {

constexpr method<void(std::int64_t)> count_method{"sim.count(number)"};
constexpr table<std::int64_t, std::int64_t> counted{"sim.counted"};
constexpr method<void(std::int64_t, double)> work_method_of_stories{"sim.work(number, seconds)"};

/// So many nodes are looked at after every act and every `check_every` turns.
constexpr std::size_t nodes_of_a_look = 16;

template <class Number>
Number number_of(const std::string& word) {
  Number number{};
  auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (failure != std::errc{} || end != word.data() + word.size())
    throw error(errc::bad_config, "'" + word + "' is no number that fits here");
  return number;
}

/// "  12.345 node     text"
std::string transcript_line(duration at, const std::string& node, const std::string& text) {
  char head[64];
  auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(at).count();
  std::snprintf(head, sizeof head, "%5lld.%03lld %-8s ",
                static_cast<long long>(milliseconds / 1000),
                static_cast<long long>(milliseconds % 1000), node.empty() ? "-" : node.c_str());
  return head + text;
}

class teller {
public:
  teller(const story& what, const story_options& options)
      : story_(what), options_(options), sim_({what.seed, options.log_level}) {}

  story_result run() {
    try {
      act_all();
    } catch (const std::exception& problem) {
      finish(story_end::crash, problem.what());
    }
    result_.events = sim_.events();
    result_.numbers = sim_.numbers();
    result_.fingerprint = sim_.fingerprint();
    result_.length = sim_.now();
    write_transcript();
    return std::move(result_);
  }

private:
  // ---- the nodes

  void add(const cluster_node& node) {
    simulated_node how;
    for (auto& [from, to] : links_)
      if (from == node.name)
        how.peers.push_back(to);
    auto hub = node.role == cluster_role::worker ? controller_of(story_, node) : std::string();
    sim_.add(
        node.name, [this, node, hub](holdfast::node& host) { set_up(host, node, hub); }, how);
  }

  void set_up(node& host, const cluster_node& as, const std::string& hub) {
    std::erase_if(up_, [&](auto& pair) { return pair.first == as.name; });
    host.serve(count_method, [](context& ctx, std::int64_t number) {
      auto rows = ctx.state(counted);
      rows.put(number, rows.get(number).value_or(0) + 1);
    });
    // A run whose commit is refused comes again: what stands outside the state counts the first one.
    host.on<peer_up>("sim", [this, name = as.name](context& ctx, const peer_up& news) {
      if (ctx.attempt() == 1)
        came(name, news.node);
    });
    host.on<peer_down>("sim", [this, name = as.name](context& ctx, const peer_down& news) {
      if (ctx.attempt() == 1)
        went(name, news.node);
    });
    if (as.role == cluster_role::controller)
      host.serve_controller();
    if (as.role == cluster_role::worker) {
      auto& work = host.work_for(
          {.controller = hub, .labels = as.labels, .slots = as.slots, .type = as.type});
      work.serve_async(work_method_of_stories,
                       [this](work_ticket ticket, std::int64_t, double seconds) {
                         sim_.after(duration(static_cast<std::int64_t>(seconds * 1e9)),
                                    [ticket] { ticket.finish(); });
                       });
    }
    if (options_.setup)
      options_.setup(host);
  }

  // ---- L1, L2: what a node hears of its links

  void came(const std::string& node, const std::string& peer) {
    if (!up_.emplace(node, peer).second)
      found_.push_back("L1 " + node + ": " + peer + " came up, and was up already");
  }
  void went(const std::string& node, const std::string& peer) {
    if (up_.erase({node, peer}) == 0)
      found_.push_back("L2 " + node + ": " + peer + " went down, and was not up");
    if (auto since = broken_.find(peer); since != broken_.end())
      result_.detected_last = std::max(result_.detected_last, sim_.now() - since->second);
  }

  // ---- acts

  void act_all() {
    links_ = links_of(story_);
    for (auto& node : story_.nodes)
      add(node);
    for (auto& act : story_.acts) {
      if (!go_on_until(act.at))
        return;
      take(act.line);
      if (!look_when_due())
        return;
    }
    mend();
    auto within = settle_max + work_given_;
    bool is_settled = sim_.settle(within);
    if (!is_settled && lost_disks_.empty()) {
      finish(story_end::liveness, "in " + format_duration(seconds(within))
                                      + " behind the mending not all that was accepted has ended");
      look();
      return;
    }
    if (is_settled)
      result_.finished = sim_.now();
    sim_.advance(std::chrono::seconds(10));
    if (look())
      look_at_the_end();
  }

  static double seconds(duration time) { return std::chrono::duration<double>(time).count(); }

  bool go_on_until(duration at) {
    for (std::uint64_t step = 1; sim_.step(at); ++step)
      if (step % options_.check_every == 0 && !look_when_due())
        return false;
    return true;
  }

  /// A look costs as much as there are nodes: in a large cluster as much has to happen before the next one.
  bool look_when_due() {
    auto turns = sim_.numbers().steps;
    if (turns < next_look_)
      return true;
    auto share = story_.nodes.size() / nodes_of_a_look;
    next_look_ = turns + (share > 1 ? share * options_.check_every : 0);
    return look();
  }

  void take(const std::string& line) {
    try {
      act(words_of(line), line);
    } catch (const error& problem) {
      note("(passed over: " + line + ": " + problem.what() + ")");
    }
  }

  void act(const std::vector<std::string>& words, const std::string& line) {
    auto& verb = words[0];
    if (verb == "queue" && words.size() >= 3)
      queue(words);
    else if (verb == "submit" && words.size() >= 3)
      submit(words);
    else if (verb == "crash_in_flush" && words.size() == 3)
      sim_.crash_in_flush(bad_disk(words[1]), words[2] == "kept");
    else if (verb == "crash_silently" && words.size() == 2)
      break_node(words[1], [&] { sim_.crash(words[1], false); });
    else if (verb == "lying_disk" && words.size() == 3)
      sim_.lying_disk(bad_disk(words[1]), number_of<unsigned>(words[2]));
    else if (verb == "settle")
      note(sim_.settle(words.size() > 1 ? parse_duration(words[1]) : settle_max)
               ? "settled"
               : "not settled: calls or items are open");
    else if (verb == "check")
      look();
    else
      harm(parse_verb(line));
  }

  template <class Break>
  void break_node(const std::string& name, Break act) {
    act();
    broken_[name] = sim_.now();
  }

  void harm(const cluster_verb& verb) {
    using kind = cluster_verb::kind;
    auto& on = verb.nodes;
    switch (verb.what) {
    case kind::crash: return break_node(on[0], [&] { sim_.crash(on[0]); });
    case kind::restart: broken_.erase(on[0]); return sim_.restart(on[0]);
    case kind::stop: return sim_.stop(on[0]);
    case kind::freeze: return break_node(on[0], [&] { sim_.freeze(on[0]); });
    case kind::thaw: broken_.erase(on[0]); return sim_.thaw(on[0]);
    case kind::lose_disk: lost_disks_.insert(on[0]); return sim_.lose_disk(on[0]);
    case kind::slow_disk: return sim_.slow_disk(bad_disk(on[0]), verb.time);
    case kind::full_disk: return sim_.full_disk(bad_disk(on[0]), verb.bytes);
    case kind::corrupt: lost_disks_.insert(on[0]); return sim_.corrupt(on[0], damage_of(verb.how));
    case kind::skew_clock: return sim_.skew_clock(on[0], verb.time);
    case kind::partition:
      return verb.is_one_way ? sim_.partition_one_way(on[0], on[1]) : sim_.partition(on[0], on[1]);
    case kind::heal: return on.empty() ? sim_.heal() : sim_.heal(on[0], on[1]);
    case kind::delay: return sim_.delay(on[0], on[1], verb.time);
    case kind::drop: return sim_.drop(on[0], on[1], verb.share);
    }
  }

  const std::string& bad_disk(const std::string& name) { return *bad_disks_.insert(name).first; }

  static disk_damage damage_of(const std::string& how) {
    return how == "bit"    ? disk_damage::bit
           : how == "page" ? disk_damage::page
                           : disk_damage::truncate;
  }

  void queue(const std::vector<std::string>& words) {
    auto& from = words[1];
    if (words.size() == 3) {
      auto number = ++last_number_;
      sim_.queue(from, words[2], count_method, number);
      promised_.emplace(number, std::pair(from, words[2]));
      note("queued call " + std::to_string(number) + " at " + from + " for " + words[2]);
    } else {
      dict question{{"command", "queue"}, {"to", words[2]}, {"method", words[3]}};
      array arguments;
      for (std::size_t i = 4; i < words.size(); ++i)
        arguments.push_back(parse_json(words[i]));
      question.set("args", std::move(arguments));
      make_operator_handler(sim_.at(from))(question)();
      note("queued " + words[3] + " at " + from + " for " + words[2]);
    }
    ++result_.queued;
  }

  void submit(const std::vector<std::string>& words) {
    double lasts = words.size() > 3 ? number_of<double>(words[3]) : 1;
    auto number = static_cast<std::int64_t>(result_.submitted + 1);
    auto id = sim_.submit(words[1], words[2], work_method_of_stories, number, lasts);
    submitted_.emplace(id, std::pair(words[1], words[2]));
    ++result_.submitted;
    work_given_ += duration(static_cast<std::int64_t>(lasts * 1e9));
    note("submitted item " + std::to_string(number) + " at " + words[1] + " for " + words[2]);
  }

  /// Everything that can be mended is. Nodes start in the order of the story.
  void mend() {
    note("mend");
    sim_.heal();
    for (auto& node : std::exchange(bad_disks_, {}))
      sim_.mend_disk(node);
    for (auto& node : story_.nodes) {
      if (!sim_.is_running(node.name))
        sim_.restart(node.name);
      else if (sim_.is_frozen(node.name))
        sim_.thaw(node.name);
    }
  }

  // ---- looking

  bool look() {
    auto found = sim_.check();
    found_.insert(found_.end(), found.begin(), found.end());
    if (found_.empty())
      return true;
    for (auto& finding : std::exchange(found_, {}))
      finish(story_end::safety, finding);
    return false;
  }

  void look_at_the_end() {
    for (auto& [number, between] : promised_) {
      auto times = times_counted(between.second, number);
      result_.executed += times > 0 ? 1 : 0;
      if (times == 0 && lost_disks_.empty())
        finish(story_end::safety, "C1 " + between.second + ": the call " + std::to_string(number)
                                      + " from " + between.first + " was never executed");
      if (times > 1 && !lost_disks_.contains(between.second))
        finish(story_end::safety, "C2 " + between.second + ": the call " + std::to_string(number)
                                      + " took effect " + std::to_string(times) + " times");
    }
    for (auto& [id, between] : submitted_) {
      auto state = state_of(between.second, id);
      result_.done += state == "done" ? 1 : 0;
      if (state != "done" && lost_disks_.empty())
        finish(story_end::safety, "W2 " + between.second + ": the item " + id + " is " + state);
    }
    for (auto& [from, to] : links_)
      if (lost_disks_.empty() && !(up_.contains({from, to}) && up_.contains({to, from})))
        finish(story_end::liveness, "L3 " + from + ": the mended link to " + to + " is not up");
    if (options_.check_at_end && lost_disks_.empty())
      for (auto& finding : options_.check_at_end(sim_))
        finish(story_end::safety, finding);
    count_moves();
  }

  std::int64_t times_counted(const std::string& name, std::int64_t number) {
    auto rows = sim_.at(name).parts().store->read();
    auto [from, to] = detail::whole_table(counted.name());
    auto found = read_state(*rows, from + encode_key(number));
    return found ? decode<std::int64_t>(*found, "sim.counted") : 0;
  }

  std::string state_of(const std::string& hub, const std::string& id) {
    auto rows = sim_.at(hub).parts().store->read();
    auto [from, to] = detail::whole_table(controlling::items.name());
    auto found = read_state(*rows, from + encode_key(id));
    if (!found)
      return forgotten_state_of(*rows, id);
    return std::string(
        to_string(decode<controlling::item_row>(*found, "work.items").machine.state));
  }

  /// A clock that was set forward over a reboot ends the time for which results are kept.
  static std::string forgotten_state_of(const journal_reader& rows, const std::string& id) {
    auto [from, to] = detail::whole_table(controlling::tombs.name());
    auto found = read_state(rows, from + encode_key(id));
    return found ? std::string(to_string(decode<item_state>(*found, "work.tombs"))) : "unknown";
  }

  void count_moves() {
    for (auto& node : story_.nodes) {
      auto rows = sim_.at(node.name).parts().store->read();
      for (auto& [zero, row] : rows_of(*rows, controlling::totals, 1))
        result_.moved += row.counts.moved;
    }
  }

  void finish(story_end end, const std::string& finding) {
    if (result_.end == story_end::good)
      result_.end = end;
    result_.findings.push_back(finding);
  }

  // ---- the transcript

  void note(const std::string& text) { notes_.push_back({sim_.now().count(), {}, "act", text}); }

  /// Acts, faults, warnings and worse, in the order in which they happened.
  void write_transcript() {
    std::vector<simulation_event> merged;
    std::merge(notes_.begin(), notes_.end(), result_.events.begin(), result_.events.end(),
               std::back_inserter(merged),
               [](auto& left, auto& right) { return left.at_ns < right.at_ns; });
    result_.events = std::move(merged);
    for (auto& event : result_.events)
      if (event.kind != "info" && event.kind != "debug" && event.kind != "work")
        result_.transcript.push_back(
            transcript_line(duration(event.at_ns), event.node, event.text));
    for (auto& finding : result_.findings)
      result_.transcript.push_back(finding);
    result_.transcript.push_back(
        std::string(to_string(result_.end)) + ": queued " + std::to_string(result_.queued)
        + ", executed " + std::to_string(result_.executed) + "; submitted "
        + std::to_string(result_.submitted) + ", done " + std::to_string(result_.done));
  }

  const story& story_;
  const story_options& options_;
  story_result result_;
  std::vector<std::string> found_;
  std::vector<simulation_event> notes_;
  std::set<std::pair<std::string, std::string>> up_;        ///< (who, whom), as they were told
  std::vector<std::pair<std::string, std::string>> links_;  ///< that there should be
  std::map<std::string, duration> broken_;  ///< nodes that cannot answer, since when
  std::set<std::string> bad_disks_;         ///< to be mended
  std::set<std::string>
      lost_disks_;         ///< nodes of which nothing is promised, and so nothing that ends there
  duration work_given_{};  ///< how long all items take, one after the other
  std::uint64_t next_look_ = 0;  ///< by turns
  std::int64_t last_number_ =
      0;  ///< one that was refused may be on disk all the same, and is not given again
  std::map<std::int64_t, std::pair<std::string, std::string>> promised_;
  std::map<std::string, std::pair<std::string, std::string>> submitted_;
  simulation sim_;  ///< ends first: its nodes speak of what stands above
};

}  // namespace

story_result tell(const story& what, const story_options& options) {
  return teller(what, options).run();
}

}  // namespace holdfast
