#pragma once

#include <holdfast/actors/messages.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/runtime/foreign_port.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace holdfast {

/// Synchronous calls of native nodes to one foreign node, over all its sessions: holdfast.call with a number of ours, answered
/// by holdfast.result or holdfast.failed. Each is answered exactly once: `unreachable` if it was not sent, `unknown` if it
/// was and the session or its time ended. Nothing waits for a session: a foreign node dials us, when it likes.
class foreign_calls {
public:
  explicit foreign_calls(foreign_port& port) : port_(port) {}

  void open() { is_open_ = true; }
  void close(const std::string& why);

  void ask(call_request request, node_time now);

  // The node's answers. One to a call whose time was over, or that was never made, is nobody's.
  void result(std::uint64_t number, const value& given);
  void failed(std::uint64_t number, const std::string& reason, const std::string& text);

  /// Ends those whose time is over. Returns the earliest deadline that is left; 0 if there is none.
  node_time expire(node_time now);

private:
  struct pending {
    call_request request;
    std::int64_t cost = 0;
  };

  std::uint64_t next_number();
  void finish(std::uint64_t number, const call_reply& reply);

  foreign_port& port_;
  bool is_open_ = false;
  std::int64_t used_ = 0;  // bytes of arguments that wait for their answer
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, pending> pending_;
  std::set<std::pair<node_time, std::uint64_t>> deadlines_;
};

}  // namespace holdfast
