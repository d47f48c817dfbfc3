#pragma once

#include <holdfast/actors/sockets.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// Lines over a connected local socket. Reading and writing may be done by two threads.
class line_stream {
public:
  line_stream(sockets::descriptor socket, std::size_t line_bytes_max)
      : socket_(std::move(socket)), line_bytes_max_(line_bytes_max) {}

  /// Nothing at the end, when it broke, or when a line is too long.
  std::optional<std::string> read_line();

  /// Whether `read_line` would return without waiting.
  bool has_line() const { return unread_.find('\n') != std::string::npos; }

  /// False when the other side is gone.
  bool write_all(std::string_view bytes);

  void shut_down();  ///< from any thread: both ways, wakes a reader

private:
  sockets::descriptor socket_;
  std::size_t line_bytes_max_;
  std::string unread_;
};

/// The address of DIR/operator.sock, however long that path is: sun_path ends after 107 bytes, so a longer one goes through
/// an open descriptor of the directory, which must live while the address is used.
class operator_address {
public:
  explicit operator_address(const std::filesystem::path& directory);
  const std::string& path() const { return path_; }

private:
  sockets::descriptor directory_;
  std::string path_;
};

/// Both leave a reason in errno when they return an empty descriptor.
sockets::descriptor listen_at(const operator_address& address);
sockets::descriptor connect_to(const operator_address& address);

/// Whether the process at the other end belongs to this user or to root.
bool is_own_peer(int socket);

}  // namespace holdfast
