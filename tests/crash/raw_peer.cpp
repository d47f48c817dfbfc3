#include "tests/crash/raw_peer.hpp"

#include "tests/crash/methods.hpp"

#include <holdfast/actors/link_marks.hpp>
#include <holdfast/actors/message_flow.hpp>
#include <holdfast/actors/queue_options.hpp>
#include <holdfast/runtime/secret.hpp>

#include <array>
#include <cerrno>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace holdfast::crash {

raw_peer::raw_peer(const std::string& address)
    : address_(address), socket_(sockets::connect_to(address, patience)) {}

link_hello raw_peer::hello(const std::string& name, milliseconds silence_max) const {
  link_hello mine;
  mine.cluster = "holdfast";
  mine.name = name;
  for (std::size_t i = 0; i < name.size(); ++i)
    mine.id.bytes[i % mine.id.bytes.size()] ^= static_cast<std::uint8_t>(name[i]);
  mine.incarnation = 1;
  mine.start_nonce = 7;
  mine.challenge = {system_random().next(), system_random().next()};
  mine.heartbeat_interval = silence_max / 6;
  mine.silence_max = silence_max;
  mine.window_bytes = limits::window_bytes_max;
  mine.send_bytes = limits::send_bytes_max;
  mine.record_bytes_max = limits::record_bytes_max;
  return mine;
}

void raw_peer::begin(const std::string& name, const std::filesystem::path& secret_file) {
  shake_.emplace(link_role::dialer, hello(name, milliseconds(3000)), load_secret(secret_file));
  write(shake_->send_hello());
  if (!next_frame())
    throw std::runtime_error("the node does not answer a hello");
}

void raw_peer::join(const std::string& name, const std::filesystem::path& secret_file,
                    milliseconds silence_max) {
  shake_.emplace(link_role::dialer, hello(name, silence_max), load_secret(secret_file));
  write(shake_->send_hello());
  for (;;) {
    auto came = next_frame();
    if (!came)
      throw std::runtime_error("the node closed the connection during the handshake");
    std::string out;
    auto what = shake_->take(*came, out);
    write(out);
    switch (what) {
    case handshake::happened::proved: write(shake_->send_marks(encode_marks({}))); break;
    case handshake::happened::marks: write(shake_->send_open()); break;
    case handshake::happened::refused: throw std::runtime_error(shake_->refused().text);
    case handshake::happened::open: return;
    case handshake::happened::nothing: break;
    }
  }
}

std::string raw_peer::message_frame(const std::string& to, std::int64_t n) const {
  auto call =
      detail::encode_typed<void, std::int64_t, std::string>(take.name(), {}, n, message_content(n));
  auto header = detail::make_header(to, call);
  header.trace = 1;
  header.origin = shake_->mine().name;
  return make_frame(frame_type::message, shake_->nonce(),
                    encode_message(header, call.payload, 0, 0));
}

void raw_peer::write(std::string_view bytes) {
  if (!try_write(bytes))
    throw std::runtime_error("the node at " + address_ + " takes no more bytes");
}

bool raw_peer::try_write(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd wait{socket_.get(), POLLOUT, 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0)
      return false;
    auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
      return false;
    if (sent > 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void raw_peer::reset() {
  linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket_.release());
}

void raw_peer::finish() {
  sockets::end_writing(socket_.get());
}

std::optional<std::size_t> raw_peer::receive(char* into, std::size_t room, milliseconds within) {
  pollfd wait{socket_.get(), POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(within.count())) <= 0)
    return std::nullopt;
  auto got = ::recv(socket_.get(), into, room, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

bool raw_peer::is_closed_by_node(milliseconds within) {
  std::array<char, 4096> dropped{};
  for (;;) {
    auto got = receive(dropped.data(), dropped.size(), within);
    if (!got)
      return false;
    if (*got == 0)
      return true;
  }
}

std::optional<frame> raw_peer::next_frame(milliseconds within) {
  std::array<char, 4096> bytes{};
  while (frames_.empty()) {
    auto got = receive(bytes.data(), bytes.size(), within);
    if (!got || *got == 0)
      return std::nullopt;
    std::vector<frame> cut;
    reader_.take({bytes.data(), *got}, cut);
    for (auto& each : cut)
      frames_.push_back(std::move(each));
  }
  auto first = std::move(frames_.front());
  frames_.pop_front();
  return first;
}

}  // namespace holdfast::crash
