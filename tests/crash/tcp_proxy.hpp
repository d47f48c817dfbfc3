#pragma once

#include <holdfast/actors/sockets.hpp>

#include <atomic>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace holdfast::crash {

/// Stands between a node and the one that it dials, and breaks their connection when a test says so, while both processes
/// live and go on listening and dialing: what a stray RST or a confused middlebox does.
class tcp_proxy {
public:
  enum class how : unsigned char { reset, close };

  tcp_proxy(const std::string& listen, std::string target);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  const std::string& address() const { return listener_.address(); }

  /// Breaks every connection, both ends of it, with RST or FIN. The number that there were; new ones are let through.
  std::size_t cut(how way);

private:
  /// One connection: a thread that carries bytes both ways until an end is closed or it is told to stop.
  struct route {
    sockets::descriptor near;
    sockets::descriptor far;
    sockets::descriptor wake;
    std::atomic<how> way{how::close};  ///< written before the wake
    std::thread carrier;
  };
  static void carry(route& between);
  void take(sockets::descriptor near);

  std::string target_;
  sockets::listener listener_;
  std::mutex mutex_;
  std::list<route> routes_;
  std::thread acceptor_;
};

}  // namespace holdfast::crash
