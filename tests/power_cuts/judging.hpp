#pragma once

#include "tests/power_cuts/cut_choices.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace holdfast::power_cuts {

/// What was tried and what was found.
struct cut_report {
  std::size_t commits = 0;              ///< in the scenario
  std::size_t cuts = 0;                 ///< places where the power was cut
  std::array<std::size_t, 4> images{};  ///< opened, by choice_kind
  std::size_t repeated = 0;   ///< not opened, for one of the same writes and the same promises was
  std::size_t units_max = 0;  ///< unsynced at once
  std::size_t continued =
      0;                    ///< of the images, those from which the hand-off was brought to its end
  std::size_t damaged = 0;  ///< calls in them whose checksums said so; none but in a canary
  std::size_t violations = 0;
  std::map<std::string, std::size_t> by_invariant;
  std::vector<std::string> examples;  ///< the first ones, a sentence each

  std::size_t all_images() const;
  void add(const cut_report& other);
};

struct verdict {
  bool was_continued = false;
  std::size_t damaged = 0;
  std::string violation;  ///< "J2: ...", empty if all is well
};

/// Judges images in processes of their own, so that a store that brings its reader down is a finding and not the end. Each
/// process takes a batch of images, each in a fresh folder and a fresh LMDB environment: LMDB keeps nothing about a file
/// outside of its environment, and a test holds a sample of the answers to those of a process that opens one store alone.
class judging {
public:
  using judge = std::function<verdict()>;  ///< runs in the other process

  explicit judging(cut_report& report, unsigned processes = 1, bool is_quiet = false);
  ~judging();

  judging(const judging&) = delete;
  judging& operator=(const judging&) = delete;

  void add(judge each);
  void finish();  ///< all that was added has been judged

private:
  struct process {
    int pipe = -1;
    int pid = -1;
    std::vector<judge> batch;
  };

  void begin_batch();
  process begin(std::vector<judge> batch) const;
  std::size_t collect(process& from);  ///< how many of the batch were judged
  void end_first();
  void count(const verdict& found);

  cut_report& report_;
  unsigned processes_;
  bool is_quiet_;
  std::vector<judge> waiting_;
  std::vector<process> running_;
};

}  // namespace holdfast::power_cuts
