#include <holdfast/actors/handshake.hpp>
#include <holdfast/actors/link_marks.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using happened = handshake::happened;

link_hello hello_of(const std::string& name, std::uint8_t id) {
  link_hello hello;
  hello.cluster = "test";
  hello.name = name;
  hello.id.bytes[0] = id;
  hello.incarnation = 1;
  hello.start_nonce = 100 + id;
  hello.challenge = {std::uint64_t(id) * 1000, std::uint64_t(id) * 7};
  hello.heartbeat_interval = 500ms;
  hello.silence_max = 3s;
  hello.window_bytes = 1 << 20;
  hello.send_bytes = 1 << 20;
  hello.record_bytes_max = limits::record_bytes_max;
  return hello;
}

frame read_one(const std::string& bytes) {
  frame_reader reader(limits::frame_bytes_max);
  std::vector<frame> frames;
  reader.take(bytes, frames);
  EXPECT_EQ(frames.size(), 1u);
  return frames.at(0);
}

errc code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const error& reason) {
    return reason.code();
  }
  return errc::none;
}

struct pair_of_sides {
  link_hello alpha = hello_of("alpha", 1);
  link_hello beta = hello_of("beta", 2);
  std::string alpha_secret = "secret";
  std::string beta_secret = "secret";
  std::string expected = "beta";

  handshake dialer() const { return {link_role::dialer, alpha, alpha_secret, expected}; }
  handshake acceptor() const { return {link_role::acceptor, beta, beta_secret}; }
};

// Runs a handshake through; the refusals that both sides end with, if they do.
struct result_of_run {
  bool is_open = false;
  refusal at_dialer, at_acceptor;
};

result_of_run run(const pair_of_sides& sides) {
  auto dialer = sides.dialer();
  auto acceptor = sides.acceptor();
  auto to_acceptor = dialer.send_hello();
  result_of_run result;
  for (int turn = 0; turn < 10; ++turn) {
    std::string to_dialer;
    auto there = acceptor.take(read_one(to_acceptor), to_dialer);
    if (there == happened::proved)
      to_dialer = acceptor.send_proof();
    else if (there == happened::marks)
      to_dialer = acceptor.send_marks("b");
    else if (there == happened::open)
      to_dialer = acceptor.send_open();
    if (there == happened::refused && to_dialer.empty())
      break;
    to_acceptor.clear();
    auto here = dialer.take(read_one(to_dialer), to_acceptor);
    if (here == happened::proved)
      to_acceptor = dialer.send_marks("a");
    else if (here == happened::marks)
      to_acceptor = dialer.send_open();
    result.is_open = here == happened::open;
    if (to_acceptor.empty())
      break;
  }
  result.at_dialer = dialer.refused();
  result.at_acceptor = acceptor.refused();
  if (result.is_open) {
    EXPECT_EQ(dialer.nonce(), acceptor.nonce());
    EXPECT_NE(dialer.nonce(), 0u);
    EXPECT_EQ(dialer.peer(), sides.beta);
    EXPECT_EQ(acceptor.peer(), sides.alpha);
    EXPECT_EQ(dialer.marks().body.view(), "b");
    EXPECT_EQ(acceptor.marks().body.view(), "a");
  }
  return result;
}

void expect_refused(const pair_of_sides& sides, errc code, std::vector<std::string> words) {
  auto result = run(sides);
  EXPECT_FALSE(result.is_open);
  EXPECT_EQ(result.at_dialer.code, code);
  EXPECT_EQ(result.at_acceptor.code, code);
  EXPECT_EQ(result.at_dialer.text, result.at_acceptor.text);
  for (auto& word : words)
    EXPECT_NE(result.at_dialer.text.find(word), std::string::npos)
        << word << " in " << result.at_dialer.text;
}

TEST(handshake, opens_a_link) {
  EXPECT_TRUE(run({}).is_open);
}

TEST(handshake, refuses_another_protocol_version) {
  pair_of_sides sides;
  sides.beta.version_min = sides.beta.version_max = 2;
  expect_refused(sides, errc::wrong_version, {"'alpha'", "'beta'", "1", "2", "update"});
}

TEST(handshake, refuses_another_cluster) {
  pair_of_sides sides;
  sides.beta.cluster = "other";
  expect_refused(sides, errc::wrong_cluster, {"'test'", "'other'"});
}

TEST(handshake, refuses_another_secret_whoever_has_the_wrong_one) {
  pair_of_sides sides;
  sides.beta_secret = "guess";
  expect_refused(sides, errc::wrong_secret, {"'alpha'", "'beta'", "secret"});
  sides.alpha_secret = "";
  expect_refused(sides, errc::wrong_secret, {"secret"});
}

TEST(handshake, refuses_a_node_that_was_not_dialed) {
  pair_of_sides sides;
  sides.beta.name = "gamma";
  expect_refused(sides, errc::wrong_name, {"'alpha'", "'beta'", "'gamma'", "address"});
}

TEST(handshake, refuses_itself_and_its_name_and_its_copy) {
  pair_of_sides sides;
  sides.beta = sides.alpha;
  expect_refused(sides, errc::wrong_name, {"back to itself"});
  sides.beta.id.bytes[0] = 9;
  expect_refused(sides, errc::wrong_name, {"both nodes are named 'alpha'"});
  sides.beta = hello_of("beta", 1);
  expect_refused(sides, errc::diverged_history, {"copies of one data directory"});
}

TEST(handshake, refuses_beats_that_are_too_slow_for_the_other_side) {
  pair_of_sides sides;
  sides.beta.heartbeat_interval = 2s;
  sides.beta.silence_max = 10s;
  expect_refused(sides, errc::link_settings, {"'beta'", "2000 ms", "'alpha'", "3000 ms"});
  pair_of_sides impatient;
  impatient.beta.silence_max = 1s;
  expect_refused(impatient, errc::link_settings, {"'alpha'", "500 ms", "'beta'", "1000 ms"});
}

TEST(handshake, accepts_nothing_but_a_proof_after_the_hello) {
  for (int type = 1; type <= 15; ++type) {
    auto kind = static_cast<frame_type>(type);
    if (kind == frame_type::proof || kind == frame_type::refuse)
      continue;
    pair_of_sides sides;
    auto acceptor = sides.acceptor();
    std::string out;
    acceptor.take(read_one(sides.dialer().send_hello()), out);
    auto said = read_one(make_frame(kind, acceptor.nonce(), "body"));
    EXPECT_EQ(code_of([&] { acceptor.take(said, out); }), errc::bad_frame) << type;
  }
}

TEST(handshake, accepts_nothing_but_a_hello_first) {
  for (int type = 2; type <= 15; ++type) {
    auto kind = static_cast<frame_type>(type);
    if (kind == frame_type::refuse)
      continue;
    auto acceptor = pair_of_sides{}.acceptor();
    std::string out;
    EXPECT_EQ(code_of([&] { acceptor.take(read_one(make_frame(kind, 0, "body")), out); }),
              errc::bad_frame)
        << type;
  }
}

TEST(handshake, takes_no_proof_of_another_session_or_role) {
  pair_of_sides sides;
  auto dialer = sides.dialer();
  auto acceptor = sides.acceptor();
  std::string to_dialer, to_acceptor;
  acceptor.take(read_one(dialer.send_hello()), to_dialer);
  dialer.take(read_one(to_dialer), to_acceptor);
  auto proof = read_one(to_acceptor);

  // Replayed to a node that greets with a fresh challenge.
  auto later = sides;
  later.beta.challenge[0] = 4711;
  auto again = later.acceptor();
  std::string out;
  again.take(read_one(dialer.send_hello()), out);
  EXPECT_EQ(code_of([&] { again.take(proof, out); }), errc::bad_frame);
  proof.nonce = again.nonce();
  EXPECT_EQ(again.take(proof, out), happened::refused);
  EXPECT_EQ(again.refused().code, errc::wrong_secret);

  // Thrown back at the one who said it.
  proof.nonce = dialer.nonce();
  EXPECT_EQ(dialer.take(proof, out), happened::refused);
  EXPECT_EQ(dialer.refused().code, errc::wrong_secret);
}

TEST(handshake, binds_every_byte_of_both_hellos_to_the_proof) {
  pair_of_sides sides;
  auto hello = read_one(sides.dialer().send_hello());
  for (std::size_t at = 0; at < hello.body.size(); ++at) {
    auto dialer = sides.dialer();
    auto acceptor = sides.acceptor();
    std::string changed(hello.body.view());
    changed[at] = static_cast<char>(changed[at] ^ 1);
    std::string to_dialer, to_acceptor, out;
    auto is_refused = [&](handshake& side, const frame& from, std::string& answer) {
      try {
        return side.take(from, answer) == happened::refused;
      } catch (const error&) {
        return true;
      }
    };
    if (is_refused(acceptor, {frame_type::hello, 0, shared_bytes(changed)}, to_dialer)
        || is_refused(dialer, read_one(to_dialer), to_acceptor))
      continue;
    EXPECT_TRUE(is_refused(acceptor, read_one(to_acceptor), out)) << "byte " << at;
  }
}

TEST(handshake, refuses_hellos_without_sense) {
  auto take = [](link_hello said) {
    auto acceptor = pair_of_sides{}.acceptor();
    std::string out;
    acceptor.take(read_one(make_frame(frame_type::hello, 0, encode_hello(said))), out);
  };
  auto nameless = hello_of("", 1);
  auto odd = hello_of("a\nb", 1);
  auto unborn = hello_of("alpha", 1);
  unborn.incarnation = 0;
  EXPECT_EQ(code_of([&] { take(nameless); }), errc::bad_frame);
  EXPECT_EQ(code_of([&] { take(odd); }), errc::bad_frame);
  EXPECT_EQ(code_of([&] { take(unborn); }), errc::bad_frame);
}

TEST(keyed_hash, is_hmac_sha_256) {
  // RFC 4231, test case 2.
  auto digest = keyed_hash("Jefe", "what do ya want for nothing?");
  std::string hex;
  for (unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  EXPECT_EQ(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(is_same_secret(digest, digest));
  EXPECT_FALSE(is_same_secret(digest, keyed_hash("Jefe", "what")));
  EXPECT_FALSE(is_same_secret(digest, digest.substr(1)));
}

void expect_diverged(const std::optional<refusal>& found, std::vector<std::string> words) {
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, errc::diverged_history);
  words.push_back("holdfast peers accept");
  for (auto& word : words)
    EXPECT_NE(found->text.find(word), std::string::npos) << word << " in " << found->text;
}

TEST(check_binding, knows_the_four_ways_in_which_a_peer_is_not_the_one_it_was) {
  auto beta = hello_of("beta", 2);
  peer_row row{"beta", beta.id, 5, beta.start_nonce, {}};
  beta.incarnation = 5;
  EXPECT_FALSE(check_binding("alpha", std::nullopt, beta));
  EXPECT_FALSE(check_binding("alpha", peer_row{"beta", {}, 0, 0, {}}, beta));
  EXPECT_FALSE(check_binding("alpha", row, beta));

  auto restarted = beta;
  restarted.incarnation = 6;
  restarted.start_nonce = 1;
  EXPECT_FALSE(check_binding("alpha", row, restarted));

  auto lost_disk = beta;
  lost_disk.id.bytes[5] = 1;
  expect_diverged(check_binding("alpha", row, lost_disk), {"new journal", "lost or replaced"});
  auto restored = beta;
  restored.incarnation = 4;
  expect_diverged(check_binding("alpha", row, restored), {"start 4", "start 5", "restored backup"});
  auto copy = beta;
  copy.start_nonce = 1;
  expect_diverged(check_binding("alpha", row, copy), {"twice", "copy"});
}

TEST(link_marks, come_back_as_they_were_sent) {
  link_marks marks{{{2, 100, 90}}, {{7, 5, 11}, {8, 6, 12}}, true};
  auto got = decode_marks(read_one(make_frame(frame_type::marks, 1, encode_marks(marks))));
  EXPECT_EQ(got.mine, marks.mine);
  EXPECT_EQ(got.yours, marks.yours);
  EXPECT_TRUE(got.has_link);
  std::string many;
  byte_writer(many).boolean(false).u32(0xffffffff);
  EXPECT_EQ(code_of([&] { decode_marks(read_one(make_frame(frame_type::marks, 1, many))); }),
            errc::bad_frame);
}

}  // namespace
}  // namespace holdfast
