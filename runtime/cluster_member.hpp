#pragma once

#include <holdfast/core/value.hpp>
#include <holdfast/runtime/cluster_process.hpp>
#include <holdfast/runtime/poll_set.hpp>

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// A node of a cluster of real processes, through all its starts. One thread.
class cluster_member {
public:
  using words = std::vector<std::string>;
  using steady = poll_set::steady;

  /// Hears when what was asked for has happened: null, or why it has not.
  using listener = std::function<void(std::exception_ptr)>;

  struct how {
    std::string name, role;
    words command;       ///< without --listen
    std::string listen;  ///< at its first start; from then on it keeps the address that it has got
    std::filesystem::path data, log;
    std::function<void(const std::string& line)> tell;  ///< what happens, for a human
  };
  explicit cluster_member(how given) : how_(std::move(given)), listen_(how_.listen) {}

  const std::string& name() const { return how_.name; }
  const std::string& address() const { return address_; }  ///< empty while it does not listen
  bool is_running() const { return process_ != nullptr; }
  bool is_ready() const { return process_ && !address_.empty(); }
  bool has_failed() const { return has_failed_; }            ///< it never became ready
  bool was_killed_late() const { return was_killed_late_; }  ///< it did not end when it was told to
  const char* state() const;  ///< down, starting, ready, frozen, ending
  value report() const;

  // They begin it and throw errc::bad_argument where it cannot be; `then` is called when it is done.
  void start(listener then = {});
  void crash(listener then = {});      ///< SIGKILL
  void stop(listener then = {});       ///< SIGTERM, and SIGKILL when that takes too long
  void restart(listener then = {});    ///< `stop`, if it runs, and `start`
  void lose_disk(listener then = {});  ///< `crash`, if it runs; its data directory is removed
  void freeze();                       ///< SIGSTOP: its connections stay, and nobody answers
  void thaw();

  // Of the loop.
  void watch(poll_set& turn);
  void check_time();  ///< after each turn
  void reap();        ///< after a child has ended

private:
  struct waiter {
    bool is_for_ready;
    listener then;
  };
  void begin();
  void end_in_order();
  void need_process(const char* what) const;
  void wait(bool is_for_ready, listener then);
  void tell_waiters(bool is_for_ready, std::exception_ptr problem);
  void read();
  void on_end(const std::string& end);

  how how_;
  std::string listen_, address_, ended_;
  std::unique_ptr<cluster_process> process_;
  std::optional<steady::time_point> kill_at_;
  std::vector<waiter> waiters_;
  unsigned starts_ = 0;
  bool is_frozen_ = false;
  bool is_told_to_end_ = false;
  bool is_restarting_ = false;
  bool was_ready_ = false;
  bool has_failed_ = false;
  bool was_killed_late_ = false;
};

}  // namespace holdfast
