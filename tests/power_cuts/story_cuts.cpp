#include "tests/power_cuts/story_cuts.hpp"

#include "tests/persistence/temporary_directory.hpp"
#include "tests/power_cuts/images.hpp"

#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/audit.hpp>
#include <holdfast/persistence/identity.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

namespace holdfast::power_cuts {

namespace {

using test::temporary_directory;

/// Where the power of a node was cut, and what was promised until then.
struct cut_place {
  disk_model disk;
  std::vector<unsynced_unit> units;
  std::size_t node = 0;
  std::string what;                     ///< in words
  std::vector<std::uint64_t> promised;  ///< the states at which it may open
  std::set<std::uint64_t> earlier;      ///< those at which it was before
  moment now;
  unsigned calls = 0;
};

/// The files of one image, gone when it was judged.
class image_folder {
public:
  image_folder(const std::filesystem::path& home, std::size_t number)
      : path_(home / std::to_string(number)) {}
  ~image_folder() {
    std::error_code ignored;  // the folder above goes too
    std::filesystem::remove_all(path_, ignored);
  }
  image_folder(const image_folder&) = delete;
  image_folder& operator=(const image_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

[[noreturn]] void violated(const std::string& what) {
  throw std::runtime_error(what);
}

/// Opens what is left as the node would: at a state that was promised, all rows sound. Returns the state.
std::uint64_t check_store(const cut_place& place, const std::filesystem::path& folder) {
  const auto store = open_store(folder);
  const auto rows = store->read();
  const auto digest = digest_of(*rows);
  if (std::find(place.promised.begin(), place.promised.end(), digest) == place.promised.end())
    violated(place.earlier.contains(digest) ? "J1: a commit that was answered is gone"
                                            : "J2: the store opens at a state that never was");
  if (!read_identity(*rows))
    return digest;  // it was cut before its first start was committed
  const std::array<const journal_reader*, 1> stores{rows.get()};
  for (auto& finding : audit(stores).findings)
    violated((finding.check == audit_check::row_sound ? "J3: " : "C4: ") + finding.text);
  return digest;
}

/// The node restarts on what is left, the other goes on as if nothing had happened to it.
void continue_story(const cut_place& place, const std::filesystem::path& home) {
  const auto other = 1 - place.node;
  write_files(home, place.disk.live(node_names[other]));
  auto told = place.now.told;
  cut_node alpha("alpha", 1011, [&] { return open_store(home / "alpha"); });
  cut_node beta("beta", 1012, [&] { return open_store(home / "beta"); });
  auto& survivor = other == 0 ? alpha : beta;
  auto& victim = other == 0 ? beta : alpha;
  victim.reboot();
  if (place.now.memory[other])
    survivor.go_on(*place.now.memory[other]);
  story goes_on(alpha, beta, told, place.calls);
  goes_on.lose_link();
  goes_on.start();
  goes_on.check();
  goes_on.play();
  goes_on.check_end();
}

verdict judge_image(const cut_place& place, const cut_choice& choice,
                    const std::filesystem::path& home, std::size_t number, std::size_t every) {
  const image_folder image(home, number);
  const auto& name = node_names[place.node];
  write_files(image.path(), place.disk.after_cut(name, place.units, choice));
  verdict found;
  try {
    const auto digest = check_store(place, image.path() / name);
    static std::set<std::pair<const cut_place*, std::uint64_t>> continued;
    if (every != 0 && (continued.emplace(&place, digest).second || number % every == 0)) {
      found.was_continued = true;
      continue_story(place, image.path());
    }
  } catch (const std::exception& problem) {
    const std::string text = problem.what();
    found.violation = (text.size() > 2 && text[2] == ':' ? text : "J2: " + text) + " (" + place.what
                      + ", image " + std::to_string(number) + ")";
  }
  return found;
}

const char* name_of(disk_event::kind what) {
  constexpr const char* names[] = {"mkdir",  "create", "write",       "resize", "rename",
                                   "remove", "sync",   "folder sync", "answer"};
  return names[static_cast<std::size_t>(what)];
}

/// Turns cuts into images and images into verdicts.
class cutter {
public:
  explicit cutter(const cut_options& options)
      : options_(options), images_(temporary_directory::place::anywhere),
        judges_(report_, options.processes,
                options.dropped.of_data || options.dropped.of_meta || options.dropped.of_folders) {}

  void cut(cut_place place, const std::string& promises_key) {
    if (report_.all_images() >= options_.images_max)
      return;
    ++report_.cuts;
    const auto& name = node_names[place.node];
    place.units = place.disk.units(name);
    report_.units_max = std::max(report_.units_max, place.units.size());
    const auto shared = std::make_shared<const cut_place>(std::move(place));
    auto limits = options_.limits;
    limits.seed += report_.cuts;
    for_each_choice(shared->units, limits, [&](choice_kind kind, const cut_choice& choice) {
      if (!shared->disk.allows(shared->units, choice)
          || report_.all_images() >= options_.images_max)
        return;
      if (!tried_.insert(promises_key + shared->disk.key(name, shared->units, choice)).second) {
        ++report_.repeated;
        return;
      }
      ++report_.images[static_cast<std::size_t>(kind)];
      judges_.add([shared, choice, home = images_.path(), number = report_.all_images(),
                   every = options_.continue_every] {
        return judge_image(*shared, choice, home, number, every);
      });
    });
  }

  cut_report finish(std::size_t commits) {
    judges_.finish();
    report_.commits = commits;
    return report_;
  }

private:
  const cut_options& options_;
  temporary_directory images_;
  cut_report report_;
  judging judges_;
  std::set<std::string> tried_;
};

/// Walks over a recording and cuts at every boundary.
class story_walk {
public:
  story_walk(const recording& made, const cut_options& options)
      : made_(made), options_(options), cutter_(options) {}

  cut_report run() {
    for (auto& event : made_.events) {
      ++number_;
      if (event.what == disk_event::kind::create)
        node_of_file_[event.file] = node_of(event.name);
      if (event.what == disk_event::kind::note)
        enter_next_moment();
      if (event.is_durable) {
        auto in_flight = disk_;
        in_flight.begin(event);
        cut(in_flight, event, "during");
      }
      disk_.apply(event);
      cut(disk_, event, "after");
    }
    return cutter_.finish(commits_);
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

  void cut(const disk_model& disk, const disk_event& event, const char* when) {
    const bool is_note = event.what == disk_event::kind::note;
    for (std::size_t node = 0; node < 2; ++node)
      if (is_note || node == (event.file >= 0 ? node_of_file_.at(event.file) : node_of(event.name)))
        cut_one(disk, event, when, node);
  }

  void cut_one(const disk_model& disk, const disk_event& event, const char* when,
               std::size_t node) {
    const bool is_note = event.what == disk_event::kind::note;
    const auto next = std::min(now_ + 1, made_.moments.size() - 1);
    cut_place place{.disk = disk,
                    .node = node,
                    .what = node_names[node] + " cut " + when + " event " + std::to_string(number_)
                            + ", " + name_of(event.what),
                    .promised = {made_.moments[now_].digest[node]},
                    .earlier = earlier_[node],
                    .now = made_.moments[now_],
                    .calls = options_.calls};
    if (made_.moments[next].digest[node] != place.promised[0])
      place.promised.push_back(made_.moments[next].digest[node]);
    auto key = node_names[node];
    for (const auto digest : place.promised)
      key += ' ' + std::to_string(digest);
    if (is_note)
      key += " at " + std::to_string(now_);
    cutter_.cut(std::move(place), key + ": ");
  }

  static constexpr std::size_t none = ~std::size_t{0};

  const recording& made_;
  const cut_options& options_;
  cutter cutter_;
  disk_model disk_;
  std::map<int, std::size_t> node_of_file_;
  std::array<std::set<std::uint64_t>, 2> earlier_;
  std::size_t now_ = none;
  std::size_t number_ = 0;
  std::size_t commits_ = 0;
};

/// A process opens a store, commits a row if it is told to, and answers for what it reads.
std::vector<disk_event> record_making(const std::filesystem::path& home, dropped_syncs dropped,
                                      std::map<std::string, int> names, bool commits,
                                      std::uint64_t& answered) {
  write_log log(home, dropped, std::move(names));
  const auto store = open_store(home / "alpha");
  if (commits)
    store->commit(growth::grows,
                  [](journal_writer& to) { to.put(table_id::outbox, "answered", "value"); });
  answered = digest_of(*store->read());
  return log.events();
}

/// The next process on what a killed one has left; then the power is cut.
void cut_after_next(cutter& cuts, disk_model disk, dropped_syncs dropped, bool commits,
                    const std::string& what) {
  const temporary_directory home;
  write_files(home.path(), disk.live("alpha"));
  std::uint64_t answered = 0;
  for (auto& event : record_making(home.path(), dropped, disk.live_names(), commits, answered))
    disk.apply(event);
  cut_place place{.disk = std::move(disk),
                  .what = what
                          + (commits ? ", cut after the next one's commit"
                                     : ", cut after the next one has read"),
                  .promised = {answered}};
  place.earlier = {digest_of_fresh()};
  cuts.cut(std::move(place), what + (commits ? " commits: " : " reads: "));
}

}  // namespace

cut_report try_story_cuts(const cut_options& options) {
  const temporary_directory home;
  const auto made = record_story(home.path(), options.calls, options.dropped);
  return story_walk(made, options).run();
}

cut_report try_cuts_after_kills(const choice_limits& limits, dropped_syncs dropped) {
  cut_options options;
  options.limits = limits;
  options.continue_every = 0;
  options.dropped = dropped;
  cutter cuts(options);
  std::uint64_t answered = 0;
  const temporary_directory home;
  const auto killed = record_making(home.path(), dropped, {}, true, answered);
  disk_model before;
  for (std::size_t i = 0; i < killed.size(); ++i) {
    const auto what = name_of(killed[i].what) + (' ' + std::to_string(i + 1));
    auto after = before;
    after.apply(killed[i]);
    for (const bool commits : {false, true}) {
      cut_after_next(cuts, after, dropped, commits, "killed after " + what);
      if (!killed[i].is_durable)
        continue;
      auto during = before;
      during.begin(killed[i]);
      cut_after_next(cuts, std::move(during), dropped, commits, "killed during " + what);
    }
    before = std::move(after);
  }
  return cuts.finish(2);
}

}  // namespace holdfast::power_cuts
