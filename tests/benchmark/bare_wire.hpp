#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// A TCP connection without anything on top.
class bare_wire {
public:
  explicit bare_wire(int fd);                      ///< takes it over
  explicit bare_wire(const std::string& address);  ///< connects to 127.0.0.1:port
  ~bare_wire();
  bare_wire(const bare_wire&) = delete;
  bare_wire& operator=(const bare_wire&) = delete;

  void write(std::string_view bytes);

  /// All of it. False when the peer closed.
  bool read(char* into, std::size_t bytes);

  int file() const { return fd_; }

  /// What is there, waiting for something if `waits`. 0 when nothing is there; throws when the peer closed.
  std::size_t read_some(char* into, std::size_t bytes, bool waits);

private:
  int fd_;
};

/// What a connection to the bare peer is used for; its first byte.
enum class bare_use : char {
  ping_pong = 'p',
  sink = 's',
  echo = 'e',
  pair = 'q',
  small_pair = 'r'  ///< one of hundreds: no room is written beforehand
};

/// The other process of every bare baseline: prints its address, serves each connection on a thread, for ever.
int serve_bare(const std::string& data);

}  // namespace bench
