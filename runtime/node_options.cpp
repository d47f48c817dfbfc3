#include <holdfast/actors/foreign_rules.hpp>
#include <holdfast/actors/sockets.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/runtime/node_options.hpp>

#include <array>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>

namespace holdfast {
namespace {

bool is_loopback(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  return address.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/// Whether every address that `host` stands for is one of this machine alone.
bool is_loopback(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (int code = getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
    throw error(errc::bad_config,
                "the listen address " + host + " is not known: " + gai_strerror(code));
  ending frees([found] { freeaddrinfo(found); });
  for (auto* one = found; one; one = one->ai_next)
    if (!is_loopback(*one->ai_addr))
      return false;
  return true;
}

void check_times(const node_settings& settings) {
  auto positive = [](const char* what, std::chrono::milliseconds time) {
    if (time.count() <= 0)
      throw error(errc::bad_config,
                  std::string("the setting ") + what + " must be longer than nothing");
  };
  positive("heartbeat_interval", settings.heartbeat_interval);
  positive("silence_max", settings.silence_max);
  positive("handshake_max", settings.handshake_max);
  positive("redial_min", settings.redial_min);
  positive("redial_max", settings.redial_max);
  if (settings.silence_max < 2 * settings.heartbeat_interval)
    throw error(errc::bad_config,
                "silence_max must be at least twice heartbeat_interval, or a single late heartbeat "
                "ends the link");
  if (settings.handler_threads_max == 0)
    throw error(errc::bad_config, "the setting handler_threads_max must be at least 1");
}

/// A token is the only proof that a foreign node gives, so where others can reach the port there must be one.
void check_foreign_port(const std::string& at, const node_options& options) {
  if (at.empty() || is_loopback(sockets::parse_address(at).host))
    return;
  if (!options.insecure)
    throw error(errc::insecure_listen,
                "others could reach the foreign port " + at + ", and there is no TLS yet: use "
                    + "127.0.0.1, or give --insecure where the network itself is safe");
  if (options.foreign.token_file.empty())
    throw error(errc::insecure_listen,
                "others could reach the foreign port " + at
                    + ": give --foreign-token-file, whose token they have to say");
}

void check_foreign(const node_options& options) {
  foreign_rules rules;
  for (auto& pattern : options.foreign.allow)
    rules.allow(pattern);
  check_foreign_port(options.foreign.listen, options);
  check_foreign_port(options.foreign.http, options);
}

constexpr std::array<std::string_view, 6> log_levels{"trace", "debug", "info",
                                                     "warn",  "err",   "off"};

}  // namespace

void check_options(const node_options& options) {
  check_name("node", options.name);
  if (options.data.empty())
    throw error(errc::bad_config, "the node " + options.name + " needs a data directory");
  bool is_level = false;
  for (auto level : log_levels)
    is_level |= level == options.log_level;
  if (!is_level)
    throw error(errc::bad_config, "the log level '" + options.log_level
                                      + "' is none of trace, debug, info, warn, err, off");
  check_times(options.settings);
  check_name("cluster", options.settings.cluster);
  for (auto& [name, address] : options.peers) {
    check_name("peer", name);
    if (name == options.name)
      throw error(errc::bad_config, "the peer '" + name + "' has this node's own name");
    if (!address.empty())
      (void)sockets::parse_address(address);
  }
  check_foreign(options);
  if (options.listen.empty())
    return;
  auto endpoint = sockets::parse_address(options.listen);
  if (!options.insecure && !is_loopback(endpoint.host))
    throw error(errc::insecure_listen,
                "others could reach " + options.listen + ", and there is no TLS yet: listen on "
                    + "127.0.0.1, or give --insecure where the network itself is safe");
}

}  // namespace holdfast
