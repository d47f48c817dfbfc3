#pragma once

#include "tests/power_cuts/judging.hpp"
#include "tests/power_cuts/story.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::power_cuts {

/// What the world knew when a note was made.
struct moment {
  std::array<std::uint64_t, 2> digest{};  ///< of each node's store, as whoever opens it sees it
  std::array<std::shared_ptr<const node_memory>, 2> memory;  ///< null: that node is not there yet
  promises told;
};

inline const std::array<std::string, 2> node_names{"alpha", "beta"};

struct cut_options {
  unsigned calls = 6;     ///< that alpha queues
  unsigned together = 1;  ///< in one commit
  choice_limits limits;
  std::size_t continue_every =
      8;                  ///< so many images apart the hand-off is brought to its end; and from the
                          ///< first image of each cut that opens at another state
  dropped_syncs dropped;  ///< the canary; cuts begin with the first that is dropped
  std::size_t images_max = ~0ull;  ///< for canaries, which show what they have to soon
  unsigned processes = 1;
};

/// What two nodes go on from after a cut.
struct second_life {
  disk_files files;  ///< of both
  moment before;     ///< with the digest that the victim's files really have
  std::size_t victim = 0;
};

/// A scenario with real files, and everything that it asked of the disk. There is a note before and after each commit:
/// the n-th note of `events` belongs to moments[n].
struct recording {
  disk_model base;  ///< what was there before
  std::vector<disk_event> events;
  std::size_t first_dropped = 0;  ///< with a canary: events before its first lie
  std::vector<moment> moments;
  std::map<std::string, std::string>
      files;  ///< what the file system says at the end, lock files left out
};

recording record_story(const std::filesystem::path& home, const cut_options& options,
                       const second_life* from = nullptr);

const char* name_of(disk_event::kind what);

/// Plays the story once with its disk writes recorded. Then cuts each node's power at each boundary of its writes and syncs,
/// and between any two commits of either; builds every image that the cut may have left and judges it: it opens at the
/// state of the last acknowledged commit or of the one in flight (J1, J2), with sound rows (J3); the hand-off goes on with the
/// other node, whose power stayed on, and ends with C1 to C4.
cut_report try_story_cuts(const cut_options& options);

/// Two cuts: from one image of every so manieth first cut the story is played on, with its writes recorded, and cut as above,
/// the recovery included.
cut_report try_second_cuts(const cut_options& options, std::size_t every);

/// One cut of a store, after a kill: for its making and its first commit, the process is killed at any of its writes (what it
/// wrote stays with the kernel, unsynced), the next process takes over what it finds, and the power is cut after that one's
/// first answer: after a commit, or for what it has only read.
cut_report try_cuts_after_kills(const choice_limits& limits, dropped_syncs dropped = {});

}  // namespace holdfast::power_cuts
