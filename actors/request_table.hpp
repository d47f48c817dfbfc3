#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/link_port.hpp>
#include <holdfast/actors/messages.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <utility>

namespace holdfast {

/// Synchronous calls to one peer, over all sessions. Each is answered exactly once: with the peer's reply; `unreachable`
/// if it was never handed to the wire, so that it did not run; `unknown` if it was and its session or its time ended.
/// At most a credit of bytes is on its way; the rest waits here, within its time.
class request_table {
public:
  /// Where it may go now: a session's port and the peer's credit for requests; null while there is none.
  void open(link_port* session, std::int64_t credit);

  /// The session is over. What was transmitted is `unknown`, what was not goes with the next session or its deadline.
  void close(const std::string& why);

  void ask(call_request request, node_time now);
  void replied(reply_body reply);  ///< throws errc::bad_frame for a number that was never used

  /// Ends those whose time is over. Returns the earliest deadline that is left; 0 if there is none.
  node_time expire(node_time now);

  /// There is no hope now: everything that waits is unreachable.
  void refuse_waiting(const std::string& why);

  bool empty() const { return pending_.empty(); }

private:
  struct pending {
    call_request request;  ///< without `done` when its time was over before its reply came
    std::int64_t cost = 0;
    bool is_sent = false;
  };

  void pump();
  void finish(std::uint64_t number, const call_reply& reply);

  link_port* session_ = nullptr;
  std::int64_t credit_ = 0;
  std::int64_t used_ = 0;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, pending> pending_;
  std::set<std::pair<node_time, std::uint64_t>> deadlines_;
  std::deque<std::uint64_t> waiting_;  // not sent, in order; may hold numbers that have ended
};

/// The peer's requests during one session.
class request_server {
public:
  request_server(link_port& port, std::int64_t credit) : port_(port), credit_(credit) {}

  void take(const frame& from);  ///< throws errc::bad_frame

private:
  void reply(std::uint64_t number, std::int64_t cost, const call_reply& result);

  link_port& port_;
  std::int64_t credit_;
  std::int64_t held_ = 0;
};

}  // namespace holdfast
