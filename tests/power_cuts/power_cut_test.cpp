// Power cuts on real LMDB files and on memory journals: at every boundary, every image that the cut may have left. The
// program `power_cuts` does the same with larger bounds.

#include "tests/persistence/temporary_directory.hpp"
#include "tests/power_cuts/images.hpp"
#include "tests/power_cuts/memory_cuts.hpp"
#include "tests/power_cuts/story_cuts.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>

namespace holdfast::power_cuts {
namespace {

std::string shown(const cut_report& report) {
  std::string text = std::to_string(report.cuts) + " cuts, " + std::to_string(report.all_images())
                     + " images, " + std::to_string(report.violations) + " violations";
  for (auto& example : report.examples)
    text += "\n  " + example;
  return text;
}

cut_options small(unsigned calls) {
  cut_options options;
  options.calls = calls;
  options.limits.subsets_max = 256;
  options.limits.samples = 2;
  options.continue_every = 100;
  return options;
}

TEST(power_cuts, a_store_opens_at_a_committed_state_and_the_hand_off_goes_on) {
  const auto report = try_story_cuts(small(2));
  EXPECT_EQ(report.violations, 0u) << shown(report);
  EXPECT_GT(report.commits, 20u);
  EXPECT_GT(report.cuts, 150u);
  EXPECT_GT(report.all_images(), 2000u) << shown(report);
  EXPECT_GT(report.continued, 100u);
  RecordProperty("cuts", static_cast<int>(report.cuts));
  RecordProperty("images", static_cast<int>(report.all_images()));
}

TEST(power_cuts, a_large_commit_is_whole_or_not_there) {
  auto options = small(6);
  options.together = 6;
  options.limits = {.subsets_max = 1, .samples = 1, .tears = tear_patterns::none};
  options.continue_every = 0;
  const auto report = try_story_cuts(options);
  EXPECT_EQ(report.violations, 0u) << shown(report);
  EXPECT_GT(report.units_max, 12u);
}

TEST(power_cuts, the_recovery_from_a_cut_may_be_cut_too) {
  auto options = small(2);
  options.limits = {.subsets_max = 1, .samples = 1, .tears = tear_patterns::none, .seed = 7};
  options.continue_every = 40;
  const auto report = try_second_cuts(options, 170);
  EXPECT_EQ(report.violations, 0u) << shown(report);
  EXPECT_GT(report.all_images(), 500u) << shown(report);
}

TEST(power_cuts, nothing_answered_is_lost_when_the_process_before_was_killed) {
  const auto report = try_cuts_after_kills({});
  EXPECT_EQ(report.violations, 0u) << shown(report);
  EXPECT_GT(report.cuts, 30u);
  EXPECT_GE(report.all_images(), report.cuts);
}

TEST(power_cuts, memory_journals_keep_the_same_promises) {
  const auto report = try_memory_cuts(12, false);
  EXPECT_EQ(report.violations, 0u) << shown(report);
  EXPECT_GT(report.cuts, 50u);
  EXPECT_EQ(report.all_images(), 2 * report.cuts);
}

TEST(power_cuts, memory_journals_keep_them_when_the_recovery_is_cut_too) {
  const auto report = try_memory_cuts(2, true);
  EXPECT_EQ(report.violations, 0u) << shown(report);
  EXPECT_GT(report.all_images(), 900u);
}

// --- The checks bite: with one kind of sync answered and never made, they must find something.

cut_report canary(dropped_syncs dropped, std::size_t images_max = 50) {
  auto options = small(3);
  options.together = 3;
  options.dropped = dropped;
  options.limits = {.subsets_max = 8,
                    .samples = 8,
                    .tears = tear_patterns::none};  // few of each cut, but of many cuts
  options.images_max = images_max;
  return try_story_cuts(options);
}

TEST(power_cut_canary, pages_that_are_not_flushed_are_found_and_damaged_calls_too) {
  const auto report = canary({.of_data = true, .honoured = 6});
  EXPECT_TRUE(report.by_invariant.contains("J2")) << shown(report);
  EXPECT_GT(report.damaged, 0u) << shown(report);  // calls that are not what was queued
  EXPECT_FALSE(report.by_invariant.contains("J3")) << shown(report);  // and none that claims to be
}

TEST(power_cut_canary, meta_pages_that_are_not_flushed_are_found) {
  const auto report = canary({.of_meta = true, .honoured = 6}, 100);
  EXPECT_TRUE(report.by_invariant.contains("J1")) << shown(report);
}

TEST(power_cut_canary, folders_that_are_not_flushed_are_found) {
  const auto report = canary({.of_folders = true}, 400);
  EXPECT_TRUE(report.by_invariant.contains("J1")) << shown(report);
}

// --- The harness itself.

TEST(write_log, has_everything_that_the_file_system_has) {
  const test::temporary_directory home;
  const auto made = record_story(home.path(), {.calls = 6});
  disk_model disk;
  for (auto& event : made.events)
    disk.apply(event);
  std::map<std::string, std::string> logged;
  for (auto& node : node_names)
    for (auto& [name, content] : disk.live(node).files)
      if (!is_bystander(name))
        logged[name] = content;
  ASSERT_EQ(logged.size(), made.files.size());
  for (auto& [name, content] : made.files)
    EXPECT_TRUE(logged[name] == content) << name;  // megabytes: not to be printed
  for (auto& node : node_names)
    EXPECT_TRUE(disk.units(node).empty()) << "something of " << node << " was never flushed";
}

std::string answer_of_a_process(const std::filesystem::path& folder) {
  const auto command = std::string(HOLDFAST_POWER_CUTS) + " open " + folder.string();
  auto* pipe = ::popen(command.c_str(), "r");
  std::string answer;
  for (int c = 0; pipe && (c = std::fgetc(pipe)) != EOF;)
    answer += static_cast<char>(c);
  return pipe && ::pclose(pipe) == 0 ? answer : "no answer";
}

// Why images may be judged in one process after another: an LMDB environment brings nothing with it.
TEST(judging, a_process_that_opens_one_store_alone_finds_the_same) {
  const test::temporary_directory home;
  const auto made = record_story(home.path(), {.calls = 2});
  disk_model disk;
  std::set<std::uint64_t> states;
  int compared = 0;
  for (std::size_t i = 0; i < made.events.size(); ++i) {
    disk.apply(made.events[i]);
    const auto units = disk.units("beta");
    if (units.empty() || i % 2 != 0)
      continue;
    const choice_limits limits{.subsets_max = 1, .samples = 1, .seed = i};
    bool is_first = true;
    for_each_choice(units, limits, [&](choice_kind kind, const cut_choice& choice) {
      if (kind != choice_kind::sampled || !disk.allows(units, choice)
          || !std::exchange(is_first, false))
        return;
      const test::temporary_directory here, there;
      write_files(here.path(), disk.after_cut("beta", units, choice));
      write_files(there.path(), disk.after_cut("beta", units, choice));
      const auto digest = reopen_and_digest(here.path() / "beta");
      states.insert(digest);
      EXPECT_EQ(answer_of_a_process(there.path() / "beta"), std::to_string(digest) + "\n");
      ++compared;
    });
  }
  EXPECT_GT(compared, 10);
  EXPECT_GT(states.size(), 5u);
}

disk_event event(disk_event::kind what, int file, std::string name) {
  return {.what = what, .file = file, .name = std::move(name)};
}

disk_event writing(std::uint64_t at, std::string bytes, bool is_durable = false) {
  return {.what = disk_event::kind::write,
          .file = 0,
          .at = at,
          .bytes = std::move(bytes),
          .is_durable = is_durable};
}

class disk_model_test : public ::testing::Test {
protected:
  disk_model_test() {
    disk_.apply(event(disk_event::kind::make_folder, -1, "n"));
    disk_.apply(event(disk_event::kind::sync_folder, -1, ""));
    disk_.apply(event(disk_event::kind::create, 0, "n/a"));
  }

  /// What the file may be after a cut; "none" where it is not there.
  std::set<std::string> images(const std::string& name = "n/a") {
    std::set<std::string> found;
    const auto units = disk_.units("n");
    for_each_choice(units, {.samples = 0}, [&](choice_kind, const cut_choice& choice) {
      if (!disk_.allows(units, choice))
        return;
      const auto files = disk_.after_cut("n", units, choice).files;
      const auto at = files.find(name);
      found.insert(at == files.end() ? "none" : at->second);
    });
    return found;
  }
  void sync() { disk_.apply(event(disk_event::kind::sync_file, 0, "")); }
  void sync_folder() { disk_.apply(event(disk_event::kind::sync_folder, -1, "n")); }

  disk_model disk_;
};

TEST_F(disk_model_test, entry_length_and_bytes_come_independently) {
  disk_.apply(writing(0, "abc"));
  EXPECT_EQ(images(), (std::set<std::string>{"none", "", std::string(3, '\0'), "abc"}));
  sync();
  EXPECT_EQ(images(), (std::set<std::string>{"none", "abc"}));
  sync_folder();
  EXPECT_EQ(images(), (std::set<std::string>{"abc"}));
  EXPECT_TRUE(disk_.units("n").empty());
}

TEST_F(disk_model_test, a_page_comes_in_any_mixture_of_sectors) {
  const std::string old(1024, 'o');
  disk_.apply(writing(0, old));
  sync();
  sync_folder();
  disk_.apply(writing(0, std::string(1024, 'n')));
  const auto half = std::string(512, 'n') + std::string(512, 'o');
  const auto other_half = std::string(512, 'o') + std::string(512, 'n');
  EXPECT_EQ(images(), (std::set<std::string>{old, half, other_half, std::string(1024, 'n')}));
}

TEST_F(disk_model_test, pages_come_in_any_order_and_older_versions_too) {
  sync_folder();
  disk_.apply(writing(0, std::string(8192, 'o')));
  sync();
  disk_.apply(writing(0, "1"));
  disk_.apply(writing(4096, "2"));
  disk_.apply(writing(0, "3"));
  std::set<std::string> seen;
  for (auto& image : images())
    seen.insert({image[0], image[4096]});
  EXPECT_EQ(seen, (std::set<std::string>{"oo", "1o", "3o", "o2", "12", "32"}));
}

TEST_F(disk_model_test, a_durable_write_may_be_torn_only_while_it_runs) {
  sync_folder();
  disk_.apply(writing(0, std::string(1024, 'o')));
  sync();
  const auto next = writing(0, std::string(1024, 'n'), true);
  auto before = disk_;
  disk_.begin(next);
  EXPECT_EQ(images().size(), 4u);
  disk_ = before;
  disk_.apply(next);
  EXPECT_EQ(images(), (std::set<std::string>{std::string(1024, 'n')}));
}

TEST_F(disk_model_test, a_rename_is_whole_and_needs_its_file) {
  disk_.apply(writing(0, "abc"));
  sync();
  auto renaming = event(disk_event::kind::rename, -1, "n/a");
  renaming.to = "n/b";
  disk_.apply(renaming);
  EXPECT_EQ(images("n/b"), (std::set<std::string>{"none", "abc"}));
  EXPECT_EQ(images("n/a"), (std::set<std::string>{"none", "abc"}));
  sync_folder();
  EXPECT_EQ(images("n/b"), (std::set<std::string>{"abc"}));
  EXPECT_EQ(images("n/a"), (std::set<std::string>{"none"}));
}

}  // namespace
}  // namespace holdfast::power_cuts
