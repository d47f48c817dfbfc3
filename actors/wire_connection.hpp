#pragma once

#include <holdfast/actors/sockets.hpp>
#include <holdfast/actors/wire.hpp>

#include <caf/actor.hpp>
#include <caf/io/connection_handle.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// One connection of the socket wire, for wire.cpp alone.
namespace holdfast {

// When idle; CAF keeps and clears a buffer of it.
inline constexpr std::size_t read_bytes_min = 2u << 10;
inline constexpr std::size_t read_bytes_max = 64u << 10;

struct wire_connection {
  caf::io::connection_handle handle;
  caf::actor owner;
  std::unique_ptr<frame_cutter> cutter;
  std::size_t read_bytes = read_bytes_min;
  std::size_t unread = 0;    // delivered and not taken
  std::size_t progress = 0;  // of a large frame, since it was last told
  std::string unwritten;     // collected from the messages that are here
  std::size_t unsent = 0;    // with CAF, which sends it when the socket takes more
  std::size_t departed = 0;  // since it was last told
  bool is_unproved = false;
  bool is_closing = false;  // the owner hears nothing more
  bool is_halted = false;
  bool is_settling = false;  // the event loop has not yet seen that reading began
  bool is_cut_wanted = false;
  bool is_write_posted = false;
  bool has_outlet = false;  // its owner waits for the last byte that it has given us

  int socket() const { return static_cast<int>(handle.id()); }

  /// How much to read at one time follows what comes. Whether it changed.
  bool follow(std::size_t arrived) {
    auto wanted = read_bytes;
    if (arrived == read_bytes)
      wanted = std::min(4 * wanted, read_bytes_max);
    else if (arrived < read_bytes / 8)
      wanted = std::max(wanted / 2, read_bytes_min);
    return wanted != std::exchange(read_bytes, wanted);
  }
};

/// Keeps the socket open by itself: its number must not be given to another while the owner writes.
class socket_outlet final : public wire_outlet {
public:
  explicit socket_outlet(sockets::descriptor socket) : socket_(std::move(socket)) {}
  std::size_t send(std::string_view bytes) override {
    return sockets::send_some(socket_.get(), bytes);
  }

private:
  sockets::descriptor socket_;
};

/// Frames between nodes.
class node_frames final : public frame_cutter {
public:
  void trust() override { reader_.limit(limits::frame_bytes_max); }
  void take(std::string_view chunk, std::vector<frame>& out) override { reader_.take(chunk, out); }

private:
  frame_reader reader_;
};

}  // namespace holdfast
