#pragma once

#include <string>
#include <string_view>

namespace bench::peers {

/// A connection to loopback whose protocol is lines with blocks of bytes between them. Blocking; what is written is kept
/// until `flush`. Throws std::runtime_error when the server closes it.
class text_connection {
public:
  explicit text_connection(int port);
  text_connection(const text_connection&) = delete;
  text_connection& operator=(const text_connection&) = delete;
  ~text_connection();

  text_connection& operator<<(std::string_view text) {
    unsent_ += text;
    return *this;
  }
  void flush();

  /// The next line, without its end. Valid until the next read.
  std::string_view line();

  /// So many bytes. Valid until the next read.
  std::string_view bytes(std::size_t count);

  /// Whether there is something to read, now or within `patience`.
  bool has_more(bool waits);

private:
  void read_more();

  int socket_ = -1;
  std::string unsent_;
  std::string read_;
  std::size_t used_ = 0;
};

}  // namespace bench::peers
