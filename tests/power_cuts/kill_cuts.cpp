#include "tests/power_cuts/cutting.hpp"
#include "tests/power_cuts/images.hpp"

#include <utility>

namespace holdfast::power_cuts {

namespace {

using test::temporary_directory;

/// A process opens a store, commits a row if it is told to, and answers for what it reads.
std::vector<disk_event> record_making(const std::filesystem::path& home, dropped_syncs dropped,
                                      std::map<std::string, int> names, bool commits,
                                      std::uint64_t& answered) {
  write_log log(home, dropped, std::move(names));
  const auto store = open_store(home / "alpha");
  if (commits)
    store->commit(growth::grows,
                  [](journal_writer& to) { to.put(table_id::meta, "answered", "value"); });
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
  place.promises_key = place.what;
  cuts.cut(std::move(place));
}

}  // namespace

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
