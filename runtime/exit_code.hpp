#pragma once

namespace holdfast {

/// Exit statuses of the command line; docs/operating.md lists them. Scripts lean on them: they never change meaning.
enum class exit_code : int {
  done = 0,
  refused = 1,  ///< one sentence on standard error says why; nothing was changed
  usage = 2,    ///< the command line or the configuration file is wrong
  no_node = 3,  ///< the command needs a running node, and none runs on that data directory
  some_refused =
      4,  ///< `queue --batch`: some lines were bad, the others are on disk; `audit`: something does not add up
  unreachable = 10,  ///< `call`: it did not run
  failed = 11,       ///< `call`: it ran and threw; `work wait`: an item ended otherwise than done
  unknown = 12,      ///< `call`: the link or the time broke in the middle; it may have run
  stopped_late =
      13,  ///< `node`: handlers did not end in time; their calls run again at the next start
  sim_safety = 20,    ///< `sim`: a promise was broken
  sim_liveness = 21,  ///< `sim`: what was accepted did not end
  sim_crash = 22,     ///< `sim`: an exception that nobody expected, or the run's process died
  fatal = 70,         ///< `node`: the store failed; the next start recovers
};

}  // namespace holdfast
