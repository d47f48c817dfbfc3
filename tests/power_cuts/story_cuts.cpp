#include "tests/power_cuts/story_cuts.hpp"

#include "tests/power_cuts/cutting.hpp"
#include "tests/power_cuts/images.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::power_cuts {

const char* name_of(disk_event::kind what) {
  constexpr const char* names[] = {"mkdir",  "create", "write",       "resize", "rename",
                                   "remove", "sync",   "folder sync", "answer"};
  return names[static_cast<std::size_t>(what)];
}

namespace {

using test::temporary_directory;

/// Walks over a recording and stops at every boundary, for each node that can be cut there.
class story_walk {
public:
  story_walk(const recording& made, function_ref<void(cut_place)> at)
      : made_(made), at_(at), disk_(made.base) {
    for (auto& [name, file] : disk_.live_names())
      node_of_file_[file] = node_of(name);
  }

  std::size_t run() {  ///< the number of commits
    for (auto& event : made_.events) {
      ++number_;
      if (event.what == disk_event::kind::create)
        node_of_file_[event.file] = node_of(event.name);
      if (event.what == disk_event::kind::note)
        enter_next_moment();
      if (event.is_durable) {
        auto in_flight = disk_;
        in_flight.begin(event);
        stop(in_flight, event, "during");
      }
      disk_.apply(event);
      stop(disk_, event, "after");
    }
    return commits_;
  }

private:
  static std::size_t node_of(const std::string& name) { return name.starts_with("beta") ? 1 : 0; }

  void enter_next_moment() {
    if (now_ != none)
      for (std::size_t node = 0; node < 2; ++node)
        earlier_[node].insert(made_.moments[now_].digest[node]);
    now_ = now_ == none ? 0 : now_ + 1;
    if (now_ > 0 && made_.moments[now_].digest != made_.moments[now_ - 1].digest)
      ++commits_;
  }

  void stop(const disk_model& disk, const disk_event& event, const char* when) {
    if (now_
        == none)  // a node that goes on from before opens its files again, which no real one does
      return;
    const bool is_note = event.what == disk_event::kind::note;
    for (std::size_t node = 0; node < 2; ++node)
      if (is_note || node == (event.file >= 0 ? node_of_file_.at(event.file) : node_of(event.name)))
        stop_at(disk, event, when, node);
  }

  void stop_at(const disk_model& disk, const disk_event& event, const char* when,
               std::size_t node) {
    const auto next = std::min(now_ + 1, made_.moments.size() - 1);
    cut_place place{.disk = disk,
                    .node = node,
                    .what = node_names[node] + " cut " + when + " event " + std::to_string(number_)
                            + ", " + name_of(event.what),
                    .promised = {made_.moments[now_].digest[node]},
                    .earlier = earlier_[node],
                    .now = made_.moments[now_],
                    .promises_key = node_names[node]};
    if (made_.moments[next].digest[node] != place.promised[0])
      place.promised.push_back(made_.moments[next].digest[node]);
    for (const auto digest : place.promised)
      place.promises_key += ' ' + std::to_string(digest);
    if (event.what == disk_event::kind::note)
      place.promises_key += " at " + std::to_string(now_);
    at_(std::move(place));
  }

  static constexpr std::size_t none = ~std::size_t{0};

  const recording& made_;
  function_ref<void(cut_place)> at_;
  disk_model disk_;
  std::map<int, std::size_t> node_of_file_;
  std::array<std::set<std::uint64_t>, 2> earlier_;
  std::size_t now_ = none;
  std::size_t number_ = 0;
  std::size_t commits_ = 0;
};

cut_report cut_everywhere(const recording& made, const cut_options& options) {
  cutter cuts(options);
  const auto commits = story_walk(made, [&](cut_place place) {
                         const bool is_lied_to = place.disk.events() > made.first_dropped;
                         if (!options.dropped.any() || is_lied_to)
                           cuts.cut(std::move(place));
                       }).run();
  return cuts.finish(commits);
}

/// One of the images that the cut may have left, drawn from the seed, and the other node's files as they were.
second_life life_after(const cut_place& place, test::seeded_random& random) {
  const auto& name = node_names[place.node];
  const auto units = place.disk.units(name);
  cut_choice choice;
  do {
    choice = {};
    for (auto& unit : units) {
      choice.level.push_back(static_cast<std::uint16_t>(random.below(unit.levels)));
      choice.sectors.push_back(static_cast<std::uint8_t>(random.next()));
    }
    choice.bystanders = static_cast<unsigned>(random.below(4));
  } while (!place.disk.allows(units, choice));
  second_life next{place.disk.after_cut(name, units, choice), place.now, place.node};
  const temporary_directory copy;
  write_files(copy.path(), next.files);
  next.before.digest[place.node] = reopen_and_digest(copy.path() / name);
  auto others = place.disk.live(node_names[1 - place.node]);
  next.files.folders.merge(others.folders);
  next.files.files.merge(others.files);
  return next;
}

}  // namespace

cut_report try_story_cuts(const cut_options& options) {
  const temporary_directory home;
  return cut_everywhere(record_story(home.path(), options), options);
}

cut_report try_second_cuts(const cut_options& options, std::size_t every) {
  const temporary_directory home;
  const auto first = record_story(home.path(), options);
  cut_report sum;
  test::seeded_random random(options.limits.seed);
  std::size_t number = 0;
  story_walk(first, [&](cut_place place) {
    if (number++ % every != 0)
      return;
    const auto next = life_after(place, random);
    const temporary_directory next_home;
    auto report = cut_everywhere(record_story(next_home.path(), options, &next), options);
    for (auto& example : report.examples)
      example = place.what + ", then " + example;
    sum.add(report);
  }).run();
  return sum;
}

}  // namespace holdfast::power_cuts
