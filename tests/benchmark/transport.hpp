#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bench {

/// What carries a message of argument_bytes to another process and back: frames over the broker that the links stand on, or
/// CAF's own remote actors. Nothing of Holdfast above it.
class transport {
public:
  virtual ~transport() = default;

  /// So many messages are on their way all the time; each that comes back brings the next. `came` hears of each, on one
  /// thread, for that long.
  virtual void keep_open(std::size_t messages, double seconds, std::function<void()> came) = 0;
};

/// To a process in the role "frames" or "remote-actor" that printed this address.
std::unique_ptr<transport> frames_over_the_broker(const std::string& address);
std::unique_ptr<transport> remote_actor_of_caf(const std::string& address);

}  // namespace bench
