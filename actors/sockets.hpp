#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/function_ref.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

/// TCP sockets as the wire needs them: every descriptor close-on-exec and without delay, every wait bounded, every failure
/// a sentence. The only place that talks to the system's network interface beside CAF's broker.
namespace holdfast::sockets {

/// Closes what it holds.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor();

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }

private:
  int number_ = -1;
};

struct endpoint {
  std::string host;
  std::string port;
};

/// "127.0.0.1:7101", "[::1]:7101", "host.example:7101". Throws errc::bad_config with what is wrong.
endpoint parse_address(std::string_view address);

/// A bound, listening socket and an object that ends `accept_all` on it.
class listener {
public:
  /// Throws errc::bad_config: the address is in use, is not this machine's, needs privileges ...
  explicit listener(const std::string& address);

  const std::string& address() const { return address_; }  ///< with the port in use

  /// Hands over each new connection until `stop`. Blocks; for a thread of its own. Where descriptors or memory run out it
  /// waits a little instead of spinning.
  void accept_all(function_ref<void(descriptor accepted, std::string from)> take);

  /// From any thread.
  void stop();

private:
  bool pause_or_stop();

  descriptor socket_;
  descriptor wake_;
  std::string address_;
};

/// No process listens there: the machine said so itself.
class nobody_listens : public error {
public:
  using error::error;
};

/// Connects within `within`, trying each address that the name has. Blocks; for a thread of its own. Throws
/// errc::link_lost with the reason; nobody_listens if each address refused.
descriptor connect_to(const std::string& address, duration within);

/// A second descriptor of the same socket. Empty if the system has none left.
descriptor duplicate(int socket);

/// How many of the bytes the socket took without waiting; 0 too if it is broken.
std::size_t send_some(int socket, std::string_view bytes);

/// Bytes that arrived and were not read.
bool has_unread(int socket);

void end_writing(int socket);  ///< FIN after what was written
void cut(int socket);          ///< both ways; what was not sent yet is lost

}  // namespace holdfast::sockets
