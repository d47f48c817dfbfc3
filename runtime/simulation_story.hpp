#pragma once

#include <holdfast/runtime/cluster_file.hpp>
#include <holdfast/runtime/simulation.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A story is what a simulation is told to do: nodes, and acts at moments of virtual time. Fault plans are stories that a seed
/// made up, scenario files are stories that a person wrote or that shrinking left over.
///
/// An act is a line of words, one of the verbs of cluster_verb.hpp or:
///
///     queue A B [METHOD ARGS...]         from A to B; without a method a numbered call whose execution is counted
///     relay A B C                        the same, and the handler at B queues the next number for C in its transaction
///     send A B                           a numbered message, which may be lost
///     submit A HUB [SECONDS]             a numbered work item at the controller HUB, that takes so long (1)
///     show HUB                           tells what HUB has noted of its items
///     crash_in_flush N kept|lost         the power fails in the middle of the next flush
///     crash_silently N                   and nobody is told
///     lying_disk N FLUSHES
///     settle [TIME]                      goes on until all that is open has ended
///     check                              looks at everything now
///
/// What does not fit the moment (a node that is down is crashed again) is passed over and says so: a story stays a story when
/// any of its acts is taken out. Behind the last act comes the mending (links healed, disks good, nodes thawed and
/// restarted), and then everything that was accepted must end.
namespace holdfast {

struct story_act {
  duration at{};  ///< since the beginning
  std::string line;

  bool operator==(const story_act&) const = default;
};

struct story {
  std::uint64_t seed = 1;
  std::string why;  ///< a paragraph, for people
  std::vector<cluster_node> nodes;
  std::vector<story_act> acts;  ///< in the order of their times
};

enum class story_end : std::uint8_t {
  good,
  safety,    ///< a promise was broken
  liveness,  ///< what was accepted did not end
  crash,     ///< an exception that nobody expected
};
std::string_view to_string(story_end end);

/// Virtual time that a mended cluster has to end what is open, beside what the work items take one after the other.
inline constexpr duration settle_max = std::chrono::minutes(10);

struct story_options {
  simulation::setup_function setup{};  ///< of every node, beside its role
  std::string log_level = "info";
  std::uint64_t check_every = 1000;  ///< steps; besides after every act
  /// What the user's own cluster promises, looked at when all has ended: what is broken, in sentences that begin with a word
  /// for the promise ("T1 till: ...").
  std::function<std::vector<std::string>(simulation&)> check_at_end{};
};

struct story_result {
  story_end end = story_end::good;
  std::vector<std::string> findings;
  std::vector<std::string> transcript;
  std::vector<simulation_event> events;
  simulation_numbers numbers;
  std::uint64_t fingerprint = 0;
  duration length{};
  std::uint64_t queued = 0, executed = 0, submitted = 0, done = 0;
  duration finished{};      ///< when all that was accepted had ended; 0 if that did not come
  std::uint64_t moved = 0;  ///< work items that lost their worker
  duration
      detected_last{};  ///< the longest from a death or cut to the first peer_down of it; 0 if there was none
};

story_result tell(const story& what, const story_options& options);

/// An act's line, word by word.
std::vector<std::string> words_of(const std::string& line);

/// Throws errc::bad_config with the line's number. The transcript that a file may carry is not looked at.
story parse_story(std::string_view text, const std::string& file_name);
std::string to_text(const story& what);

/// Who dials whom: nodes their peers, workers their controller too. Throws errc::bad_config for a worker without one.
std::vector<std::pair<std::string, std::string>> links_of(const story& what);

/// The controller of a worker: the one that it names, or the first.
std::string controller_of(const story& what, const cluster_node& worker);

/// The nodes of a cluster file, and its faults as acts; links' delays and losses are acts at the beginning.
story story_of(const cluster_file& cluster, std::uint64_t seed);

}  // namespace holdfast
