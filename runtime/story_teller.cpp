#include <holdfast/actors/environment.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/link_watch.hpp>
#include <holdfast/runtime/operator_commands.hpp>
#include <holdfast/runtime/simulation_story.hpp>
#include <holdfast/runtime/story_nodes.hpp>
#include <holdfast/runtime/story_promises.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace holdfast {
namespace {

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
    links_heard_.started(as.name);
    story_nodes::serve_numbers(host);
    host.serve(story_nodes::say, [this, name = as.name](context& ctx, std::int64_t number) {
      if (ctx.attempt() == 1)
        links_heard_.heard(name, ctx.caller(), said_over_.at(number), number);
    });
    // A run whose commit is refused comes again: what stands outside the state counts the first one.
    host.on<peer_up>("sim", [this, name = as.name](context& ctx, const peer_up& news) {
      if (ctx.attempt() == 1)
        links_heard_.came_up(name, news.node);
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
      auto begin = [this, name = as.name](work_ticket ticket, std::int64_t, double seconds) {
        promises_.runs(ticket.item(), ticket.epoch(), name);
        sim_.after(duration(static_cast<std::int64_t>(seconds * 1e9)),
                   [ticket] { ticket.finish(ticket.epoch()); });
      };
      work.serve_async(story_nodes::work, begin);
    }
    if (options_.setup)
      options_.setup(host);
  }

  void went(const std::string& node, const std::string& peer) {
    links_heard_.went_down(node, peer);
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
    auto within = lost_disks_.empty() ? settle_max + promises_.all_work() : settle_max / 10;
    bool is_settled = sim_.settle(within);
    if (!is_settled && lost_disks_.empty()) {
      result_.end = story_end::liveness;
      look();  // it may tell why
      finish(story_end::liveness, "in " + format_duration(seconds(within))
                                      + " behind the mending not all that was accepted has ended");
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
    else if (verb == "relay" && words.size() == 4)
      relay(words);
    else if (verb == "send" && words.size() == 3)
      send(words);
    else if (verb == "show" && words.size() == 2)
      show(words[1]);
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
      sim_.queue(from, words[2], story_nodes::count, number);
      promises_.called(number, from, words[2]);
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

  void relay(const std::vector<std::string>& words) {
    auto &from = words[1], &by = words[2], &to = words[3];
    if (by != to && !are_linked(by, to))
      throw error(errc::bad_argument, "there is no link between " + by + " and " + to);
    auto number = last_number_ + 1;
    last_number_ += 2;
    sim_.queue(from, by, story_nodes::relay, number, to);
    promises_.called(number, from, by);
    promises_.called(number + 1, by, to, true);
    note("queued call " + std::to_string(number) + " at " + from + " for " + by
         + " and from there call " + std::to_string(number + 1) + " for " + to);
    ++result_.queued;
  }

  bool are_linked(const std::string& one, const std::string& other) const {
    return std::any_of(links_.begin(), links_.end(), [&](auto& link) {
      return link == std::pair(one, other) || link == std::pair(other, one);
    });
  }

  /// What is sent while a session is up goes over that one or is refused: the link takes it before it can begin another.
  void send(const std::vector<std::string>& words) {
    auto &from = words[1], &to = words[2];
    auto& parts = sim_.at(from).parts();
    auto entry = parts.peers.find(to);
    auto number = ++last_message_;
    said_over_[number] = {parts.self.incarnation, entry ? entry->status().sessions : 0};
    bool is_sent = from != to && sim_.at(from).to(to).send(story_nodes::say, number);
    note((is_sent ? "sent message " : "refused message ") + std::to_string(number) + " at " + from
         + " for " + to);
  }

  /// The items of a controller with what it noted of each.
  void show(const std::string& hub) {
    for (auto& [number, item] : promises_.items()) {
      if (item.hub != hub)
        continue;
      auto facts = story_nodes::facts_of_item(*sim_.at(hub).parts().store->read(), item.id);
      auto what = hub + ": item " + std::to_string(number);
      note(what + " is " + facts.state);
      for (auto& line : facts.history)
        note(what + ": " + line);
    }
  }

  void submit(const std::vector<std::string>& words) {
    double lasts = words.size() > 3 ? number_of<double>(words[3]) : 1;
    bool has_worker = std::any_of(story_.nodes.begin(), story_.nodes.end(), [&](auto& node) {
      return node.role == cluster_role::worker && controller_of(story_, node) == words[2];
    });
    if (!has_worker)
      throw error(errc::bad_argument, "nobody works for " + words[2] + " in this story");
    auto number = static_cast<std::int64_t>(result_.submitted + 1);
    auto id = sim_.submit(words[1], words[2], story_nodes::work, number, lasts);
    promises_.submitted(number, {words[2], id}, duration(static_cast<std::int64_t>(lasts * 1e9)));
    ++result_.submitted;
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
        start(node.name);
      else if (sim_.is_frozen(node.name))
        sim_.thaw(node.name);
    }
  }

  /// A node whose disk is damaged may refuse to start, and say why.
  void start(const std::string& name) try { sim_.restart(name); } catch (const error& problem) {
    if (!lost_disks_.contains(name))
      throw;
    note(name + " does not start: " + problem.what());
  }

  // ---- looking

  bool look() {
    auto found = sim_.check();
    for (auto& finding : links_heard_.take_findings())
      found.push_back(std::move(finding));
    for (auto& node : story_.nodes)
      if (is_sound(node.name))
        for (auto& finding : story_nodes::overtaken(*rows_of_node(node.name)))
          found.push_back("C3 " + node.name + ": " + finding);
    for (auto& finding : found)
      finish(story_end::safety, finding);
    return found.empty();
  }

  /// Whether it runs, and has a disk that something is promised of.
  bool is_sound(const std::string& name) const {
    return sim_.is_running(name) && !sim_.is_frozen(name) && !lost_disks_.contains(name);
  }
  std::unique_ptr<journal_reader> rows_of_node(const std::string& name) {
    return sim_.at(name).parts().store->read();
  }

  void look_at_the_end() {
    auto rows = [this](const std::string& name) {
      return is_sound(name) ? rows_of_node(name) : nullptr;
    };
    auto came = promises_.look(rows, lost_disks_.empty());
    result_.executed = came.executed;
    result_.done = came.done;
    for (auto& finding : came.broken)
      finish(story_end::safety, finding);
    if (lost_disks_.empty()) {
      look_at_links();
      look_at_workers();
      if (options_.check_at_end)
        for (auto& finding : options_.check_at_end(sim_))
          finish(story_end::safety, finding);
    }
    for (auto& node : story_.nodes)
      if (is_sound(node.name))
        result_.moved += story_nodes::count_moved(*rows_of_node(node.name));
  }

  void look_at_links() {
    for (auto& [from, to] : links_)
      if (!(links_heard_.is_up(from, to) && links_heard_.is_up(to, from)))
        finish(story_end::liveness, "L3 " + from + ": the mended link to " + to + " is not up");
  }

  /// A handler that is not wanted any more keeps its slot until it returns; these do not look whether they are wanted.
  void look_at_workers() {
    auto found = idle_workers();
    if (!found.empty()) {
      sim_.advance(promises_.longest_work() + std::chrono::seconds(10));
      found = idle_workers();
    }
    for (auto& finding : found)
      finish(story_end::liveness, finding);
  }

  std::vector<std::string> idle_workers() {
    std::map<std::string, std::vector<std::pair<std::string, std::uint32_t>>> of;
    for (auto& node : story_.nodes)
      if (node.role == cluster_role::worker)
        of[controller_of(story_, node)].emplace_back(node.name, node.slots);
    std::vector<std::string> found;
    for (auto& [hub, workers] : of)
      for (auto& finding : story_nodes::left_out(*rows_of_node(hub), workers))
        found.push_back("W3 " + hub + ": " + finding);
    return found;
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
  std::vector<simulation_event> notes_;
  link_watch links_heard_;
  std::map<std::int64_t, link_watch::session> said_over_;   ///< messages, by number
  std::vector<std::pair<std::string, std::string>> links_;  ///< that there should be
  std::map<std::string, duration> broken_;  ///< nodes that cannot answer, since when
  std::set<std::string> bad_disks_;         ///< to be mended
  std::set<std::string>
      lost_disks_;  ///< nodes of which nothing is promised, and so nothing that ends there
  std::uint64_t next_look_ = 0;  ///< by turns
  std::int64_t last_number_ =
      0;  ///< one that was refused may be on disk all the same, and is not given again
  std::int64_t last_message_ = 0;
  story_promises promises_;
  simulation sim_;  ///< ends first: its nodes speak of what stands above
};

}  // namespace

story_result tell(const story& what, const story_options& options) {
  return teller(what, options).run();
}

}  // namespace holdfast
