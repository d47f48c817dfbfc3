#pragma once

#include <holdfast/runtime/simulation_report.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the events of a run mean: the one place that knows their texts. Those of faults are written by simulation.cpp, those of
/// links by link_life.cpp, and the tests read a real run with every verb. Of work and calls it understands:
///
///     queued call 7 at A for B            submitted item 7 at A for HUB
///     item ID waiting | suspended | done | failed | cancelled | expired
///     item ID assigned to W | running on W | moved to W
namespace holdfast::reporting {

enum class happening_kind : std::uint8_t {
  line,     ///< of a log, which only informs
  trouble,  ///< a warning or worse
  act,      ///< of the story, no fault
  start,    ///< add, restart
  stop,
  death,
  freeze,
  thaw,
  harm,  ///< another fault of a node, or of a link between `node` and `peer`
  cut,   ///< from `node` to `peer`
  heal,  ///< without names: of all
  link_up,
  link_down,
  sent,  ///< a call or item, from `node` to `peer`
  item,  ///< news of a work item; `peer` is its worker
};

struct happening {
  std::size_t event = 0;  ///< its index
  happening_kind kind = happening_kind::line;
  std::string node, peer;
  std::string item, state;  ///< of `item`
};

happening read(const simulation_event& event, std::size_t index);

enum class node_state : std::uint8_t { absent, up, frozen, down };
enum class link_view : std::uint8_t { none, half, both };  ///< how many of the two see it up
enum class cut_view : std::uint8_t { none, forward, backward, both };

std::string_view to_string(node_state state);
std::string_view to_string(link_view view);
std::string_view to_string(cut_view view);

template <class S>
struct bar {
  std::int64_t from_ns = 0, to_ns = 0;
  S state{};
};

/// States in their order; bars without length are left out.
template <class S>
class bars {
public:
  void turn(std::int64_t at_ns, S state) {
    if (state == state_)
      return;
    end(at_ns);
    state_ = state;
    since_ns_ = at_ns;
  }
  void end(std::int64_t at_ns) {
    if (state_ != S{} && at_ns > since_ns_)
      all_.push_back({since_ns_, at_ns, state_});
  }
  const S& state() const { return state_; }
  const std::vector<bar<S>>& all() const { return all_; }

private:
  std::vector<bar<S>> all_;  ///< without those of S{}, which is nothing
  S state_{};
  std::int64_t since_ns_ = 0;
};

struct node_lane {
  std::string name;
  bars<node_state> states;
  std::vector<std::size_t> marks;  ///< happenings
};

struct link_lane {
  std::string a, b;
  bars<link_view> views;
  bars<cut_view> cuts;  ///< forward is from a to b
  std::vector<std::size_t> marks;
  bool sees[2] = {false, false};
  std::optional<std::size_t> half_since{};  ///< the news of the first of the two
};

struct item_lane {
  std::string id;
  bars<std::string> states;  ///< "running on w1"
};

struct reading {
  std::vector<happening> happenings;  ///< one for each event
  std::vector<node_lane> nodes;
  std::vector<link_lane> links;  ///< in the order in which they are first heard of
  std::vector<item_lane> items;
  std::vector<std::size_t> common;   ///< happenings of no node and no single link
  std::vector<bool> is_half_of_two;  ///< the first of the two news of one link; the second tells it
  std::int64_t length_ns = 0;
};

reading read(const simulation_report& report);

}  // namespace holdfast::reporting
