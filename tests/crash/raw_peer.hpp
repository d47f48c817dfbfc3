#pragma once

#include "tests/crash/processes.hpp"

#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/handshake.hpp>
#include <holdfast/actors/sockets.hpp>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// A connection to a node's port that does what a test says, byte by byte: a peer that speaks well and dies in a way that
/// no process of ours would, or somebody who does not speak at all.
namespace holdfast::crash {

class raw_peer {
public:
  /// Connects. Throws holdfast::error when nobody listens.
  explicit raw_peer(const std::string& address);

  /// The whole handshake, as a node of that name with an empty journal; `silence_max` is what it asks of the other side.
  /// Throws when it is refused.
  void join(const std::string& name, const std::filesystem::path& secret_file,
            milliseconds silence_max = milliseconds(3000));

  /// The first half of it: the hello, and the node's answer.
  void begin(const std::string& name, const std::filesystem::path& secret_file);

  /// Message `n` of `messages.take` to the node of that name; its whole frame.
  std::string message_frame(const std::string& to, std::int64_t n) const;

  /// Writes all of it, or throws when the connection broke or the node does not read.
  void write(std::string_view bytes);

  /// Writes what the connection takes; false when it is broken.
  bool try_write(std::string_view bytes);

  void reset();   ///< RST
  void finish();  ///< FIN

  /// Whether the node closes the connection; what it says before is dropped.
  bool is_closed_by_node(milliseconds within = patience);

  /// The next frame; nothing when the node closed the connection.
  std::optional<frame> next_frame(milliseconds within = patience);

private:
  link_hello hello(const std::string& name, milliseconds silence_max) const;
  std::optional<std::size_t> receive(char* into, std::size_t room, milliseconds within);

  std::string address_;
  sockets::descriptor socket_;
  frame_reader reader_{limits::frame_bytes_max};
  std::deque<frame> frames_;
  std::optional<handshake> shake_;
};

}  // namespace holdfast::crash
