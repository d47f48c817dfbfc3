#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/core/ids.hpp>

#include <caf/actor.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// Where a link stands, as others may see it.
enum class link_state : std::uint8_t {
  idle,     ///< no address: waits for the peer to dial
  dialing,  ///< connecting or shaking hands
  up,
  suspect,  ///< up, but silent for longer than two heartbeats
  waiting,  ///< down; the next dial is due
  refused,  ///< down for a reason that an operator must mend; still dialing now and then
};

std::string_view to_string(link_state state);

/// A link's plain status: tests, the command line and metrics read the same one.
struct peer_status {
  std::string name;
  std::string address;  ///< as configured; empty for peers that dial us
  link_state state = link_state::idle;
  uuid id;
  std::uint64_t incarnation = 0;
  errc reason = errc::none;  ///< of the last loss or refusal
  std::string reason_text;
  std::uint64_t sessions = 0;
  std::uint64_t messages_sent = 0, messages_refused = 0, messages_received = 0;
  std::uint64_t calls_transmitted = 0, calls_received = 0;
  std::uint64_t calls_ended = 0;  ///< whose ends the peer has told
  std::uint64_t bytes_in = 0, bytes_out = 0;
};

/// One peer as other threads see it. The link owns the contents and is the only writer of `status`.
class peer_entry {
public:
  explicit peer_entry(std::string name, caf::actor link) : link(std::move(link)) {
    status_.name = std::move(name);
  }

  const caf::actor link;
  std::atomic<bool> is_up{false};
  std::atomic<bool> is_first_dial{
      true};  ///< no dial has failed yet: a synchronous call waits for the outcome
  std::atomic<std::int64_t> send_credit{
      0};  ///< bytes of `send` that may still be handed over in this session

  peer_status status() const {
    std::lock_guard guard(mutex_);
    return status_;
  }
  template <class Change>
  void update(Change change) {
    std::lock_guard guard(mutex_);
    change(status_);
  }

private:
  mutable std::mutex mutex_;
  peer_status status_;
};

/// Links by peer name. Any thread; entries are made by the switchboard and never go away while the node runs.
class peer_directory {
public:
  std::shared_ptr<peer_entry> find(std::string_view name) const {
    std::lock_guard guard(mutex_);
    auto i = entries_.find(name);
    return i == entries_.end() ? nullptr : i->second;
  }
  void add(const std::string& name, std::shared_ptr<peer_entry> entry) {
    std::lock_guard guard(mutex_);
    entries_.insert_or_assign(name, std::move(entry));
  }
  std::vector<peer_status> statuses() const {
    std::lock_guard guard(mutex_);
    std::vector<peer_status> all;
    for (auto& [name, entry] : entries_)
      all.push_back(entry->status());
    return all;
  }
  void clear() {  ///< breaks the cycle of handles when the node stops
    std::lock_guard guard(mutex_);
    entries_.clear();
  }

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<peer_entry>, std::less<>> entries_;
};

}  // namespace holdfast
