#include <holdfast/actors/failure_detector.hpp>
#include <holdfast/actors/handshake.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/persistence/record.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace holdfast {

namespace {

std::string milliseconds(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

// What a side needs from the other's beats, as one sentence if it cannot have it.
std::optional<refusal> judge_beats(const link_hello& patient, const link_hello& beating) {
  if (failure_detector::is_workable(beating.heartbeat_interval, patient.silence_max))
    return std::nullopt;
  return refusal{errc::link_settings,
                 "'" + beating.name + "' sends a heartbeat every "
                     + milliseconds(beating.heartbeat_interval) + " but '" + patient.name
                     + "' calls a peer lost after " + milliseconds(patient.silence_max)
                     + " of silence; make heartbeat_interval at most a third of silence_max"};
}

}  // namespace

std::string keyed_hash(std::string_view key, std::string_view text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  auto bytes = [](std::string_view view) {
    return reinterpret_cast<const unsigned char*>(view.data());
  };
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(),
           reinterpret_cast<unsigned char*>(digest.data()), &size)
      == nullptr)
    throw error(errc::wrong_secret, "the cryptographic library cannot compute HMAC-SHA-256");
  digest.resize(size);
  return digest;
}

bool is_same_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string encode_hello(const link_hello& content) {
  std::string body;
  byte_writer(body)
      .u16(content.version_min)
      .u16(content.version_max)
      .str(content.cluster)
      .str(content.name)
      .raw(content.id.view())
      .u64(content.incarnation)
      .u64(content.start_nonce)
      .u64(content.challenge[0])
      .u64(content.challenge[1])
      .u32(static_cast<std::uint32_t>(content.heartbeat_interval.count()))
      .u32(static_cast<std::uint32_t>(content.silence_max.count()))
      .u64(content.window_bytes)
      .u64(content.send_bytes)
      .u64(content.record_bytes_max)
      .boolean(content.has_link);
  return body;
}

// Later versions may say more at the end: what this one does not know it leaves unread.
link_hello decode_hello(const frame& from) {
  return decode_body(from.type, from, [](byte_reader& in) {
    link_hello content;
    content.version_min = in.u16();
    content.version_max = in.u16();
    content.cluster = std::string(in.str());
    content.name = std::string(in.str());
    check_name("node", content.name);
    check_name("cluster", content.cluster);
    auto id = in.raw(content.id.bytes.size());
    std::copy(id.begin(), id.end(), content.id.bytes.begin());
    content.incarnation = in.u64();
    content.start_nonce = in.u64();
    content.challenge = {in.u64(), in.u64()};
    content.heartbeat_interval = std::chrono::milliseconds(in.u32());
    content.silence_max = std::chrono::milliseconds(in.u32());
    content.window_bytes = in.u64();
    content.send_bytes = in.u64();
    content.record_bytes_max = in.u64();
    content.has_link = in.boolean();
    in.rest();
    if (content.id.is_nil() || content.incarnation == 0)
      throw error(errc::bad_frame, "a node without an identity");
    return content;
  });
}

std::uint64_t session_nonce(const link_hello& dialer, const link_hello& acceptor) {
  std::string both;
  byte_writer(both)
      .u64(dialer.challenge[0])
      .u64(dialer.challenge[1])
      .u64(acceptor.challenge[0])
      .u64(acceptor.challenge[1]);
  return checksum64(both) | 1;  // never 0, which stands for "no session yet"
}

handshake::handshake(link_role role, link_hello mine, std::string secret, std::string expected)
    : role_(role), mine_(std::move(mine)), secret_(std::move(secret)),
      expected_(std::move(expected)), mine_bytes_(encode_hello(mine_)) {}

std::string handshake::send_hello() {
  return make_frame(frame_type::hello, 0, mine_bytes_);
}

std::string handshake::refuse(refusal reason) {
  stage_ = stage::refused;
  refused_ = std::move(reason);
  return encode_refusal(nonce_, refused_);
}

handshake::happened handshake::take(const frame& from, std::string& out) {
  if (stage_ == stage::done || stage_ == stage::refused)
    throw error(errc::bad_frame, "a frame after the handshake had ended");
  if (from.nonce != (stage_ == stage::hello ? 0 : nonce_) && from.type != frame_type::refuse)
    throw error(errc::bad_frame, "a frame of another session during the handshake");
  if (from.type == frame_type::refuse) {
    refused_ = decode_refusal(from);
    refused_by_peer_ = true;
    stage_ = stage::refused;
    return happened::refused;
  }
  auto out_of_turn = [&] {
    return error(errc::bad_frame,
                 "frame '" + std::string(to_string(from.type)) + "' out of turn in the handshake");
  };
  switch (stage_) {
  case stage::hello:
    if (from.type != frame_type::hello)
      throw out_of_turn();
    return take_hello(from, out);
  case stage::proof:
    if (from.type != frame_type::proof)
      throw out_of_turn();
    return take_proof(from, out);
  case stage::marks:
    if (from.type != frame_type::marks)
      throw out_of_turn();
    marks_ = from;
    stage_ = stage::open;
    return happened::marks;
  case stage::open:
    if (from.type != frame_type::open)
      throw out_of_turn();
    stage_ = stage::done;
    return happened::open;
  default: throw out_of_turn();
  }
}

handshake::happened handshake::take_hello(const frame& from, std::string& out) {
  peer_ = decode_hello(from);
  peer_bytes_ = std::string(from.body.view());
  if (auto reason = judge_hello()) {
    out += refuse(std::move(*reason));
    return happened::refused;
  }
  nonce_ = session_nonce(dialer(), acceptor());
  stage_ = stage::proof;
  out += role_ == link_role::acceptor ? send_hello() : send_proof();
  return happened::nothing;
}

handshake::happened handshake::take_proof(const frame& from, std::string& out) {
  auto other = role_ == link_role::dialer ? link_role::acceptor : link_role::dialer;
  if (!is_same_secret(from.body.view(), proof_of(other))) {
    out += refuse({errc::wrong_secret,
                   "'" + mine_.name + "' and '" + peer_.name
                       + "' have different cluster secrets; give both nodes the same secret file"});
    return happened::refused;
  }
  stage_ = stage::marks;
  return happened::proved;
}

std::optional<refusal> handshake::judge_hello() const {
  auto& me = mine_.name;
  auto& other = peer_.name;
  if (peer_.version_min > mine_.version_max || peer_.version_max < mine_.version_min)
    return refusal{errc::wrong_version,
                   "'" + me + "' speaks protocol versions " + std::to_string(mine_.version_min)
                       + " to " + std::to_string(mine_.version_max) + ", '" + other + "' "
                       + std::to_string(peer_.version_min) + " to "
                       + std::to_string(peer_.version_max) + "; update the older one"};
  if (peer_.cluster != mine_.cluster)
    return refusal{errc::wrong_cluster, "'" + me + "' is of cluster '" + mine_.cluster + "', '"
                                            + other + "' of cluster '" + peer_.cluster
                                            + "'; name the same cluster in both settings"};
  if (peer_.id == mine_.id && other == me)
    return refusal{errc::wrong_name, "the address that was dialed leads '" + me
                                         + "' back to itself; correct the peer's address"};
  if (other == me)
    return refusal{errc::wrong_name, "both nodes are named '" + me
                                         + "'; each node of a cluster needs a name of its own"};
  if (peer_.id == mine_.id)
    return refusal{errc::diverged_history,
                   "'" + me + "' and '" + other
                       + "' run on copies of one data directory; start one of them on a new one"};
  if (!expected_.empty() && other != expected_)
    return refusal{errc::wrong_name, "'" + me + "' dialed '" + expected_ + "' and found '" + other
                                         + "' there; correct the address of '" + expected_ + "'"};
  if (auto reason = judge_beats(mine_, peer_))
    return reason;
  return judge_beats(peer_, mine_);
}

// Role and both whole hellos: nothing said in them can be changed on the way, replayed in another
// session, or thrown back at the one who said it.
std::string handshake::proof_of(link_role who) const {
  auto is_dialer = role_ == link_role::dialer;
  std::string text;
  byte_writer(text)
      .str("holdfast link proof")
      .u8(static_cast<std::uint8_t>(who))
      .str(is_dialer ? mine_bytes_ : peer_bytes_)
      .str(is_dialer ? peer_bytes_ : mine_bytes_);
  return keyed_hash(secret_, text);
}

std::string handshake::send_proof() {
  return make_frame(frame_type::proof, nonce_, proof_of(role_));
}

std::string handshake::send_marks(std::string_view body) {
  return make_frame(frame_type::marks, nonce_, body);
}

std::string handshake::send_open() {
  return make_frame(frame_type::open, nonce_);
}

}  // namespace holdfast
