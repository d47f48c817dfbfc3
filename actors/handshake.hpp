#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/core/ids.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// Who a node says it is, before it has proved anything. The proof covers every byte of it.
struct link_hello {
  std::uint16_t version_min = 1;
  std::uint16_t version_max = 1;
  std::string cluster;
  std::string name;
  uuid id;
  std::uint64_t incarnation = 0;
  std::uint64_t start_nonce = 0;
  std::array<std::uint64_t, 2> challenge{};  ///< fresh for each connection
  std::chrono::milliseconds heartbeat_interval{0};
  std::chrono::milliseconds silence_max{0};
  std::uint64_t window_bytes = 0;  ///< of queued calls that it takes in before it has stored them
  std::uint64_t send_bytes = 0;    ///< of messages, and again of requests, that it holds
  std::uint64_t record_bytes_max = 0;
  bool has_link = false;  ///< the dialer has a session with this node already
  bool operator==(const link_hello&) const = default;
};

std::string encode_hello(const link_hello& content);  ///< the body, nonce 0 is the frame's
link_hello decode_hello(const frame& from);

/// Both sides' contributions, so that neither can make a session repeat.
std::uint64_t session_nonce(const link_hello& dialer, const link_hello& acceptor);

enum class link_role : std::uint8_t { dialer, acceptor };

/// One connection's way from nothing to an open link. Pure; each side drives its own. Strictly by turns, so that
/// neither side ever has to keep what it cannot judge yet:
///
///    dialer    hello          proof          marks          open
///    acceptor          hello          proof          marks         open
///
/// Before its peer's proof a side accepts hello, proof and refuse, nothing else, and says nothing of its journal.
/// The owner reads the journal (link_marks.hpp) where `happened` asks for it. Every refusal has a code and one sentence
/// that is true on both sides; it is sent before the connection is closed. Frames out of turn throw errc::bad_frame.
class handshake {
public:
  enum class happened {
    nothing,  ///< the next frame is the peer's
    proved,  ///< the peer is who it says. The dialer calls send_marks; the acceptor hands over, then send_proof
    marks,  ///< the peer's marks came: check them, then the acceptor calls send_marks, the dialer send_open
    open,     ///< the peer is ready: the dialer's link is up; the acceptor calls send_open and is
    refused,  ///< here or there: `refused()` says why; close after what is to be sent was sent
  };

  /// `expected` is the name that was dialed; empty for an acceptor.
  handshake(link_role role, link_hello mine, std::string secret, std::string expected = {});

  link_role role() const { return role_; }
  const link_hello& mine() const { return mine_; }
  const link_hello& peer() const { return peer_; }  ///< to be believed once it is proved
  bool has_peer() const { return stage_ > stage::hello; }
  std::uint64_t nonce() const { return nonce_; }
  const refusal& refused() const { return refused_; }
  bool was_refused_by_peer() const { return refused_by_peer_; }

  /// The dialer's first word.
  std::string send_hello();

  /// What follows from the peer's frame. Frames to be sent in answer are appended to `out`.
  happened take(const frame& from, std::string& out);

  std::string send_proof();
  std::string send_marks(std::string_view body);
  std::string send_open();
  const frame& marks() const { return marks_; }

  /// Refuses from here, for a reason that the owner found.
  std::string refuse(refusal reason);

private:
  enum class stage : std::uint8_t { hello, proof, marks, open, done, refused };

  happened take_hello(const frame& from, std::string& out);
  happened take_proof(const frame& from, std::string& out);
  std::optional<refusal> judge_hello() const;
  std::string proof_of(link_role who) const;
  const link_hello& dialer() const { return role_ == link_role::dialer ? mine_ : peer_; }
  const link_hello& acceptor() const { return role_ == link_role::dialer ? peer_ : mine_; }

  link_role role_;
  stage stage_ = stage::hello;
  link_hello mine_;
  link_hello peer_;
  std::string secret_;
  std::string expected_;
  std::string mine_bytes_;
  std::string peer_bytes_;
  std::uint64_t nonce_ = 0;
  frame marks_;
  refusal refused_;
  bool refused_by_peer_ = false;
};

/// HMAC-SHA-256, and a comparison that takes the same time wherever the first difference is.
std::string keyed_hash(std::string_view key, std::string_view text);
bool is_same_secret(std::string_view left, std::string_view right);

}  // namespace holdfast
